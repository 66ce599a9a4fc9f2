"""ARKit's shapes of lids, brows, cheeks and nose on any skin."""

import numpy as np

from ...motion.mesh import Array
from .jaw import smoothstep
from .lids import Lids
from .rig import Rig, hill

_LOWER_SHARE = 0.2
"""Of the opening: how far the lower lid rises to meet the upper one."""
_SIDES = (("Left", "left", 1.0), ("Right", "right", -1.0))
_LARGEST_BALL = 1.5
"""Of the eye's width: the largest radius of an eyeball that is not there."""
LOOK_DOWN, LOOK_UP, LOOK_ASIDE = np.radians(25.0), np.radians(22.0), np.radians(28.0)


def eye_ball(rig: Rig, side: str) -> tuple[Array, float]:
    """Centre and radius of an eye, seen or not."""
    width = float(np.linalg.norm(rig.points[f"eye_outer_{side}"] - rig.points[f"eye_inner_{side}"]))
    if rig.eye_radius > 0:
        return rig.points[f"eye_{side}"], rig.eye_radius
    slit = rig.eyes.get(side)
    if slit is not None and slit.is_hole:
        return _ball_through(np.concatenate([slit.upper, slit.lower]), width)
    lids = 0.5 * (rig.points[f"eyelid_upper_{side}"] + rig.points[f"eyelid_lower_{side}"])
    radius = 0.52 * width
    return lids - np.array([0.0, 0.0, 0.95 * radius]), radius


def _ball_through(rims: Array, width: float) -> tuple[Array, float]:
    """The ball that the rims of a hole lie on, as round as the face there: lids that turned about a smaller one would
    leave the corners open."""
    solution = np.linalg.lstsq(np.c_[2 * rims, np.ones(len(rims))], (rims**2).sum(axis=1), rcond=None)[0]
    middle, way = rims.mean(axis=0), rims.mean(axis=0) - solution[:3]
    radius = float(np.clip(np.linalg.norm(way), 0.52 * width, _LARGEST_BALL * width))
    forward = np.array([0.0, 0.0, 1.0]) if way[2] < 0.5 * np.linalg.norm(way) else way / np.linalg.norm(way)
    return middle - 0.95 * radius * forward, radius


def _lids(rig: Rig, side: str) -> Lids | None:
    slit = rig.eyes.get(side)
    if slit is None:
        return None
    return Lids(rig, *eye_ball(rig, side), slit.anchors, slit.width)


def eye_shapes(rig: Rig) -> dict[str, Array]:
    """Offsets (V, 3) of the lids by ARKit name; nothing for an eye that has no lids."""
    shapes: dict[str, Array] = {}
    for suffix, side, _ in _SIDES:
        lids = _lids(rig, side)
        if lids is None:
            continue
        shapes[f"eyeBlink{suffix}"] = lids.shut(_LOWER_SHARE)
        shapes[f"eyeSquint{suffix}"] = lids.turned(0.15, 0.3)
        shapes[f"eyeWide{suffix}"] = lids.turned(-0.25, -0.05)
        shapes[f"eyeLookDown{suffix}"] = lids.turned(0.42, -0.1)
        shapes[f"eyeLookUp{suffix}"] = lids.turned(-0.18, 0.03)
    return shapes


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
