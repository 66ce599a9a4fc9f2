"""Meshes of Blender as arrays, and which topology they have."""

from functools import lru_cache
from typing import Any, TypeAlias

import bpy
import numpy as np
import numpy.typing as npt

from ..core import errors, mesh, topology

Array: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int32]

_FEWEST = 5023  # vertices of the smallest topology that is known


def vertices_of(item: Any) -> Array:
    """(N, 3) the neutral shape in the object's own space: the basis, where there are shape keys."""
    keys = item.data.shape_keys
    found = np.empty(3 * len(item.data.vertices), np.float32)
    if keys is not None:
        keys.reference_key.points.foreach_get("co", found)
    else:
        item.data.vertices.foreach_get("co", found)
    return found.reshape(-1, 3).astype(np.float64)


def polygons_of(data: Any) -> tuple[IntArray, IntArray]:
    """Corners (C,) of all polygons of a mesh one after the other, and how many each has (F,)."""
    corners, sizes = np.empty(len(data.loops), np.int32), np.empty(len(data.polygons), np.int32)
    data.loops.foreach_get("vertex_index", corners)
    data.polygons.foreach_get("loop_total", sizes)
    return corners, sizes


def to_world(item: Any) -> tuple[Array, Array]:
    """(3, 3) and (3,): an object's place in the world is `points @ linear.T + shift`."""
    matrix = np.array(item.matrix_world, np.float64)
    if abs(np.linalg.det(matrix[:3, :3])) < 1e-12:
        raise errors.FaceError(f"“{item.name}” is scaled to nothing: give it a size (Alt S clears its scale).")
    return matrix[:3, :3], matrix[:3, 3]


def turn_of(item: Any) -> Array:
    """(3, 3) the proper rotation of an object in the world, without its scale: most heads are modelled upright, and
    only their objects are turned."""
    u, _, vt = np.linalg.svd(to_world(item)[0])
    turn = np.asarray(u @ vt)
    return turn if np.linalg.det(turn) > 0 else turn * np.array([-1.0, 1.0, 1.0])


def find_topology(item: Any) -> topology.TopologyMatch | None:
    """The published topology that a mesh object has, or None."""
    if len(item.data.vertices) < _FEWEST:
        return None
    try:
        return topology.find_topology(vertices_of(item), mesh.fan(*polygons_of(item.data)))
    except errors.FaceError:
        return None


def describe_topology(item: Any) -> str:
    """One line on the topology of a mesh object; looked at anew when its mesh changes its size, not at each redraw."""
    data = item.data
    return _described(data.session_uid, len(data.vertices), len(data.edges), len(data.polygons))


@lru_cache(maxsize=64)
def _described(uid: int, vertices: int, edges: int, polygons: int) -> str:
    data = next(found for found in bpy.data.meshes if found.session_uid == uid)
    co = np.empty(3 * vertices, np.float32)
    data.vertices.foreach_get("co", co)
    try:
        found = topology.find_topology(co.reshape(-1, 3), mesh.fan(*polygons_of(data)))
    except errors.FaceError as error:
        return str(error)
    if found is None:
        return f"{vertices:,} vertices"
    odd = [word for word, is_so in (("reordered", found.reordered), ("mirrored", found.mirrored)) if is_so]
    return ", ".join(
        [f"{found.topology.upper()} topology", *odd, f"{vertices:,} vertices", f"fits to {found.residual:.1%}"]
    )
