"""Several channels to one: their mean, unless that would lose what is said."""

import numpy as np

from .store import FloatArray

_LOUDEST = 1e6  # where 1 is full scale: nothing that a microphone, or a forgotten scale factor, makes
_SILENT = 1e-5  # of the loudest channel's power (-50 dB): a channel that nothing was recorded on
_CANCELLED = 0.25  # of the power that unrelated channels as loud keep in their mean


class Channels:
    """Mixes blocks (n, channels) to their mean over the channels `picked` (all where None), and takes their measure."""

    def __init__(self, picked: tuple[int, ...] | None = None) -> None:
        self._picked = picked
        self._unusable = 0
        self._count = 0
        self._layouts: set[int] = set()
        self._sums = self._squares = np.zeros(1)

    def mix(self, block: FloatArray) -> FloatArray:
        """Mean (n,) of a block; values that are no sound become zero."""
        unusable = ~(np.abs(block) <= _LOUDEST)  # true for NaN as well
        if unusable.any():
            self._unusable += int(unusable.sum())
            block = np.where(unusable, np.float32(0), block)
        if self._picked is not None:
            return np.asarray(block[:, list(self._picked)].mean(axis=1), np.float32)
        mean = np.asarray(block.mean(axis=1), np.float32)
        self._measure(block, mean)
        return mean

    def better(self) -> tuple[tuple[int, ...], str] | None:
        """The channels to take instead of all and why, where some are silent or cancel each other."""
        if len(self._layouts) != 1 or max(self._layouts) == 1 or not self._count:
            return None
        power = self._squares / self._count - np.square(self._sums / self._count)
        *each, mean = power.clip(0).tolist()
        loudest = max(each)
        sounding = tuple(index for index, value in enumerate(each) if value > _SILENT * loudest)
        if not sounding:
            return None
        if mean < _CANCELLED * sum(each) / len(each) ** 2:
            best = each.index(loudest)
            return (best,), f"The channels are in opposite phase and cancel each other: {_name(best, each)} is used."
        if len(sounding) == len(each):
            return None
        if len(sounding) > 1:
            silent = len(each) - len(sounding)
            return sounding, f"{silent} of the {len(each)} channels are silent; the others are used."
        return sounding, f"Sound is in {_name(sounding[0], each)}, which is used; the rest is silent."

    def notes(self) -> tuple[str, ...]:
        """What of the values could not be used."""
        if not self._unusable:
            return ()
        return (f"{self._unusable} samples were NaN, infinite or far too large, and are taken as silence.",)

    def _measure(self, block: FloatArray, mean: FloatArray) -> None:
        self._layouts.add(block.shape[1])
        if len(self._layouts) > 1 or block.shape[1] == 1:
            return
        values = np.concatenate([block, mean[:, None]], axis=1).astype(np.float64)
        self._sums = self._sums + values.sum(axis=0)
        self._squares = self._squares + np.square(values).sum(axis=0)
        self._count += len(block)


def _name(index: int, channels: list[float]) -> str:
    if len(channels) == 2:
        return ("the left channel", "the right channel")[index] + " alone"
    return f"channel {index + 1} alone"
