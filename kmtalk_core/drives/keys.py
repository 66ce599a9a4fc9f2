"""Shape keys by name, visemes too: coefficients to their values, and values set by hand back to coefficients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion.spaces import ARKIT, MotionSpace
from ..naming.retarget import Retarget
from .base import Drive

FloatArray: TypeAlias = npt.NDArray[np.float32]

_STEPS = (0.5, 0.25, 0.25, 0.125, 0.125, 0.125)
"""How far each round looks: at first wide, past the points where a curve starts to follow a coefficient."""
_SHRINKINGS = 5
_KEPT = np.array([1.0, 0.75, 0.5, 0.25, 0.0])
_REACH = np.linspace(-1.0, 1.5, 41)
_UNCHANGED = 0.05
"""How much a curve that was left alone counts beside one that was edited."""
_DAMPING = 1e-6
_VISIBLE = 1e-4


@dataclass(frozen=True)
class KeyDrive:
    """ARKit's coefficients to the shape keys of a face."""

    retarget: Retarget
    space: MotionSpace = ARKIT

    @property
    def curves(self) -> tuple[str, ...]:
        return self.retarget.channels

    def __call__(self, motion: FloatArray) -> FloatArray:
        return self.retarget(motion)

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> dict[str, float]:
        """The coefficients that have to change, by name; a key whose multiplier is zero says nothing."""
        return solve_back(self, pose, changed)


def solve_back(drive: Drive, pose: FloatArray, changed: Mapping[int, float]) -> dict[str, float]:
    """The channels, by name, nearest to `pose` (width,) for which `drive` gives the values `changed` (by curve).

    A look along what drives the edited curves, where visemes outdo each other, then a few Gauss–Newton steps; curves
    that were not edited are kept where the others allow it.
    """
    wanted = drive(pose[None])[0].astype(np.float64)
    weight = np.full(len(wanted), _UNCHANGED)
    for index, value in changed.items():
        wanted[index], weight[index] = value, 1.0
    floor = np.minimum(pose, min(0.0, *changed.values()))

    def missing(poses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray((wanted - drive(poses.astype(np.float32))) * weight, np.float64)

    starts = np.maximum(_starts(drive, pose.astype(np.float64), tuple(changed)), floor)
    left = missing(starts)
    best = int(np.square(left).sum(axis=1).argmin())
    found, here = starts[best], left[best]
    for step in _STEPS:
        slopes = (here - missing(found + step * np.eye(len(found)))).T / step
        way = slopes.T @ np.linalg.solve(slopes @ slopes.T + _DAMPING * np.eye(len(wanted)), here)
        trials = np.maximum(found + 0.5 ** np.arange(_SHRINKINGS)[:, None] * way, floor)
        left = missing(trials)
        best = int(np.square(left).sum(axis=1).argmin())
        if np.square(left[best]).sum() < np.square(here).sum():
            found, here = trials[best], left[best]
    moved = np.abs(found - pose) > _VISIBLE
    return {name: round(float(found[i]), 6) for i, name in enumerate(drive.space.names) if moved[i]}


def _starts(drive: Drive, pose: npt.NDArray[np.float64], changed: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Poses (n, width): `pose`, then more and less of what drives each changed curve, over less and less of it."""
    alone = (_STEPS[-1] * np.eye(len(pose))).astype(np.float32)
    rows = (drive(alone) - drive(np.zeros_like(alone))).T[list(changed)]
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    trials = _KEPT[:, None, None, None] * pose + _REACH[:, None, None] * rows
    return np.concatenate([pose[None], trials.reshape(-1, len(pose))])
