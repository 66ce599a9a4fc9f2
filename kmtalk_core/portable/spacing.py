"""Where each frame stands between its key frames, in terms that depend on nothing far away; see `model.spacing`."""

from dataclasses import dataclass

import numpy as np

from .tensors import FloatArray, IndexArray


@dataclass(frozen=True)
class KeySpacing:
    """For each frame, arrays (time,): which keys are beside it, how far, and how much each counts."""

    previous: IndexArray
    next: IndexArray
    previous_distance: IndexArray
    next_distance: IndexArray
    previous_weight: FloatArray
    next_weight: FloatArray
    reach: int

    @staticmethod
    def of(keys: IndexArray, frame_count: int, reach: int) -> "KeySpacing":
        """Spacing of `frame_count` frames between `keys` (n,), in rising order; there may be none."""
        time = np.arange(frame_count)
        passed = np.searchsorted(keys, time, side="right")
        reached = np.searchsorted(keys, time, side="left")
        before = np.append(keys, -reach)[np.where(passed > 0, passed - 1, -1)]
        after = np.append(keys, frame_count + reach)[reached]
        previous_distance, next_distance = (time - before).clip(0, reach), (after - time).clip(0, reach)
        apart = previous_distance + next_distance
        share = np.where(apart > 0, next_distance / np.maximum(apart, 1), 0.5).astype(np.float32)
        return KeySpacing(
            previous=np.maximum(passed - 1, 0),
            next=np.minimum(reached, max(len(keys) - 1, 0)),
            previous_distance=previous_distance,
            next_distance=next_distance,
            previous_weight=share * _fade(previous_distance, reach),
            next_weight=(1 - share) * _fade(next_distance, reach),
            reach=reach,
        )

    def interpolate(self, values: FloatArray) -> FloatArray:
        """`values` (n, channels) at the keys, to (time, channels) between them; zero far from any key."""
        if not len(values):
            return np.zeros((len(self.previous), values.shape[1]), np.float32)
        between: FloatArray = values[self.previous] * self.previous_weight[:, None]
        between += values[self.next] * self.next_weight[:, None]
        return between


def key_gaps(keys: IndexArray, reach: int) -> tuple[IndexArray, IndexArray]:
    """Frames from each key to the key before and to the key after, (n,) each, `reach` at most."""
    gaps = np.diff(keys).clip(1, reach)
    far = np.full(min(len(keys), 1), reach)
    return np.concatenate([far, gaps]), np.concatenate([gaps, far])


def _fade(distance: IndexArray, reach: int) -> FloatArray:
    """1 up to half the reach, then straight down to 0 at the reach."""
    return (2 - 2 * distance / reach).clip(0, 1).astype(np.float32)
