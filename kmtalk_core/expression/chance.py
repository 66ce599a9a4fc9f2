"""Chance that rolls alike on every system: draws for events, and noise that is a function of time.

Only `PCG64.random()` and 64-bit integer arithmetic are used, so that no library's distributions can differ; what is
drawn through logarithms is rounded where it is stored.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]

_SPLINE_DEVIATION = math.sqrt(151 / 315 / 3)  # of uniform values in -1 … 1 under a cubic B-spline
_STREAMS, _CELLS = 0x9E3779B97F4A7C15, np.uint64(0xD1342543DE82EF95)
_MIX = np.uint64(0xA24BAED4963EE407), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_WORD = (1 << 64) - 1
_SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_AROUND = np.array([-1, 0, 1, 2])[:, None, None]  # cells that a spline's value comes from


class Chance:
    """Draws of one topic: its own stream for each seed, so that one topic's draws never shift another's."""

    def __init__(self, seed: int, topic: str) -> None:
        words = [seed, *topic.encode()]
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + (high - low) * float(self._generator.random())

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        """By Box and Muller."""
        first, second = 1.0 - self.uniform(), self.uniform()
        return mean + deviation * math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second)

    def bounded(self, mean: float, deviation: float, low: float, high: float) -> float:
        """Normal, drawn again until it lies between `low` and `high`."""
        for _ in range(50):
            value = self.normal(mean, deviation)
            if low <= value <= high:
                return value
        return min(max(mean, low), high)

    def log_normal(self, median: float, deviation: float) -> float:
        return median * math.exp(self.normal(0.0, deviation))

    def happens(self, share: float) -> bool:
        return self.uniform() < share

    def pick(self, weights: Sequence[float]) -> int:
        """Index drawn by weight."""
        at = self.uniform(0.0, math.fsum(weights))
        for index, weight in enumerate(weights):
            at -= weight
            if at < 0:
                return index
        return len(weights) - 1

    def seed(self) -> int:
        """A seed for one event's own shape."""
        return int(self._generator.random() * 2**31)


def hashed(seed: int, stream: int | npt.NDArray[np.uint64], cells: npt.NDArray[np.int64]) -> FloatArray:
    """Uniform values in 0 … 1 of whole numbers `cells`, by the finaliser of SplitMix64.

    Several streams (…, 1) give as many rows.
    """
    streams = stream if isinstance(stream, np.ndarray) else np.array([stream], np.uint64)
    z = cells.astype(np.uint64) * _CELLS  # products of arrays wrap around without a warning
    z = z + (streams * _MIX[0] + np.uint64((seed + 1) * _STREAMS & _WORD))
    for mix, shift in zip(_MIX[1:], _SHIFTS, strict=False):
        z = (z ^ (z >> shift)) * mix
    z ^= z >> _SHIFTS[2]
    uniform: FloatArray = (z >> _SHIFTS[3]).astype(np.float64) / 2.0**53
    return uniform


def noise(seed: int, stream: int, times: FloatArray, hertz: float) -> FloatArray:
    """Smooth noise of mean 0 and deviation 1 at `times` (seconds), whose values turn `hertz` times a second.

    A cubic B-spline over hashed values: twice differentiable, within ±2.5, and the same whatever stretch is asked for.
    """
    return noises(seed, [stream], times, [hertz])[0]


def noises(seed: int, streams: Sequence[int], times: FloatArray, hertz: Sequence[float]) -> FloatArray:
    """`noise` of several streams, each with its own `hertz`, (streams, times): much quicker for a few moments."""
    which = np.array(streams, np.uint64)[:, None]
    position = times * np.array(hertz, np.float64)[:, None]
    cell = np.floor(position).astype(np.int64)
    u = position - cell
    square, cube = u**2, u**3
    weights = np.stack([(1 - u) ** 3, 3 * cube - 6 * square + 4, -3 * cube + 3 * square + 3 * u + 1, cube])
    values: FloatArray = (weights / 6 * (2 * hashed(seed, which, cell + _AROUND) - 1)).sum(axis=0)
    return values / _SPLINE_DEVIATION


def ease(share: FloatArray) -> FloatArray:
    """0 … 1 → 0 … 1, flat at both ends; clipped beyond."""
    share = np.minimum(np.maximum(share, 0.0), 1.0)  # np.clip takes longer for a few
    return share * share * (3 - 2 * share)
