"""Building ARKit's shapes on a neutral head: landmarks, jaw, sealed lips, shapes, and the pieces that follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from ...errors import FaceError, UnsureError
from ...motion.arkit import ARKIT_NAMES
from ...motion.measure import LipGauge
from ...motion.mesh import Array, Mesh, mesh_from
from ...progress import Job, Progress, finish
from ..recognize.axes import Axes
from ..recognize.landmarks import Landmarks, find_landmarks
from ..recognize.placed import landmarks_at
from ..recognize.slits import Slit
from .jaw import make_jaw
from .mouth_shapes import mouth_shapes
from .pieces import Piece, piece_shapes, sort_pieces
from .rig import Rig
from .seal import seal
from .upper_shapes import eye_shapes, forehead_shapes

FloatArray: TypeAlias = npt.NDArray[np.float32]

SURE = 0.6
"""The certainty from which shapes are built without asking: a belly had 0.46, a ponytail 0.48, heads 0.86 to 0.99."""
SEAL = "mouthSeal"
"""Our own key for a mouth that was modelled open: it stays at 1, and all other shapes start from there."""
_MIRROR = np.array([-1.0, 1.0, 1.0])
_NO_EFFECT = 1e-5
_SYMMETRIC_VERTICES = 0.9


@dataclass(frozen=True)
class FacePart:
    """One mesh of the face, in the space all parts share: vertices (N, 3), faces as polygons of any size."""

    name: str
    vertices: npt.ArrayLike
    faces: npt.ArrayLike | Sequence[Sequence[int]]


@dataclass(frozen=True)
class BuiltFace:
    """Shapes for every part of a face.

    shapes: for each part ARKit name (and `mouthSeal` where the mouth was modelled open) → (N, 3) float32 offsets in the
    space of the parts, in the order of the vertices as they came; roles: for each part what its pieces were taken for.
    gauge: measures the lips over the vertices of the part number `skin`; notes: what the user should know.
    """

    shapes: tuple[dict[str, FloatArray], ...]
    landmarks: Landmarks
    roles: tuple[tuple[str, ...], ...]
    skin: int
    gauge: LipGauge | None
    notes: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """ARKit's names for which no part has a shape."""
        return tuple(name for name in ARKIT_NAMES if not any(name in shapes for shapes in self.shapes))


def build_face(
    parts: Sequence[FacePart],
    placed: Mapping[str, npt.ArrayLike] | None = None,
    laid_out: Mapping[str, npt.ArrayLike] | None = None,
) -> BuiltFace:
    """`build_face_job`, run to its end."""
    return finish(build_face_job(parts, placed, laid_out=laid_out))


def build_face_job(
    parts: Sequence[FacePart],
    placed: Mapping[str, npt.ArrayLike] | None = None,
    found: Landmarks | None = None,
    laid_out: Mapping[str, npt.ArrayLike] | None = None,
    sure: bool = True,
) -> Job[BuiltFace]:
    """Build all of ARKit's shapes that these parts can show.

    placed: landmarks moved by hand, name → (3,); found: landmarks of an earlier look at the same parts;
    laid_out: all landmarks of a head on which none were found (see `lay_out`), which is then not searched; sure: build
    on whatever is found.  Raises FaceError when there is no mesh or no face in it, UnsureError when there may be none.
    """
    if not parts:
        raise FaceError("Choose the mesh of the head first.")
    yield Progress("Looking for the face", 0.0)
    mesh, owner, starts = joined(parts)
    if laid_out:
        landmarks = landmarks_at(mesh, laid_out, placed or {})
    else:
        landmarks = _with_placed(found if found is not None else find_landmarks(mesh), placed or {})
    if not sure and not landmarks.by_hand and landmarks.score < SURE:
        raise UnsureError(
            f"This may be no face (certainty {landmarks.score:.0%}): landmarks were placed where one would be. Drag "
            "those that are wrong onto eyes, nose, mouth and chin, then build again."
        )
    yield Progress("Weighing the jaw", 0.3)
    rig, seal_offsets, skin_vertices = _rig(mesh, landmarks)
    yield Progress("Building shapes", 0.6)
    skin_shapes = mouth_shapes(rig) | eye_shapes(rig) | forehead_shapes(rig)
    if landmarks.mouth is None:
        skin_shapes.pop("mouthClose")
    skin_shapes = _mirrored_pairs(rig.mesh, skin_shapes)
    yield Progress("Fitting eyes, teeth and tongue", 0.8)
    placed_mesh = mesh.moved(landmarks.axes.to_face(mesh.vertices))
    names = {int(placed_mesh.pieces[v]): parts[int(owner[v])].name for v in range(len(owner))}
    pieces = sort_pieces(placed_mesh, landmarks.skin, rig, names)
    if not any(piece.role == "tongue" for piece in pieces):
        skin_shapes.pop("tongueOut")
    whole = _gather(placed_mesh, rig, skin_vertices, skin_shapes, seal_offsets, pieces)
    yield Progress("Fitting eyes, teeth and tongue", 0.95)
    shapes = tuple(_of_part(part, mesh, landmarks.axes, whole) for part in starts)
    skin_part = int(np.bincount(owner[skin_vertices]).argmax())
    roles = tuple(
        tuple(sorted({p.role for p in pieces if owner[p.vertices[0]] == k} | ({"skin"} if k == skin_part else set())))
        for k in range(len(parts))
    )
    gauge = lip_gauge(landmarks, skin_vertices, mesh, starts[skin_part])
    return BuiltFace(
        shapes, landmarks, roles, skin_part, gauge, _notes(landmarks, seal_offsets is not None, skin_shapes, pieces)
    )


def joined(parts: Sequence[FacePart]) -> tuple[Mesh, npt.NDArray[np.int64], list[slice]]:
    """All parts as one mesh, the part each welded vertex belongs to, and each part's run of original vertices."""
    meshes = [mesh_from(part.vertices, part.faces) for part in parts]
    offsets = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    counts = np.cumsum([0, *(len(mesh.source) for mesh in meshes)])
    joined = Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=False)]),
        np.concatenate([mesh.source + offset for mesh, offset in zip(meshes, offsets, strict=False)]),
    )
    owner = np.repeat(np.arange(len(parts)), np.diff(offsets))
    return joined, owner, [slice(int(a), int(b)) for a, b in pairwise(counts)]


def _with_placed(landmarks: Landmarks, placed: Mapping[str, npt.ArrayLike]) -> Landmarks:
    unknown = sorted(placed.keys() - landmarks.points.keys())
    if unknown:
        raise FaceError(f"There is no landmark called “{unknown[0]}”.")
    points = {name: np.asarray(placed.get(name, point), np.float64) for name, point in landmarks.points.items()}
    return replace(landmarks, points=points)


def _rig(mesh: Mesh, landmarks: Landmarks) -> tuple[Rig, Array | None, npt.NDArray[np.int64]]:
    """The rig on sealed lips, the offsets that sealed them, and the vertices of the skin in the whole mesh."""
    axes = landmarks.axes
    skin, vertices = mesh.part(mesh.pieces == landmarks.skin)
    skin = skin.moved(axes.to_face(skin.vertices))
    points = {name: axes.to_face(point) for name, point in landmarks.points.items()}
    mouth = None if landmarks.mouth is None else _fitted(landmarks.mouth, points, "mouth_right", "mouth_left")
    eyes = {
        side: _fitted(slit, points, *sorted((f"eye_inner_{side}", f"eye_outer_{side}"), key=lambda n: points[n][0]))
        for side, slit in landmarks.eyes.items()
    }
    if landmarks.symmetry < 1e-3 and not landmarks.by_hand and not _was_placed(landmarks):
        points, mouth, eyes = _evened_out(points, mouth, eyes)
    width = float(np.linalg.norm(points["mouth_left"] - points["mouth_right"]))
    jaw = make_jaw(skin, points, mouth, width)
    jaw = replace(jaw, weight=_mirrored_weight(skin, jaw.weight))
    offsets = None
    if mouth is not None and (closed := seal(skin, mouth, jaw)) is not None:
        offsets, mouth = closed
        skin = skin.moved(skin.vertices + offsets)
        points |= {"upper_lip": mouth.upper_at(0.0), "lower_lip": mouth.lower_at(0.0)}
    return Rig(skin, points, mouth, eyes, landmarks.eye_radius, jaw), offsets, vertices


def _was_placed(landmarks: Landmarks) -> bool:
    corners = landmarks.mouth.corners if landmarks.mouth else ()
    seen = [landmarks.axes.to_mesh(corner) for corner in corners]
    placed = [landmarks.points["mouth_right"], landmarks.points["mouth_left"]]
    return any(not np.allclose(a, b) for a, b in zip(seen, placed, strict=False))


def _fitted(slit: Slit, points: Mapping[str, Array], right: str, left: str) -> Slit:
    """A smooth slit between the two landmarks, which may have been moved by hand."""
    smooth = slit.evened()
    t = np.linspace(0.0, 1.0, len(smooth.upper))[:, None]
    shift = (1 - t) * (points[right] - smooth.corners[0]) + t * (points[left] - smooth.corners[1])
    return replace(smooth, upper=smooth.upper + shift, lower=smooth.lower + shift)


def _evened_out(
    points: dict[str, Array], mouth: Slit | None, eyes: dict[str, Slit]
) -> tuple[dict[str, Array], Slit | None, dict[str, Slit]]:
    """On a symmetric head left and right are each other's mirror images, whatever the sections said."""
    even: dict[str, Array] = {}
    for name, point in points.items():
        other = _other_side(name)
        even[name] = 0.5 * (point + points[other] * _MIRROR)
    if mouth is not None:
        mouth = mouth.averaged(mouth.mirrored())
    if len(eyes) == 2:
        eyes = {
            side: eyes[side].averaged(eyes[other].mirrored()) for side, other in (("left", "right"), ("right", "left"))
        }
    return even, mouth, eyes


def _other_side(name: str) -> str:
    for a, b in (("Left", "Right"), ("left", "right")):
        if name.endswith(a):
            return name.removesuffix(a) + b
        if name.endswith(b):
            return name.removesuffix(b) + a
    return name


def _twins(mesh: Mesh) -> npt.NDArray[np.int64] | None:
    """(V,) the mirror image of each vertex, or None where the mesh is not symmetric vertex by vertex."""
    distance, near = cKDTree(mesh.vertices).query(mesh.vertices * _MIRROR, k=4)
    alike = np.einsum("nkd,nd->nk", mesh.normals[near], mesh.normals * _MIRROR)  # tells lips that touch apart
    best = np.where(distance < 2e-4 * mesh.size, alike, -np.inf).argmax(axis=1)
    rows = np.arange(len(near))
    twin, good = near[rows, best], distance[rows, best] < 2e-4 * mesh.size
    if good.mean() < _SYMMETRIC_VERTICES:
        return None
    mutual = good & (twin[twin] == np.arange(len(twin)))
    return np.where(mutual, twin, -1)


def _mirrored_weight(mesh: Mesh, weight: Array) -> Array:
    twin = _twins(mesh)
    if twin is None:
        return weight
    return np.where(twin >= 0, 0.5 * (weight + weight[twin]), weight)


def _mirrored_pairs(mesh: Mesh, shapes: dict[str, Array]) -> dict[str, Array]:
    """Shapes of left and right made each other's mirror images where the mesh is symmetric."""
    twin = _twins(mesh)
    if twin is None:
        return shapes
    even = {}
    for name, offsets in shapes.items():
        other = shapes[_other_side(name)][twin] * _MIRROR
        even[name] = np.where((twin >= 0)[:, None], 0.5 * (offsets + other), offsets)
    return even


def _gather(
    mesh: Mesh,
    rig: Rig,
    skin_vertices: npt.NDArray[np.int64],
    skin_shapes: dict[str, Array],
    seal_offsets: Array | None,
    pieces: list[Piece],
) -> dict[str, Array]:
    """Shapes over all vertices of the joined mesh, in face axes."""
    if seal_offsets is not None:
        skin_shapes = {**skin_shapes, SEAL: seal_offsets}
    whole: dict[str, Array] = {}
    for vertices, shapes in [
        (skin_vertices, skin_shapes),
        *((p.vertices, piece_shapes(p, mesh.vertices[p.vertices], rig, skin_shapes)) for p in pieces),
    ]:
        for name, offsets in shapes.items():
            whole.setdefault(name, np.zeros_like(mesh.vertices))[vertices] = offsets
    return whole


def _of_part(part: slice, mesh: Mesh, axes: Axes, whole: dict[str, Array]) -> dict[str, FloatArray]:
    """What of the shapes one part shows, in its own order and axes; shapes that do nothing to it are left out."""
    vertices = mesh.source[part]
    shapes = {}
    for name, offsets in whole.items():
        here = offsets[vertices]
        if np.abs(here).max(initial=0.0) > _NO_EFFECT * mesh.size:
            shapes[name] = (here @ axes.rotation).astype(np.float32)
    return shapes


def lip_gauge(landmarks: Landmarks, skin_vertices: npt.NDArray[np.int64], mesh: Mesh, part: slice) -> LipGauge | None:
    """The lips' gauge over the part's own vertices."""
    if landmarks.mouth is None:
        return None
    anchors = landmarks.mouth.anchors
    source = mesh.source[part]
    original = np.full(len(mesh.vertices), -1)
    original[source[::-1]] = np.arange(len(source))[::-1]
    upper, lower = original[skin_vertices[anchors.upper]], original[skin_vertices[anchors.lower]]
    whole = (upper >= 0).all(axis=1) & (lower >= 0).all(axis=1)
    return LipGauge(
        upper[whole],
        anchors.upper_weights[whole],
        lower[whole],
        anchors.lower_weights[whole],
        landmarks.axes.rotation[1],
        landmarks.mouth.width,
    )


def _notes(
    landmarks: Landmarks, sealed: bool, skin_shapes: Mapping[str, Array], pieces: Sequence[Piece]
) -> tuple[str, ...]:
    notes = [landmarks.sentence]
    if landmarks.mouth is None:
        notes.append("The lips are one surface: cut a slit between them, or the mouth can stretch but never open.")
    if sealed:
        notes.append(
            f"The mouth was modelled open: the key {SEAL} closes it and should stay at 1 while the face speaks."
        )
    if not landmarks.eyes:
        notes.append("No eyelids were found, so the face will not blink.")
    elif landmarks.by_hand and len(landmarks.eyes) == 1:
        notes.append(f"Only the {next(iter(landmarks.eyes))} eye will blink.")
    if any(piece.role == "teeth" for piece in pieces):
        notes.append(
            "Upper and lower teeth are one piece, of which only the lower half goes with the jaw: separate them."
        )
    if "tongueOut" not in skin_shapes:
        notes.append("No tongue was found, so there is no tongueOut.")
    return tuple(notes)
