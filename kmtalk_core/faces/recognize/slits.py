"""Slits of mouth and eyes, traced from their middle to both corners."""

from dataclasses import dataclass, replace

import numpy as np

from ...motion.mesh import Array, IntArray, Mesh
from .section import LIPS, Curve, Rim, find_slit, section

_STEP = 0.045
_FEWEST = 4
_WIDENING = 0.05
"""Of the scale: how much wider a slit may be than in the section before."""
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Slit:
    """A slit from its right corner to its left, in face axes.

    upper, lower: (n, 3) where the surfaces meet or come nearest, section by section, both ending in the corners;
    marks: triangles around the slit whose side is known; anchors: the points of the sections on their triangles;
    is_hole: the skin ends behind the rims.
    """

    upper: Array
    lower: Array
    marks: tuple["Mark", ...]
    anchors: "Anchors"
    is_hole: bool = False

    @property
    def corners(self) -> tuple[Array, Array]:
        """The right (least X) and the left corner."""
        return 0.5 * (self.upper[0] + self.lower[0]), 0.5 * (self.upper[-1] + self.lower[-1])

    @property
    def width(self) -> float:
        right, left = self.corners
        return float(np.linalg.norm(left - right))

    @property
    def middle(self) -> Array:
        return 0.5 * (self.upper.mean(axis=0) + self.lower.mean(axis=0))

    @property
    def gap(self) -> float:
        """The widest the slit stands open."""
        return float(np.linalg.norm(self.upper - self.lower, axis=1).max())

    @property
    def highest(self) -> Array:
        return self.upper[np.argmax(self.upper[:, 1])]

    @property
    def lowest(self) -> Array:
        return self.lower[np.argmin(self.lower[:, 1])]

    def evened(self, count: int = 33) -> "Slit":
        """The same with smooth lines of `count` points, evenly spaced across."""
        return replace(self, upper=_evened(self.upper, count), lower=_evened(self.lower, count))

    def mirrored(self) -> "Slit":
        """The lines of the slit on the other side of the face."""
        return replace(self, upper=self.upper[::-1] * _MIRROR, lower=self.lower[::-1] * _MIRROR)

    def averaged(self, other: "Slit") -> "Slit":
        """The mean of two slits with as many points."""
        return replace(self, upper=0.5 * (self.upper + other.upper), lower=0.5 * (self.lower + other.lower))

    def upper_at(self, x: float) -> Array:
        return _along(self.upper, x)

    def lower_at(self, x: float) -> Array:
        return _along(self.lower, x)


@dataclass(frozen=True)
class Mark:
    """Triangles near a slit whose side is known, from one section.

    triangles: (n,); side: +1 above, −1 below; distance: (n,) along the surface from the rim, negative inside.
    """

    triangles: IntArray
    side: int
    distance: Array


@dataclass(frozen=True)
class Anchors:
    """Points of a slit's upper and lower line, tied to the skin: `points = weights · vertices[triangles]`.

    upper, lower: (n, 3) vertices of a triangle; upper_weights, lower_weights: (n, 3) barycentric.
    """

    upper: IntArray
    upper_weights: Array
    lower: IntArray
    lower_weights: Array

    def upper_points(self, vertices: Array) -> Array:
        return np.einsum("nk,nkd->nd", self.upper_weights, vertices[self.upper])

    def lower_points(self, vertices: Array) -> Array:
        return np.einsum("nk,nkd->nd", self.lower_weights, vertices[self.lower])


def _evened(line: Array, count: int) -> Array:
    """Points evenly spaced in X on a smooth curve through the ends of the line and near all of it."""
    right, left = line[0], line[-1]
    t = (line[:, 0] - right[0]) / (left[0] - right[0])
    inside = (t > 0.0) & (t < 1.0)
    even = np.linspace(0.0, 1.0, count)
    points = right + even[:, None] * (left - right)
    if inside.sum() < 3:
        return points
    t = t[inside]
    rest = line[inside] - (right + t[:, None] * (left - right))

    def basis(t: Array) -> Array:
        bow = np.sqrt(np.clip(t * (1.0 - t), 0.0, None))  # lips and lids leave their corners steeply
        return np.stack([bow, bow**2, bow**2 * (2 * t - 1), bow**4, bow**2 * (2 * t - 1) ** 3], axis=1)

    design = np.concatenate([basis(t), 0.02 * np.eye(5)])
    fit = np.linalg.lstsq(design, np.concatenate([rest, np.zeros((5, 3))]), rcond=None)[0]
    points[:, 1:] += (basis(even) @ fit)[:, 1:]
    return points


def _along(line: Array, x: float) -> Array:
    return np.array([np.interp(x, line[:, 0], line[:, k]) for k in range(3)])


@dataclass(frozen=True)
class Search:
    """Where to look for a slit: between Y low and high, in front of Z front.

    steepness: how wide a wedge its surfaces may form; step: how far neighbouring sections stand apart, of the scale;
    margin: of the slit's width, how far from its corners the anchors keep; is_hole: a wide one in the skin is sought.
    """

    scale: float
    low: float
    high: float
    front: float
    steepness: float = LIPS
    step: float = _STEP
    margin: float = 0.06
    is_hole: bool = False

    def rim(self, mesh: Mesh, x: float, last: Rim | None = None) -> Rim | None:
        """The slit in the section at X = x, the continuation of `last` if given."""
        near = (last.upper_point, last.lower_point) if last is not None else None
        around = last.around if last is not None else None
        rim = find_slit(section(mesh, x), self.scale, near, self.low, self.high, self.steepness, self.is_hole, around)
        if rim is None or min(rim.upper_point[2], rim.lower_point[2]) < self.front:
            return None
        if last is not None and rim.gap > last.gap + _WIDENING * self.scale:
            return None  # slits close towards their corners
        return rim


def trace_slit(mesh: Mesh, search: Search, x: float) -> Slit | None:
    """The slit that the section at X = x meets, or None."""
    start = search.rim(mesh, x)
    if start is None:
        return None
    rims = [*_walk(mesh, search, start, -1.0)[::-1], start, *_walk(mesh, search, start, 1.0)]
    if len(rims) < _FEWEST:
        return None
    reach = 0.12 * search.scale if search.steepness == LIPS else 0.0  # lids are open: their rims are what meets
    contacts = [_contact(rim, reach) for rim in rims]
    upper = np.array([rim.above.points[i] for rim, (i, _) in zip(rims, contacts, strict=True)])
    lower = np.array([rim.below.points[j] for rim, (_, j) in zip(rims, contacts, strict=True)])
    above = np.array([_triangle(rim.above, i) for rim, (i, _) in zip(rims, contacts, strict=True)])
    below = np.array([_triangle(rim.below, j) for rim, (_, j) in zip(rims, contacts, strict=True)])
    inner = _away_from_ends(0.5 * (upper + lower)[:, 0], search.margin)
    anchors = Anchors(*_tied(mesh, above[inner], upper[inner]), *_tied(mesh, below[inner], lower[inner]))
    marks = tuple(mark for rim in rims for mark in _marks(rim, search.scale))
    return Slit(_with_corners(upper, lower), _with_corners(lower, upper), marks, anchors, search.is_hole)


def _away_from_ends(x: Array, margin: float) -> IntArray:
    """Of points in order the ones that are not in the corners, where what is above and below runs together."""
    away = margin * (x.max() - x.min())
    return np.flatnonzero((x > x.min() + away) & (x < x.max() - away))


def _triangle(curve: Curve, index: int) -> int:
    return int(curve.triangles[min(index, len(curve.triangles) - 1)])


def _tied(mesh: Mesh, triangles: IntArray, points: Array) -> tuple[IntArray, Array]:
    """Vertices and barycentric weights of points on triangles."""
    corners = mesh.triangles[triangles]
    a, b, c = (mesh.vertices[corners[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    whole = np.maximum(np.einsum("nd,nd->n", normal, normal), 1e-300)
    wb = np.einsum("nd,nd->n", np.cross(points - a, c - a), normal) / whole
    wc = np.einsum("nd,nd->n", np.cross(b - a, points - a), normal) / whole
    return corners, np.stack([1.0 - wb - wc, wb, wc], axis=1)


def _walk(mesh: Mesh, search: Search, start: Rim, sign: float) -> list[Rim]:
    """Rims from the section beside `start` to the corner, which is found by halving the last step."""
    rims: list[Rim] = []
    step = search.step * search.scale
    while step > 0.004 * search.scale and len(rims) < 60:
        last = rims[-1] if rims else start
        rim = search.rim(mesh, float(last.upper_point[0]) + sign * step, last)
        if rim is None:
            step *= 0.5
        else:
            rims.append(rim)
    return rims


def _contact(rim: Rim, reach: float) -> tuple[int, int]:
    """Where the two surfaces come nearest, at the rim or up to `reach` inside it: indices into the rim's curves."""
    above, below = _inward(rim.above, rim.upper, 1.0), _inward(rim.below, rim.lower, -1.0)
    first, second = np.flatnonzero(above <= reach), np.flatnonzero(below <= reach)
    distance = np.linalg.norm(rim.below.points[second][None] - rim.above.points[first][:, None], axis=2)
    depth = above[first][:, None] + below[second][None]
    i, j = np.unravel_index(np.argmin(distance + 0.02 * depth), distance.shape)
    return int(first[i]), int(second[j])


def _inward(curve: Curve, index: int, direction: float) -> Array:
    """Distance along the curve from a rim into the slit; infinite for what lies outside."""
    way = direction * (curve.length - curve.length[index])
    if curve.closed:
        way = np.where(way < 0, way + curve.length[-1], way)
        way = np.where(way > 0.5 * curve.length[-1], np.inf, way)
    return np.where(way < 0, np.inf, way)


def _marks(rim: Rim, scale: float) -> list[Mark]:
    """The sides of the surface around one rim: a scale outwards, and inwards as far as is surely one lip's."""
    found = []
    inner = 0.45 * rim.detour if rim.above is rim.below else np.inf
    for curve, index, side, direction in ((rim.above, rim.upper, 1, 1.0), (rim.below, rim.lower, -1, -1.0)):
        middle = 0.5 * (curve.length[1:] + curve.length[:-1])
        inside = direction * (middle - curve.length[index])
        if curve.closed:
            inside = (inside + 0.5 * curve.length[-1]) % curve.length[-1] - 0.5 * curve.length[-1]
        keep = (inside > -0.6 * scale) & (inside < min(inner, 0.6 * scale))
        found.append(Mark(curve.triangles[keep], side, -inside[keep]))
    return found


def _with_corners(line: Array, other: Array) -> Array:
    """The line with both ends drawn together with the other's."""
    ends = 0.5 * (line[[0, -1]] + other[[0, -1]])
    return np.concatenate([ends[:1], line[1:-1], ends[1:]])
