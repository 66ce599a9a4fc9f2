"""What Regenerate writes onto curves that are there: the frames that changed, and no other key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import fcurves
from .timing import Points, Samples, points_of


@dataclass(frozen=True)
class Revision:
    """What differs between two takes of the same sound, on the frames of a scene: `frames` of it change, to what
    `samples` are.  Values at the frames `held` were set by hand.  error: as in BakeOptions.  The channels `added` have
    no curves yet: they show what changes, and are zero everywhere else."""

    samples: Samples
    frames: npt.NDArray[np.int32]
    held: npt.NDArray[np.bool_]
    error: float
    added: frozenset[int] = frozenset()

    @classmethod
    def between(
        cls,
        before: Samples,
        after: Samples,
        held: Mapping[int, Mapping[int, float]],
        lost: Iterable[int],
        error: float,
        added: frozenset[int] = frozenset(),
    ) -> "Revision":
        """From what two takes give, the values that curves keep by frame and channel (which `after` then has), and
        frames that have lost their keys."""
        differs = (before.values != after.values).any(axis=1) | (before.is_key != after.is_key)
        differs |= np.isin(after.frames, list(lost))
        after.values[np.ix_(~differs, sorted(added))] = 0.0
        for frame, values in held.items():
            for channel, value in values.items():
                after.values[after.frames == frame, channel] = value
        return cls(after, after.frames[differs], np.isin(after.frames, list(held)), error, added)

    def points(self, channel: int) -> Points:
        """All keys of a curve that is new."""
        return points_of(self.samples, [channel], self.error)[channel]

    def write(self, curve: Any, channel: int) -> None:
        """Give a curve its new keys; where they are reduced, from the curve's own keys around each change on."""
        values = self.samples.values[:, channel]
        if self.error <= 0:
            fcurves.replace_frames(curve, points_of(self.samples, [channel])[channel], self.frames)
            return
        for run in np.split(self.frames, np.flatnonzero(np.diff(self.frames) > 1) + 1):
            fcurves.refit(curve, self.samples, values, self.held, run, self.error)
