"""A contact sheet: the face in every test pose, side by side in one picture."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector

from .. import compat
from ..core import errors, poses, progress
from . import build, geometry
from .targets import Face

Array: TypeAlias = npt.NDArray[np.float32]

IMAGE = "KMTalk Face Check"
_COLUMNS = 4
_PIXELS = 320  # a cell
_PIXELS_SLOW = 220
_INK = (0.9, 0.9, 0.9, 1.0)


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
    return View(np.stack([np.cross(up, front), up, front]), centre, 5.0 * float(spread))


def draw(face: Face, parts: Sequence[Any], view: View, path: Path | None) -> progress.Job[Any]:
    """Render all test poses of `parts` into one picture; returns the image, packed, and saves it where `path` says."""
    scene = bpy.data.scenes.new(IMAGE)
    made = [_add_camera(scene, view.height), _add_sun(scene)]
    values = face.drive(poses.test_motion())
    cells = []
    try:
        _set_renderer(scene)
        for number, name in enumerate(poses.TEST_POSES):
            yield progress.Progress("drawing the poses", number / len(values))
            shown = [*_add_posed(scene, face, parts, values[number], view), _add_label(scene, name, view.height)]
            made += shown
            cells.append(_render(scene))
            for item in shown:
                item.hide_render = True
    finally:
        _clear(scene, made)
    return _composed(cells, path)


def _add_posed(scene: Any, face: Face, parts: Sequence[Any], values: Array, view: View) -> list[Any]:
    """The parts in one pose, as plain meshes that look along the picture's axes."""
    shown = Matrix(view.axes.tolist()).to_4x4() @ Matrix.Translation(-Vector(view.centre))
    keys = {mesh.item: mesh.shape_keys for mesh in (face.keys or face.meshes)}
    made = []
    for item in parts:
        data = item.data.copy()
        if data.shape_keys is not None:
            posed = _posed(item.data.shape_keys.key_blocks, keys.get(item, {}), values)
            copy = bpy.data.objects.new(item.name, data)
            copy.shape_key_clear()
            data.vertices.foreach_set("co", posed.ravel())
            data.update()
        else:
            copy = bpy.data.objects.new(item.name, data)
        data.shade_smooth()
        copy.matrix_world = shown @ item.matrix_world
        subdivision = next((m for m in item.modifiers if m.type == "SUBSURF"), None)
        if subdivision is not None and len(data.polygons) < 20_000:
            copy.modifiers.new("Subdivision", "SUBSURF").render_levels = min(subdivision.render_levels, 1)
        scene.collection.objects.link(copy)
        made.append(copy)
    return made


def _posed(blocks: Any, shape_keys: Mapping[int, str], values: Array) -> Array:
    points = points_of(blocks[0])
    for channel, name in shape_keys.items():
        if values[channel]:
            points = points + values[channel] * (points_of(blocks[name]) - points_of(blocks[name].relative_key))
    if build.SEAL in blocks:
        points = points + points_of(blocks[build.SEAL]) - points_of(blocks[build.SEAL].relative_key)
    return np.ascontiguousarray(points, np.float32)


def _add_label(scene: Any, name: str, height: float) -> Any:
    text = bpy.data.curves.new(name, "FONT")
    text.body, text.size, text.align_x = name, 0.075 * height, "LEFT"
    material = bpy.data.materials.new(name)
    material.diffuse_color = _INK
    text.materials.append(material)
    label = bpy.data.objects.new(name, text)
    label.location = (-0.48 * height, -0.47 * height, 2.0 * height)
    scene.collection.objects.link(label)
    return label


def _add_camera(scene: Any, height: float) -> Any:
    data = bpy.data.cameras.new(IMAGE)
    data.type, data.ortho_scale = "ORTHO", height
    data.clip_start, data.clip_end = 0.01 * height, 20.0 * height
    camera = bpy.data.objects.new(IMAGE, data)
    camera.location = (0.0, 0.0, 6.0 * height)
    scene.collection.objects.link(camera)
    scene.camera = camera
    return camera


def _add_sun(scene: Any) -> Any:
    data = bpy.data.lights.new(IMAGE, "SUN")
    data.energy, data.angle = 3.0, 0.3
    sun = bpy.data.objects.new(IMAGE, data)
    sun.rotation_euler = (-0.7, -0.6, 0.0)
    scene.collection.objects.link(sun)
    return sun


def _set_renderer(scene: Any) -> None:
    render = scene.render
    compat.set_image_output(render)
    render.image_settings.color_mode = "RGB"
    render.resolution_x = render.resolution_y = _PIXELS
    render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    if bpy.app.background:
        _set_cycles(scene)
    else:
        _set_workbench(scene)


def _render(scene: Any) -> Array:
    """(height, width, 4) of one cell, first row at the bottom."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as folder:
        scene.render.filepath = str(Path(folder) / "pose.png")
        bpy.ops.render.render(write_still=True, scene=scene.name)
        image = bpy.data.images.load(scene.render.filepath)
        image.colorspace_settings.name = "Non-Color"
        pixels = np.empty(4 * image.size[0] * image.size[1], np.float32)
        image.pixels.foreach_get(pixels)
        width, height = image.size
        bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)


def _composed(cells: Sequence[Array], path: Path | None) -> Any:
    """The cells in rows as an image of the file, in place of that of an earlier check."""
    rows = -(-len(cells) // _COLUMNS)
    height, width = cells[0].shape[:2]
    sheet = np.zeros((rows * height, _COLUMNS * width, 4), np.float32)
    sheet[..., 3] = 1.0
    for number, cell in enumerate(cells):
        row, column = divmod(number, _COLUMNS)
        top = (rows - row) * height
        sheet[top - height : top, column * width : (column + 1) * width] = cell
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


def _set_workbench(scene: Any) -> None:
    scene.render.engine = "BLENDER_WORKBENCH"
    shading = scene.display.shading
    shading.light, shading.color_type = "STUDIO", "MATERIAL"
    shading.show_cavity, shading.cavity_type = True, "BOTH"


def _set_cycles(scene: Any) -> None:
    """Without a window there may be no OpenGL, without which Workbench aborts Blender."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.device, scene.cycles.use_denoising = 6, "CPU", False
    scene.cycles.max_bounces = 1
    scene.render.resolution_x = scene.render.resolution_y = _PIXELS_SLOW
    scene.world = bpy.data.worlds.new(IMAGE)
    scene.world.color = (0.12, 0.12, 0.13)


def _clear(scene: Any, made: Sequence[Any]) -> None:
    for item in made:
        data = item.data
        materials = list(data.materials) if item.type == "FONT" else []
        bpy.data.objects.remove(item)
        bpy.data.batch_remove([data, *materials])
    world = scene.world
    bpy.data.scenes.remove(scene)
    if world is not None and not world.users:
        bpy.data.worlds.remove(world)
