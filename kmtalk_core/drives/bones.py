"""Jaw and eye bones: which of a rig's bones they are, and how ARKit's coefficients turn them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion.arkit import ARKIT_INDEX

FloatArray: TypeAlias = npt.NDArray[np.float32]
Vector: TypeAlias = npt.NDArray[np.float64]

JAW, EYE_LEFT, EYE_RIGHT = "jaw", "eye_left", "eye_right"
JAW_CHANNELS = ("jawOpen", "jawForward", "jawLeft", "jawRight")
_LOOK_DOWN, _LOOK_UP, _LOOK_ASIDE = np.radians(25.0), np.radians(22.0), np.radians(28.0)
_JAW_ASIDE = np.radians(7.0)
_JAW_FORWARD = 0.08
"""Of the bone's length."""

_NAMES: dict[str, tuple[str, ...]] = {
    # Rigify's controls come before the bones that they lead; then FLAME, Reallusion, MetaHuman, Daz, Auto-Rig Pro.
    JAW: ("jaw_master", "jaw", "ccbasejawroot", "facialcjaw", "lowerjaw", "cjawbonex", "jawbone", "mixamorigjaw"),
    EYE_LEFT: (
        *("eyemasterl", "mastereyel", "eyel", "lefteye", "lefteyesmplhf", "ccbaseleye", "facialleye"),
        *("leye", "ceyel", "jadjlfaceeye", "eyeleft"),
    ),
    EYE_RIGHT: (
        *("eyemasterr", "mastereyer", "eyer", "righteye", "righteyesmplhf", "ccbasereye", "facialreye"),
        *("reye", "ceyer", "jadjrfaceeye", "eyeright"),
    ),
}
_SIGNS = re.compile(r"[\W_]+")


def find_bones(names: Sequence[str]) -> dict[str, str]:
    """The bones of jaw and eyes among `names`, as far as one is called as in a rig that is known."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_SIGNS.sub("", name.lower()), name)
    found = {}
    for part, known in _NAMES.items():
        called = next((plain[_SIGNS.sub("", name)] for name in known if _SIGNS.sub("", name) in plain), None)
        if called is not None:
            found[part] = called
    return found


def channels_of(part: str) -> tuple[str, ...]:
    """The ARKit channels that a bone takes."""
    if part == JAW:
        return JAW_CHANNELS
    side = "Left" if part == EYE_LEFT else "Right"
    return tuple(f"eyeLook{way}{side}" for way in ("Down", "Up", "In", "Out"))


@dataclass(frozen=True)
class BoneMotion:
    """How one bone moves, in its own axes at rest.

    turns: channel → (3,) radians about an axis; shifts: channel → (3,) in the rig's unit; mode: a rotation mode.
    """

    turns: Mapping[str, Vector]
    shifts: Mapping[str, Vector]
    mode: str

    def rotation(self, motion: FloatArray) -> FloatArray:
        """(frames, 3 or 4) values of the bone's rotation channels."""
        turn = _mixed(self.turns, motion)
        angle = np.linalg.norm(turn, axis=1)
        axis = turn / np.maximum(angle, 1e-12)[:, None]
        if self.mode == "QUATERNION":
            half = 0.5 * angle[:, None]
            return np.concatenate([np.cos(half), np.sin(half) * axis], axis=1).astype(np.float32)
        if self.mode == "AXIS_ANGLE":
            axis = np.where(angle[:, None] > 1e-9, axis, [0.0, 1.0, 0.0])
            return np.concatenate([angle[:, None], axis], axis=1).astype(np.float32)
        return _euler(axis, angle, self.mode).astype(np.float32)

    def location(self, motion: FloatArray) -> FloatArray:
        """(frames, 3)."""
        return _mixed(self.shifts, motion).astype(np.float32)

    def coefficients(self, turn: Vector, shift: Vector) -> dict[str, float]:
        """What moves the bone by `turn` (3,), radians about an axis, and `shift` (3,), as nearly as it can."""
        found = {}
        for shares, way in ((self.turns, turn), (self.shifts, shift)):
            for name, share in shares.items():
                found[name] = max(float(way @ share) / max(float(share @ share), 1e-12), 0.0)
        return found


def bone_motion(part: str, axes: Vector, length: float, jaw_angle: float, mode: str) -> BoneMotion:
    """How the bone of jaw or eye moves.

    axes: (3, 3) the character's left, up and forward in the bone's own axes, one a column; length: of the bone;
    jaw_angle: radians of a wide open mouth.
    """
    left, up, forward = axes.T
    if part == JAW:
        turns = {"jawOpen": jaw_angle * left, "jawLeft": _JAW_ASIDE * up, "jawRight": -_JAW_ASIDE * up}
        return BoneMotion(turns, {"jawForward": _JAW_FORWARD * length * forward}, mode)
    side = "Left" if part == EYE_LEFT else "Right"
    outwards = 1.0 if part == EYE_LEFT else -1.0
    turns = {
        f"eyeLookDown{side}": _LOOK_DOWN * left,
        f"eyeLookUp{side}": -_LOOK_UP * left,
        f"eyeLookOut{side}": outwards * _LOOK_ASIDE * up,
        f"eyeLookIn{side}": -outwards * _LOOK_ASIDE * up,
    }
    return BoneMotion(turns, {}, mode)


def _mixed(shares: Mapping[str, Vector], motion: FloatArray) -> Vector:
    total = np.zeros((len(motion), 3))
    for channel, share in shares.items():
        total += motion[:, ARKIT_INDEX[channel], None] * share
    return total


def _euler(axis: Vector, angle: Vector, order: str) -> Vector:
    """(frames, 3) the angles about X, Y and Z that, applied in `order`, turn by `angle` about `axis`."""
    i, j, k = ("XYZ".index(letter) for letter in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    c, s = np.cos(angle), np.sin(angle)
    cross = np.zeros((len(axis), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    cross -= cross.transpose(0, 2, 1)
    matrix = c[:, None, None] * np.eye(3) + s[:, None, None] * cross
    matrix += (1.0 - c)[:, None, None] * axis[:, :, None] * axis[:, None, :]
    angles = np.zeros((len(axis), 3))
    angles[:, j] = np.arcsin(np.clip(-sign * matrix[:, k, i], -1.0, 1.0))
    angles[:, i] = np.arctan2(sign * matrix[:, k, j], matrix[:, k, k])
    angles[:, k] = np.arctan2(sign * matrix[:, j, i], matrix[:, i, i])
    return angles
