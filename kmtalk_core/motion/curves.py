"""What is done to motion as curves: calmed, and reduced to few Bezier keys within an error."""

from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]

_PREFERENCE = 1.25
"""How much less a preferred sample may miss than the worst one and still be the one to keep."""


def smooth(
    motion: FloatArray, frames: float, pinned: tuple[int, ...] = (), anchors: tuple[int, ...] = ()
) -> FloatArray:
    """`motion` (T, M) under a Gaussian of standard deviation `frames`; the ends hold.  0 leaves it as it is.

    Rows `pinned` keep their values all the same: what the Gaussian took from them is given back, less and less towards
    the nearest of `anchors` on either side.
    """
    if frames <= 0 or len(motion) < 2:
        return motion
    reach = max(int(np.ceil(3 * frames)), 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    padded = np.pad(motion, ((reach, reach), (0, 0)), mode="edge")
    out = np.zeros_like(motion)
    for offset, weight in enumerate(kernel):
        out += weight * padded[offset : offset + len(motion)]
    stops = sorted({0, len(motion) - 1, *anchors, *pinned})
    rows = np.arange(len(motion))
    lost = {row: motion[row] - out[row] for row in pinned}
    for row, difference in lost.items():
        place = stops.index(row)
        before, after = stops[max(place - 1, 0)], stops[min(place + 1, len(stops) - 1)]
        out += np.interp(rows, *_tent(before, row, after))[:, None].astype(np.float32) * difference
        out[row] = motion[row]
    return out


def _tent(before: int, top: int, after: int) -> tuple[list[int], list[float]]:
    points = {before: 0.0, after: 0.0}
    points[top] = 1.0
    return sorted(points), [points[key] for key in sorted(points)]


def slopes(values: FloatArray) -> FloatArray:
    """Slope a sample of `values` (T,) by central differences; flat at an extremum, so that no curve overshoots it."""
    if len(values) < 2:
        return np.zeros_like(values)
    slope = np.gradient(values).astype(np.float32)
    steps = np.diff(values)
    slope[1:-1][steps[:-1] * steps[1:] <= 0] = 0.0
    return slope


def reduce(
    values: FloatArray, slope: FloatArray, error: float, preferred: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.intp]:
    """Indices of the samples of `values` (T,) to keep so that cubics between them stay within `error` of all others.

    The cubic has the given `slope` (T,) at both its ends.  A span that misses is cut where it misses most, at a
    `preferred` sample (T,) if one there misses nearly as much; what later cuts make needless goes again.  The first
    and the last sample stay always.
    """
    last = len(values) - 1
    weight = np.ones(len(values), np.float32)
    if preferred is not None:
        weight[preferred] = _PREFERENCE
    kept = {0, last}
    spans = [(0, last)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inside = np.arange(first + 1, last)
        miss = np.abs(cubic(values, slope, first, last, inside) - values[inside])
        if miss.max() > error:
            cut = first + 1 + int(np.argmax(miss * weight[inside]))
            kept.add(cut)
            spans += [(first, cut), (cut, last)]
    return _without_needless(values, slope, error, sorted(kept))


def _without_needless(values: FloatArray, slope: FloatArray, error: float, kept: list[int]) -> npt.NDArray[np.intp]:
    """`kept` without those samples that the cubic between their neighbours meets within `error` anyway."""
    needed = [kept[0]]
    for sample, after in pairwise(kept[1:]):
        inside = np.arange(needed[-1] + 1, after)
        miss = np.abs(cubic(values, slope, needed[-1], after, inside) - values[inside])
        if miss.max() > error:
            needed.append(sample)
    return np.array([*needed, kept[-1]] if len(kept) > 1 else kept, dtype=np.intp)


def cubic(values: FloatArray, slope: FloatArray, first: int, last: int, at: npt.NDArray[np.intp]) -> FloatArray:
    """The cubic from sample `first` to `last` at the samples `at`: a Bezier whose handles lie at thirds of the span."""
    length = last - first
    u = ((at - first) / length).astype(np.float32)
    v = 1 - u
    low, high = slope[first] * length, slope[last] * length
    return v * v * (1 + 2 * u) * values[first] + u * u * (1 + 2 * v) * values[last] + u * v * (v * low - u * high)
