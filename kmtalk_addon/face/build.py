"""Build face shapes on meshes that have none, as shape keys that can be told from an artist's own."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from .. import engine
from ..core import errors, face_files, progress, schema
from ..desk import desk, in_thread
from . import geometry, landmarks, recognise, suzanne

BUILT = "kmtalk_built"
"""Custom property of a `Key`: what we built, as {"vertices": count, "basis": ours, "keys": {name: digest}}."""
_NOTE = schema.Record(
    {"vertices": schema.Whole(0, 1e9), "basis": schema.Flag(), "keys": schema.MapOf(schema.Text(1000))},
    optional=("vertices", "basis"),
    unknown="keep",
)
SEAL = "mouthSeal"
_NEUTRAL = "Basis"
_BESIDE = 0.1  # of the head's size: how far from its box the middle of teeth and eyes may lie


@dataclass(frozen=True)
class Request:
    """What is to be built, without pointers into Blender's data: they do not survive an undo or another file.

    objects: `session_uid`s; turn: (3, 3) rotation of the head, which the work is done without; linear, counts: for each
    object how its vertices came into that space, and how many there are; placed: landmarks that were dragged; laid_out:
    all landmarks before that, where none were found; is_sure: landmarks were shown, so that the artist has seen them;
    engine: None where there is none, for what can be seen without.
    """

    objects: tuple[int, ...]
    turn: geometry.Array
    linear: tuple[geometry.Array, ...]
    counts: tuple[int, ...]
    placed: Mapping[str, Sequence[float]]
    laid_out: Mapping[str, Sequence[float]]
    is_sure: bool
    engine: engine.Engine | None
    arguments: tuple[str, ...]
    folder: "tempfile.TemporaryDirectory[str]"

    @property
    def source(self) -> Path:
        return Path(self.folder.name) / "face.npz"

    def ask(self, do: str, **request: Any) -> progress.Job[dict[str, Any]]:
        """Have the engine do one piece of work on this face.  Raises EngineError where there is none."""
        if self.engine is None:
            raise engine.EngineError("A face is measured by the engine, which KMTalk's preferences install.")
        face = str(self.source)
        return (yield from desk().workers.ask(self.engine, self.arguments, do, face=face, **request))


def request(
    objects: Sequence[Any], chosen: tuple[engine.Engine | None, tuple[str, ...]], for_building: bool = True
) -> Request:
    """What to build on, or to look at: the head `objects[0]` and the meshes that follow it.  Raises FaceError."""
    if not objects:
        raise errors.FaceError("Choose the mesh of the head first: select it, or add it to the list.")
    for item in objects if for_building else ():
        require_buildable(item)
    turn = geometry.turn_of(objects[0])
    parts, linears = [], []
    for item in objects:
        linear, shift = (turn.T @ matrix for matrix in geometry.to_world(item))
        corners, sizes = geometry.polygons_of(item.data)
        if np.linalg.det(linear) < 0:  # mirrored by its scale, which turns its faces inside out
            corners = _turned(corners, sizes)
        parts.append((item.name, geometry.vertices_of(item) @ linear.T + shift, corners, sizes))
        linears.append(linear)
    folder = tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True)
    asked = Request(
        tuple(item.session_uid for item in objects),
        turn,
        tuple(linears),
        tuple(len(vertices) for _, vertices, _, _ in parts),
        {name: (turn.T @ point).tolist() for name, point in landmarks.moved(objects[0]).items()},
        {name: (turn.T @ point).tolist() for name, point in landmarks.laid_out(objects[0]).items()},
        landmarks.were_seen(objects[0]),
        *chosen,
        folder,
    )
    face_files.save_parts(parts, asked.source)
    return asked


def require_buildable(item: Any) -> None:
    """Raises FaceError, which says what to do, where shape keys cannot be added to `item`."""
    if item.data.shape_keys is not None:
        recognise.require_editable(item)
    advice = "make it local (Object ▸ Relations ▸ Make Local ▸ Selected Objects and Data) before building on it."
    if item.override_library is not None or item.data.override_library is not None:
        raise errors.FaceError(f"“{item.name}” is a library override, which takes no new shape keys: {advice}")
    linked = next((datablock for datablock in (item, item.data) if datablock.library is not None), None)
    if linked is not None:
        raise errors.FaceError(f"“{item.name}” is linked from “{linked.library.name}”: {advice}")
    if item.mode == "EDIT":
        raise errors.FaceError(f"“{item.name}” is being edited: leave Edit Mode (Tab) first.")
    mirror = next((modifier for modifier in item.modifiers if modifier.type == "MIRROR"), None)
    if mirror is not None:
        raise errors.FaceError(
            f"“{item.name}” has the modifier “{mirror.name}”, under which left and right cannot move apart: apply it "
            "first."
        )


def parts_of(head: Any, others: Iterable[Any]) -> list[Any]:
    """The head, and of `others` the meshes that lie within it: teeth, tongue, eyes, lashes; each mesh once."""
    low, high = _box(head)
    margin = _BESIDE * float(np.linalg.norm(high - low))
    found = {head.data: head}
    for item in others:
        if item.type != "MESH" or not len(item.data.polygons):
            continue
        middle = 0.5 * sum(_box(item))
        if np.all(middle > low - margin) and np.all(middle < high + margin):
            found.setdefault(item.data, item)
    return list(found.values())


def _box(item: Any) -> tuple[geometry.Array, geometry.Array]:
    """The lowest and the highest corner of an object in the world."""
    matrix = np.array(item.matrix_world, np.float64)
    corners = np.array(item.bound_box, np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return corners.min(axis=0), corners.max(axis=0)


def _turned(corners: geometry.IntArray, sizes: geometry.IntArray) -> geometry.IntArray:
    """Polygons with their corners in the other order."""
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    number = np.arange(len(corners)) - first
    return np.asarray(corners[first + np.repeat(sizes, sizes) - 1 - number], np.int32)


def build(asked: Request) -> progress.Job[str]:
    """Have the worker build the shapes and write them as shape keys; return the report.  Raises KMTalkError."""
    with asked.folder as name:
        out = Path(name) / "shapes.npz"
        by_hand = {"placed": asked.placed, "laid_out": asked.laid_out}
        request: dict[str, Any] = {
            "out": str(out),
            **{name: given for name, given in by_hand.items() if given},
        }
        if asked.is_sure:
            request["sure"] = True
        try:
            yield from asked.ask("build_face", **request)
        except errors.UnsureError as error:
            yield from _place_landmarks(asked)
            raise errors.FaceError(str(error)) from error
        except errors.FaceError as error:
            if asked.is_sure or not suzanne.is_suzanne(find(asked.objects[:1])[0]):
                raise
            raise errors.FaceError((yield from _place_landmarks(asked))) from error
        header, offsets = yield from in_thread(lambda: face_files.load_shapes(out), "reading")
    return _write(asked, header, offsets)


def find_landmarks(asked: Request) -> progress.Job[str]:
    """Have the worker find the head's landmarks and put an empty at each; return the report.  Raises KMTalkError."""
    with asked.folder:
        return (yield from _place_landmarks(asked))


def _place_landmarks(asked: Request) -> progress.Job[str]:
    answer = yield from asked.ask("landmarks")
    found = answer["landmarks"]
    head = find(asked.objects[:1])[0]
    points = {name: (asked.turn @ point).tolist() for name, point in found["points"].items()}
    landmarks.place(head, points, found["size"], found["laid_out"])
    if found["laid_out"] and suzanne.is_suzanne(head):
        landmarks.drag(head, suzanne.landmarks_on(head))
        return f"“{head.name}” is Blender's monkey, and the landmarks are where her face is: build now."
    return str(found["sentence"] if found["laid_out"] else f"{found['sentence']} Drag what is wrong, then build.")


def _write(asked: Request, header: Mapping[str, Any], offsets: Sequence[npt.NDArray[np.float32]]) -> str:
    """Everything that touches the meshes, at once.  Raises FaceError with nothing changed."""
    objects = find(asked.objects)
    for item, count in zip(objects, asked.counts, strict=True):
        if len(item.data.vertices) != count:
            raise errors.FaceError("The face's meshes changed in the meantime: nothing was built, so build again.")
        require_buildable(item)
    kept = _artists_channels(objects)
    made, left = 0, list[str]()
    for item, linear, names, moves in zip(objects, asked.linear, header["shapes"], offsets, strict=True):
        local = moves @ np.linalg.inv(linear).T.astype(np.float32)
        shapes = {name: move for name, move in zip(names, local, strict=True) if name not in kept}
        count, sculpted = write_shapes(item, shapes)
        made, left = made + count, left + sculpted
    landmarks.put_away(objects[0])
    moved = [item.name for item, names in zip(objects, header["shapes"], strict=True) if names]
    said = [f"Built {made} shapes on {', '.join(f'“{name}”' for name in moved)}", *header["notes"]]
    if kept:
        said.append(f"{len(kept)} keys of your own stay as they are")
    if left:
        said.append(f"{len(left)} built keys that you changed stay as they are: {', '.join(left[:4])}")
    return ". ".join(sentence.rstrip(".") for sentence in said) + "."


def find(numbers: Sequence[int]) -> list[Any]:
    """The objects with these session_uids.  Raises FaceError where one is gone."""
    by_number = {item.session_uid: item for item in bpy.data.objects}
    if any(number not in by_number for number in numbers):
        raise errors.FaceError("A mesh of the face was deleted in the meantime: nothing was changed.")
    return [by_number[number] for number in numbers]


def _artists_channels(objects: Sequence[Any]) -> set[str]:
    """ARKit's channels for which the meshes have keys that are not ours."""
    with_keys = [item for item in objects if item.data.shape_keys]
    own = {
        item.name: [b.name for b in item.data.shape_keys.key_blocks[1:] if b.name not in built_keys(item.data)]
        for item in with_keys
    }
    found = recognise.naming.recognize_face(own)
    return set(found.mapping) if found.scheme == "arkit" else set()


def built_keys(data: Any) -> dict[str, str]:
    """The keys of a mesh that we built, by name, each with the digest of its shape as it was built."""
    return dict(_note(data).get("keys", {}))


def _note(data: Any) -> dict[str, Any]:
    if data.shape_keys is None:
        return {}
    try:
        return dict(_NOTE.read(schema.loads(str(data.shape_keys[BUILT]), "The note"), "The note"))
    except (KeyError, errors.KMTalkError):
        return {}


def write_shapes(item: Any, shapes: Mapping[str, npt.NDArray[np.float32]]) -> tuple[int, list[str]]:
    """Write offsets (N, 3) as shape keys; those that we built before are written anew, unless an artist changed them.

    Returns how many were written and the names of those that were left.  Keys that were built before and are not
    among `shapes` are removed.
    """
    if not shapes and not built_keys(item.data):
        return 0, []
    note = _note(item.data)
    ours = {} if note.get("vertices") != len(item.data.vertices) else built_keys(item.data)
    has_basis = item.data.shape_keys is not None
    if not has_basis:
        item.shape_key_add(name=_NEUTRAL, from_mix=False)
    keys = item.data.shape_keys
    neutral = geometry.vertices_of(item).astype(np.float32)
    changed = [n for n, digest in ours.items() if n in keys.key_blocks and _digest(keys.key_blocks[n]) != digest]
    for name in built_keys(item.data):
        if name not in shapes and name not in changed and name in keys.key_blocks:
            item.shape_key_remove(keys.key_blocks[name])
    digests = {name: ours[name] for name in changed}
    for name, offsets in shapes.items():
        if name in changed:
            continue
        block = keys.key_blocks.get(name) if name in built_keys(item.data) else None
        if block is None:
            block = item.shape_key_add(name=name, from_mix=False)
            block.value = 0.0  # since Blender 5.2 a new key is fully on
        block.points.foreach_set("co", (neutral + offsets).ravel())
        block.value = 1.0 if name == SEAL else block.value
        digests[block.name] = _digest(block)
    is_basis_ours = bool(note.get("basis", not has_basis))
    keys[BUILT] = json.dumps({"vertices": len(neutral), "basis": is_basis_ours, "keys": digests})
    item.data.update()
    return len(shapes) - len(changed), changed


def _digest(block: Any) -> str:
    points = np.empty(3 * len(block.points), np.float32)
    block.points.foreach_get("co", points)
    return hashlib.sha1(points.tobytes()).hexdigest()


def remove(objects: Iterable[Any]) -> int:
    """Remove the shape keys that we built, and none else; returns how many."""
    removed = 0
    for item in objects:
        if item.type != "MESH" or not built_keys(item.data):
            continue
        require_buildable(item)
        note, keys = _note(item.data), item.data.shape_keys
        for name in note["keys"]:
            if name in keys.key_blocks:
                item.shape_key_remove(keys.key_blocks[name])
                removed += 1
        if note.get("basis") and len(keys.key_blocks) == 1:
            item.shape_key_clear()
        else:
            del keys[BUILT]
        item.data.update()
    return removed
