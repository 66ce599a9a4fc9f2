"""The demo head as Blender objects, driven by all 52 ARKit shape keys."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

if TYPE_CHECKING:
    from kmtalk_core.faces.demo import Head, HeadPart

_ROUGHNESS = {"skin": 0.48, "lips": 0.34, "sclera": 0.12, "iris": 0.1, "pupil": 0.05, "teeth": 0.22, "tongue": 0.35}
_SUBSURFACE = {"skin": 0.12, "lips": 0.15, "teeth": 0.05, "gums": 0.1, "tongue": 0.15}
_SHADE = {"teeth": 0.78, "gums": 0.3, "tongue": 0.4, "mouth_interior": 0.6}
"""Workbench casts no light into the mouth and no shadow: what lies inside is darkened by hand."""

_BONES = (
    ("root", (0.0, 0.035, -0.12), (0.0, 0.03, -0.066)),
    ("neck", (0.0, 0.03, -0.066), (0.0, 0.015, 0.02)),
    ("head", (0.0, 0.015, 0.02), (0.0, 0.015, 0.22)),
)
"""Name, foot and tip in metres; each hangs from the one before."""

_SMOOTHED = frozenset({"Head"})


def add_head(head: "Head", collection: Any) -> list[Any]:
    """Build every part of `head` into `collection`; the others are children of the first.  Returns the objects."""
    materials = {name: _material(name, color) for name, color in head.materials.items()}
    objects = [_add_part(part, materials, collection) for part in head.parts]
    for child in objects[1:]:
        child.parent = objects[0]
    return objects


def add_rig(objects: Sequence[Any], collection: Any) -> Any:
    """A neck and a head bone that turn the head over its neck's foot; returns the armature's object."""
    data = bpy.data.armatures.new("Head Rig")
    rig = bpy.data.objects.new("Head Rig", data)
    collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    parent = None
    for name, foot, tip in _BONES:
        bone = data.edit_bones.new(name)
        bone.head, bone.tail, bone.parent = foot, tip, parent
        parent = bone
    bpy.ops.object.mode_set(mode="OBJECT")
    data.display_type = "STICK"
    for number, item in enumerate(objects):
        points = np.array([vertex.co[:] for vertex in item.data.vertices])
        weights = _weights(points) if number == 0 else {"head": np.ones(len(points))}
        for name, share in weights.items():
            group = item.vertex_groups.new(name=name)
            for vertex in np.flatnonzero(share > 1e-4).tolist():
                group.add([vertex], float(share[vertex]), "REPLACE")
        modifier = item.modifiers.new("Head Rig", "ARMATURE")
        modifier.object = rig
        item.modifiers.move(len(item.modifiers) - 1, 0)
    objects[0].parent = rig
    return rig


def _weights(points: Any) -> dict[str, Any]:
    """How much each bone moves the skin: the foot of the neck stays, what is above the neck or before it follows."""
    before = _ease(-points[:, 1] / 0.07)
    head = _ease((points[:, 2] + 0.05 * before + 0.04) / 0.06)
    neck = (1 - head) * _ease((points[:, 2] + 0.066) / 0.05)
    return {"root": 1 - head - neck, "neck": neck, "head": head}


def _ease(share: Any) -> Any:
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)


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
