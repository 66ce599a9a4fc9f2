"""Faces of bones: a rest and poses of bones, of which a motion mixes as much as it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion.spaces import MotionSpace
from .base import Drive
from .bones import BoneCurve
from .keys import solve_back
from .turns import rotation_property, values_of_turn

FloatArray: TypeAlias = npt.NDArray[np.float32]
Vector: TypeAlias = npt.NDArray[np.float64]

AT_REST = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
"""One bone: its location (3), its turn as radians about an axis (3), its scale (3)."""
_MOVED = 1e-6


@dataclass(frozen=True, eq=False)
class PoseDrive:
    """rest + Σ weight · (pose − rest), turns as radians about an axis.

    base: its values are the weights; numbers: which of them each pose takes; bones: bone → its rotation mode; rest:
    (bones, 9) as `AT_REST`; poses: (poses, bones, 9); left: bones whose curves are somebody else's.
    """

    base: Drive
    numbers: Sequence[int]
    bones: Mapping[str, str]
    rest: Vector
    poses: Vector

    @property
    def space(self) -> MotionSpace:
        return self.base.space

    @cached_property
    def _parts(self) -> list[tuple[int, str, str, slice]]:
        """Of each bone the properties that a pose moves: its number, name, property, and where that lies."""
        moved = np.abs(self.poses - self.rest).max(axis=0, initial=0.0) > _MOVED
        found = []
        for number, (bone, mode) in enumerate(self.bones.items()):
            turning = rotation_property(mode)[0]
            for place, attribute in ((slice(0, 3), "location"), (slice(3, 6), turning), (slice(6, 9), "scale")):
                if moved[number, place].any():
                    found.append((number, bone, attribute, place))
        return found

    @cached_property
    def places(self) -> tuple[BoneCurve, ...]:
        """Where each value goes."""
        return tuple(
            BoneCurve(bone, attribute, index)
            for _, bone, attribute, _ in self._parts
            for index in range(rotation_property(self.bones[bone])[1] if attribute.startswith("rotation") else 3)
        )

    @cached_property
    def curves(self) -> tuple[str, ...]:
        return tuple(place.name for place in self.places)

    def __call__(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, width of the space) as values (frames, curves)."""
        weights = self.base(motion)[:, list(self.numbers)].astype(np.float64)
        mixed = self.rest + np.einsum("fp,pbn->fbn", weights, self.poses - self.rest)
        values = []
        for number, bone, attribute, place in self._parts:
            own = mixed[:, number, place]
            turned = attribute.startswith("rotation")
            values.append(values_of_turn(own, self.bones[bone]) if turned else own.astype(np.float32))
        return np.concatenate(values, axis=1) if values else np.zeros((len(motion), 0), np.float32)

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> dict[str, float]:
        """The channels, by name, for which the bones come nearest to the values `changed` (by curve)."""
        return solve_back(self, pose, changed)
