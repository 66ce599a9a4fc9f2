"""A portrait studio around the demo head: lights, backdrop, cameras, and the settings of a renderer."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

_EDGE_COLOR, _CENTRE_COLOR = (0.045, 0.052, 0.062), (0.30, 0.335, 0.37)
_VIEW_DIRECTION = Vector((0.13, -1.0, 0.03)).normalized()
_LIGHTS = (
    ("Key", (-0.65, -0.85, 0.62), 0.55, 15.0, (1.0, 0.955, 0.9)),
    ("Fill", (0.95, -0.75, 0.05), 0.9, 4.0, (0.86, 0.92, 1.0)),
    ("Rim", (0.55, 0.75, 0.6), 0.4, 16.0, (0.92, 0.96, 1.0)),
)
"""Name, place from the face (metres), size (metres), watts, colour."""

_WORKBENCH_LIGHTS: tuple[dict[str, Any], ...] = (
    {"direction": (-0.55, 0.5, 0.67), "diffuse_color": (1.0, 0.93, 0.86), "specular_color": (0.45,) * 3, "smooth": 0.3},
    {"direction": (0.85, 0.05, 0.52), "diffuse_color": (0.17, 0.2, 0.26), "specular_color": (0.05,) * 3, "smooth": 0.7},
    {"direction": (0.8, 0.5, -0.33), "diffuse_color": (0.6, 0.66, 0.75), "specular_color": (0.5,) * 3, "smooth": 0.0},
)
"""The same three lights in the terms of Workbench, relative to the view."""

_PROBE = """
import bpy
scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
scene.render.filepath = {path!r}
bpy.ops.render.render(write_still=True)
"""


def can_draw() -> bool:
    """Whether this machine renders by OpenGL.  Asked in a process of its own: without OpenGL Blender aborts."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "probe.png"
        command = [sys.executable, "-c", _PROBE.format(path=str(path))]
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return path.exists()


def add_camera(collection: Any, name: str, target: Vector, height: float, lens: float = 70.0) -> Any:
    """A portrait camera, a little to the side of the face, that shows `height` metres around `target`.

    `lens` in millimetres, on a sensor 36 mm high.
    """
    data = bpy.data.cameras.new(name)
    data.lens, data.sensor_fit, data.sensor_height = lens, "VERTICAL", 36.0
    data.clip_start, data.clip_end = 0.01, 50.0
    data.passepartout_alpha = 0.95
    camera = bpy.data.objects.new(name, data)
    camera.location = target + _VIEW_DIRECTION * (height * lens / 36.0)
    camera.rotation_euler = (-_VIEW_DIRECTION).to_track_quat("-Z", "Y").to_euler()
    collection.objects.link(camera)
    return camera


def add_lights(collection: Any, target: Vector) -> None:
    """A large soft key from the upper left, a weak fill from the right, a rim from behind."""
    for name, place, size, watts, color in _LIGHTS:
        data = bpy.data.lights.new(name, "AREA")
        data.energy, data.size, data.color = watts, size, color
        lamp = bpy.data.objects.new(name, data)
        lamp.location = target + Vector(place)
        lamp.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()
        collection.objects.link(lamp)


def add_backdrop(scene: Any, collection: Any, target: Vector) -> None:
    """A wall behind the head that is lighter in its middle, across the view of the cameras."""
    mesh = bpy.data.meshes.new("Backdrop")
    mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [], [(0, 1, 2, 3)])
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", np.array([0, 0, 1, 0, 1, 1, 0, 1], dtype=np.float32))
    mesh.materials.append(_glow("Backdrop", _gradient()))
    wall = bpy.data.objects.new("Backdrop", mesh)
    wall.location = target - _VIEW_DIRECTION * 0.9
    wall.rotation_euler = _VIEW_DIRECTION.to_track_quat("Z", "Y").to_euler()
    wall.hide_select = True
    collection.objects.link(wall)
    world = bpy.data.worlds.new("Studio")
    world.use_nodes = True
    world.color = _EDGE_COLOR
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.1, 0.115, 0.135, 1.0)
    scene.world = world


def _gradient(size: int = 256) -> Any:
    """A packed picture, bright in the middle."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    distance = np.hypot(axis[None, :], axis[:, None])
    weight = np.exp(-((distance / 0.36) ** 2))[..., None]
    pixels = np.ones((size, size, 4), dtype=np.float32)
    pixels[..., :3] = np.array(_EDGE_COLOR) * (1 - weight) + np.array(_CENTRE_COLOR) * weight
    image = bpy.data.images.new("Backdrop", size, size, float_buffer=True)
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    return image


def _glow(name: str, image: Any) -> Any:
    """A material that shows `image` as it is, whatever the light."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    material.roughness = 1.0
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    texture, emission, output = (
        nodes.new(kind) for kind in ("ShaderNodeTexImage", "ShaderNodeEmission", "ShaderNodeOutputMaterial")
    )
    texture.image = image
    nodes.active = texture
    links.new(texture.outputs["Color"], emission.inputs["Color"])
    links.new(emission.outputs["Emission"], output.inputs["Surface"])
    return material


def set_workbench(scene: Any) -> None:
    """Workbench with the three lights of the studio: a fraction of a second a frame, without a GPU."""
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.view_settings.view_transform = "Standard"
    scene.display.render_aa = "5"
    scene.display.matcap_ssao_samples = 8
    scene.display.matcap_ssao_distance = 0.025
    shading = scene.display.shading
    shading.light, shading.color_type = "STUDIO", "TEXTURE"
    shading.show_specular_highlight = True
    shading.show_cavity, shading.cavity_type = True, "WORLD"
    shading.cavity_ridge_factor, shading.cavity_valley_factor = 0.0, 0.6
    preferences = bpy.context.preferences.system
    preferences.use_studio_light_edit = True
    preferences.light_ambient = (0.07, 0.075, 0.09)
    lights = list(preferences.solid_lights)
    for light in lights[len(_WORKBENCH_LIGHTS) :]:
        light.use = False
    for light, look in zip(lights, _WORKBENCH_LIGHTS, strict=False):
        light.use = True
        for name, value in look.items():
            setattr(light, name, value)


def set_cycles(scene: Any, samples: int) -> None:
    """Cycles with few samples and its denoiser: works everywhere, takes longer."""
    scene.render.engine = "CYCLES"
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 4
    scene.render.use_persistent_data = True
