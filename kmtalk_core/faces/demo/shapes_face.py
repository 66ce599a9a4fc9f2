"""Shapes of eyes, brows, cheeks and nose."""

from __future__ import annotations

import numpy as np

from .rig import SkinRig
from .shapes_mouth import MM, Lips, smooth_step, vectors
from .skin import INNER_CANTHUS, LID_EDGE, MOUTH_BORDER, OUTER_CANTHUS
from .surface import EYE_CENTRE, gradient, head_distance
from .topology import FloatArray

LOOK_UP, LOOK_DOWN, LOOK_ASIDE = np.radians([20.0, 24.0, 25.0])
_LID_SHARE = np.array([0.0, 0.03, 0.15, 0.46, 0.85, 1.0, 1.0, 1.0, 1.0])
"""How far each loop of an eye follows its lid, from the outermost in."""
_BLINK_LINE = 0.22
"""Where the lids meet: 0 at the lower lid's rest, 1 at the upper lid's."""


def _elevation(points: FloatArray) -> FloatArray:
    return np.arctan2(points[:, 2] - EYE_CENTRE[2], -(points[:, 1] - EYE_CENTRE[1]))


def _tilted(points: FloatArray, turn: FloatArray) -> FloatArray:
    """Points near the left eye raised by angles (N,) about its sideways axis."""
    y, z = points[:, 1] - EYE_CENTRE[1], points[:, 2] - EYE_CENTRE[2]
    return np.stack(
        [
            points[:, 0],
            EYE_CENTRE[1] + np.cos(turn) * y + np.sin(turn) * z,
            EYE_CENTRE[2] + np.cos(turn) * z - np.sin(turn) * y,
        ],
        axis=1,
    )


def _lids(rig: SkinRig, upper: float, lower: float) -> FloatArray:
    """Offsets (V, 3) of the left lids: shares of the way to where they meet in a blink, negative to open."""
    rings = rig.half.eye.rings
    count = rings.shape[1]
    edge = _elevation(rig.points[rings[LID_EDGE]])
    place = np.arange(count)
    is_upper = (place > OUTER_CANTHUS) & (place < INNER_CANTHUS)
    opposite = edge[(2 * OUTER_CANTHUS - place) % count]
    top, bottom = np.where(is_upper, edge, opposite), np.where(is_upper, opposite, edge)
    meeting = bottom + _BLINK_LINE * (top - bottom)
    turn = (meeting - edge) * np.where(is_upper, upper, lower)
    offsets = np.zeros_like(rig.points)
    for ring, share in zip(rings, _LID_SHARE, strict=True):
        offsets[ring] = _tilted(rig.points[ring], turn * share) - rig.points[ring]
    return offsets


def _eye_look(rig: SkinRig) -> dict[str, FloatArray]:
    corner = np.zeros_like(rig.points)
    rings = rig.half.eye.rings
    x = (rig.points[rings[1:], 0] - EYE_CENTRE[0]) / 0.014
    corner[rings[1:], 0] = 0.0004 * np.clip(1 - 0.3 * x**2, 0, 1) * _LID_SHARE[1:, None]
    return {
        "eyeLookUp": _lids(rig, -0.42, 0.55),
        "eyeLookDown": _lids(rig, 0.50, -0.55),
        "eyeLookIn": -corner,
        "eyeLookOut": corner,
    }


def eye_shapes(rig: SkinRig) -> dict[str, FloatArray]:
    """The eyelids' shapes on the skin; offsets (V, 3) by ARKit name."""
    left = {
        "eyeBlink": _lids(rig, 1.0, 1.0),
        "eyeSquint": _lids(rig, 0.16, 1.5) + _raised_cheek(rig, 0.5),
        "eyeWide": _lids(rig, -0.32, -0.25),
        **_eye_look(rig),
    }
    return _sided(rig, left)


def eyeball_shapes(points: FloatArray, side: str) -> dict[str, FloatArray]:
    """The eyeball's shapes; points (V, 3), `side` is "Left" or "Right"."""
    sign = 1.0 if side == "Left" else -1.0
    local = points * np.array([sign, 1.0, 1.0])
    turned = {
        "eyeLookUp": _tilted(local, np.full(len(points), LOOK_UP)),
        "eyeLookDown": _tilted(local, np.full(len(points), -LOOK_DOWN)),
        "eyeLookIn": _panned(local, -LOOK_ASIDE),
        "eyeLookOut": _panned(local, LOOK_ASIDE),
    }
    return {name + side: (value - local) * np.array([sign, 1.0, 1.0]) for name, value in turned.items()}


def _panned(points: FloatArray, turn: float) -> FloatArray:
    x, y = points[:, 0] - EYE_CENTRE[0], points[:, 1] - EYE_CENTRE[1]
    return np.stack(
        [
            EYE_CENTRE[0] + np.cos(turn) * x - np.sin(turn) * y,
            EYE_CENTRE[1] + np.sin(turn) * x + np.cos(turn) * y,
            points[:, 2],
        ],
        axis=1,
    )


def _sided(rig: SkinRig, left: dict[str, FloatArray]) -> dict[str, FloatArray]:
    shapes = {name + "Left": value for name, value in left.items()}
    return shapes | {name + "Right": rig.mirrored(value) for name, value in left.items()}


def _brush(points: FloatArray, centre: tuple[float, float, float], size: tuple[float, float, float]) -> FloatArray:
    """A smooth bump (V,): 1 at the centre, falling off by `size` metres along each axis."""
    return np.exp(-((((points - np.array(centre)) / np.array(size)) ** 2).sum(axis=1)))


def _left_brow(points: FloatArray) -> dict[str, FloatArray]:
    """Offsets (V, 3) of the left brow's movements, before they follow the skull."""
    above_lid = smooth_step((points[:, 2] - 0.1235) / 0.012)
    front = smooth_step((-0.03 - points[:, 1]) / 0.03)
    ease = (above_lid * front)[:, None]
    inner = _brush(points, (0.014, -0.103, 0.1370), (0.013, 0.04, 0.022))[:, None]
    outer = _brush(points, (0.045, -0.088, 0.1390), (0.019, 0.05, 0.022))[:, None]
    body = _brush(points, (0.026, -0.098, 0.1360), (0.020, 0.04, 0.018))[:, None]
    return {
        "browDown": ease * (inner * np.array([-2.2, -0.8, -4.2]) + body * np.array([-0.6, -0.6, -3.0])) * MM,
        "browOuterUp": ease * (outer * np.array([0.0, 0.0, 6.4]) + body * np.array([0.0, 0.0, 2.6])) * MM,
        "browInnerUp": ease * (inner * np.array([0.0, -0.2, 6.2]) + body * np.array([0.0, 0.0, 1.0])) * MM,
    }


def forehead_shapes(points: FloatArray) -> dict[str, FloatArray]:
    """browDown, browInnerUp and browOuterUp for any vertices (V, 3) near the forehead: they slide along the skull."""
    flip = np.array([-1.0, 1.0, 1.0])
    left, right = _left_brow(points), {name: value * flip for name, value in _left_brow(points * flip).items()}
    shapes = {"browInnerUp": left["browInnerUp"] + right["browInnerUp"]}
    for name in ("browDown", "browOuterUp"):
        shapes[name + "Left"], shapes[name + "Right"] = left[name], right[name]
    normal = gradient(points, head_distance)
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-9)[:, None]
    away = 0.85 * normal
    return {name: value - (value * normal).sum(axis=1)[:, None] * away for name, value in shapes.items()}


def _skin_only(rig: SkinRig, offsets: FloatArray, keep_lips: bool = True) -> FloatArray:
    """Offsets with eyelids' edges, nostrils' and mouth's insides left at rest."""
    result = offsets.copy()
    for ring, share in zip(rig.half.eye.rings, _LID_SHARE, strict=True):
        result[ring] *= 1 - share
        result[rig.twin[ring]] *= 1 - share
    if keep_lips:
        inside = np.concatenate([rig.mouth[12:].ravel(), rig.half.mouth.fill, rig.twin[rig.half.mouth.fill]])
        result[inside] = 0.0
    return result


def _raised_cheek(rig: SkinRig, amount: float) -> FloatArray:
    cheek = _brush(rig.points, (0.0370, -0.0860, 0.0860), (0.017, 0.03, 0.013))[:, None]
    return _skin_only(rig, amount * cheek * np.array([0.0004, -0.0022, 0.0042]))


def cheek_and_nose_shapes(rig: SkinRig) -> dict[str, FloatArray]:
    """cheekPuff, cheekSquint and noseSneer on the skin."""
    shapes = _sided(rig, {"cheekSquint": _raised_cheek(rig, 1.0) + _lids(rig, 0.0, 0.8), "noseSneer": _sneer(rig)})
    shapes["cheekPuff"] = _skin_only(rig, _puff(rig)) + _tight_lips(rig)
    return shapes


def _puff(rig: SkinRig) -> FloatArray:
    """Both cheeks blown up, fading out towards the lips."""
    points, lips = rig.points, rig.points[rig.mouth[MOUTH_BORDER]]
    distance = np.linalg.norm(points[:, None] - lips[None], axis=2).min(axis=1)
    away = 1.0 - np.exp(-((distance / 0.014) ** 2))
    puff = np.zeros_like(points)
    for sign in (1.0, -1.0):
        bump = away * _brush(points, (sign * 0.0430, -0.0720, 0.0540), (0.022, 0.05, 0.024))
        puff += bump[:, None] * np.array([sign * 0.0115, -0.0075, 0.0])
    puff[np.concatenate([rig.mouth[MOUTH_BORDER:].ravel(), rig.half.mouth.fill, rig.twin[rig.half.mouth.fill]])] = 0.0
    return puff


def _tight_lips(rig: SkinRig) -> FloatArray:
    lips = Lips(rig)
    narrow = -0.05 * lips.points[:, 0] / MM
    bulk = 1.0 - lips.across**4
    thinner = lips.height * np.where(lips.above > 0, -0.12, 0.12)
    return lips.shape(vectors(narrow, 0.0, 0.0), vectors(narrow, -1.2 * bulk, thinner))


def _sneer(rig: SkinRig) -> FloatArray:
    points = rig.points
    wing = _brush(points, (0.0150, -0.1020, 0.0770), (0.0090, 0.014, 0.0100))[:, None]
    fold = _brush(points, (0.0200, -0.0960, 0.0880), (0.0110, 0.02, 0.0130))[:, None]
    bridge = _brush(points, (0.0080, -0.1060, 0.1080), (0.0080, 0.014, 0.0140))[:, None]
    skin = (
        wing * np.array([0.0012, -0.0002, 0.0042])
        + fold * np.array([0.0, -0.0022, 0.0030])
        + bridge * np.array([0.0, -0.0006, 0.0014])
    )
    lips = Lips(rig)
    lift = lips.left * lips.upper
    nose = skin.copy()
    nose[rig.mouth[6:].ravel()] = 0.0
    sealed = 0.7 * lips.left * (1 - lips.across**2)
    lip = lips.shape(vectors(0.0, 0.0, sealed), vectors(0.0, -0.3 * lift, 2.4 * lift + sealed))
    return _skin_only(rig, nose) + lip
