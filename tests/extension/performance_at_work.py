"""What the tests of a performance share: a rig that turns the head, and what a face shows."""

from typing import Any

from faces_at_work import action_of, line_in


def animate(**options: Any) -> None:
    import bpy

    assert bpy.ops.kmtalk.animate(**options) == {"FINISHED"}


def head_rig(scene: Any, head: Any) -> Any:
    """An armature with a neck and a head, which the face uses."""
    import bpy

    data = bpy.data.armatures.new("Rig")
    item = bpy.data.objects.new("Rig", data)
    scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    for name, foot, top in (("neck", 0.0, 0.1), ("head", 0.1, 0.3)):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail = (0, 0, foot), (0, 0, top)
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = head
    head.kmtalk_face.armature = item
    head.kmtalk_face.head_bone, head.kmtalk_face.neck_bone = "head", "neck"
    return item


def line_of(head: Any) -> Any:
    return line_in(action_of(head))


def value(scene: Any, head: Any, name: str, frame: int) -> float:
    scene.frame_set(frame)
    return float(head.data.shape_keys.key_blocks[name].value)
