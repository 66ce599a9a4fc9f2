"""What a face shows: how far lips stand apart and whether they cross."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Array: TypeAlias = npt.NDArray[np.floating]
IntArray: TypeAlias = npt.NDArray[np.integer]


@dataclass(frozen=True)
class LipGauge:
    """Points along both lips, tied to the vertices of a mesh, that measure the mouth in any pose.

    upper, lower: (n, 3) vertices of the triangles the points lie on; upper_weights, lower_weights: (n, 3) barycentric;
    up: (3,) the way from the chin to the eyes; width: of the neutral mouth.
    """

    upper: IntArray
    upper_weights: Array
    lower: IntArray
    lower_weights: Array
    up: Array
    width: float

    def opening(self, vertices: Array) -> Array:
        """(n,) how far the upper lip stands above the lower, in widths of the mouth; negative where they cross."""
        return self._apart(vertices) @ self.up / self.width

    def gap(self, vertices: Array) -> float:
        """The widest distance between the lips, in widths of the mouth."""
        return float(np.linalg.norm(self._apart(vertices), axis=1).max() / self.width)

    def _apart(self, vertices: Array) -> Array:
        points = np.asarray(vertices, np.float64)
        above = np.einsum("nk,nkd->nd", self.upper_weights, points[self.upper])
        return above - np.einsum("nk,nkd->nd", self.lower_weights, points[self.lower])


def crossings(vertices: Array, first: IntArray, second: IntArray) -> IntArray:
    """(k, 2) pairs of triangles, one of `first` (n, 3) and one of `second` (m, 3), that pass through each other.

    Triangles that share a vertex do not count.
    """
    points = np.asarray(vertices, np.float64)
    pairs = _near_pairs(points, first, second)
    if not len(pairs):
        return pairs
    a, b = first[pairs[:, 0]], second[pairs[:, 1]]
    apart = ~(a[:, :, None] == b[:, None, :]).any(axis=(1, 2))
    pairs, a, b = pairs[apart], a[apart], b[apart]
    hit = np.zeros(len(pairs), bool)
    for k in range(3):
        hit |= _pierces(points, a[:, k], a[:, (k + 1) % 3], b)
        hit |= _pierces(points, b[:, k], b[:, (k + 1) % 3], a)
    return pairs[hit]


def _near_pairs(points: Array, first: IntArray, second: IntArray) -> IntArray:
    """Pairs of triangles whose bounding boxes overlap, found through the balls around them."""
    low_a, high_a = points[first].min(axis=1), points[first].max(axis=1)
    low_b, high_b = points[second].min(axis=1), points[second].max(axis=1)
    reach_a, reach_b = (0.5 * np.linalg.norm(high - low, axis=1) for low, high in ((low_a, high_a), (low_b, high_b)))
    tree = cKDTree(0.5 * (low_b + high_b))
    near = tree.query_ball_point(0.5 * (low_a + high_a), reach_a + reach_b.max(initial=0.0))
    rows = np.repeat(np.arange(len(first)), [len(found) for found in near])
    columns = np.concatenate([np.asarray(found, np.int64) for found in near]) if len(near) else rows
    overlap = np.all((low_a[rows] <= high_b[columns]) & (low_b[columns] <= high_a[rows]), axis=1)
    return np.stack([rows[overlap], columns[overlap]], axis=1)


def _pierces(points: Array, start: IntArray, end: IntArray, triangle: IntArray) -> npt.NDArray[np.bool_]:
    """(n,) whether the segment start → end passes through the inside of the triangle (n, 3)."""
    origin, way = points[start], points[end] - points[start]
    a = points[triangle[:, 0]]
    u, v = points[triangle[:, 1]] - a, points[triangle[:, 2]] - a
    cross = np.cross(way, v)
    determinant = np.einsum("nd,nd->n", u, cross)
    safe = np.where(np.abs(determinant) < 1e-30, np.inf, determinant)
    offset = origin - a
    s = np.einsum("nd,nd->n", offset, cross) / safe
    side = np.cross(offset, u)
    t = np.einsum("nd,nd->n", way, side) / safe
    along = np.einsum("nd,nd->n", v, side) / safe
    tiny = 1e-9
    return np.asarray((s > tiny) & (t > tiny) & (s + t < 1 - tiny) & (along > tiny) & (along < 1 - tiny))
