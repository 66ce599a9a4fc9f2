"""The list of meshes that make up the face."""

from typing import Any

import bpy


class KMTALK_OT_add_meshes(bpy.types.Operator):
    """Add the selected meshes to the face: head, teeth, tongue"""

    bl_idname = "kmtalk.add_meshes"
    bl_label = "Add Selected Meshes"
    bl_options = {"UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not any(item.type == "MESH" for item in context.selected_objects or ()):
            cls.poll_message_set("Select the meshes of the face first.")
            return False
        return True

    def execute(self, context: Any) -> set[str]:
        meshes = context.scene.kmtalk.meshes
        listed = {entry.object for entry in meshes}
        for item in context.selected_objects:
            if item.type == "MESH" and item not in listed:
                meshes.add().object = item
        context.scene.kmtalk.mesh_index = len(meshes) - 1
        return {"FINISHED"}


class KMTALK_OT_remove_mesh(bpy.types.Operator):
    """Take this mesh off the face"""

    bl_idname = "kmtalk.remove_mesh"
    bl_label = "Remove Mesh"
    bl_options = {"UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not len(context.scene.kmtalk.meshes):
            cls.poll_message_set("No mesh is listed: the chosen one is used.")
            return False
        return True

    def execute(self, context: Any) -> set[str]:
        settings = context.scene.kmtalk
        settings.meshes.remove(settings.mesh_index)
        settings.mesh_index = max(settings.mesh_index - 1, 0)
        return {"FINISHED"}


CLASSES = (KMTALK_OT_add_meshes, KMTALK_OT_remove_mesh)
