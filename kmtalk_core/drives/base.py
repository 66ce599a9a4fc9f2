"""From a take's motion to the values of the curves that move a face, and from curves edited by hand back to a pose."""

import hashlib
from collections.abc import Mapping
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion.spaces import MotionSpace

FloatArray: TypeAlias = npt.NDArray[np.float32]
Pose: TypeAlias = Mapping[str, float] | list[float]
"""A key's pose as `Edit` takes it: some channels by name, or all of a space that has no names."""


class Drive(Protocol):
    """What lies between a motion and the curves of a face.

    curves: their names, in the order of their values; space: the motion space it understands.
    """

    @property
    def curves(self) -> tuple[str, ...]: ...

    @property
    def space(self) -> MotionSpace: ...

    def __call__(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, width of the space) as values (frames, curves)."""
        ...

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> Pose:
        """The pose that shows the values `changed` (by curve) instead of what `pose` (width,) shows."""
        ...


def signature(drive: Drive) -> str:
    """What tells whether a face is driven as it was; empty for vertices, whose shapes are fitted to each take."""
    if drive.space.vertices:
        return ""
    width = drive.space.width
    shown = drive(np.eye(width, dtype=np.float32)) + drive(np.zeros((1, width), np.float32))
    return hashlib.sha1(repr(drive.curves).encode() + np.round(shown, 5).tobytes()).hexdigest()
