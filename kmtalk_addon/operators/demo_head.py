"""A head to try everything on, for whoever has none yet."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import FloatProperty
from mathutils import Vector

from .. import core
from ..annotations import Done
from ..demo.head import add_head, add_rig
from ..face import bones
from .base import Needs

_HEIGHT = 0.31  # metres, from the foot of its neck to the top of its hair
_STEPS = 40  # half a head each


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
        rig.location = _free_place(context, objects, self.size)
        rig.hide_set(True)  # its bones lie inside the head, whose settings name them
        bones.use_rig(objects[0].kmtalk_face, rig)
        objects[0].select_set(True)
        context.view_layer.objects.active = objects[0]
        scene.kmtalk.meshes.clear()  # the face that is chosen is the one that was just added
        self.report({"INFO"}, "This head speaks at once: add a sound, then animate from audio.")
        return {"FINISHED"}


def _free_place(context: Any, head: Sequence[Any], size: float) -> Any:
    """The 3D cursor, or the nearest place to its right where the head has room: a new file has a cube there."""
    others = [item for item in context.visible_objects if item.type == "MESH" and item not in head]
    boxes = [[item.matrix_world @ Vector(corner) for corner in item.bound_box] for item in others]
    place = context.scene.cursor.location.copy()
    half = Vector((size / 2, size / 2, size))
    for _ in range(_STEPS):
        if not any(_meet(place - half, place + half, box) for box in boxes):
            break
        place.x += size / 2
    return place


def _meet(low: Any, high: Any, corners: Sequence[Any]) -> bool:
    """Whether two boxes have something in common."""
    return all(
        min(corner[axis] for corner in corners) < high[axis] and max(corner[axis] for corner in corners) > low[axis]
        for axis in range(3)
    )


CLASSES = (KMTALK_OT_add_demo_head,)
