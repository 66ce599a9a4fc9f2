"""Which meshes a face is to be built on."""

from collections.abc import Sequence
from typing import Any

import bpy

from ..core import errors
from . import build, landmarks


def named(names: str) -> list[Any]:
    """The objects that are named, with ; between them.  Raises FaceError."""
    found = []
    for name in (part.strip() for part in names.split(";")):
        if name and bpy.data.objects.get(name) is None:
            raise errors.FaceError(f"There is no object “{name}”: check the name.")
        if name:
            found.append(bpy.data.objects[name])
    if any(item.type != "MESH" for item in found):
        raise errors.FaceError("Only meshes can be a face: name the mesh, not its rig.")
    return found


def meshes(context: Any, names: str = "") -> list[Any]:
    """The head first, then what follows it.

    Those named; else those listed in the panel; else the selected ones; else the active one with the meshes of its
    family that lie within it.
    """
    if names:
        return named(names)
    listed = [entry.object for entry in context.scene.kmtalk.meshes if entry.object is not None]
    if listed:
        return _largest_first(listed)
    layer = context.view_layer.objects
    active = landmarks.head_of(layer.active)
    selected = [item for item in layer.selected if item.type == "MESH"]
    if active is None or active.type != "MESH":
        return _largest_first(selected)
    if len(selected) > 1 and active in selected:
        return [active, *(item for item in selected if item != active)]
    return build.parts_of(active, _family(active))


def _family(item: Any) -> Sequence[Any]:
    """All objects under the same topmost parent."""
    top = item
    while top.parent is not None:
        top = top.parent
    return (top, *top.children_recursive)


def _largest_first(objects: Sequence[Any]) -> list[Any]:
    return sorted(objects, key=lambda item: -max(item.dimensions))
