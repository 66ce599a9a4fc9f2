"""Closing a mouth that was modelled open: every shape starts from sealed lips."""

from dataclasses import replace

import numpy as np

from ...motion.mesh import Array, Mesh
from ..recognize.slits import Anchors, Slit
from .jaw import Jaw
from .rig import hill

_OPEN = 0.024
"""Of the mouth's width: lips further apart than this were modelled open."""
_MEET = 0.55
"""Of the way from the lower lip to the upper one: where they meet."""
_PASSES = 5
_JAW_DROPPED = 0.25
"""Of the mouth's width: from here on it is the jaw that hangs, and no longer the lips that part."""


def seal(mesh: Mesh, mouth: Slit, jaw: Jaw) -> tuple[Array, Slit] | None:
    """Offsets (V, 3) that close the mouth and its slit when closed, or None where it is closed as it stands."""
    apart = mouth.anchors.upper_points(mesh.vertices) - mouth.anchors.lower_points(mesh.vertices)
    if np.linalg.norm(apart, axis=1).max() < _OPEN * mouth.width:
        return None
    points, upper, lower = mesh.vertices, mouth.upper, mouth.lower
    if mouth.gap > _JAW_DROPPED * mouth.width:
        reach = float(np.linalg.norm((mouth.lower_at(0.0) - jaw.hinge)[1:]))
        raised = replace(jaw, turn=-0.85 * mouth.gap / reach)
        points = raised.opened(points, jaw.weight)
        lower = raised.opened(lower, 0.5 + 0.5 * _parted(lower, mouth))
        upper = raised.opened(upper, 0.5 - 0.5 * _parted(upper, mouth))
    side = np.clip((1.0 - 2.0 * jaw.weight) / np.maximum(_parted(points, mouth), 0.2), -1.0, 1.0)
    upper_share = 0.5 + 0.5 * side
    points = _drawn(points, upper, lower, upper_share, _MEET, 0.5 * mouth.width)
    points = drawn_together(points, mouth.anchors, upper_share, _MEET, 0.5 * mouth.width)
    line = 0.5 * (mouth.anchors.upper_points(points) + mouth.anchors.lower_points(points))
    return points - mesh.vertices, _along(mouth, line)


def drawn_together(points: Array, anchors: Anchors, upper_share: Array, meet: float, reach: float) -> Array:
    """Points (V, 3) moved until the two lines of a slit meet.

    upper_share: (V,) how much a vertex belongs to what is above the slit; meet: how far from the lower line to the
    upper one; reach: how far from the lines vertices move along.
    """
    for _ in range(_PASSES):
        upper, lower = anchors.upper_points(points), anchors.lower_points(points)
        order = np.argsort(0.5 * (upper + lower)[:, 0])
        points = _drawn(points, upper[order], lower[order], upper_share, meet, reach)
    return points


def _drawn(points: Array, upper: Array, lower: Array, upper_share: Array, meet: float, reach: float) -> Array:
    goal = lower + meet * (upper - lower)
    moved = points
    for line, share in ((upper, upper_share), (lower, 1.0 - upper_share)):
        here, way = _columns(points[:, 0], line, line), _fading(points[:, 0], line, goal - line, 0.1 * reach)
        near = hill(np.linalg.norm(points - here, axis=1), reach)
        moved = moved + (near * share)[:, None] * way
    return moved


def _fading(x: Array, line: Array, values: Array, margin: float) -> Array:
    """The values over X along the line, and nothing from a little beyond its ends."""
    ends = np.array([line[0, 0] - margin, line[-1, 0] + margin])
    inner = np.concatenate([ends[:1], line[:, 0], ends[1:]])
    padded = np.pad(values, ((1, 1), (0, 0)))
    return np.stack([np.interp(x, inner, padded[:, k]) for k in range(3)], axis=1)


def _along(mouth: Slit, line: Array) -> Slit:
    right, left = mouth.corners
    whole = np.concatenate([right[None], line[np.argsort(line[:, 0])], left[None]])
    return replace(mouth, upper=whole, lower=whole).evened()


def _parted(points: Array, mouth: Slit) -> Array:
    right, left = mouth.corners
    across = (points[:, 0] - 0.5 * (right[0] + left[0])) / (0.5 * (left[0] - right[0]))
    return np.sqrt(np.clip(1.0 - across**2, 0.0, 1.0))


def _columns(x: Array, line: Array, values: Array) -> Array:
    return np.stack([np.interp(x, line[:, 0], values[:, k]) for k in range(3)], axis=1)
