"""Recognising FLAME's and BIWI's meshes by their connectivity, in any vertex order, place, size or pose.

A vertex's signature is what colour refinement tells of the graph around it: its degree, its neighbours' degrees, and so
on.  In both topologies every signature is unique, so sorting vertices by signature gives one order that no importer can
change.  What is kept of a topology is the hash of the sorted signatures and, for each place in that order, the index
the vertex has in the published files: facts about the numbering, with neither connectivity nor shape.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import FaceError
from .mesh import mesh_from
from .spaces import BIWI, VOCASET, MotionSpace

Array: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]

_TABLE = Path(__file__).with_name("topologies.npz")
_ROUNDS = 48
_QUARTER_TURN = np.radians(4.0)
_SURE = 0.08
"""Residual below which the places of the vertices alone tell a topology; in another order they give 0.2 and more."""
_HEADS = (0.8, 1.25)
"""How small and large heads are, measured in the plain one."""
_COMMON_COUNTS = {5023: "FLAME", 5118: "FLAME with closed lips or teeth", 5143: "FLAME with teeth", 23370: "BIWI"}


@dataclass(frozen=True)
class Topology:
    """What is known of one published mesh.

    count: its vertices; digest: hash of its sorted signatures; order: (count,) published index of each vertex in sorted
    order; anchors: (k,) published indices of a few vertices all over the face, and places: (k, 3) where they are on a
    plain head in the published axes and unit, rounded: enough for scale, rotation and a residual.
    """

    name: str
    title: str
    space: MotionSpace
    count: int
    digest: str
    order: IntArray
    anchors: IntArray
    places: Array


@dataclass(frozen=True)
class TopologyMatch:
    """A mesh recognised as a published topology.

    vertices: (count,) vertex of the mesh for each published index; source: (N,) published index of each vertex of the
    mesh, −1 for what the topology has not (teeth, hair); linear: (3, 3) turns published offsets into the mesh's;
    residual: how far anchors lie from where a plain head has them after the best fit, as a share of the head's size:
    another person's face gives about 5 %, an opened mouth a little more, a damaged order far more.
    """

    topology: str
    space: MotionSpace
    vertices: IntArray
    source: IntArray
    linear: Array
    scale: float
    reordered: bool
    mirrored: bool
    residual: float
    sentence: str

    def offsets(self, published: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Published offsets (…, count, 3) as offsets (…, N, 3) of the mesh; what the topology has not stays."""
        values = np.asarray(published, np.float64)
        moved = np.where((self.source >= 0)[:, None], values[..., np.maximum(self.source, 0), :], 0.0)
        return (moved @ self.linear.T).astype(np.float32)


def find_topology(vertices: npt.ArrayLike, faces: npt.ArrayLike | Sequence[Sequence[int]]) -> TopologyMatch | None:
    """Which published topology a mesh has, or None; seams that an importer split are joined first.

    Where triangles were joined to quads, the places of the vertices tell, in their published order alone.
    vertices: (N, 3); faces: polygons.  Raises FaceError for what is no mesh.
    """
    mesh = mesh_from(vertices, faces)
    points = np.asarray(vertices, np.float64)
    for topology in topologies():
        for rows in _candidates(mesh.edges, topology.count):
            found = _published(mesh.edges, rows, topology)
            if found is not None:
                return _match(topology, points, mesh.source, found)
    for topology in topologies():
        if len(points) == topology.count and mesh.source.max() + 1 == topology.count:
            match = _match(topology, points, mesh.source, np.arange(topology.count), "the places of its vertices")
            if match.residual < _SURE:
                return match
    return None


def describe(vertices: npt.ArrayLike, faces: npt.ArrayLike | Sequence[Sequence[int]]) -> str:
    """One sentence: which topology it is, or why a mesh that has the right number of vertices is not one."""
    found = find_topology(vertices, faces)
    if found is not None:
        return found.sentence
    count = len(np.asarray(vertices))
    if count in _COMMON_COUNTS:
        return (
            f"{count:,} vertices like {_COMMON_COUNTS[count]}, but they are joined by other edges: import the mesh "
            "without turning triangles to quads or merging vertices, or build shapes on it as on any other head."
        )
    return f"No known topology ({count:,} vertices): shapes can be built on it as on any other head."


def signatures(edges: IntArray, count: int) -> npt.NDArray[np.uint64]:
    """(count,) what colour refinement tells of each vertex of a graph with undirected edges (E, 2), each once."""
    both = np.concatenate([edges, edges[:, ::-1]])
    colour = np.bincount(both[:, 0], minlength=count).astype(np.uint64)
    order = np.argsort(both[:, 0], kind="stable")
    start, end = both[order, 0], both[order, 1]
    firsts = np.flatnonzero(np.r_[True, start[1:] != start[:-1]]) if len(start) else np.zeros(0, np.int64)
    with np.errstate(over="ignore"):
        for _ in range(_ROUNDS):
            total = np.zeros(count, np.uint64)
            if len(start):
                total[start[firsts]] = np.add.reduceat(_mixed(colour[end]), firsts)
            colour = _mixed(colour * np.uint64(3) + total)
    return colour


def _mixed(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A bijection of 64 bits that leaves no pattern (the finaliser of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def digest(sorted_signatures: npt.NDArray[np.uint64]) -> str:
    """The hash that stands for a graph."""
    return hashlib.sha256(sorted_signatures.astype("<u8").tobytes()).hexdigest()


@cache
def topologies() -> tuple[Topology, ...]:
    """The published topologies that are known."""
    found = []
    with np.load(_TABLE, allow_pickle=False) as table:
        for name, title, space in (("flame", "FLAME", VOCASET), ("biwi", "BIWI", BIWI)):
            order = table[f"{name}_order"].astype(np.int64)
            found.append(
                Topology(
                    name,
                    title,
                    space,
                    len(order),
                    str(table[f"{name}_digest"]),
                    order,
                    table[f"{name}_anchors"].astype(np.int64),
                    table[f"{name}_places"].astype(np.float64),
                )
            )
    return tuple(found)


def _candidates(edges: IntArray, wanted: int) -> list[IntArray]:
    """Sets of vertices that may be the topology: all that have edges, or the first ones if teeth came after them."""
    used = np.unique(edges)
    if len(used) == wanted:
        return [used]
    return [used[:wanted]] if len(used) > wanted else []


def _published(edges: IntArray, rows: IntArray, topology: Topology) -> IntArray | None:
    """(count,) vertex for each published index, or None where the graph is another."""
    place = np.full(int(edges.max()) + 1, -1)
    place[rows] = np.arange(len(rows))
    inside = np.all(place[edges] >= 0, axis=1)
    found = signatures(place[edges[inside]], len(rows))
    order = np.argsort(found, kind="stable")
    if digest(found[order]) != topology.digest:
        return None
    vertices = np.empty(len(rows), np.int64)
    vertices[topology.order] = rows[order]
    return vertices


def _match(
    topology: Topology, points: Array, source: IntArray, welded: IntArray, told_by: str = "its edges"
) -> TopologyMatch:
    """welded: (count,) joined vertex of each published index; source: (N,) joined vertex of each vertex of the mesh."""
    first = np.full(int(source.max()) + 1, -1)
    first[source[::-1]] = np.arange(len(source))[::-1]
    vertices = first[welded]
    index = np.full(len(first), -1)
    index[welded] = np.arange(topology.count)
    published = index[source]
    linear, scale, mirrored, residual = _fit(topology.places, points[vertices[topology.anchors]])
    reordered = not np.array_equal(vertices, np.arange(topology.count))
    extra = int((published < 0).sum())
    said = [f"{topology.title} ({topology.count:,} vertices) by {told_by}"]
    said.append("in another order" if reordered else "in the published order")
    said.append(f"{scale:.4g} times the published size")
    if mirrored:
        said.append("mirrored")
    if extra:
        said.append(f"with {extra:,} further vertices")
    sentence = ", ".join(said) + f"; fits a plain head to {residual:.1%}."
    return TopologyMatch(
        topology.name, topology.space, vertices, published, linear, scale, reordered, mirrored, residual, sentence
    )


def _fit(places: Array, points: Array) -> tuple[Array, float, bool, float]:
    """The best turn, scale and perhaps mirroring of `places` onto `points`: (linear, scale, mirrored, residual)."""
    a, b = places - places.mean(axis=0), points - points.mean(axis=0)
    if not np.any(np.abs(b) > 0):
        raise FaceError("This mesh is squashed to a point: reset its shape before using it.")
    u, strength, vt = np.linalg.svd(b.T @ a)
    mirrored = bool(np.linalg.det(u @ vt) < 0)
    rotation = _straight(u @ vt)
    scale = _round_scale(float(strength.sum() / (a**2).sum()))
    rest = b - scale * a @ rotation.T
    residual = float(np.sqrt((rest**2).sum(axis=1).mean()) / np.linalg.norm(np.ptp(points, axis=0)))
    return scale * rotation, scale, mirrored, residual


def _straight(rotation: Array) -> Array:
    """The quarter turns that a file format asks for, where the fit is as near to them as two faces are alike."""
    turns = np.zeros((3, 3))
    turns[np.arange(3), np.abs(rotation).argmax(axis=1)] = 1.0
    turns *= np.sign(rotation)
    proper = abs(abs(np.linalg.det(turns)) - 1.0) < 1e-9
    near = np.arccos(np.clip(0.5 * (np.trace(turns.T @ rotation) - 1.0), -1.0, 1.0)) < _QUARTER_TURN
    return turns if proper and near else rotation


def _round_scale(scale: float) -> float:
    """The power of ten that a unit asks for, where heads of people are that size."""
    power = 10.0 ** round(float(np.log10(scale)))
    return power if _HEADS[0] < scale / power < _HEADS[1] else scale
