"""A chest that breathes: which bones or keys of a character it is, and how they move."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion import spaces
from ..motion.spaces import MotionSpace
from .bones import BoneMotion

FloatArray: TypeAlias = npt.NDArray[np.float32]
Vector: TypeAlias = npt.NDArray[np.float64]

CHEST, LEFT, RIGHT = "chest", "shoulder_left", "shoulder_right"
_NAMES: dict[str, tuple[str, ...]] = {
    # Rigify's control, MetaHuman and Unreal, Mixamo, Daz, Reallusion, VRM, Biped, Auto-Rig Pro.
    CHEST: (
        *("chest", "upperchest", "spine05", "spine03", "mixamorigspine2", "chestupper", "ccbasespine02"),
        *("jbipcupperchest", "jbipcchest", "bip001spine2", "cspine03x", "spine2", "spinefk003"),
    ),
    LEFT: (
        *("shoulderl", "claviclel", "mixamorigleftshoulder", "lcollar", "lclavicle", "ccbaselclavicle"),
        *("jbiplshoulder", "bip001lclavicle", "cshoulderl", "leftshoulder", "leftclavicle"),
    ),
    RIGHT: (
        *("shoulderr", "clavicler", "mixamorigrightshoulder", "rcollar", "rclavicle", "ccbaserclavicle"),
        *("jbiprshoulder", "bip001rclavicle", "cshoulderr", "rightshoulder", "rightclavicle"),
    ),
}
_KEYS = frozenset({"breathe", "breath", "breathing", "inhale", "breathein", "chestbreathe", "chestrise"})
_SIGNS = re.compile(r"[\W_]+")
_CHEST_BACK, _SHOULDER_UP = np.radians(0.9), np.radians(2.4)


def find_chest(names: Iterable[str]) -> dict[str, str]:
    """The bones of chest and shoulders among `names`, as far as one is called as in a rig that is known.

    Shoulders come as a pair or not at all.
    """
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_plain(name), name)
    called = {part: next((plain[name] for name in known if name in plain), "") for part, known in _NAMES.items()}
    if not (called[LEFT] and called[RIGHT]):
        called[LEFT] = called[RIGHT] = ""
    return {part: name for part, name in called.items() if name}


def find_keys(names: Iterable[str]) -> list[str]:
    """The shape keys among `names` that are called after breathing in."""
    return [name for name in names if _plain(name) in _KEYS]


def chest_motion(part: str, axes: Vector, mode: str) -> BoneMotion:
    """How a bone of the chest moves; `axes` and `mode` as in `bone_motion`."""
    left, _, forward = axes.T
    turn = {CHEST: -_CHEST_BACK * left, LEFT: _SHOULDER_UP * forward, RIGHT: -_SHOULDER_UP * forward}[part]
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


def _plain(name: str) -> str:
    return _SIGNS.sub("", name.lower())
