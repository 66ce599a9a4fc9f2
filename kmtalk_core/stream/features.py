"""Samples to the log-mel features of what goes on, each frame measured against the voice up to it."""

import itertools

import numpy as np

from ..model import log_mel
from ..model.log_mel import HOP, FloatArray
from .measure import RunningStatistics

_HALF_WINDOW = 200  # samples of a feature frame on each side of its centre
_BESIDE = log_mel.LOUDNESS_SMOOTHING // 2  # feature frames on each side that a frame's loudness hears


class StreamingFeatures:
    """Features (n, 81) at 100 Hz as samples come; `samples` counts these."""

    def __init__(self) -> None:
        self.samples = 0
        self._waiting = np.zeros(_HALF_WINDOW, np.float32)
        self._statistics = RunningStatistics()
        self._settled = 0
        self.fresh = np.zeros((0, log_mel.MEL_BANDS), np.float32)  # raw log-mel of the frames that came last
        self._bands = np.zeros((0, log_mel.MEL_BANDS), np.float32)  # normalised, of what is open
        self._reference = np.zeros(0)
        self._energy = np.zeros(0, np.float32)  # of what is open and of `_BESIDE` frames before it

    def hear(self, samples: FloatArray) -> FloatArray:
        """Features of all frames that are open, now that `samples` (n,) at 16 kHz have come."""
        self._waiting = np.concatenate([self._waiting, samples])
        self.samples += len(samples)
        fresh = max((len(self._waiting) - 2 * _HALF_WINDOW) // HOP + 1, 0)
        self.fresh = self.fresh[:0]
        if fresh:
            self.fresh = raw = log_mel.log_mel(self._waiting[: (fresh - 1) * HOP + 2 * _HALF_WINDOW])
            self._waiting = self._waiting[fresh * HOP :].copy()
            self._add(raw)
        before = len(self._energy) - len(self._bands)
        reference = np.concatenate([np.zeros(before), self._reference])
        loudness = log_mel.loudness(self._energy, reference)[before:] if len(self._bands) else self._energy
        return np.concatenate([self._bands, loudness[:, None]], axis=1)

    def _add(self, raw: FloatArray) -> None:
        energy = log_mel.energy_of(raw)
        measured = [self._statistics.heard(row, loud) for row, loud in zip(raw, energy.tolist(), strict=True)]
        bands, first = [self._bands], 0
        for _, alike in itertools.groupby(measured, id):
            last = first + sum(1 for _ in alike)
            bands.append(measured[first].normalise(raw[first:last]))
            first = last
        self._bands = np.concatenate(bands)
        self._reference = np.concatenate([self._reference, [statistics.reference for statistics in measured]])
        self._energy = np.concatenate([self._energy, energy])

    def settle(self, count: int) -> None:
        """Forget the frames before `count`, which more than `_BESIDE` follow."""
        drop = count - self._settled
        self._bands, self._reference = self._bands[drop:], self._reference[drop:]
        self._energy = self._energy[-(len(self._bands) + _BESIDE) :]
        self._settled = count
