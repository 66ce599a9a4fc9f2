"""A mesh as geometry sees it: triangles over welded vertices, its pieces, borders, normals and Laplacian.

SciPy is imported by what needs it: a mesh can be welded and told from others without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import FaceError

if TYPE_CHECKING:
    import scipy.sparse as sparse

Array: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]

_SAME_POINT = 1e-6
"""Of the mesh's size: vertices closer than this may be one vertex that an importer split along a seam."""

_FACING = -0.7
"""Cosine between the faces beside a seam; below it they look at each other, as lips that touch do."""


def unique_pairs(pairs: IntArray) -> tuple[IntArray, IntArray]:
    """(N, 2) numbers, the smaller of each pair first, each pair once and in order; and (M,) which of them each was.

    Many times faster than `np.unique` over rows.
    """
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    base = np.int64(high.max(initial=0)) + 1
    keys, of = np.unique(low.astype(np.int64) * base + high, return_inverse=True)
    return np.stack([keys // base, keys % base], axis=1), of.reshape(-1)


@dataclass(frozen=True)
class Mesh:
    """Triangles over welded vertices.

    vertices: (V, 3); triangles: (T, 3); source: (N,) welded vertex of each vertex of the mesh as it came.
    """

    vertices: Array
    triangles: IntArray
    source: IntArray

    @cached_property
    def across(self) -> tuple[Array, Array]:
        """(T,) the lowest and the highest X of each triangle."""
        x = self.vertices[self.triangles, 0]
        return x.min(axis=1), x.max(axis=1)

    @cached_property
    def edges(self) -> IntArray:
        """(E, 2) undirected edges, each once, the smaller index first."""
        return unique_pairs(self.half_edges)[0]

    @cached_property
    def half_edges(self) -> IntArray:
        """(3T, 2) directed edges of the triangles."""
        t = self.triangles
        return np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])

    @cached_property
    def adjacency(self) -> "sparse.csr_matrix":
        """(V, V) ones where an edge is."""
        import scipy.sparse as sparse

        e = self.edges
        count = len(self.vertices)
        half = sparse.coo_matrix((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(count, count))
        return (half + half.T).tocsr()

    @cached_property
    def pieces(self) -> IntArray:
        """(V,) label of the connected piece each vertex belongs to."""
        from scipy.sparse.csgraph import connected_components

        return np.asarray(connected_components(self.adjacency, directed=False)[1], np.int64)

    @cached_property
    def border(self) -> npt.NDArray[np.bool_]:
        """(V,) whether a vertex lies on an edge with a face on one side only."""
        edges, of = unique_pairs(self.half_edges)
        count = np.bincount(of, minlength=len(edges))
        mask = np.zeros(len(self.vertices), bool)
        mask[edges[count == 1].ravel()] = True
        return mask

    @cached_property
    def face_normals(self) -> Array:
        """(T, 3) normals, as long as twice the triangle's area."""
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        return np.cross(b - a, c - a)

    @cached_property
    def normals(self) -> Array:
        """(V, 3) unit normals, weighted by area."""
        total = np.zeros_like(self.vertices)
        for corner in range(3):
            np.add.at(total, self.triangles[:, corner], self.face_normals)
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-30)

    @cached_property
    def size(self) -> float:
        """The diagonal of the bounding box."""
        return float(np.linalg.norm(np.ptp(self.vertices, axis=0)))

    def moved(self, vertices: Array) -> "Mesh":
        """The same triangles over other positions (V, 3)."""
        return Mesh(vertices, self.triangles, self.source)

    def flipped(self) -> "Mesh":
        """The same with every triangle turned over."""
        return Mesh(self.vertices, self.triangles[:, ::-1], self.source)

    def part(self, keep: npt.NDArray[np.bool_]) -> tuple["Mesh", IntArray]:
        """The piece over the vertices in `keep` (V,) and their indices in this mesh."""
        chosen = np.flatnonzero(keep)
        position = np.full(len(self.vertices), -1)
        position[chosen] = np.arange(len(chosen))
        inside = np.all(keep[self.triangles], axis=1)
        return Mesh(self.vertices[chosen], position[self.triangles[inside]], np.arange(len(chosen))), chosen

    @cached_property
    def laplacian(self) -> "sparse.csr_matrix":
        """(V, V) positive semi-definite cotangent Laplacian; weights never fall below a tenth of their mean."""
        import scipy.sparse as sparse

        cotangents = []
        for corner in range(3):
            here, there, other = (self.vertices[self.triangles[:, (corner + k) % 3]] for k in range(3))
            u, v = there - here, other - here
            cross = np.linalg.norm(np.cross(u, v), axis=1)
            cotangents.append(0.5 * np.einsum("ij,ij->i", u, v) / np.maximum(cross, 1e-12 * self.size**2))
        t = self.triangles
        rows = np.concatenate([t[:, 1], t[:, 2], t[:, 0]])
        columns = np.concatenate([t[:, 2], t[:, 0], t[:, 1]])
        count = len(self.vertices)
        weights = sparse.coo_matrix((np.concatenate(cotangents), (rows, columns)), shape=(count, count)).tocsr()
        weights = weights + weights.T
        weights.data = np.clip(weights.data, 0.05, 5.0)  # slivers would otherwise rule the surface
        return sparse.diags(np.asarray(weights.sum(axis=1)).ravel()) - weights

    @cached_property
    def areas(self) -> Array:
        """(V,) a third of the area of the triangles around each vertex."""
        total = np.zeros(len(self.vertices))
        share = np.linalg.norm(self.face_normals, axis=1) / 6.0
        for corner in range(3):
            np.add.at(total, self.triangles[:, corner], share)
        return np.maximum(total, 1e-9 * self.size**2 / len(total))


def mesh_from(vertices: npt.ArrayLike, faces: npt.ArrayLike | Sequence[Sequence[int]]) -> Mesh:
    """A `Mesh` of vertices (N, 3) and polygons of any size; seams are welded, loose vertices kept.

    Raises FaceError for what is no mesh: no faces, indices out of range, positions that are not finite.
    """
    points = np.array(vertices, np.float64).reshape(-1, 3)
    triangles = triangulate(faces)
    if not len(triangles):
        raise FaceError("This mesh has no faces: choose the mesh of the head.")
    if triangles.min() < 0 or triangles.max() >= len(points):
        raise FaceError("This mesh has faces that point at no vertex: clean it up first (Mesh ▸ Clean Up).")
    if not np.all(np.isfinite(points)):
        raise FaceError("This mesh has vertices at no finite position: clean it up first (Mesh ▸ Clean Up).")
    source = _weld(points, triangles)
    first = np.full(source.max() + 1, -1)
    first[source[::-1]] = np.arange(len(source))[::-1]
    welded = source[triangles]
    proper = (welded[:, 0] != welded[:, 1]) & (welded[:, 1] != welded[:, 2]) & (welded[:, 2] != welded[:, 0])
    return Mesh(points[first], welded[proper], source)


def triangulate(faces: npt.ArrayLike | Sequence[Sequence[int]]) -> IntArray:
    """Polygons of any size as a fan of triangles (T, 3)."""
    if isinstance(faces, np.ndarray) and faces.ndim == 2 and faces.dtype != object:
        table = faces.astype(np.int64)
        fans = [table[:, [0, k, k + 1]] for k in range(1, table.shape[1] - 1)]
        return np.stack(fans, axis=1).reshape(-1, 3) if fans else np.zeros((0, 3), np.int64)
    polygons: list[Sequence[int]] = list(faces)  # type: ignore[arg-type]
    fan = [(p[0], p[k], p[k + 1]) for p in polygons for k in range(1, len(p) - 1)]
    return np.array(fan, np.int64).reshape(-1, 3)


def fan(corners: npt.ArrayLike, sizes: npt.ArrayLike) -> IntArray:
    """Polygons one after the other, corners (C,) of which each has sizes (F,), as a fan of triangles (T, 3)."""
    around, count = np.asarray(corners, np.int64), np.asarray(sizes, np.int64)
    if count.sum() != len(around) or (len(count) and count.min() < 0):
        raise FaceError("This mesh's polygons do not add up: clean it up first (Mesh ▸ Clean Up).")
    triangles = np.maximum(count - 2, 0)
    first = np.repeat(np.cumsum(count) - count, triangles)
    number = np.arange(triangles.sum()) - np.repeat(np.cumsum(triangles) - triangles, triangles)
    return np.stack([around[first], around[first + number + 1], around[first + number + 2]], axis=1)


def _weld(points: Array, triangles: IntArray) -> IntArray:
    """(N,) welded index: vertices on open borders at one place become one where an edge meets its twin.

    Lips that touch are left apart: their borders coincide too, but the faces beside them look at each other.
    """
    count = len(points)
    step = max(float(np.linalg.norm(np.ptp(points, axis=0))) * _SAME_POINT, 1e-30)
    place = np.unique(np.round(points / step).astype(np.int64), axis=0, return_inverse=True)[1].reshape(-1)
    if place.max() + 1 == count:
        return np.arange(count)
    half = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    normal = np.tile(np.cross(*(points[triangles[:, k]] - points[triangles[:, 0]] for k in (1, 2))), (3, 1))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    _, inverse, uses = np.unique(np.sort(half, axis=1), axis=0, return_inverse=True, return_counts=True)
    open_edge = np.flatnonzero(uses[inverse.reshape(-1)] == 1)
    start, end = place[half[open_edge, 0]], place[half[open_edge, 1]]
    twin = {(int(a), int(b)): int(e) for e, a, b in zip(open_edge, start, end, strict=True)}
    pairs = [
        (e, twin[(int(b), int(a))]) for e, a, b in zip(open_edge, start, end, strict=True) if (int(b), int(a)) in twin
    ]
    joined = [(e, t) for e, t in pairs if e < t and normal[e] @ normal[t] > _FACING]
    if not joined:
        return np.arange(count)
    first, second = np.array(joined).T
    rows = np.concatenate([half[first, 0], half[first, 1]])
    columns = np.concatenate([half[second, 1], half[second, 0]])
    label = np.arange(count)
    while True:
        before = label.copy()
        np.minimum.at(label, rows, before[columns])
        np.minimum.at(label, columns, before[rows])
        if np.array_equal(label, before):
            return np.unique(label, return_inverse=True)[1].reshape(-1)  # in the order of their first appearance
