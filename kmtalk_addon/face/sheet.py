"""A contact sheet: the face in every test pose, side by side in one picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import bpy
import numpy as np
import numpy.typing as npt

from ..core import drawing, errors, poses, progress
from . import build, geometry
from .targets import Face

Array: TypeAlias = npt.NDArray[np.float32]

IMAGE = "KMTalk Face Check"
_COLUMNS = 4
_PIXELS = 240  # a cell
_BEHIND = 0.6
"""Of the height shown: what lies so far behind a face is hidden by it."""


@dataclass(frozen=True)
class View:
    """Where a face is in the world: axes (3, 3), rows right of the picture, up and out of it; centre; height shown."""

    axes: geometry.Array
    centre: geometry.Array
    height: float


def points_of(block: Any) -> Array:
    """(N, 3) of a shape key."""
    found = np.empty(3 * len(block.points), np.float32)
    block.points.foreach_get("co", found)
    return found.reshape(-1, 3)


def view_of(
    points: Mapping[str, Sequence[float]], axes: npt.NDArray[np.float64], turn: npt.NDArray[np.float64]
) -> View:
    """The view of a face whose landmarks were found, in a space that `turn` takes to the world."""
    marks = {name: np.array(point) for name, point in points.items()}
    eyes, chin = 0.5 * (marks["eye_left"] + marks["eye_right"]), marks["chin"]
    height = 1.75 * float((eyes - chin) @ axes[1])
    return View(axes @ turn.T, turn @ (0.5 * (eyes + chin) + 0.06 * height * axes[1]), height)


def view_by_motion(face: Face) -> View:
    """The view of a face of any make: at what its keys move, from where that looks, with the world's Z up."""
    mesh = max((face.keys or face.meshes), key=lambda mesh: len(mesh.item.data.vertices))
    blocks = mesh.owner.key_blocks
    neutral = geometry.vertices_of(mesh.item)
    moved = np.zeros(len(neutral))
    for name in mesh.shape_keys.values():
        moved += np.linalg.norm(points_of(blocks[name]) - points_of(blocks[name].relative_key), axis=1)
    weight = moved / max(moved.sum(), 1e-12)
    normals = np.empty(3 * len(neutral), np.float32)
    mesh.item.data.vertex_normals.foreach_get("vector", normals)
    linear, shift = geometry.to_world(mesh.item)
    places = neutral @ linear.T + shift
    front = np.linalg.inv(linear).T @ (normals.reshape(-1, 3).T.astype(np.float64) @ weight)
    up = np.array([0.0, 0.0, 1.0]) if abs(front[2]) < 0.8 * np.linalg.norm(front) else np.array([0.0, 1.0, 0.0])
    front = front - (front @ up) * up
    front = front / max(float(np.linalg.norm(front)), 1e-12)
    centre = weight @ places
    spread = np.sqrt(weight @ ((places - centre) ** 2).sum(axis=1))
    height = max(5.0 * float(spread), 0.1 * float(np.ptp(places, axis=0).max(initial=0.0)), 1e-6)
    return View(np.stack([np.cross(up, front), up, front]), centre, height)


def draw(face: Face, parts: Sequence[Any], view: View, path: Path | None) -> progress.Job[Any]:
    """Draw all test poses of `parts` into one picture; returns the image, packed, and saves it where `path` says.

    No renderer is needed, which takes long to begin and without a window may not be there.  Raises FaceError.
    """
    values = face.drive(poses.test_motion())
    pieces = [_cut(item, face, view) for item in parts]
    rows = -(-len(poses.TEST_POSES) // _COLUMNS)
    sheet = np.ones((rows * _PIXELS, _COLUMNS * _PIXELS, 4), np.float32)
    for number, name in enumerate(poses.TEST_POSES):
        yield progress.Progress("drawing the poses", number / len(values))
        canvas = drawing.Canvas(_PIXELS, _PIXELS)
        for piece in pieces:
            canvas.draw(piece.posed(values[number], _PIXELS / view.height), piece.triangles, piece.colours)
        canvas.write(name, 8, 8)
        row, column = divmod(number, _COLUMNS)
        top, left = (rows - row) * _PIXELS, column * _PIXELS
        sheet[top - _PIXELS : top, left : left + _PIXELS, :3] = canvas.pixels ** (1 / 2.2)
    return _kept(sheet, path)


@dataclass(frozen=True)
class _Piece:
    """What of one object lies in the view, in the picture's axes.

    points: (N, 3); moves: number of the drive's value → (N, 3); triangles: (T, 3); colours: (T, 3).
    """

    points: Array
    moves: Mapping[int, Array]
    triangles: npt.NDArray[np.int64]
    colours: Array

    def posed(self, values: Array, scale: float) -> Array:
        """(N, 3) in pixels of one cell."""
        points = self.points.copy()
        for number, move in self.moves.items():
            if values[number]:
                points += values[number] * move
        return np.asarray(points * scale + np.array([0.5, 0.5, 0.0]) * _PIXELS, np.float32)


def _cut(item: Any, face: Face, view: View) -> _Piece:
    """The faces of an object that lie within one cell of the picture, and what the face's keys do to them."""
    linear, shift = geometry.to_world(item)
    to_view = (view.axes @ linear).astype(np.float32)
    keys = item.data.shape_keys
    neutral = geometry.vertices_of(item).astype(np.float32)
    if keys is not None and build.SEAL in keys.key_blocks:
        sealed = keys.key_blocks[build.SEAL]
        neutral = neutral + points_of(sealed) - points_of(sealed.relative_key)
    points = neutral @ to_view.T + ((shift - view.centre) @ view.axes.T).astype(np.float32)
    corners, sizes = geometry.polygons_of(item.data)
    inside = (np.abs(points[:, :2]) < 0.5 * view.height).all(axis=1) & (points[:, 2] > -_BEHIND * view.height)
    whole = np.add.reduceat(inside[corners].astype(np.int32), np.cumsum(sizes) - sizes) == sizes if len(sizes) else []
    kept = np.flatnonzero(whole)
    own = np.repeat(np.isin(np.arange(len(sizes)), kept), sizes)
    used, numbers = np.unique(corners[own], return_inverse=True)
    triangles, polygon = drawing.triangles_of(numbers.ravel(), sizes[kept])
    material_of = np.zeros(len(sizes), np.int32)
    item.data.polygons.foreach_get("material_index", material_of)
    moves = {}
    shape_keys = next((mesh.shape_keys for mesh in (face.keys or face.meshes) if mesh.item == item), {})
    for number, name in shape_keys.items():
        block = keys.key_blocks[name]
        moves[number] = (points_of(block) - points_of(block.relative_key))[used] @ to_view.T
    colours = _colours(item)
    of = np.clip(material_of[kept][polygon], 0, len(colours) - 1)
    return _Piece(np.ascontiguousarray(points[used], np.float32), moves, triangles, colours[of])


def _colours(item: Any) -> Array:
    """(materials, 3) linear colours, at least one: that of the viewport, or of the shader that the surface has."""
    found = []
    for material in item.data.materials:
        colour = material.diffuse_color if material is not None else (0.8, 0.8, 0.8)
        shader = _shader_of(material)
        if shader is not None and not shader.inputs["Base Color"].is_linked:
            colour = shader.inputs["Base Color"].default_value
        found.append(tuple(colour)[:3])
    return np.array(found or [(0.8, 0.8, 0.8)], np.float32)


def _shader_of(material: Any) -> Any:
    tree = material.node_tree if material is not None else None
    return next((node for node in tree.nodes if node.type == "BSDF_PRINCIPLED"), None) if tree is not None else None


def _kept(sheet: Array, path: Path | None) -> Any:
    """The picture as an image of the file, in place of that of an earlier check."""
    old = bpy.data.images.get(IMAGE)
    if old is not None:
        bpy.data.images.remove(old)
    image = bpy.data.images.new(IMAGE, sheet.shape[1], sheet.shape[0])
    image.pixels.foreach_set(sheet.ravel())
    if path is not None:
        image.filepath_raw, image.file_format = str(path), "PNG"
        try:
            image.save()
        except RuntimeError as error:
            raise errors.FaceError(f"{path} cannot be written: choose a folder you may write to.") from error
    image.pack()
    return image
