"""The demo head as Blender objects, driven by all 52 ARKit shape keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

if TYPE_CHECKING:
    from kmtalk_core.faces.demo import Head, HeadPart

_ROUGHNESS = {"skin": 0.48, "lips": 0.34, "sclera": 0.12, "iris": 0.1, "pupil": 0.05, "teeth": 0.22, "tongue": 0.35}
_SUBSURFACE = {"skin": 0.12, "lips": 0.15, "teeth": 0.05, "gums": 0.1, "tongue": 0.15}
_SHADE = {"teeth": 0.78, "gums": 0.3, "tongue": 0.4, "mouth_interior": 0.6}
"""Workbench casts no light into the mouth and no shadow: what lies inside is darkened by hand."""

_SMOOTHED = frozenset({"Head"})


def add_head(head: "Head", collection: Any) -> list[Any]:
    """Build every part of `head` into `collection`; the others are children of the first.  Returns the objects."""
    materials = {name: _material(name, color) for name, color in head.materials.items()}
    objects = [_add_part(part, materials, collection) for part in head.parts]
    for child in objects[1:]:
        child.parent = objects[0]
    return objects


def _add_part(part: "HeadPart", materials: Mapping[str, Any], collection: Any) -> Any:
    mesh = bpy.data.meshes.new(part.name)
    mesh.from_pydata(part.vertices.tolist(), [], part.polygons)
    for name in part.materials:
        mesh.materials.append(materials[name])
    mesh.polygons.foreach_set("material_index", part.material_index.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), dtype=bool))
    item = bpy.data.objects.new(part.name, mesh)
    collection.objects.link(item)
    if part.shapes:
        item.shape_key_add(name="Basis", from_mix=False)
        mesh.shape_keys.name = part.name
    for name, offsets in part.shapes.items():
        block = item.shape_key_add(name=name, from_mix=False)
        block.value = 0.0  # since Blender 5.2 a new key is fully on
        block.points.foreach_set("co", (part.vertices + offsets).astype(np.float32).ravel())
    if part.name in _SMOOTHED:
        subdivision = item.modifiers.new("Subdivision", "SUBSURF")
        subdivision.levels = subdivision.render_levels = 1
    mesh.update()
    return item


def _material(name: str, color: tuple[float, float, float, float]) -> Any:
    """Principled for Cycles and EEVEE, and the same in the plainer terms of Workbench."""
    material = bpy.data.materials.new(f"KMTalk {name}")
    material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    roughness = _ROUGHNESS.get(name, 0.5)
    shader.inputs["Base Color"].default_value = color
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Subsurface Weight"].default_value = _SUBSURFACE.get(name, 0.0)
    shader.inputs["Subsurface Radius"].default_value = (0.010, 0.004, 0.002)
    shader.inputs["Subsurface Scale"].default_value = 1.0
    material.diffuse_color = (*(channel * _SHADE.get(name, 1.0) for channel in color[:3]), 1.0)
    material.roughness = roughness
    return material
