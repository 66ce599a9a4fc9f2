"""Closing a mouth that was modelled open: every shape starts from sealed lips."""

from dataclasses import replace

import numpy as np

from ...motion.mesh import Array, Mesh
from ..recognize.slits import Slit
from .jaw import Jaw
from .rig import hill

_OPEN = 0.025
"""Of the mouth's width: lips further apart than this were modelled open."""
_MEET = 0.55
"""Of the way from the lower lip to the upper one: where they meet."""
_PASSES = 5
_JAW_DROPPED = 0.25
"""Of the mouth's width: from here on it is the jaw that hangs, and no longer the lips that part."""


def seal(mesh: Mesh, mouth: Slit, jaw: Jaw) -> tuple[Array, Slit] | None:
    """Offsets (V, 3) that close the mouth and its slit when closed, or None where it is closed as it stands."""
    if mouth.gap < _OPEN * mouth.width:
        return None
    points, upper, lower = mesh.vertices, mouth.upper, mouth.lower
    if mouth.gap > _JAW_DROPPED * mouth.width:
        reach = float(np.linalg.norm((mouth.lower_at(0.0) - jaw.hinge)[1:]))
        raised = replace(jaw, turn=-0.85 * mouth.gap / reach)
        points = raised.opened(points, jaw.weight)
        lower = raised.opened(lower, 0.5 + 0.5 * _parted(lower, mouth))
        upper = raised.opened(upper, 0.5 - 0.5 * _parted(upper, mouth))
    side = np.clip((1.0 - 2.0 * jaw.weight) / np.maximum(_parted(points, mouth), 0.2), -1.0, 1.0)
    meet = lower + _MEET * (upper - lower)
    for again in range(_PASSES):
        if again:  # what the smooth lines left, where the lips were found to come nearest
            order = np.argsort(mouth.anchors.upper_points(points)[:, 0])
            upper, lower = (line(points)[order] for line in (mouth.anchors.upper_points, mouth.anchors.lower_points))
            meet = lower + _MEET * (upper - lower)
        closed = points
        for line, share in ((upper, 0.5 + 0.5 * side), (lower, 0.5 - 0.5 * side)):
            here, way = _columns(points[:, 0], line, line), _columns(points[:, 0], line, meet - line)
            near = hill(np.linalg.norm(points - here, axis=1), 0.5 * mouth.width)
            closed = closed + (near * share)[:, None] * way
        points = closed
    line = 0.5 * (mouth.anchors.upper_points(points) + mouth.anchors.lower_points(points))
    return points - mesh.vertices, _along(mouth, line)


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
