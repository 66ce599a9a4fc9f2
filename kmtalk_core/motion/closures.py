"""Where a captured mouth closes between two openings, and whether a made one closes there, too."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Doubles: TypeAlias = npt.NDArray[np.float64]

_CLOSED, _OPEN, _REACHED = 0.06, 0.3, 0.15  # shares of an opening's own range (its 95th percentile)
_BESIDE, _AROUND = 0.05, 0.2  # seconds around a closure: where it may come, where the mouth must have been open


def closures_met(seen: Doubles, shown: Doubles, fps: float) -> list[bool]:
    """For each closure of the captured opening `seen` (frames,): whether `shown` closes there too, and opens beside it.

    Both at `fps`.  Empty where nothing closes, or nothing moves.
    """
    wide, own = np.percentile(seen, 95), np.percentile(shown, 95)
    if wide < 1e-3:
        return []
    closed = np.flatnonzero(np.diff(np.r_[0, (seen < _CLOSED * wide).astype(int), 0]))
    beside, around = round(_BESIDE * fps), round(_AROUND * fps)
    met = []
    for start, end in closed.reshape(-1, 2):
        before, after = seen[max(start - around, 0) : start], seen[end : end + around]
        if end - start > 2 * around or min(before.max(initial=0), after.max(initial=0)) < _OPEN * wide:
            continue
        near, wider = shown[max(start - beside, 0) : end + beside], shown[max(start - around, 0) : end + around]
        met.append(bool(own > 1e-3 and near.min() <= _REACHED * own and wider.max() >= _OPEN * own))
    return met
