"""Landmarks of a head on which no face was found: laid out by proportion, and taken from where a user dragged them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from ...errors import FaceError
from ...motion.mesh import Array, Mesh
from .around import traced_around
from .axes import Axes, Symmetry, find_symmetry
from .landmarks import LIPS_AHEAD, Landmarks, eyeballs, hinge, likely_skins
from .profile import foremost, head_width
from .section import LIDS
from .slits import Search, Slit, trace_slit

_ALONG_MINUS_Y = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Face axes of a head that looks along −Y with Z up."""
_TALLEST, _NARROWEST = 1.3, 0.8
"""A head's height over its width at most (more is neck), and its width without ears over its height."""
_EYES, _EYE_APART = 0.5, 0.16
_LIPS, _NOSE, _NASION = 0.6, 0.33, 0.0
"""The eyes' height of the head's; then of the way from the eyes down to the chin."""
_UPRIGHT = np.radians(40.0)
"""A head that is turned less than this against its object's axes is taken to stand along them."""
_IN_PLANE = np.radians(10.0)
_OFF = 0.6
"""Of the distance between the eyes: a landmark this far from any vertex of the head is not on it."""
_AS_PLACED = (0.5, 1.8)
"""How wide a slit may be over what the landmarks say."""
_SIDES = (("left", 1.0), ("right", -1.0))
_NAMES = frozenset(
    {"nasion", "nose_tip", "subnasale", "upper_lip", "lower_lip", "chin"}
    | {
        f"{name}_{side}"
        for name in ("mouth", "eye", "eye_inner", "eye_outer", "eyelid_upper", "eyelid_lower", "jaw")
        for side, _ in _SIDES
    }
)
_ON_FACE = ("nose_tip", "upper_lip", "lower_lip", "mouth_left", "mouth_right", "chin")
_PAIRS = (
    ("mouth_left", "mouth_right"),
    ("eye_left", "eye_right"),
    *((f"eye_inner_{side}", f"eye_outer_{side}") for side, _ in _SIDES),
)
"""Landmarks whose distance is the unit of what is built between them."""


def lay_out(mesh: Mesh) -> dict[str, Array]:
    """All landmarks, name → (3,), where they are on most heads that look along −Y with Z up; symmetric, on the surface.

    Raises FaceError when the mesh is too coarse.
    """
    label = likely_skins(mesh)[0]
    skin, _ = mesh.part(mesh.pieces == label)
    axes = Axes(_ALONG_MINUS_Y, 0.5 * (skin.vertices.min(axis=0) + skin.vertices.max(axis=0)))
    whole, placed = mesh.moved(axes.to_face(mesh.vertices)), skin.moved(axes.to_face(skin.vertices))
    width, top = head_width(placed)
    height = min(top - float(placed.vertices[:, 1].min()), _TALLEST * width)
    chin = top - 0.97 * height
    pair = _front_pair([(axes.to_face(centre), radius) for centre, radius in eyeballs(mesh, label)])
    apart = pair[0] if pair else _EYE_APART * 2.0 * min(width, _NARROWEST * height)
    eyes = pair[1] if pair else top - _EYES * height

    def down(share: float) -> float:
        return eyes - share * (eyes - chin)

    lips, half = down(_LIPS), 0.45 * apart
    flat = {
        "nasion": (0.0, down(_NASION)),
        "nose_tip": (0.0, down(_NOSE)),
        "subnasale": (0.0, down(0.5 * (_NOSE + _LIPS))),
        "upper_lip": (0.0, lips + 0.04 * apart),
        "lower_lip": (0.0, lips - 0.04 * apart),
        "chin": (0.0, chin),
    }
    for side, sign in _SIDES:
        centre = 0.5 * sign * apart
        flat |= {
            f"mouth_{side}": (sign * half, lips),
            f"eye_{side}": (centre, eyes),
            f"eye_inner_{side}": (centre - 0.22 * sign * apart, eyes),
            f"eye_outer_{side}": (centre + 0.22 * sign * apart, eyes),
            f"eyelid_upper_{side}": (centre, eyes + 0.1 * apart),
            f"eyelid_lower_{side}": (centre, eyes - 0.1 * apart),
        }
    points = {name: _projected(whole if name.startswith("eye") else placed, *place) for name, place in flat.items()}
    points |= _hinge(points)
    return {name: axes.to_mesh(point) for name, point in points.items()}


def _front_pair(balls: list[tuple[Array, float]]) -> tuple[float, float] | None:
    """How far the foremost two balls side by side lie apart, and how high; in axes whose X is 0 in the middle."""
    pairs = [
        (left[2], 2.0 * abs(left[0]), left[1])
        for left, radius in balls
        for right, _ in balls
        if left[0] > 0 and np.linalg.norm(left * [-1.0, 1.0, 1.0] - right) < 0.3 * radius
    ]
    return (float(max(pairs)[1]), float(max(pairs)[2])) if pairs else None


def _projected(mesh: Mesh, x: float, y: float) -> Array:
    depth, middle = foremost(mesh, x, y), float(np.median(mesh.vertices[:, 2]))
    if depth > middle:  # else it fell through an open eye, or past the head
        return np.array([x, y, depth])
    ahead = mesh.vertices[mesh.vertices[:, 2] > middle]
    return np.asarray(ahead[np.argmin(np.linalg.norm(ahead[:, :2] - [x, y], axis=1))])


def _eyes_and_lips(points: Mapping[str, Array]) -> tuple[Array, Array]:
    """The middle between the eyes, and that of the lips."""
    return 0.5 * (points["eye_left"] + points["eye_right"]), 0.5 * (points["upper_lip"] + points["lower_lip"])


def _hinge(points: Mapping[str, Array]) -> dict[str, Array]:
    """The jaw's hinge, in face axes: behind the chin too, or a jaw under a round head would swing and not open."""
    eyes, lips = _eyes_and_lips(points)
    return hinge(eyes, np.array([lips[0], lips[1], min(lips[2], points["chin"][2])]))


def landmarks_at(mesh: Mesh, laid_out: Mapping[str, npt.ArrayLike], dragged: Mapping[str, npt.ArrayLike]) -> Landmarks:
    """The landmarks of a head where a user put them, with the slits of mouth and eyes that are there, if any.

    laid_out: all of them as they were laid out; dragged: those that were moved since.  A jaw's hinge that was not
    dragged goes with eyes and lips.  Raises FaceError when they cannot be a face.
    """
    points = {name: np.asarray(dragged.get(name, point), np.float64) for name, point in laid_out.items()}
    _require_all(points)
    label = _skin_under(mesh, points)
    skin, _ = mesh.part(mesh.pieces == label)
    symmetry = find_symmetry(skin)
    axes = _axes_of(points, symmetry)
    placed = skin.moved(axes.to_face(skin.vertices))
    here = {name: axes.to_face(point) for name, point in points.items()}
    _require_face(placed, here)
    here |= {name: point for name, point in _hinge(here).items() if name not in dragged}
    balls = [(axes.to_face(centre), radius) for centre, radius in eyeballs(mesh, label)]
    radii = [radius for side, _ in _SIDES for _, radius in _ball_at(balls, here, side)]
    radius = float(np.mean(radii)) if len(radii) == 2 else 0.0
    if radius:
        here |= {f"eye_{side}": centre for side, _ in _SIDES for centre, _ in _ball_at(balls, here, side)}
    return Landmarks(
        {name: axes.to_mesh(point) for name, point in here.items()},
        axes,
        frozenset(),
        _mouth_at(placed, here),
        {side: slit for side, _ in _SIDES if (slit := _eye_at(placed, here, side, balls)) is not None},
        skin=label,
        symmetry=symmetry.residual,
        eye_radius=radius,
        by_hand=True,
    )


def _require_all(points: Mapping[str, Array]) -> None:
    """Raises FaceError where landmarks are gone, or two of them that must be apart are one."""
    gone = sorted(_NAMES - points.keys())
    if gone:
        raise FaceError(f"The landmark “{_said(gone[0])}” is gone: use Place Landmarks again, and drag them anew.")
    face = float(np.linalg.norm(np.subtract(*_eyes_and_lips(points))))
    for one, other in _PAIRS:
        if np.linalg.norm(points[one] - points[other]) <= 0.02 * face:
            raise FaceError(f"The landmarks “{_said(one)}” and “{_said(other)}” lie on each other: drag them apart.")


def _said(name: str) -> str:
    """A landmark as it is called in the scene."""
    return name.replace("_", " ")


def _skin_under(mesh: Mesh, points: Mapping[str, Array]) -> int:
    """Label of the piece of the mesh on which nose, lips and chin lie."""
    able = np.flatnonzero(np.isin(mesh.pieces, likely_skins(mesh)))
    marks = [points[name] for name in ("nose_tip", "upper_lip", "lower_lip", "chin", "mouth_left", "mouth_right")]
    nearest = able[cKDTree(mesh.vertices[able]).query(np.array(marks))[1]]
    return int(np.bincount(mesh.pieces[nearest]).argmax())


def _axes_of(points: Mapping[str, Array], symmetry: Symmetry) -> Axes:
    """Face axes of landmarks: along those of the object, and through the head's plane of symmetry, where they nearly
    are."""
    ways = [points[f"{name}_left"] - points[f"{name}_right"] for name in ("mouth", "eye", "eye_inner", "eye_outer")]
    eyes, lips = _eyes_and_lips(points)
    x, up = np.sum(ways, axis=0), eyes - lips
    if np.linalg.norm(np.cross(x, up)) <= 1e-3 * max(float(x @ x), float(up @ up)):
        raise FaceError("The landmarks of eyes and mouth lie on each other: drag them apart, onto the face.")
    x = x / np.linalg.norm(x)
    z = np.cross(x, up) / np.linalg.norm(np.cross(x, up))
    rotation = Axes(np.stack([x, np.cross(z, x), z]), eyes).turned(float(LIPS_AHEAD)).rotation
    upright = Rotation.create_group("O")
    angles = (upright * Rotation.from_matrix(rotation).inv()).magnitude()
    if angles.min() < _UPRIGHT:
        rotation = upright.as_matrix()[angles.argmin()]
    middle = 0.5 * (points["mouth_left"] + points["mouth_right"])
    normal = symmetry.normal * np.sign(symmetry.normal @ x)
    off = float((middle - symmetry.point) @ normal)
    if normal @ x > np.cos(_IN_PLANE) and abs(off) < 0.1 * np.linalg.norm(up):
        x, middle = normal, middle - off * normal
    return Axes(rotation, middle).aligned(x, middle)


def _require_face(mesh: Mesh, points: Mapping[str, Array]) -> None:
    """Raises FaceError for landmarks that no head can have; mesh and points in face axes."""
    distance, nearest = cKDTree(mesh.vertices).query(np.array([points[name] for name in _ON_FACE]))
    apart = float(np.linalg.norm(points["eye_left"] - points["eye_right"]))
    off = [f"“{_said(name)}”" for name, far in zip(_ON_FACE, distance > _OFF * apart, strict=True) if far]
    if off:
        raise FaceError(f"Not on the head's surface: {', '.join(off)}: drag these landmarks onto its face.")
    if mesh.normals[nearest[:3]][:, 2].mean() < 0:
        raise FaceError("The landmarks of left and right are swapped: left is the character's own left side.")
    if points["chin"][1] > points["lower_lip"][1]:
        raise FaceError("The landmark “chin” lies above the lips: drag it below them.")


def _mouth_at(mesh: Mesh, points: Mapping[str, Array]) -> Slit | None:
    """The slit between the lips where the landmarks say that the mouth is."""
    right, left = points["mouth_right"], points["mouth_left"]
    width = float(np.linalg.norm(left - right))
    eyes, lips = _eyes_and_lips(points)
    low = min(right[1], left[1], points["lower_lip"][1]) - 0.25 * width
    high = max(right[1], left[1], points["upper_lip"][1]) + 0.25 * width
    search = Search(max(width, 0.7 * float(eyes[1] - lips[1])), low, high, min(right[2], left[2]) - 0.4 * width)
    slit = trace_slit(mesh, search, float(0.5 * (right[0] + left[0])))
    return slit if slit is not None and _fits(slit, right, left) else None


def _fits(slit: Slit, right: Array, left: Array) -> bool:
    width = float(np.linalg.norm(left - right))
    least, most = _AS_PLACED
    near = np.linalg.norm(np.mean(slit.corners, axis=0) - 0.5 * (right + left)) < 0.4 * width
    return bool(near and least * width < slit.width < most * width)


def _ball_at(balls: list[tuple[Array, float]], points: Mapping[str, Array], side: str) -> list[tuple[Array, float]]:
    """The eyeball behind the landmarks of an eye, or nothing."""
    eye = points[f"eye_{side}"]
    width = float(np.linalg.norm(points[f"eye_outer_{side}"] - points[f"eye_inner_{side}"]))
    near = [ball for ball in balls if np.linalg.norm(ball[0] - eye) < 1.3 * ball[1] and ball[1] < 1.5 * width]
    return near[:1]


def _eye_at(mesh: Mesh, points: Mapping[str, Array], side: str, balls: list[tuple[Array, float]]) -> Slit | None:
    """The slit of the lids where the landmarks say that an eye is."""
    right, left = sorted((points[f"eye_inner_{side}"], points[f"eye_outer_{side}"]), key=lambda point: point[0])
    width, centre = float(np.linalg.norm(left - right)), 0.5 * (right + left)
    scale = float(np.linalg.norm(points["eye_left"] - points["eye_right"]))
    search = Search(scale, centre[1] - 0.6 * width, centre[1] + 0.6 * width, centre[2] - width, LIDS)
    for start, is_hole in ((0.0, False), (0.15, False), (-0.15, False), (0.0, True)):
        slit = trace_slit(mesh, replace(search, is_hole=is_hole), float(centre[0]) + start * width)
        if slit is not None and _fits(slit, right, left):
            if is_hole:
                return slit
            ball = next(iter(_ball_at(balls, points, side)), None)
            return traced_around(mesh, slit, ball, scale)
    return None
