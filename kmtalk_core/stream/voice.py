"""How somebody speaks, as it is heard: loudness, stressed syllables, turns and how aroused the voice is.

The measures are those of `expression.prosody` as far as the present allows: loudness and effort are measured against
the last half minute of speech, a syllable stands out as soon as it gets loud, and pitch is left out.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Phone
from ..expression.prosody import Prominence, Prosody
from ..model.log_mel import FRAME_RATE

FloatArray: TypeAlias = npt.NDArray[np.float64]

_SYLLABLES, _HIGH = slice(13, 53), 29  # mel bands: 300 to 3000 Hz, where syllables are loudest; from 1000 Hz on
_COMPRESSION = 0.3  # loudness of power (Stevens)
_SMOOTH = 5  # frames
_MEMORY = 30.0 * FRAME_RATE  # frames of speech by which the usual loudness is known
_PROMINENT, _TO_PEAK, _APART = 0.6, 0.06, 0.25  # deviations; seconds from there to the loudest moment; and between two
_SHORTEST_PAUSE = 0.2  # seconds
_KEPT = 8.0  # seconds
_CALM, _USUAL = 0.3, 0.5  # arousal of who is silent, and of everyday talk
_SLOW = 1.2 * FRAME_RATE  # frames over which arousal is heard


@dataclass(frozen=True, eq=False)
class RecentProsody(Prosody):
    """Prosody of the last seconds, whose arrays begin `origin` seconds into the sound."""

    origin: float = 0.0

    def arousal_at(self, times: FloatArray) -> FloatArray:
        result: FloatArray = np.interp(times, self.origin + np.arange(len(self.arousal)) / FRAME_RATE, self.arousal)
        return result


class _Usual:
    """Running mean and deviation."""

    def __init__(self, mean: float, deviation: float) -> None:
        self._mean, self._square, self._count = mean, deviation**2, 0.2 * FRAME_RATE

    def beside(self, value: float) -> float:
        """Deviations of `value` from what is usual."""
        return (value - self._mean) / max(self._square, 1e-12) ** 0.5

    def take(self, value: float) -> None:
        self._count = min(self._count + 1, _MEMORY)
        change = value - self._mean
        self._mean += change / self._count
        self._square += (change * (value - self._mean) - self._square) / self._count


class StreamingVoice:
    """Takes raw log-mel frames and phones as they come; `now` is what the performance asks of a voice."""

    def __init__(self) -> None:
        self._loudness, self._effort = _Usual(5.0, 2.5), _Usual(-0.5, 0.6)
        self._powers = deque([0.0] * _SMOOTH, _SMOOTH)
        self._frames = 0
        self._arousal: list[float] = []
        self._level, self._weight = 0.0, 0.0
        self._was_loud, self._last = False, -1.0
        self._speaks = False
        self._prominences: list[Prominence] = []

    def hear(self, raw: npt.NDArray[np.float32], speaks: bool) -> None:
        """Raw log-mel (n, 80) of the next frames; `speaks` tells whether somebody spoke in the last of them."""
        power = 10.0 ** raw.astype(np.float64)
        bands = power[:, _SYLLABLES].sum(axis=1).tolist()
        efforts = np.log10((power[:, _HIGH:].sum(axis=1) + 1e-9) / (power.sum(axis=1) + 1e-9)).tolist()
        for band, effort in zip(bands, efforts, strict=True):
            self._powers.append(band)
            loud = (math.fsum(self._powers) / _SMOOTH) ** _COMPRESSION
            beside = min(self._loudness.beside(loud), 3.0)
            if speaks:
                self._stress(beside)
                self._loudness.take(loud)
                self._effort.take(effort)
            moment = 0.1 * beside + 0.04 * min(max(self._effort.beside(effort), -3.0), 3.0) if speaks else 0.0
            self._level += (moment - self._level) / _SLOW
            self._weight += (float(speaks) - self._weight) / _SLOW
            heard = min(max(_USUAL + 2.0 * self._level / max(self._weight, 0.1), 0.05), 1.0)
            self._arousal.append(_CALM + (heard - _CALM) * min(2 * self._weight, 1.0))
            self._frames += 1
        self._speaks = speaks
        del self._arousal[: max(len(self._arousal) - round(_KEPT * FRAME_RATE), 0)]

    def _stress(self, loudness: float) -> None:
        time = self._frames / FRAME_RATE
        is_loud = loudness > _PROMINENT
        if is_loud and not self._was_loud and time - self._last > _APART:
            self._prominences = [p for p in self._prominences if p.time > time - _KEPT]
            self._prominences.append(Prominence(round(time + _TO_PEAK, 3), round(loudness + 0.4, 3), rises=False))
            self._last = time
        self._was_loud = is_loud

    def now(self, phones: Sequence[Phone], shown: float) -> RecentProsody:
        """What is known while `phones` are the last ones and the moment `shown` (seconds) is shown."""
        silences = [p for p in phones if p.is_silence and p.end - p.start >= _SHORTEST_PAUSE]
        begin = phones[0].start if phones else shown
        end = max(phones[-1].end if phones else shown, shown)
        if silences and silences[-1].end >= end - 1e-6:
            open_end = end
        else:
            open_end = end + _KEPT  # nobody knows when who speaks will stop
        pauses = tuple((p.start, p.end) for p in silences)
        edges = [begin, *(time for pause in pauses for time in pause), open_end]
        phrases = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 0.05)
        spoken = any(not p.is_silence for p in phones)
        arousal = np.array(self._arousal or [_CALM])
        origin = (self._frames - len(arousal)) / FRAME_RATE
        nothing = np.zeros(0)
        return RecentProsody(
            end, nothing, nothing, arousal, tuple(self._prominences), pauses, phrases if spoken else (), 0.0, origin
        )
