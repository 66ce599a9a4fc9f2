"""Motion as curves of few Bezier keys, within an error."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
Doubles: TypeAlias = npt.NDArray[np.float64]
IndexArray: TypeAlias = npt.NDArray[np.intp]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

_PREFERENCE = 1.25
"""How much less a preferred sample may miss than the worst one and still be the one to keep."""
_PULL = 1e-3
"""How much the slope of the samples beside it counts for a key, where the samples to meet leave its slope open."""
_FIXED = 1e9
"""How much a slope that is given counts."""


def reduce(
    values: FloatArray,
    error: float,
    preferred: BoolArray | None = None,
    required: BoolArray | None = None,
    ends: tuple[float | None, float | None] = (None, None),
) -> tuple[IndexArray, FloatArray]:
    """Indices of the samples of `values` (T,) to keep, and a slope a sample at each, so that the cubics between them
    (Beziers whose handles lie at thirds of the span, in one line on both sides) stay within `error` of all others.

    A span that no cubic fits is cut where it misses most, at a `preferred` sample (T,) if one there misses nearly as
    much.  The first, the last and the `required` samples (T,) stay always; `ends` are slopes that are given.
    """
    if len(values) < 2:
        return np.arange(len(values)), np.zeros(len(values), np.float32)
    weight = np.ones(len(values))
    if preferred is not None:
        weight[preferred] = _PREFERENCE
    kept = np.array([0, len(values) - 1])
    if required is not None:
        kept = np.union1d(kept, np.flatnonzero(required))
    is_smooth = False  # at first each span may lean at its ends as it likes: that finds where it has to be cut
    while True:
        fit = _Fit.of(values.astype(np.float64), kept, ends)
        slopes = fit.smooth() if is_smooth else fit.loose()
        miss = fit.miss(*slopes)
        if miss.max() <= error:
            if is_smooth:
                return kept, np.append(slopes[0], slopes[1][-1]).astype(np.float32)
            is_smooth = True
            continue
        heaviest = np.zeros(len(kept) - 1)
        np.maximum.at(heaviest, fit.span, np.where(miss > error, miss * weight, 0.0))
        kept = np.union1d(kept, np.flatnonzero((miss > error) & (miss * weight == heaviest[fit.span])))


@dataclass(frozen=True)
class _Fit:
    """Least squares of cubics between the samples `kept` (K,): `rest` (T,) is what they miss with flat ends, `low` and
    `high` (T,) what a slope of 1 at the start and the end of the span adds; `span` (T,) counts from 0 to K - 2."""

    span: IndexArray
    low: Doubles
    high: Doubles
    rest: Doubles
    beside: Doubles
    ends: tuple[float | None, float | None]

    @staticmethod
    def of(values: Doubles, kept: IndexArray, ends: tuple[float | None, float | None]) -> "_Fit":
        at = np.arange(len(values))
        span = np.searchsorted(kept, at, side="right").clip(max=len(kept) - 1) - 1
        first, after = kept[span], kept[span + 1]
        u = (at - first) / (after - first)
        v = 1 - u
        rest = values - v * v * (1 + 2 * u) * values[first] - u * u * (1 + 2 * v) * values[after]
        low, high = u * v * v * (after - first), -u * u * v * (after - first)
        return _Fit(span, low, high, rest, np.gradient(values)[kept], ends)

    def sums(self) -> list[Doubles]:
        low, high, rest = self.low, self.high, self.rest
        products = (low * low, high * high, low * high, low * rest, high * rest)
        return [np.bincount(self.span, each, len(self.beside) - 1).astype(np.float64) for each in products]

    def loose(self) -> tuple[Doubles, Doubles]:
        """Slopes at the start and the end of every span (K - 1,), each span for itself."""
        low, high, both, low_rest, high_rest = self.sums()
        low, high = low + _PULL, high + _PULL
        low_rest, high_rest = low_rest + _PULL * self.beside[:-1], high_rest + _PULL * self.beside[1:]
        scale = low * high - both * both
        return (high * low_rest - both * high_rest) / scale, (low * high_rest - both * low_rest) / scale

    def smooth(self) -> tuple[Doubles, Doubles]:
        """The same with one slope where two spans meet."""
        low, high, both, low_rest, high_rest = self.sums()
        diagonal = np.append(low, 0) + np.insert(high, 0, 0) + _PULL
        wanted = np.append(low_rest, 0) + np.insert(high_rest, 0, 0) + _PULL * self.beside
        for end, slope in zip((0, -1), self.ends, strict=True):
            if slope is not None:
                diagonal[end] += _FIXED
                wanted[end] += _FIXED * slope
        slopes = _solve_tridiagonal(diagonal, both, wanted)
        return slopes[:-1], slopes[1:]

    def miss(self, starts: Doubles, ends: Doubles) -> Doubles:
        return np.abs(self.low * starts[self.span] + self.high * ends[self.span] - self.rest)


def _solve_tridiagonal(diagonal: Doubles, beside: Doubles, wanted: Doubles) -> Doubles:
    """The solution of a symmetric positive tridiagonal system (Thomas's algorithm)."""
    pivot, found = diagonal.tolist(), wanted.tolist()
    for i, b in enumerate(beside.tolist(), start=1):
        factor = b / pivot[i - 1]
        pivot[i] -= factor * b
        found[i] -= factor * found[i - 1]
    found[-1] /= pivot[-1]
    for i in range(len(found) - 2, -1, -1):
        found[i] = (found[i] - beside[i] * found[i + 1]) / pivot[i]
    return np.array(found)
