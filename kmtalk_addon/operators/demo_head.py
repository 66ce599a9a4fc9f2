"""A head to try everything on, for whoever has none yet."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import FloatProperty

from .. import core
from ..annotations import Done
from ..demo.head import add_head, add_rig
from ..face import bones
from .base import Needs

_HEIGHT = 0.31  # metres, from the foot of its neck to the top of its hair


class KMTALK_OT_add_demo_head(Needs, bpy.types.Operator):
    """Add a head that speaks at once: ARKit's 52 shape keys, teeth, tongue, eyes, and a bone that turns it"""

    bl_idname = "kmtalk.add_demo_head"
    bl_label = "Add Demo Head"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    if TYPE_CHECKING:
        size: float
    else:
        size: FloatProperty(
            name="Size", description="Height of the head with its neck", default=2.0, min=0.001, unit="LENGTH"
        )

    @classmethod
    def missing(cls, context: Any) -> str:
        if context.scene is None or context.mode != "OBJECT":
            return "Leave the mode you are in first (Tab): heads are added in Object Mode."
        return ""

    def execute(self, context: Any) -> Done:
        scene = context.scene
        collection = bpy.data.collections.new("Demo Head")
        scene.collection.children.link(collection)
        for item in context.view_layer.objects.selected:
            item.select_set(False)
        objects = add_head(core.load_head(), collection)
        rig = add_rig(objects, collection)
        rig.scale = (self.size / _HEIGHT,) * 3
        rig.location = scene.cursor.location
        rig.hide_set(True)  # its bones lie inside the head, whose settings name them
        bones.use_rig(objects[0].kmtalk_face, rig)
        objects[0].select_set(True)
        context.view_layer.objects.active = objects[0]
        scene.kmtalk.meshes.clear()  # the face that is chosen is the one that was just added
        self.report({"INFO"}, "This head speaks at once: add a sound, then animate from audio.")
        return {"FINISHED"}


CLASSES = (KMTALK_OT_add_demo_head,)
