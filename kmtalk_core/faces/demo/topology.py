"""Half a head as a grid of quads with concentric loops around mouth, eye, nostril and ear, and the operators on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]

ABSENT = -1
"""Entry of `HalfSkin.grid` where a block of the grid gave way to a ring patch."""


@dataclass(frozen=True)
class Block:
    """A rectangle of the grid, rows `bottom`–`top` and columns `left`–`right`, that a ring patch replaces."""

    bottom: int
    top: int
    left: int
    right: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.top - self.bottom

    def boundary(self, grid: IntArray) -> IntArray:
        """Vertex indices around the rectangle, counterclockwise from outside; open at the midline if it lies there."""
        lower = [grid[self.bottom, j] for j in range(self.left, self.right)]
        outer = [grid[i, self.right] for i in range(self.bottom, self.top)]
        upper = [grid[self.top, j] for j in range(self.right, self.left, -1)]
        if self.left == 0:
            return np.array([*lower, *outer, *upper, grid[self.top, 0]])
        inner = [grid[i, self.left] for i in range(self.top, self.bottom, -1)]
        return np.array([*lower, *outer, *upper, *inner])


@dataclass(frozen=True)
class RingPatch:
    """Concentric loops that start at a block's boundary and end in a filled disc or a hole.

    rings: (R, N) vertex indices, ring 0 the block's boundary; fill: vertex indices inside the last ring, row by row.
    """

    rings: IntArray
    fill: IntArray


@dataclass
class MeshBuilder:
    """Collects faces and hands out vertex indices; positions come later."""

    vertex_count: int = 0

    def __post_init__(self) -> None:
        self.faces: list[tuple[int, ...]] = []
        self.tags: list[str] = []

    def vertices(self, *shape: int) -> IntArray:
        count = int(np.prod(shape))
        ids = np.arange(self.vertex_count, self.vertex_count + count).reshape(shape)
        self.vertex_count += count
        return ids

    def face(self, corners: tuple[int, ...], tag: str) -> None:
        self.faces.append(tuple(int(corner) for corner in corners))
        self.tags.append(tag)

    def strip(self, outer: IntArray, inner: IntArray, closed: bool, tag: str) -> None:
        """Quads between two loops of equal length, `inner` to the left of `outer`'s direction of travel."""
        count = len(outer)
        for k in range(count if closed else count - 1):
            n = (k + 1) % count
            self.face((outer[k], outer[n], inner[n], inner[k]), tag)

    def sheet(self, ids: IntArray, tag: str) -> None:
        """Quads over a 2-D array of vertex indices; the normal is columns' direction × rows' direction."""
        for lower, upper in pairwise(ids):
            self.strip(lower, upper, closed=False, tag=tag)

    def fill(self, loop: IntArray, width: int, height: int, closed: bool, tag: str) -> IntArray:
        """Fill a loop with a width × height grid of quads; returns the new inner vertices.

        A closed loop holds 2·(width+height) vertices; an open one, along the midline, 2·width+height+1.
        """
        ids = np.full((height + 1, width + 1), ABSENT)
        ids[0, :width] = loop[:width]
        ids[:height, width] = loop[width : width + height]
        ids[height, width:0:-1] = loop[width + height : 2 * width + height]
        if closed:
            ids[height:0:-1, 0] = loop[2 * width + height :]
        else:
            ids[height, 0] = loop[-1]
        missing = ids == ABSENT
        ids[missing] = self.vertices(int(missing.sum()))
        self.sheet(ids, tag)
        return ids[missing]

    def ring_patch(self, block: Block, grid: IntArray, tags: tuple[str, ...], fill_tag: str | None) -> RingPatch:
        """Loops inside a block, one for each tag, ended by a filled disc, or left open when `fill_tag` is None."""
        rings = [block.boundary(grid)]
        closed = block.left != 0
        for tag in tags:
            rings.append(self.vertices(len(rings[0])))
            self.strip(rings[-2], rings[-1], closed, tag)
        if fill_tag is None:
            return RingPatch(np.array(rings), np.array([], dtype=int))
        inner = self.fill(rings[-1], block.width, block.height, closed, fill_tag)
        return RingPatch(np.array(rings), inner)


def edges_of(faces: list[tuple[int, ...]] | tuple[tuple[int, ...], ...]) -> IntArray:
    """Unique undirected edges, (E, 2)."""
    pairs = [(face[k - 1], face[k]) for face in faces for k in range(len(face))]
    return np.unique(np.sort(np.array(pairs), axis=1), axis=0)


def neighbour_average(edges: IntArray, count: int) -> sparse.csr_matrix:
    """Sparse (V, V) matrix that takes each vertex to the mean of its neighbours."""
    rows = np.concatenate([edges[:, 0], edges[:, 1]])
    columns = np.concatenate([edges[:, 1], edges[:, 0]])
    adjacency = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    return sparse.diags(1.0 / np.maximum(degree, 1.0)) @ adjacency


def triangles_of(faces: list[tuple[int, ...]] | tuple[tuple[int, ...], ...]) -> IntArray:
    """Triangle fans of all polygons, (T, 3)."""
    return np.array([(face[0], face[k], face[k + 1]) for face in faces for k in range(1, len(face) - 1)])


def mirror_mesh(
    points: FloatArray, faces: list[tuple[int, ...]], midline: IntArray
) -> tuple[FloatArray, list[tuple[int, ...]], IntArray]:
    """Weld a half (x ≥ 0) to its mirror image at the `midline` vertices.

    Returns the points (V, 3), left faces followed by right faces, and the map (V,) from each vertex to its mirror twin.
    """
    count = len(points)
    twin = np.full(count, ABSENT)
    twin[midline] = midline
    own = np.flatnonzero(twin == ABSENT)
    twin[own] = count + np.arange(len(own))
    mirrored = points[own] * np.array([-1.0, 1.0, 1.0])
    right = [tuple(int(twin[corner]) for corner in reversed(face)) for face in faces]
    back = np.concatenate([twin, own])
    return np.concatenate([points, mirrored]), [*faces, *right], back
