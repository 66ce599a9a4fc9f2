"""ARKit's shapes of lids, brows, cheeks and nose on any skin."""

from dataclasses import dataclass

import numpy as np

from ...motion.mesh import Array
from ..recognize.slits import Anchors
from .jaw import smoothstep
from .rig import Rig, hill
from .seal import drawn_together

_LOWER_SHARE = 0.2
"""Of the opening: how far the lower lid rises to meet the upper one."""
_SIDES = (("Left", "left", 1.0), ("Right", "right", -1.0))
LOOK_DOWN, LOOK_UP, LOOK_ASIDE = np.radians(25.0), np.radians(22.0), np.radians(28.0)


@dataclass(frozen=True)
class Lids:
    """One eye's lids as angles of elevation about the eye's centre, looking ahead.

    centre: (3,); elevation: (V,) of each vertex; upper, lower: (V,) of the rims in the same column; reach: (V,) 1 near
    the eye, 0 away from it and beyond its corners.
    """

    centre: Array
    elevation: Array
    upper: Array
    lower: Array
    reach: Array
    anchors: Anchors
    width: float


def eye_ball(rig: Rig, side: str) -> tuple[Array, float]:
    """Centre and radius of an eye, seen or not."""
    width = float(np.linalg.norm(rig.points[f"eye_outer_{side}"] - rig.points[f"eye_inner_{side}"]))
    if rig.eye_radius > 0:
        return rig.points[f"eye_{side}"], rig.eye_radius
    lids = 0.5 * (rig.points[f"eyelid_upper_{side}"] + rig.points[f"eyelid_lower_{side}"])
    radius = 0.52 * width
    return lids - np.array([0.0, 0.0, 0.95 * radius]), radius


def _lids(rig: Rig, side: str) -> Lids | None:
    slit = rig.eyes.get(side)
    if slit is None:
        return None
    centre, radius = eye_ball(rig, side)
    offset = rig.vertices - centre
    elevation = np.arctan2(offset[:, 1], offset[:, 2])
    x = rig.vertices[:, 0]

    def rim(line: Array) -> Array:
        return np.interp(x, line[:, 0], np.arctan2(line[:, 1] - centre[1], line[:, 2] - centre[2]))

    upper, lower = rim(slit.upper), rim(slit.lower)
    ends = np.sort([slit.upper[0, 0], slit.upper[-1, 0]])
    middle, half = ends.mean(), 0.5 * (ends[1] - ends[0])
    column = smoothstep(1.2, 1.0, np.abs(x - middle) / half)
    far = np.linalg.norm(offset, axis=1) / radius
    return Lids(centre, elevation, upper, lower, smoothstep(2.0, 1.45, far) * column, slit.anchors, slit.width)


def eye_shapes(rig: Rig) -> dict[str, Array]:
    """Offsets (V, 3) of the lids by ARKit name; nothing for an eye that has no lids."""
    shapes: dict[str, Array] = {}
    for suffix, side, _ in _SIDES:
        lids = _lids(rig, side)
        if lids is None:
            continue
        shapes[f"eyeBlink{suffix}"] = _shut(rig, lids)
        shapes[f"eyeSquint{suffix}"] = _turned(rig, lids, 0.15, 0.3)
        shapes[f"eyeWide{suffix}"] = _turned(rig, lids, -0.25, -0.05)
        shapes[f"eyeLookDown{suffix}"] = _turned(rig, lids, 0.42, -0.1)
        shapes[f"eyeLookUp{suffix}"] = _turned(rig, lids, -0.18, 0.03)
    return shapes


def _shut(rig: Rig, lids: Lids) -> Array:
    """The lids turned until they meet; where the turn falls short, near the corners, they are drawn together."""
    turned = rig.vertices + _turned(rig, lids, 1.0 - _LOWER_SHARE, _LOWER_SHARE)
    closed = drawn_together(turned, lids.anchors, _above(rig, lids), _LOWER_SHARE, 0.4 * lids.width)
    return closed - rig.vertices


def _above(rig: Rig, lids: Lids) -> Array:
    """(V,) 1 for the upper lid and what is over it, 0 for the lower."""
    rest = rig.mesh.vertices
    upper, lower = lids.anchors.upper_points(rest), lids.anchors.lower_points(rest)
    order = np.argsort(0.5 * (upper + lower)[:, 0])
    x = 0.5 * (upper + lower)[order, 0]
    low, high = (np.interp(rest[:, 0], x, line[order, 1]) for line in (lower, upper))
    opening = np.maximum(high - low, 0.02 * lids.width)
    return smoothstep(-0.2, 0.2, (rest[:, 1] - low - 0.45 * opening) / opening)


def _turned(rig: Rig, lids: Lids, upper_share: float, lower_share: float) -> Array:
    """Lids that turn about the eye's axis: the upper one down and the lower one up by shares of the opening."""
    opening = np.maximum(lids.upper - lids.lower, 0.0)
    above = _above(rig, lids)
    crease, pouch = np.radians(42.0), np.radians(30.0)
    upper_fade = 1.0 - smoothstep(0.0, 1.0, (lids.elevation - lids.upper) / crease)
    lower_fade = 1.0 - smoothstep(0.0, 1.0, (lids.lower - lids.elevation) / pouch)
    turn = opening * (lower_share * lower_fade * (1.0 - above) - upper_share * upper_fade * above)
    turn = turn * lids.reach
    offset = rig.vertices - lids.centre
    c, s = np.cos(turn), np.sin(turn)
    y, z = offset[:, 1], offset[:, 2]
    out = 1.0 + 0.02 * np.clip(np.abs(turn) / 0.3, 0.0, 1.0)  # in-betweens are chords, which must clear the eyeball
    return np.stack([np.zeros(len(y)), out * (c * y + s * z) - y, out * (c * z - s * y) - z], axis=1)


def looking(points: Array, centre: Array, suffix: str) -> dict[str, Array]:
    """Offsets (n, 3) of an eyeball that turns about its centre."""
    inwards = -1.0 if suffix == "Left" else 1.0
    turns = {
        f"eyeLookDown{suffix}": (LOOK_DOWN, 0.0),
        f"eyeLookUp{suffix}": (-LOOK_UP, 0.0),
        f"eyeLookIn{suffix}": (0.0, inwards * LOOK_ASIDE),
        f"eyeLookOut{suffix}": (0.0, -inwards * LOOK_ASIDE),
    }
    offset = points - centre
    shapes = {}
    for name, (down, left) in turns.items():
        c, s = np.cos(down), np.sin(down)
        about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        c, s = np.cos(left), np.sin(left)
        about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        shapes[name] = offset @ (about_y @ about_x).T - offset
    return shapes


def forehead_shapes(rig: Rig) -> dict[str, Array]:
    """Offsets (V, 3) of brows, cheeks and nose by ARKit name."""
    face = rig.face
    shapes: dict[str, Array] = {"browInnerUp": np.zeros_like(rig.vertices), "cheekPuff": np.zeros_like(rig.vertices)}
    for suffix, side, sign in _SIDES:
        eye = rig.points[f"eye_{side}"]
        lid = rig.points[f"eyelid_upper_{side}"]
        brow = max(float(lid[1] - eye[1]), 0.0) + 0.26 * face
        above_lid = smoothstep(float(lid[1]), float(eye[1]) + brow, rig.vertices[:, 1])

        def lifted(x: float, radius: float, aside: float, up: float, eye: Array = eye, brow: float = brow,
                   mask: Array = above_lid) -> Array:  # fmt: skip
            apart = (rig.vertices - eye)[:, :2] - np.array([x, brow])
            weight = hill(np.linalg.norm(apart, axis=1), radius * face) * mask * _front(rig)
            return weight[:, None] * face * np.array([aside, up, 0.0])

        shapes[f"browDown{suffix}"] = lifted(-0.15 * sign * abs(eye[0]), 0.5, -0.03 * sign, -0.1)
        shapes["browInnerUp"] = shapes["browInnerUp"] + lifted(-0.6 * eye[0], 0.42, 0.0, 0.085)
        shapes[f"browOuterUp{suffix}"] = lifted(0.35 * eye[0], 0.45, 0.0, 0.1)
        shapes[f"cheekSquint{suffix}"] = _cheek(rig, eye, sign)
        shapes["cheekPuff"] = shapes["cheekPuff"] + _puffed(rig, side, sign)
        shapes[f"noseSneer{suffix}"] = _sneer(rig, side, sign)
    return shapes


def _front(rig: Rig) -> Array:
    """(V,) 1 on the front of the face, 0 behind the hinge of the jaw."""
    return smoothstep(float(rig.jaw.hinge[2]), float(rig.jaw.hinge[2]) + 0.4 * rig.face, rig.vertices[:, 2])


def _cheek(rig: Rig, eye: Array, sign: float) -> Array:
    centre = eye + rig.face * np.array([0.12 * sign, -0.38, 0.1])
    weight = rig.around(centre, 0.45 * rig.face)
    lid = smoothstep(float(eye[1]) + 0.02 * rig.face, float(eye[1]) - 0.2 * rig.face, rig.vertices[:, 1])
    return (weight * lid)[:, None] * rig.face * (np.array([0.0, 0.07, 0.0]) + 0.035 * rig.mesh.normals)


def _puffed(rig: Rig, side: str, sign: float) -> Array:
    corner = rig.points[f"mouth_{side}"]
    centre = corner + rig.width * np.array([0.42 * sign, 0.05, -0.22])
    weight = rig.around(centre, 0.75 * rig.width) * smoothstep(0.05, 0.3, rig.distance) * _front(rig)
    outside = smoothstep(-0.2, 0.2, rig.mesh.normals @ np.array([0.6 * sign, 0.0, 0.8]))
    return (weight * outside)[:, None] * rig.width * 0.22 * rig.mesh.normals


def _sneer(rig: Rig, side: str, sign: float) -> Array:
    base = rig.points["subnasale"] + rig.face * np.array([0.2 * sign, 0.08, 0.0])
    weight = rig.around(base, 0.33 * rig.face) * rig.side(side, 0.35)
    lips = smoothstep(0.02, 0.3, rig.distance)
    return (weight * lips)[:, None] * rig.face * np.array([0.01 * sign, 0.07, -0.01])
