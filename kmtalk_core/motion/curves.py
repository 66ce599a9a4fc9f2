"""What is done to motion as curves: calmed, shifted in time, and reduced to few Bezier keys within an error."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]


def smooth(motion: FloatArray, frames: float) -> FloatArray:
    """`motion` (T, M) under a Gaussian of standard deviation `frames`; the ends hold.  0 leaves it as it is."""
    if frames <= 0 or len(motion) < 2:
        return motion
    reach = max(int(np.ceil(3 * frames)), 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    padded = np.pad(motion, ((reach, reach), (0, 0)), mode="edge")
    out = np.zeros_like(motion)
    for offset, weight in enumerate(kernel):
        out += weight * padded[offset : offset + len(motion)]
    return out


def reduce(
    frames: npt.NDArray[np.float32], values: FloatArray, fixed: npt.NDArray[np.bool_], error: float
) -> npt.NDArray[np.intp]:
    """Indices of the samples to keep, so that Bezier segments with the slopes of `slopes` stay within `error`.

    frames: (T,) rising; values: (T,); fixed: (T,) samples that stay whatever happens.  The ends stay always.
    A span that misses is cut where it misses most.
    """
    slope = slopes(frames, values)
    keep = fixed.copy()
    keep[[0, -1]] = True
    anchors = np.flatnonzero(keep)
    spans = [(int(a), int(b)) for a, b in zip(anchors[:-1], anchors[1:], strict=True)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inside = slice(first + 1, last)
        miss = np.abs(hermite(frames, values, slope, first, last, frames[inside]) - values[inside])
        worst = int(np.argmax(miss))
        if miss[worst] > error:
            cut = first + 1 + worst
            keep[cut] = True
            spans += [(first, cut), (cut, last)]
    return np.flatnonzero(keep)


def slopes(frames: npt.NDArray[np.float32], values: FloatArray) -> FloatArray:
    """Slope (a frame) at every sample by central differences; flat at an extremum, so that no curve overshoots it."""
    if len(values) < 2:
        return np.zeros_like(values)
    slope = np.gradient(values, frames).astype(np.float32)
    before, after = np.diff(values)[:-1], np.diff(values)[1:]
    slope[1:-1][before * after <= 0] = 0.0
    return slope


def hermite(
    frames: npt.NDArray[np.float32],
    values: FloatArray,
    slope: FloatArray,
    first: int,
    last: int,
    at: npt.NDArray[np.float32],
) -> FloatArray:
    """The cubic from sample `first` to `last` at the frames `at`; what Blender draws for handles at a third."""
    length = frames[last] - frames[first]
    u = (at - frames[first]) / length
    v = 1 - u
    low, high = slope[first] * length, slope[last] * length
    return (v * v * (1 + 2 * u) * values[first] + u * u * (1 + 2 * v) * values[last]) + u * v * (v * low - u * high)
