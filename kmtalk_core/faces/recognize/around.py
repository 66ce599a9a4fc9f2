"""Lids traced around the eyeball: where they run back to the side of the head, planes along the gaze miss their corner,
and planes through the eyeball's upright axis do not."""

from dataclasses import dataclass, replace

import numpy as np

from ...motion.mesh import Array, IntArray, Mesh
from .section import LIDS
from .slits import Anchors, Search, Slit, trace_slit

_WIDEST = 2.4
"""Radians to each side of the gaze that are looked at."""
_HUGGING, _LOOSE, _ANYWHERE = 1.3, 1.5, 3.0
"""Of the radius: how far from the centre lids may be, for a ball that was seen, well guessed, and guessed; farther out
lies their fold."""
_UNSTEADY = 0.05
"""Of the eye's width."""
_CORNER = 0.15
"""Of the eye's width: how far its corner may lie from the last point that is surely on the rims."""
_FEWEST = 4
_STEP, _MARGIN = 0.018, 0.015
_ON_BALL = 1.5
"""Of the radius: how far out the corners of lids lie at most."""


def traced_around(mesh: Mesh, slit: Slit, ball: tuple[Array, float] | None, scale: float) -> Slit:
    """The slit of an eye in face axes, traced anew around its ball, or around where one would be."""
    if ball is not None:
        return _traced(mesh, slit, *ball, scale, _HUGGING)
    first = _traced(mesh, slit, *ball_behind(slit), scale, _ANYWHERE)
    return _traced(mesh, slit, *ball_behind(first), scale, _LOOSE)


def ball_behind(slit: Slit) -> tuple[Array, float]:
    """Centre and radius of an eyeball that is not there, from its lids."""
    radius = 0.52 * slit.width
    right, left = slit.corners
    lids = 0.5 * (slit.highest + slit.lowest)
    return np.array([0.5 * (right[0] + left[0]), lids[1], lids[2] - 0.95 * radius]), radius


@dataclass(frozen=True)
class _Unrolled:
    """The space around an upright axis laid flat: X the way round at the radius, Y up, Z the distance."""

    centre: Array
    radius: float

    def flat(self, points: Array) -> Array:
        out = points - self.centre
        way = self.radius * np.arctan2(out[:, 0], out[:, 2])
        return np.stack([way, points[:, 1], np.hypot(out[:, 0], out[:, 2])], axis=1)

    def round(self, points: Array) -> Array:
        angle = points[:, 0] / self.radius
        x, z = points[:, 2] * np.sin(angle), points[:, 2] * np.cos(angle)
        return np.stack([self.centre[0] + x, points[:, 1], self.centre[2] + z], axis=1)


def _traced(mesh: Mesh, slit: Slit, centre: Array, radius: float, scale: float, reach: float) -> Slit:
    """The slit of an eye in face axes, traced anew around its ball; `slit` where that finds less.

    What only `slit` has seen towards a corner is kept, as far as it lies on the ball.  reach: of the radius, how far
    from the centre the lids are looked for.
    """
    unrolled = _Unrolled(centre, radius)
    flat = unrolled.flat(mesh.vertices)
    near = np.abs(flat[:, 0]) < _WIDEST * radius
    near &= np.linalg.norm(mesh.vertices - centre, axis=1) < reach * radius
    part, vertices = mesh.moved(flat).part(near)
    if len(part.triangles) < 20:
        return slit
    search = Search(scale, centre[1] - 1.3 * radius, centre[1] + 1.3 * radius, 0.2 * radius, LIDS, _STEP, _MARGIN)
    found = trace_slit(part, search, 0.0)
    if found is None:
        return slit
    steady = _steady(found.anchors, part.vertices, _UNSTEADY * found.width)
    if len(steady.upper) < _FEWEST:
        return slit
    anchors = replace(steady, upper=vertices[steady.upper], lower=vertices[steady.lower])
    upper, lower = (unrolled.round(line) for line in _lines(steady, part.vertices, found))
    return _joined(replace(found, upper=upper, lower=lower, anchors=anchors, marks=()), slit, mesh, centre, radius)


def _lines(anchors: Anchors, points: Array, found: Slit) -> tuple[Array, Array]:
    """The rims through steady anchors, and as their ends the corners of `found` where those lie near enough."""
    upper, lower = anchors.upper_points(points), anchors.lower_points(points)
    ends = []
    for corner, last in zip(found.corners, (0, -1), strict=True):
        middle = 0.5 * (upper[last] + lower[last])
        ends.append(corner if np.linalg.norm(corner - middle) < _CORNER * found.width else middle)
    return np.stack([ends[0], *upper, ends[1]]), np.stack([ends[0], *lower, ends[1]])


def _steady(anchors: Anchors, points: Array, most: float) -> Anchors:
    """The anchors whose points lie within `most` of what their neighbours say: a fold of the lid is no rim."""
    upper, lower = anchors.upper_points(points), anchors.lower_points(points)
    order = np.argsort((upper + lower)[:, 0])
    keep = upper[order, 1] > lower[order, 1]
    for line in (upper[order], lower[order]):
        padded = np.pad(line[:, 1:], ((3, 3), (0, 0)), mode="reflect", reflect_type="odd")
        usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, 7, axis=0), axis=2)
        keep &= np.linalg.norm(line[:, 1:] - usual, axis=1) < most
    chosen = order[keep]
    return Anchors(
        anchors.upper[chosen],
        anchors.upper_weights[chosen],
        anchors.lower[chosen],
        anchors.lower_weights[chosen],
    )


def _joined(found: Slit, plain: Slit, mesh: Mesh, centre: Array, radius: float) -> Slit:
    """`found`, with what `plain` has beyond its ends."""
    middle = 0.5 * (plain.upper + plain.lower)
    on_ball = np.linalg.norm(middle - centre, axis=1) < _ON_BALL * radius
    margin = 0.04 * found.width
    low, high = found.corners[0][0], found.corners[1][0]
    before = on_ball & (middle[:, 0] < low - margin)
    after = on_ball & (middle[:, 0] > high + margin)
    if not before.any() and not after.any():
        return found
    inner = slice(int(before.any()), len(found.upper) - int(after.any()))  # a corner that was none parts again
    upper = np.concatenate([plain.upper[before], found.upper[inner], plain.upper[after]])
    lower = np.concatenate([plain.lower[before], found.lower[inner], plain.lower[after]])
    further = _with_further(found.anchors, plain.anchors, mesh, low, high)
    return replace(found, upper=upper, lower=lower, anchors=further)


def _with_further(anchors: Anchors, others: Anchors, mesh: Mesh, low: float, high: float) -> Anchors:
    x = 0.5 * (others.upper_points(mesh.vertices) + others.lower_points(mesh.vertices))[:, 0]
    more: IntArray = np.flatnonzero((x < low) | (x > high))
    return Anchors(
        np.concatenate([anchors.upper, others.upper[more]]),
        np.concatenate([anchors.upper_weights, others.upper_weights[more]]),
        np.concatenate([anchors.lower, others.lower[more]]),
        np.concatenate([anchors.lower_weights, others.lower_weights[more]]),
    )
