"""A chest that breathes: how its bones or keys move."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion import spaces
from ..motion.spaces import MotionSpace
from ..naming.bones import CHEST, SHOULDER_LEFT, SHOULDER_RIGHT
from .bones import BoneMotion

FloatArray: TypeAlias = npt.NDArray[np.float32]
Vector: TypeAlias = npt.NDArray[np.float64]

_CHEST_BACK, _SHOULDER_UP = np.radians(0.9), np.radians(2.4)


def chest_motion(part: str, axes: Vector, mode: str) -> BoneMotion:
    """How a bone of the chest moves; `axes` and `mode` as in `bone_motion`."""
    left, _, forward = axes.T
    shrug = _SHOULDER_UP * forward
    turn = {CHEST: -_CHEST_BACK * left, SHOULDER_LEFT: shrug, SHOULDER_RIGHT: -shrug}[part]
    return BoneMotion({"rise": turn}, {}, mode, spaces.CHEST)


@dataclass(frozen=True)
class BreathDrive:
    """Shape keys that a breath in shows, by their names."""

    curves: tuple[str, ...]
    space: MotionSpace = spaces.CHEST

    def __call__(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, 1) as the value of each key."""
        return np.repeat(motion[:, :1], len(self.curves), axis=1)

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> dict[str, float]:
        """The rise that the keys show as they were changed."""
        return {"rise": round(float(np.mean(list(changed.values()))), 6)} if changed else {}
