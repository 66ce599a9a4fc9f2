"""A dozen landmarks of a bare head, found from its shape alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ...errors import FaceError
from ...motion.mesh import Array, Mesh
from ...motion.topology import find_topology
from .around import traced_around
from .axes import Axes, find_symmetry, possible_axes
from .profile import Profile, foremost, front_profile
from .section import LIDS
from .slits import Search, Slit, trace_slit

_FEWEST_POINTS = 200
_LEAST = 0.4
"""The score from which a finding is a face."""
_USUAL_AXES = 8
"""How many of the possible axes are those of the usual conventions."""
_SYMMETRIC = 0.0015
"""Residual up to which the plane of symmetry is trusted more than single landmarks."""
LIPS_AHEAD = np.radians(16.0)
"""How far the way from the eyes to the lips leans forward on a head that looks straight ahead."""
_NOD_ALLOWED = np.radians(12.0)
_EYES_LOW = 0.35
"""Of the distance between the eyes: how much further down eyes that are holes in the skin may reach."""
_UPRIGHT = 0.999
_SNOUT = 0.95
"""Of the distance between the eyes: how far ahead of them the tip of a snout lies; people's noses do half of that."""
_HIDDEN = 0.6
"""Of the distance between the eyes: how much head in front of an eye hides it."""
_EYE_SHAPE = {
    "eye_inner": (-0.22, 0.0),
    "eye_outer": (0.22, 0.0),
    "eyelid_upper": (0.0, 0.08),
    "eyelid_lower": (0.0, -0.08),
}


@dataclass(frozen=True)
class Landmarks:
    """Where the parts of a face are, in the axes of the mesh.

    points: name → (3,): mouth_left/right, upper_lip, lower_lip, chin, nose_tip, subnasale, nasion, eye_left/right
    (centres), eye_inner_*, eye_outer_*, eyelid_upper_*, eyelid_lower_*, jaw_left/right (the hinge).
    found: the names that were seen in the shape; the others are placed by the proportions of a head.
    mouth, eyes: the slits where lips and lids part, in face axes; None where the mesh has none.
    score: 0 to 1, how sure the finding is; skin: label of the piece of the mesh that is the face.
    by_hand: the points are a user's, and only mouth and eyes were looked for around them.
    """

    points: Mapping[str, Array]
    axes: Axes
    found: frozenset[str]
    mouth: Slit | None
    eyes: Mapping[str, Slit] = field(default_factory=dict)
    score: float = 0.0
    skin: int = 0
    symmetry: float = 0.0
    eye_radius: float = 0.0  # of the eyeballs, 0 where there are none
    by_hand: bool = False

    @property
    def sentence(self) -> str:
        """What was found and how sure it is, for the user."""
        mouth = "mouth" if self.mouth else "no opening between the lips"
        eyes = {2: "both eyes", 1: "one eye"}.get(len(self.eyes), "no eyelids")
        if self.by_hand:
            return f"Around the landmarks that were placed by hand there are {mouth} and {eyes}."
        return f"Found {mouth}, {eyes}, nose and chin (certainty {self.score:.0%}, symmetric to {self.symmetry:.1%})."


def find_landmarks(mesh: Mesh, axes: Axes | None = None) -> Landmarks:
    """The landmarks of a head in any position; `axes` where they are known.

    Raises FaceError when nothing like a face is there.
    """
    found = seek_landmarks(mesh, axes)
    if found is None:
        raise FaceError("No face was found in this mesh: choose the head's mesh, or use Place Landmarks and drag them.")
    return found


def seek_landmarks(mesh: Mesh, axes: Axes | None = None) -> Landmarks | None:
    """`find_landmarks`, or None when nothing like a face is there.  Raises FaceError when the mesh is too coarse."""
    trials: list[Landmarks] = []
    for label in likely_skins(mesh):
        skin, _ = mesh.part(mesh.pieces == label)
        balls = eyeballs(mesh, label)
        symmetry = find_symmetry(skin)
        for number, trial in enumerate([axes] if axes is not None else possible_axes(symmetry), 1):
            found = _look(skin, trial, label, symmetry.residual, balls)
            if found is not None:
                trials.append(found)
            if number == _USUAL_AXES and max((t.score for t in trials), default=0.0) > 0.6:
                break
        if max((t.score for t in trials), default=0.0) > 0.8:
            break
    trials.sort(key=lambda t: -t.score)
    if not trials or trials[0].score < _LEAST:
        known = _axes_of_topology(mesh) if axes is None else None
        return seek_landmarks(mesh, known) if known is not None else None
    if axes is not None:
        return trials[0]
    likely = [_look_again(mesh, t) for t in trials[:3] if t.score > trials[0].score - 0.15]
    return max(likely, key=lambda t: t.score)


def _axes_of_topology(mesh: Mesh) -> Axes | None:
    """How a head of a published topology, which looks along Z with Y up, stands."""
    match = find_topology(mesh.vertices, mesh.triangles)
    if match is None or match.mirrored:
        return None
    return Axes((match.linear / match.scale).T, mesh.vertices.mean(axis=0))


def _look_again(mesh: Mesh, first: Landmarks) -> Landmarks:
    """The landmarks in axes that the first finding corrects: how far the head nods, and where it is not symmetric."""
    skin, _ = mesh.part(mesh.pieces == first.skin)
    balls = eyeballs(mesh, first.skin)
    axes = first.axes
    if len(first.eyes) == 2 and first.mouth is not None and first.symmetry > _SYMMETRIC:
        pairs = [
            ("mouth_left", "mouth_right"),
            ("eye_inner_left", "eye_inner_right"),
            ("eye_outer_left", "eye_outer_right"),
        ]
        ways = np.array([first.points[left] - first.points[right] for left, right in pairs])
        middles = np.array([0.5 * (first.points[left] + first.points[right]) for left, right in pairs])
        axes = axes.aligned(ways.sum(axis=0), middles.mean(axis=0))
    nod = _nod(first.points, first.axes)
    if abs(nod) > _NOD_ALLOWED and not (first.eyes and _has_snout(first.points, first.axes)):
        axes = axes.turned(nod)
    again = _look(skin, axes, first.skin, first.symmetry, balls)
    return again if again is not None and again.score >= first.score - 0.05 else first


def _nod(points: Mapping[str, Array], axes: Axes) -> float:
    """How many radians a head looks down more than its axes say, from the slope between eyes and lips."""
    eyes = axes.to_face(0.5 * (points["eye_left"] + points["eye_right"]))
    lips = axes.to_face(0.5 * (points["upper_lip"] + points["lower_lip"]))
    forward, down = lips[2] - eyes[2], eyes[1] - lips[1]
    return float(LIPS_AHEAD - np.arctan2(forward, down))


def _has_snout(points: Mapping[str, Array], axes: Axes) -> bool:
    """Whether the nose lies so far before the eyes that the lips do too, however straight the head looks ahead."""
    left, right, tip = (axes.to_face(points[name]) for name in ("eye_left", "eye_right", "nose_tip"))
    return bool(tip[2] - 0.5 * (left + right)[2] > _SNOUT * np.linalg.norm(left - right))


def _stands_as_modelled(axes: Axes) -> bool:
    """Whether a head looks along −Y with Z up, as heads are modelled in Blender."""
    return bool(axes.rotation[1, 2] > _UPRIGHT and axes.rotation[2, 1] < -_UPRIGHT)


def eyeballs(mesh: Mesh, skin: int) -> list[tuple[Array, float]]:
    """Centre and radius of the pieces that are balls."""
    balls = []
    for label in range(int(mesh.pieces.max()) + 1):
        points = mesh.vertices[mesh.pieces == label]
        if label == skin or len(points) < 20:
            continue
        solution = np.linalg.lstsq(np.c_[2 * points, np.ones(len(points))], (points**2).sum(axis=1), rcond=None)[0]
        centre = solution[:3]
        radius = float(np.sqrt(max(solution[3] + centre @ centre, 0.0)))
        deviation = np.abs(np.linalg.norm(points - centre, axis=1) - radius)
        if radius > 0 and np.quantile(deviation, 0.9) < 0.12 * radius and np.ptp(points, axis=0).min() > 0.6 * radius:
            balls.append((centre, radius))
    return balls


def likely_skins(mesh: Mesh) -> list[int]:
    """Labels of the pieces that may be the face, the largest first."""
    count = int(mesh.pieces.max()) + 1
    area = np.bincount(mesh.pieces, weights=mesh.areas, minlength=count)
    vertices = np.bincount(mesh.pieces, minlength=count)
    able = [int(k) for k in np.argsort(area)[::-1] if vertices[k] >= _FEWEST_POINTS and area[k] > 0.15 * area.max()]
    if not able:
        raise FaceError(f"This mesh is too coarse for a face: it needs {_FEWEST_POINTS} vertices or more in one piece.")
    return able[:3]


def _look(skin: Mesh, axes: Axes, label: int, symmetry: float, balls: list[tuple[Array, float]]) -> Landmarks | None:
    """The landmarks if the head stood like that, with a score; None where there is not even a nose."""
    placed = skin.moved(axes.to_face(skin.vertices))
    profile = front_profile(placed)
    if profile is None:
        return None
    search = Search(profile.scale, profile.chin_limit, float(profile.nose_tip[1]), profile.front_limit)
    mouth = trace_slit(placed, search, 0.0)
    centres = _pair_of_eyeballs([(axes.to_face(centre), radius) for centre, radius in balls], profile)
    eyes = _find_eyes(placed, profile, centres, holes=mouth is not None)
    points, found = _complete(profile, mouth, eyes, centres)
    if symmetry < _SYMMETRIC and len(eyes) == 2:
        _take_wider_eye(points, eyes)
    if mouth is None and not _shows(placed, profile, points):
        return None
    placed_points = {name: axes.to_mesh(point) for name, point in points.items()}
    seen = max(len(eyes), len(centres))
    score = 0.25 * min(profile.nose_height / 0.12, 1.0) + 0.4 * (mouth is not None) + 0.15 * seen + 0.025 * len(eyes)
    if seen or mouth is not None:
        is_animal = seen == 2 and _stands_as_modelled(axes) and _has_snout(placed_points, axes)
        nod = 0.0 if is_animal else abs(_nod(placed_points, axes))
        score -= 0.3 * min(nod / (np.pi / 4), 1.0) + _oddity(points, profile.scale)
    radius = float(np.mean([radius for _, radius in centres.values()])) if centres else 0.0
    return Landmarks(placed_points, axes, found, mouth, eyes, score, label, symmetry, radius)


def _shows(mesh: Mesh, profile: Profile, points: Mapping[str, Array]) -> bool:
    """Whether the chin is still on the head, and the eyes can be seen from the front."""
    corners = [points[f"eye_{end}_{side}"] for side in ("left", "right") for end in ("inner", "outer")]
    ahead = [foremost(mesh, float(point[0]), float(point[1])) - point[2] for point in corners]
    on_head = points["chin"][1] > mesh.vertices[:, 1].min() - 0.1 * profile.scale
    return bool(on_head and not np.nanmedian([*ahead, 0.0]) > _HIDDEN * profile.scale)


def _oddity(points: Mapping[str, Array], scale: float) -> float:
    """0 for the proportions of a face, up to 0.7 for what only looks like eyes over a mouth."""
    eyes = float(np.linalg.norm(points["eye_left"] - points["eye_right"]))
    mouth = float(np.linalg.norm(points["mouth_left"] - points["mouth_right"]))
    height = float(0.5 * (points["eye_left"] + points["eye_right"])[1] - points["upper_lip"][1])
    ratios = np.array([eyes / (1.1 * scale), mouth / (0.8 * scale), max(height, 0.01 * scale) / (1.1 * scale)])
    return float(0.15 * np.minimum(np.log2(ratios) ** 2, 1.5).sum())


def _pair_of_eyeballs(balls: list[tuple[Array, float]], profile: Profile) -> dict[str, tuple[Array, float]]:
    """The two balls that sit where eyes may be, one on each side, by side."""
    scale, tip = profile.scale, profile.nose_tip
    low, high, back = tip[1], tip[1] + 1.8 * scale, tip[2] - 1.5 * scale
    fitting = [
        (c, r)
        for c, r in balls
        if low < c[1] < high and c[2] > back and 0.08 * scale < r < abs(c[0]) * 1.2 < 1.4 * scale
    ]
    left = [ball for ball in fitting if ball[0][0] > 0]
    right = [ball for ball in fitting if ball[0][0] < 0]
    for ball in left:
        for other in right:
            if np.linalg.norm(ball[0] * [-1.0, 1.0, 1.0] - other[0]) < 0.35 * scale:
                return {"left": ball, "right": other}
    return {}


def _find_eyes(mesh: Mesh, profile: Profile, balls: Mapping[str, tuple[Array, float]], holes: bool) -> dict[str, Slit]:
    """Slits of the eyelids by side; holes: where there are none, eyes that are holes in the skin."""
    scale, tip = profile.scale, profile.nose_tip
    search = Search(scale, tip[1] + 0.15 * scale, tip[1] + 1.5 * scale, tip[2] - 1.2 * scale, LIDS)
    found: dict[str, Slit] = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        starts = [sign * x * scale for x in (0.5, 0.4, 0.62, 0.75)]
        here = search
        if side in balls:
            centre, radius = balls[side]
            starts = [float(centre[0]), *(float(centre[0]) + shift * radius for shift in (0.3, -0.3))]
            here = Search(scale, centre[1] - 1.3 * radius, centre[1] + 1.3 * radius, centre[2] - radius, LIDS)
        as_hole = replace(here, low=here.low - _EYES_LOW * scale, is_hole=True)
        ways = (here, as_hole) if holes else (here,)
        trials = (trace_slit(mesh, way, x) for way in ways for x in starts)
        slit = next((trial for trial in trials if trial is not None and trial.width > 0.15 * scale), None)
        if slit is not None and slit.upper[0, 0] * slit.upper[-1, 0] > 0:
            found[side] = slit if slit.is_hole else traced_around(mesh, slit, balls.get(side), scale)
    if len(found) == 2 and abs(found["left"].middle[1] - found["right"].middle[1]) > 0.35 * scale:
        return {}
    return found


def _complete(
    profile: Profile, mouth: Slit | None, eyes: Mapping[str, Slit], balls: Mapping[str, tuple[Array, float]]
) -> tuple[dict[str, Array], frozenset[str]]:
    """All landmarks in face axes and the names of those that were seen."""
    points: dict[str, Array] = {"nose_tip": profile.nose_tip}
    if mouth is not None:
        right, left = mouth.corners
        points |= {"mouth_left": left, "mouth_right": right}
        points |= {"upper_lip": mouth.upper_at(0.0), "lower_lip": mouth.lower_at(0.0)}
    for side, slit in eyes.items():
        ends = sorted(slit.corners, key=lambda p: abs(p[0]))
        points |= {f"eye_inner_{side}": ends[0], f"eye_outer_{side}": ends[1], f"eye_{side}": slit.middle}
        points |= {f"eyelid_upper_{side}": slit.highest, f"eyelid_lower_{side}": slit.lowest}
    points |= {f"eye_{side}": centre for side, (centre, _) in balls.items()}
    found = frozenset(points)
    _fill_eyes(points, profile)
    _fill_mouth(points, profile)
    eye = 0.5 * (points["eye_left"] + points["eye_right"])
    lips = 0.5 * (points["upper_lip"] + points["lower_lip"])
    points["chin"] = profile.chin(lips, float(eye[1] - lips[1]))
    points["subnasale"] = profile.subnasale(float(points["upper_lip"][1]))
    points["nasion"] = profile.at(float(eye[1]))
    points |= hinge(eye, lips)
    return points, found | {"chin", "nasion", "subnasale"}


def hinge(eyes: Array, lips: Array) -> dict[str, Array]:
    """The hinge of the jaw by the proportions of a head, from the middle of its eyes and its lips in face axes."""
    face = float(eyes[1] - lips[1])
    back = np.array([0.0, lips[1] + 0.42 * face, lips[2] - 1.05 * face])
    return {f"jaw_{side}": back + np.array([x * face, 0.0, 0.0]) for side, x in (("left", 0.85), ("right", -0.85))}


def _fill_eyes(points: dict[str, Array], profile: Profile) -> None:
    """Eyes that were not seen: mirrored from the other side, else by proportion."""
    mirror = np.array([-1.0, 1.0, 1.0])
    for side, other in (("left", "right"), ("right", "left")):
        for name in ("eye_{}", "eye_inner_{}", "eye_outer_{}", "eyelid_upper_{}", "eyelid_lower_{}"):
            if name.format(side) not in points and name.format(other) in points:
                points[name.format(side)] = points[name.format(other)] * mirror
    height = float(profile.nose_tip[1]) + 0.62 * profile.scale
    for side, sign in (("left", 1.0), ("right", -1.0)):
        by_proportion = np.array([sign * 0.5 * profile.scale, height, profile.at(height)[2] - 0.2 * profile.scale])
        centre = points.setdefault(f"eye_{side}", by_proportion)
        for name, (dx, dy) in _EYE_SHAPE.items():
            points.setdefault(f"{name}_{side}", centre + profile.scale * np.array([sign * dx, dy, 0.12]))


def _take_wider_eye(points: dict[str, Array], eyes: Mapping[str, Slit]) -> None:
    """On a symmetric head the eye that was traced further tells where the corners of the other are."""
    wider = max(eyes, key=lambda side: eyes[side].width)
    other = "left" if wider == "right" else "right"
    for name in ("eye_inner", "eye_outer"):
        points[f"{name}_{other}"] = points[f"{name}_{wider}"] * np.array([-1.0, 1.0, 1.0])


def _fill_mouth(points: dict[str, Array], profile: Profile) -> None:
    """A mouth that is only shape, with no opening: the deepest line between nose and chin."""
    if "mouth_left" in points:
        return
    line = profile.lip_line()
    points["upper_lip"] = points["lower_lip"] = line
    for side, sign in (("left", 1.0), ("right", -1.0)):
        points[f"mouth_{side}"] = line + profile.scale * np.array([sign * 0.4, 0.0, -0.12])
