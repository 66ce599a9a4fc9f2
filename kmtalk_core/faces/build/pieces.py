"""What the pieces of a face besides its skin are, and how they follow it: eyes, teeth, tongue, brows, hair."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ...motion.mesh import Array, Mesh
from .jaw import smoothstep
from .mouth_shapes import TONGUE_OPEN
from .rig import Rig
from .upper_shapes import eye_ball, looking

_NEIGHBOURS = 4
_UPPER_FACE = ("eye", "brow", "cheekSquint", "noseSneer")


@dataclass(frozen=True)
class Piece:
    """Vertices (n,) of one connected piece beside the skin, and what it is taken for:
    `eye_left`, `eye_right`, `teeth_upper`, `teeth_lower`, `teeth`, `tongue` or `near` (follows the skin beside it);
    follows_lids: whether it goes with lids and brows too, as lashes do, and glasses and a fringe do not."""

    vertices: np.ndarray
    role: str
    follows_lids: bool = True


def sort_pieces(mesh: Mesh, skin: int, rig: Rig, names: dict[int, str]) -> list[Piece]:
    """Every piece of the mesh (in face axes) but the skin; names: label of a piece → name of its object."""
    labels = [label for label in range(int(mesh.pieces.max()) + 1) if label != skin]
    members = {label: np.flatnonzero(mesh.pieces == label) for label in labels}
    roles = {label: _role(mesh.vertices[members[label]], rig, names.get(label, "").lower()) for label in labels}
    for name in set(names.values()):
        _agree(
            [label for label in labels if names.get(label) == name],
            members,
            roles,
            skin in names and name == names[skin],
        )
    return [
        Piece(
            members[label],
            roles[label],
            _follows_lids(mesh.vertices[members[label]], rig, names.get(label, "").lower()),
        )
        for label in labels
    ]


def _follows_lids(points: Array, rig: Rig, name: str) -> bool:
    """Lashes and brows are no larger than an eye is wide; whatever reaches farther is glasses, hair or a hat."""
    if any(word in name for word in ("lash", "brow")):
        return True
    width = max(_width_of_eye(rig), 1e-12)
    size = points.max(axis=0) - points.min(axis=0)
    return bool(size[0] < 2.0 * width and size[1] < 0.9 * width)


def _width_of_eye(rig: Rig) -> float:
    corners = (rig.points["eye_outer_left"], rig.points["eye_inner_left"])
    return float(np.linalg.norm(corners[0] - corners[1]))


def _agree(labels: list[int], members: dict[int, np.ndarray], roles: dict[int, str], with_skin: bool) -> None:
    """Single teeth and gums of one object are upper or lower together, whatever each looks like alone."""
    votes: dict[str, int] = {}
    for label in labels:
        votes[roles[label]] = votes.get(roles[label], 0) + len(members[label])
    best = max(votes, key=lambda role: votes[role], default="near")
    if with_skin or best not in ("teeth_upper", "teeth_lower"):
        return
    for label in labels:
        roles[label] = best


def _role(points: Array, rig: Rig, name: str) -> str:
    low, high = points.min(axis=0), points.max(axis=0)
    centre = 0.5 * (low + high)
    for side in ("left", "right"):
        ball, radius = eye_ball(rig, side)
        if np.linalg.norm(centre - ball) < 1.15 * radius and (high - low).max() < 2.8 * radius:
            return "near" if _is_hair(name) else f"eye_{side}"
    from_lips = (centre - np.array([rig.middle, *rig.lips[1:]])) / rig.width
    inside = abs(from_lips[0]) < 0.62 and abs(from_lips[1]) < 0.75 and -2.2 < from_lips[2] < -0.02
    if not inside or (high - low)[0] > 2.0 * rig.width or _is_hair(name):
        return "near"
    if "tongue" in name or ("teeth" not in name and "gum" not in name and _is_tongue(points, rig)):
        return "tongue"
    above, below = (high[1] - rig.lips[1]) / rig.width, (rig.lips[1] - low[1]) / rig.width
    if "upper" in name or "top" in name or below < 0.5 * above:
        return "teeth_upper"
    if "lower" in name or "bottom" in name or above < 0.5 * below:
        return "teeth_lower"
    return "teeth"


def _is_hair(name: str) -> bool:
    return any(word in name for word in ("brow", "lash", "hair", "beard", "moustache", "mustache"))


def _is_tongue(points: Array, rig: Rig) -> bool:
    """A tongue fills the middle from front to back; a row of teeth is an arch, empty behind its front."""
    centred = np.abs(points[:, 0] - rig.middle) < 0.15 * rig.width
    back = points[:, 2] < 0.5 * (points[:, 2].min() + points[:, 2].max())
    return bool((centred & back).sum() > 0.08 * len(points))


def piece_shapes(piece: Piece, points: Array, rig: Rig, skin_shapes: dict[str, Array]) -> dict[str, Array]:
    """Offsets (n, 3) by ARKit name of one piece at points (n, 3) in face axes."""
    if piece.role.startswith("eye_"):
        suffix = piece.role.removeprefix("eye_").capitalize()
        return looking(points, eye_ball(rig, piece.role.removeprefix("eye_"))[0], suffix)
    if piece.role == "teeth_upper":
        return {}
    if piece.role in ("teeth_lower", "teeth"):
        parted = smoothstep(0.04, -0.04, (points[:, 1] - rig.lips[1]) / rig.width)
        return _with_jaw(points, rig, np.ones(len(points)) if piece.role == "teeth_lower" else parted)
    if piece.role == "tongue":
        return _tongue(points, rig)
    if not piece.follows_lids:
        skin_shapes = {name: shape for name, shape in skin_shapes.items() if not name.startswith(_UPPER_FACE)}
    return _beside(points, rig, skin_shapes)


def _with_jaw(points: Array, rig: Rig, weight: Array) -> dict[str, Array]:
    opened = rig.jaw.opened(points, weight) - points
    width = rig.width * weight[:, None]
    return {
        "jawOpen": opened,
        "jawForward": width * np.array([0.0, -0.02, 0.13]),
        "jawLeft": width * np.array([0.16, -0.025, 0.0]),
        "jawRight": width * np.array([-0.16, -0.025, 0.0]),
        "tongueOut": TONGUE_OPEN * opened,
    }


def _tongue(points: Array, rig: Rig) -> dict[str, Array]:
    """The tongue goes with the jaw, its root less; tongueOut draws its tip out between the lips."""
    back, front = points[:, 2].min(), points[:, 2].max()
    along = (points[:, 2] - back) / max(front - back, 1e-12)
    shapes = _with_jaw(points, rig, 0.55 + 0.45 * smoothstep(0.0, 0.5, along))
    reach = max(float(rig.lips[2] - front), 0.0) + 0.32 * rig.width
    # The tip rises to the gap that the slightly opened jaw leaves between the teeth.
    tip = points[along > 0.9].mean(axis=0)
    opened_tip = rig.jaw.opened(tip[None], np.array([TONGUE_OPEN]))[0]
    rise = float(np.clip(rig.lips[1] - 0.05 * rig.width - opened_tip[1], 0.0, 0.3 * rig.width))
    pull = smoothstep(0.1, 1.0, along)[:, None] * np.array([0.0, rise, reach])
    flat = smoothstep(0.3, 1.0, along) * -0.25 * (points[:, 1] - tip[1])
    shapes["tongueOut"] = shapes["tongueOut"] + pull + np.stack([0 * flat, flat, 0 * flat], axis=1)
    return shapes


def _beside(points: Array, rig: Rig, skin_shapes: dict[str, Array]) -> dict[str, Array]:
    """Follows the skin nearby, less with distance: brows, lashes, beards; what is far stays."""
    distance, nearest = cKDTree(rig.vertices).query(points, k=_NEIGHBOURS)
    fade = smoothstep(0.16 * rig.face, 0.06 * rig.face, distance[:, 0])
    if not np.any(fade > 0):
        return {}
    share = 1.0 / np.maximum(distance, 1e-6 * rig.face) ** 2
    share *= (fade / share.sum(axis=1))[:, None]
    return {name: np.einsum("nk,nkd->nd", share, offsets[nearest]) for name, offsets in skin_shapes.items()}
