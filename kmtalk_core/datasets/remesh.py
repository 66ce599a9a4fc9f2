"""A triangle mesh with exactly as many vertices as asked for: shortest edges collapsed, longest ones split."""

import heapq
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating]
IndexArray: TypeAlias = npt.NDArray[np.int64]
Edge: TypeAlias = tuple[int, int]


def with_vertex_count(
    values: FloatArray, triangles: IndexArray, count: int, keep: npt.NDArray[np.bool_]
) -> tuple[FloatArray, IndexArray]:
    """`values` (V, n), of which the first three columns are positions, and triangles of a mesh of `count` vertices.

    Vertices in `keep` (V,) survive.  All columns are carried along: copied where a vertex stays, averaged where an edge
    is split.
    """
    while len(values) > count:
        values, triangles, keep = _collapse(values, triangles, len(values) - count, keep)
    return _split(values, triangles, count - len(values)) if len(values) < count else (values, triangles)


def _collapse(
    values: FloatArray, triangles: IndexArray, excess: int, keep: npt.NDArray[np.bool_]
) -> tuple[FloatArray, IndexArray, npt.NDArray[np.bool_]]:
    """One round: up to `excess` edges that share no neighbourhood, shortest first, shrink into one of their ends."""
    pairs = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    edges, uses = np.unique(pairs, axis=0, return_counts=True)
    border = np.zeros(len(values), bool)
    border[edges[uses == 1]] = True
    neighbours: list[set[int]] = [set() for _ in range(len(values))]
    for a, b in edges.tolist():
        neighbours[a].add(b)
        neighbours[b].add(a)
    lengths = np.linalg.norm(values[edges[:, 0], :3] - values[edges[:, 1], :3], axis=1)
    touched = np.zeros(len(values), bool)
    target = np.arange(len(values))
    done = 0
    for a, b in edges[np.argsort(lengths)].tolist():
        goes, stays = (b, a) if not (keep[b] or border[b]) else (a, b)
        if done == excess or touched[a] or touched[b] or keep[goes] or border[goes]:
            continue
        if len(neighbours[a] & neighbours[b]) != 2:  # the surface would fold onto itself
            continue
        target[goes] = stays
        touched[[a, b, *neighbours[a], *neighbours[b]]] = True
        done += 1
    if not done:
        raise ValueError("no edge of the mesh can be collapsed")
    moved = target[triangles]
    moved = moved[(moved[:, 0] != moved[:, 1]) & (moved[:, 1] != moved[:, 2]) & (moved[:, 2] != moved[:, 0])]
    remaining = np.flatnonzero(target == np.arange(len(values)))
    renumber = np.zeros(len(values), np.int64)
    renumber[remaining] = np.arange(len(remaining))
    return values[remaining], renumber[moved], keep[remaining]


def _split(values: FloatArray, triangles: IndexArray, more: int) -> tuple[FloatArray, IndexArray]:
    """`more` vertices, each in the middle of what is then the longest edge."""
    first = len(values)
    values = np.concatenate([values, np.empty((more, values.shape[1]), values.dtype)])
    faces = [tuple(face) for face in triangles.tolist()]
    beside: dict[Edge, set[int]] = {}
    longest: list[tuple[float, Edge]] = []

    def edge_of(a: int, b: int) -> Edge:
        return (a, b) if a < b else (b, a)

    def attach(index: int) -> None:
        a, b, c = faces[index]
        for edge in (edge_of(a, b), edge_of(b, c), edge_of(c, a)):
            if edge not in beside:
                beside[edge] = set()
                length = float(np.linalg.norm(values[edge[0], :3] - values[edge[1], :3]))
                heapq.heappush(longest, (-length, edge))
            beside[edge].add(index)

    def detach(index: int) -> None:
        a, b, c = faces[index]
        for edge in (edge_of(a, b), edge_of(b, c), edge_of(c, a)):
            beside[edge].discard(index)

    for index in range(len(faces)):
        attach(index)
    for middle in range(first, first + more):
        while not beside[longest[0][1]]:
            del beside[heapq.heappop(longest)[1]]
        low, high = heapq.heappop(longest)[1]
        values[middle] = 0.5 * (values[low] + values[high])
        halves = sorted(beside[(low, high)])
        for index in halves:
            detach(index)
            corners = faces[index]
            faces[index] = tuple(middle if corner == low else corner for corner in corners)
            faces.append(tuple(middle if corner == high else corner for corner in corners))
            attach(index)
            attach(len(faces) - 1)
        del beside[(low, high)]
    return values, np.array(faces, np.int64)
