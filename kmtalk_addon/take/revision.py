"""What Regenerate makes of the keys of a line: the frames that changed are others, and no other key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import columns as keys
from .columns import Columns
from .timing import Points, Samples, points_of

_NEAR = 4
"""Changed frames so close to each other lie in one span."""


def spans_of(frames: Iterable[int]) -> list[tuple[int, int]]:
    """The stretches, first and last frame, in which `frames` lie."""
    found: list[tuple[int, int]] = []
    for frame in sorted(frames):
        if found and frame - found[-1][1] <= _NEAR:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return found


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

    def applied(self, old: Columns, channel: int, within: tuple[int, int] | None = None) -> Columns:
        """The keys of a curve after the change; where they are reduced, from its own keys around each change on.

        `old` are all of them, or those from the first to the last frame of `within`, where every frame has its key.
        """
        if within is not None:
            frames = self.frames[(self.frames >= within[0]) & (self.frames <= within[1])]
            near = points_of(self.samples, [channel])[channel].near(*within)
            return keys.replace_frames(old, near, frames)
        if channel in self.added or not keys.count_of(old):
            return keys.of_points(self.points(channel))
        values = self.samples.values[:, channel]
        if self.error <= 0:
            return keys.replace_frames(old, points_of(self.samples, [channel])[channel], self.frames)
        for run in np.split(self.frames, np.flatnonzero(np.diff(self.frames) > 1) + 1):
            if len(run):
                old = keys.refit(old, self.samples, values, self.held, run, self.error)
        return old
