"""Bones of jaw, eyes and head: which of a rig's bones they are, how a motion turns them, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion import spaces
from ..motion.arkit import EYE_TURNS
from ..motion.spaces import ARKIT, MotionSpace
from ..naming.bones import by_spelling, find_head_bones
from ..naming.retarget import shut
from .turns import rotation_property, turn_of_values, values_of_turn

FloatArray: TypeAlias = npt.NDArray[np.float32]
Vector: TypeAlias = npt.NDArray[np.float64]

JAW, EYE_LEFT, EYE_RIGHT, HEAD, NECK = "jaw", "eye_left", "eye_right", "head", "neck"
JAW_CHANNELS = ("jawOpen", "jawForward", "jawLeft", "jawRight")
_JAW_ASIDE = np.radians(7.0)
_JAW_FORWARD = 0.08
"""Of the bone's length."""

_NAMES: dict[str, tuple[str, ...]] = {
    # Rigify's controls come before the bones that they lead; then FLAME, Reallusion, MetaHuman, Daz, Auto-Rig Pro.
    JAW: ("jawmaster", "jaw", "ccbasejawroot", "facialcjaw", "lowerjaw", "cjawbonex", "jawbone", "mixamorigjaw"),
    EYE_LEFT: (
        *("eyemasterl", "mastereyel", "eyel", "lefteye", "lefteyesmplhf", "ccbaseleye", "facialleye"),
        *("leye", "ceyel", "jadjlfaceeye", "eyeleft"),
    ),
    EYE_RIGHT: (
        *("eyemasterr", "mastereyer", "eyer", "righteye", "righteyesmplhf", "ccbasereye", "facialreye"),
        *("reye", "ceyer", "jadjrfaceeye", "eyeright"),
    ),
}


def find_bones(names: Sequence[str], parents: Mapping[str, str] | None = None) -> dict[str, str]:
    """The bones of jaw and eyes among `names` that are called as in a rig that is known, and head and neck.

    parents: bone → the one it hangs from.
    """
    plain = by_spelling(names)
    found = {}
    for part, known in _NAMES.items():
        called = next((plain[name] for name in known if name in plain), None)
        if called is not None:
            found[part] = called
    turning = find_head_bones(names, parents)
    found |= {part: name for part, name in ((HEAD, turning.head), (NECK, turning.neck)) if name}
    return found


def channels_of(part: str) -> tuple[str, ...]:
    """The ARKit channels that a bone takes; head and neck take none."""
    if part == JAW:
        return JAW_CHANNELS
    if part in (HEAD, NECK):
        return ()
    side = "Left" if part == EYE_LEFT else "Right"
    return tuple(f"eyeLook{way}{side}" for way in ("Down", "Up", "In", "Out"))


@dataclass(frozen=True, eq=False)
class BoneMotion:
    """How one bone moves, in its own axes at rest.

    turns: channel → (3,) radians about an axis for a value of 1; shifts: channel → (3,) in the rig's unit; mode: one of
    Blender's rotation modes; space: whose channels these are.
    """

    turns: Mapping[str, Vector]
    shifts: Mapping[str, Vector]
    mode: str
    space: MotionSpace = ARKIT

    @property
    def properties(self) -> dict[str, int]:
        """The properties of the bone that move, and how many values each has."""
        turning, count = rotation_property(self.mode)
        return {turning: count, **({"location": 3} if self.shifts else {})}

    def values(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, width of the space) as the values of `properties`, one after another."""
        turning = values_of_turn(_mixed(self.space, self.turns, motion), self.mode)
        if not self.shifts:
            return turning
        return np.concatenate([turning, _mixed(self.space, self.shifts, motion).astype(np.float32)], axis=1)

    def channels(self, values: Vector) -> dict[str, float]:
        """The channels for which the properties have these values, as nearly as they can."""
        count = next(iter(self.properties.values()))
        found = {}
        for shares, way in ((self.turns, turn_of_values(values[:count], self.mode)), (self.shifts, values[count:])):
            for name, share in shares.items():
                least = min(float(self.space.low[self.space.index_of(name)]), 0.0)
                found[name] = max(float(way @ share) / max(float(share @ share), 1e-12), least)
        return found


@dataclass(frozen=True)
class BoneCurve:
    """One curve of a bone: the bone's name, the attribute of the pose bone and the index there."""

    bone: str
    attribute: str
    index: int

    @property
    def name(self) -> str:
        return f"{self.bone}.{self.attribute}[{self.index}]"


@dataclass(frozen=True, eq=False)
class BoneDrive:
    """Bones of one rig, by name, that take channels of one space.

    closes: whether something else (a shape key) closes the lips over an open jaw; else the jaw closes them.
    """

    bones: Mapping[str, BoneMotion]
    closes: bool = True

    @property
    def space(self) -> MotionSpace:
        return next(iter(self.bones.values())).space

    @property
    def _is_closed_elsewhere(self) -> bool:
        return self.closes or "mouthClose" not in self.space.names

    @cached_property
    def places(self) -> tuple[BoneCurve, ...]:
        """Where each value goes."""
        return tuple(
            BoneCurve(bone, name, index)
            for bone, motion in self.bones.items()
            for name, count in motion.properties.items()
            for index in range(count)
        )

    @cached_property
    def curves(self) -> tuple[str, ...]:
        return tuple(place.name for place in self.places)

    def __call__(self, motion: FloatArray) -> FloatArray:
        """Motion (frames, width of the space) as values (frames, curves)."""
        motion = motion if self._is_closed_elsewhere else shut(motion)
        return np.concatenate([bone.values(motion) for bone in self.bones.values()], axis=1)

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> dict[str, float]:
        """The channels, by name, of the bones with one of the curves `changed`, as these show them."""
        values = self(pose[None])[0].astype(np.float64)
        for index, value in changed.items():
            values[index] = value
        found: dict[str, float] = {}
        first = 0
        for bone in self.bones.values():
            last = first + sum(bone.properties.values())
            if any(first <= index < last for index in changed):
                found |= bone.channels(values[first:last])
            first = last
        if not self._is_closed_elsewhere and "jawOpen" in found:
            found["jawOpen"] += max(float(pose[self.space.index_of("mouthClose")]), 0.0)
        return {name: round(value, 6) for name, value in found.items()}


def bone_motion(part: str, axes: Vector, length: float, jaw_angle: float, mode: str, share: float = 1.0) -> BoneMotion:
    """How the bone of jaw, eye, head or neck moves.

    axes: (3, 3) the character's left, up and forward in the bone's own axes, one a column; length: of the bone;
    jaw_angle: radians of a wide open mouth; share: of the head's turn that this bone takes, where a neck turns too.
    """
    left, up, forward = axes.T
    if part in (HEAD, NECK):
        return BoneMotion({"yaw": share * up, "pitch": share * left, "roll": share * forward}, {}, mode, spaces.HEAD)
    if part == JAW:
        turns = {"jawOpen": jaw_angle * left, "jawLeft": _JAW_ASIDE * up, "jawRight": -_JAW_ASIDE * up}
        return BoneMotion(turns, {"jawForward": _JAW_FORWARD * length * forward}, mode)
    side = "Left" if part == EYE_LEFT else "Right"
    outwards = 1.0 if part == EYE_LEFT else -1.0
    turns = {
        f"eyeLookDown{side}": EYE_TURNS["Down"] * left,
        f"eyeLookUp{side}": -EYE_TURNS["Up"] * left,
        f"eyeLookOut{side}": outwards * EYE_TURNS["Out"] * up,
        f"eyeLookIn{side}": -outwards * EYE_TURNS["In"] * up,
    }
    return BoneMotion(turns, {}, mode)


def _mixed(space: MotionSpace, shares: Mapping[str, Vector], motion: FloatArray) -> Vector:
    total = np.zeros((len(motion), 3))
    for channel, share in shares.items():
        total += motion[:, space.index_of(channel), None] * share
    return total
