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
_STREAMS = np.uint64(0x9E3779B97F4A7C15)


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
    streams = stream if isinstance(stream, np.ndarray) else np.uint64(stream)
    with np.errstate(over="ignore"):
        z = cells.astype(np.uint64) * np.uint64(0xD1342543DE82EF95)
        z += np.uint64(seed + 1) * _STREAMS + streams * np.uint64(0xA24BAED4963EE407)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) / 2.0**53


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
    weights = ((1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3)
    total = np.zeros(position.shape)
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        total += weight / 6 * (2 * hashed(seed, which, cell + offset) - 1)
    return total / _SPLINE_DEVIATION


def ease(share: FloatArray) -> FloatArray:
    """0 … 1 → 0 … 1, flat at both ends; clipped beyond."""
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3 - 2 * share)
