"""The list of meshes that make up the face."""

from typing import Any

import bpy

from .base import Deed


class KMTALK_OT_add_meshes(Deed, bpy.types.Operator):
    """Add the selected meshes to the face: head, teeth, tongue"""

    bl_idname = "kmtalk.add_meshes"
    bl_label = "Add Selected Meshes"

    @classmethod
    def missing(cls, context: Any) -> str:
        found = any(item.type == "MESH" for item in context.selected_objects or ())
        return "" if found else "Select the meshes of the face first."

    def do(self, context: Any) -> str:
        meshes = context.scene.kmtalk.meshes
        listed = {entry.object for entry in meshes}
        for item in context.selected_objects:
            if item.type == "MESH" and item not in listed:
                meshes.add().object = item
        context.scene.kmtalk.mesh_index = len(meshes) - 1
        return ""


class KMTALK_OT_remove_mesh(Deed, bpy.types.Operator):
    """Take this mesh off the face"""

    bl_idname = "kmtalk.remove_mesh"
    bl_label = "Remove Mesh"

    @classmethod
    def missing(cls, context: Any) -> str:
        return "" if len(context.scene.kmtalk.meshes) else "No mesh is listed: the chosen one is used."

    def do(self, context: Any) -> str:
        settings = context.scene.kmtalk
        settings.meshes.remove(settings.mesh_index)
        settings.mesh_index = max(settings.mesh_index - 1, 0)
        return ""


CLASSES = (KMTALK_OT_add_meshes, KMTALK_OT_remove_mesh)
