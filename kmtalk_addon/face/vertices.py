"""Faces that move by their vertices: a published topology, and as many shape keys as its motion takes.

The shapes are fitted to a take when it is written.  Their weights are curves like any others: what an artist changes in
them becomes a pose of the network's own vertices again.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..core import drives, errors, progress, schema, spaces, topology
from ..core import vertices as vertex_drives
from ..desk import in_thread
from . import build, geometry
from .targets import Face, KeyTarget

FITTED = "kmtalk_fitted"
_NOTE = schema.Record({"space": schema.Text(100), "keys": schema.ListOf(schema.Text(1000), 10_000)}, unknown="keep")
"""Custom property of a `Key`: the motion space that our fitted keys show, and their names."""
_MILLIMETRES = 0.25
"""How far the fitted keys may be from what they show."""
FloatArray = npt.NDArray[np.float32]


def find_face(objects: Iterable[Any], space: spaces.MotionSpace) -> Face:
    """The face of a topology among `objects`, with the keys that were fitted to it.  Raises FaceError."""
    for item in objects:
        match = _match(item) if item.type == "MESH" else None
        if match is None or match.space != space:
            continue
        build.require_buildable(item)
        names = fitted_keys(item, space)
        drive = drives.VertexDrive(space, _shapes(item, names, match))
        keys = KeyTarget.of(item, drive, dict(enumerate(names)))
        sentence = f"{match.topology.upper()} topology, moved by its vertices: {len(names)} shape keys fitted."
        return Face((keys,), item, sentence)
    raise errors.FaceError(
        f"These weights move the {space.vertices:,} vertices of a {space.name} head: choose a mesh of that "
        "topology, or weights that make shape-key coefficients."
    )


def fitted_keys(item: Any, space: spaces.MotionSpace) -> list[str]:
    """The names of the keys of a mesh that were fitted to motion in `space`."""
    keys = item.data.shape_keys
    try:
        note = _NOTE.read(schema.loads(str(keys[FITTED]), "The note"), "The note") if keys is not None else {}
    except (KeyError, errors.KMTalkError):
        return []
    return [name for name in note.get("keys", ()) if name in keys.key_blocks] if note.get("space") == space.name else []


def space_of(item: Any, paths: Iterable[str]) -> spaces.MotionSpace:
    """The motion space of a take whose curves have these data paths on a mesh."""
    played = set(paths)
    for space in (found for found in spaces.SPACES.values() if found.vertices):
        names = map(bpy.utils.escape_identifier, fitted_keys(item, space))
        if any(f'key_blocks["{name}"].value' in played for name in names):
            return space
    return spaces.ARKIT


def fit(objects: Sequence[int], space: spaces.MotionSpace, motion: FloatArray, *, keep: bool) -> progress.Job[Face]:
    """Give the face the fewest shape keys whose weights show `motion` (frames, 3 V) within a quarter of a millimetre.

    They take the place of those fitted before; with `keep`, what others play, those stay as they are and the new ones
    show what they leave.  Raises FaceError.
    """
    error = _MILLIMETRES / vertex_drives.MILLIMETRES[space.unit]
    drive = find_face(build.find(objects), space).drive
    assert isinstance(drive, drives.VertexDrive)

    def work() -> FloatArray:
        left = motion - drive(motion) @ drive.shapes if keep and len(drive.shapes) else motion
        return progress.finish(vertex_drives.shape_basis_job(left, error)).shapes

    shapes = yield from in_thread(work, "finding the shapes")
    _write(find_face(build.find(objects), space).owner, space, shapes, keep)
    return find_face(build.find(objects), space)


def _write(item: Any, space: spaces.MotionSpace, shapes: FloatArray, keep: bool) -> None:
    """Shape keys that show `shapes` (K, 3 V), beside those that were fitted before or in their place."""
    match = _match(item)
    assert match is not None
    fitted = fitted_keys(item, space)
    kept, old = (fitted, []) if keep else ([], fitted)
    if item.data.shape_keys is None:
        item.shape_key_add(name="Basis", from_mix=False)
    keys = item.data.shape_keys
    neutral = geometry.vertices_of(item).astype(np.float32)
    names = list(kept)
    for number, offsets in enumerate(match.offsets(shapes.reshape(len(shapes), shapes.shape[1] // 3, 3))):
        block = keys.key_blocks[old[number]] if number < len(old) else None
        if block is None:
            block = item.shape_key_add(name=f"{space.name} {len(names) + 1:03}", from_mix=False)
            block.value = 0.0
        block.points.foreach_set("co", (neutral + offsets).ravel())
        names.append(block.name)
    for name in old[len(shapes) :]:
        item.shape_key_remove(keys.key_blocks[name])
    keys[FITTED] = json.dumps({"space": space.name, "keys": names})
    item.data.update()


def _shapes(item: Any, names: Sequence[str], match: topology.TopologyMatch) -> FloatArray:
    """(K, 3 V) what the fitted keys show, in the published axes and order."""
    neutral = geometry.vertices_of(item).astype(np.float32)
    back = np.linalg.inv(match.linear).T
    shapes = np.empty((len(names), 3 * len(match.vertices)), np.float32)
    for row, name in zip(shapes, names, strict=True):
        points = np.empty(neutral.size, np.float32)
        item.data.shape_keys.key_blocks[name].points.foreach_get("co", points)
        row[:] = ((points.reshape(-1, 3) - neutral)[match.vertices] @ back).ravel()
    return shapes


def _match(item: Any) -> topology.TopologyMatch | None:
    data = item.data
    return _found(data.session_uid, len(data.vertices), len(data.edges), len(data.polygons))


@lru_cache(maxsize=32)
def _found(uid: int, vertices: int, edges: int, polygons: int) -> topology.TopologyMatch | None:
    """Looked at anew when a mesh changes its size."""
    users = (item for item in bpy.data.objects if item.type == "MESH" and item.data.session_uid == uid)
    item = next(users, None)
    return geometry.find_topology(item) if item is not None else None
