"""Poses of ARKit's channels for the bones of a face, by rule: what each moves, in the character's own axes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..naming.face_bones import LEFT, RIGHT, FaceBones, side_shares

Vector: TypeAlias = npt.NDArray[np.float64]

_SIDES = (("Left", LEFT, 1.0), ("Right", RIGHT, -1.0))
_CORNER_JAW = 0.4
"""How much of the jaw's way the corners of the mouth go."""
_LOWER_SHARE = 0.15
"""Of the opening of an eye: how much the lower lid rises in a blink."""


@dataclass
class Move:
    """What one bone does at a channel of 1, in the character's axes (left, up, forward): it goes by `shift` (3,), and
    turns by `turn` (3,) radians about an axis."""

    shift: Vector
    turn: Vector


Poses: TypeAlias = dict[str, dict[str, Move]]
"""Channel → bone → what it does."""


def face_poses(face: FaceBones, jaw_head: Vector, jaw_angle: float, follows: Mapping[str, float | None]) -> Poses:
    """What the bones of jaw, lips, lids and brows do for each channel of ARKit.

    jaw_head: (3,) where the jaw hinges; jaw_angle: radians of a wide open mouth; follows: how much of the jaw's way a
    bone goes by itself, None where its rig decides that.
    """
    made: Poses = {}
    if face.jaw:
        turn(made, "jawOpen", face.jaw, np.array([jaw_angle, 0.0, 0.0]))
        turn(made, "jawLeft", face.jaw, np.array([0.0, 0.12, 0.0]))
        turn(made, "jawRight", face.jaw, np.array([0.0, -0.12, 0.0]))
        shift(made, "jawForward", face.jaw, 0.12 * face.width * np.array([0.0, 0.0, 1.0]))
        _lips_with_jaw(made, face, jaw_head, jaw_angle, follows)
    else:
        _lips_apart(made, face)
    if face.has_lips:
        _both_lips(made, face)
        for side in _SIDES:
            _one_side(made, face, *side)
    for suffix, side_name, _ in _SIDES:
        _lids(made, face, suffix, side_name)
        _brows(made, face, suffix, side_name)
    return {channel: bones for channel, bones in made.items() if bones}


def shift(made: Poses, channel: str, bone: str, way: Vector) -> None:
    """Add to where a bone goes."""
    move = made.setdefault(channel, {}).setdefault(bone, Move(np.zeros(3), np.zeros(3)))
    move.shift = move.shift + way


def turn(made: Poses, channel: str, bone: str, angle: Vector) -> None:
    """Add to how a bone turns."""
    move = made.setdefault(channel, {}).setdefault(bone, Move(np.zeros(3), np.zeros(3)))
    move.turn = move.turn + angle


def _lips_with_jaw(
    made: Poses, face: FaceBones, hinge: Vector, angle: float, follows: Mapping[str, float | None]
) -> None:
    """Lips that do not follow the jaw as lips do are helped: the lower one all the way, the corners a part of it."""
    shares = dict.fromkeys(face.lower, 1.0) | dict.fromkeys(face.upper, 0.0)
    shares |= dict.fromkeys(face.corners.values(), _CORNER_JAW)
    for name, share in shares.items():
        by_itself = follows.get(name, 0.0)
        if by_itself is not None and abs(share - by_itself) > 0.05:
            shift(made, "jawOpen", name, (share - by_itself) * _opened(face.place[name], hinge, angle))


def _opened(point: Vector, hinge: Vector, angle: float) -> Vector:
    """(3,) where a point goes when the jaw turns by `angle` about the axis to the left through its hinge."""
    up, forward = (point - hinge)[1:]
    c, s = np.cos(angle), np.sin(angle)
    return np.array([0.0, c * up - s * forward - up, s * up + c * forward - forward])


def _lips_apart(made: Poses, face: FaceBones) -> None:
    """A mouth without a jaw opens by its lips."""
    for name in face.lower:
        shift(made, "jawOpen", name, face.width * np.array([0.0, -0.4, 0.0]))
    for name in face.corners.values():
        shift(made, "jawOpen", name, face.width * np.array([0.0, -0.12, 0.0]))


def _both_lips(made: Poses, face: FaceBones) -> None:
    width = face.width
    middle = float(np.mean([face.place[name][0] for name in (*face.corners.values(), *face.upper, *face.lower)]))

    def rounded(channel: str, inwards: float, forward: float, apart: float) -> None:
        for name in face.corners.values():
            across = np.sign(face.place[name][0] - middle)
            shift(made, channel, name, width * np.array([-inwards * across, 0.0, 0.6 * forward]))
        for names, way in ((face.upper, apart), (face.lower, -apart)):
            for name in names:
                across = 2.0 * (face.place[name][0] - middle) / width
                shift(made, channel, name, width * np.array([-inwards * across, way, forward]))

    rounded("mouthPucker", 0.22, 0.12, 0.0)
    rounded("mouthFunnel", 0.15, 0.12, 0.06)
    for name in face.upper:
        shift(made, "mouthRollUpper", name, width * np.array([0.0, -0.03, -0.05]))
        shift(made, "mouthShrugUpper", name, width * np.array([0.0, 0.05, 0.03]))
    for name in face.lower:
        shift(made, "mouthRollLower", name, width * np.array([0.0, 0.05, -0.07]))
        shift(made, "mouthShrugLower", name, width * np.array([0.0, 0.05, 0.03]))
    for name in (*face.upper, *face.lower, *face.corners.values()):
        shift(made, "mouthLeft", name, width * np.array([0.15, 0.0, 0.0]))
        shift(made, "mouthRight", name, width * np.array([-0.15, 0.0, 0.0]))


def _one_side(made: Poses, face: FaceBones, suffix: str, side: str, sign: float) -> None:
    width, corner = face.width, face.corners.get(side)
    if corner:
        for stem, out, up, forward in (
            ("mouthSmile", 0.12, 0.12, -0.02),
            ("mouthFrown", 0.02, -0.12, 0.0),
            ("mouthStretch", 0.14, -0.03, -0.02),
            ("mouthDimple", 0.06, 0.0, -0.04),
        ):
            shift(made, f"{stem}{suffix}", corner, width * np.array([sign * out, up, forward]))
    for names, stem, up in ((face.upper, "mouthUpperUp", 0.11), (face.lower, "mouthLowerDown", -0.12)):
        for name, left, right in side_shares(names, face):
            share = left if side == LEFT else right
            if share > 0:
                shift(made, f"{stem}{suffix}", name, width * np.array([0.0, share * up, 0.0]))
                shift(made, f"mouthPress{suffix}", name, width * np.array([0.0, -0.2 * share * up, 0.0]))


def _lids(made: Poses, face: FaceBones, suffix: str, side: str) -> None:
    """Each bone of the upper lid goes down to the lower lid below it, which comes to meet it."""
    upper, lower = face.lids.get((side, "upper"), []), face.lids.get((side, "lower"), [])
    for name, others, share in [
        *((name, lower, 1.0 - _LOWER_SHARE) for name in upper),
        *((name, upper, _LOWER_SHARE) for name in lower),
    ]:
        if not others:
            continue
        nearest = min(others, key=lambda other: abs(face.place[other][0] - face.place[name][0]))
        gap = face.place[nearest] - face.place[name]
        _lid_to(made, face, f"eyeBlink{suffix}", name, share * gap)
        if name in upper:
            _lid_to(made, face, f"eyeWide{suffix}", name, -0.25 * gap)
        else:
            _lid_to(made, face, f"eyeSquint{suffix}", name, 0.3 * gap)


def _lid_to(made: Poses, face: FaceBones, channel: str, name: str, way: Vector) -> None:
    """Move a lid by `way` (3,): one that turns about the eye turns as far."""
    if name not in face.turning:
        shift(made, channel, name, np.array([0.0, way[1], way[2]]))
        return
    reach = max(float(face.reach.get(name, 0.0)), 1e-9)
    turn(made, channel, name, np.array([-2.0 * np.arcsin(np.clip(way[1] / (2.0 * reach), -1.0, 1.0)), 0.0, 0.0]))


def _brows(made: Poses, face: FaceBones, suffix: str, side: str) -> None:
    names = face.brows.get(side, [])
    for number, name in enumerate(names):
        outer = number / max(len(names) - 1, 1) if len(names) > 1 else 0.5
        up = face.width * np.array([0.0, 0.12, 0.0])
        shift(made, "browInnerUp", name, (1.0 - outer) * up)
        shift(made, f"browOuterUp{suffix}", name, outer * up)
        shift(made, f"browDown{suffix}", name, -0.8 * (1.0 - 0.5 * outer) * up)
