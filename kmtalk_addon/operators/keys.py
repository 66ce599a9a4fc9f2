"""What one does to the keys of a take: jump, lock, reset, add, delete."""

from typing import Any

import bpy

from .. import options
from ..face import bones
from ..take import keys, store


def _action_of(context: Any) -> Any:
    return next(iter(keys.actions_of(options.meshes_of(context))), None)


class _KeyOperator:
    """Needs a take, and for all but adding a chosen key."""

    bl_options = {"UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        action = _action_of(context)
        if action is None:
            cls.poll_message_set("Animate from audio first: the face plays no take of KMTalk's.")  # type: ignore[attr-defined]
            return False
        if action.library is not None:
            cls.poll_message_set("The take is linked from another file: make it local to edit it.")  # type: ignore[attr-defined]
            return False
        return True


def _chosen(action: Any) -> Any:
    listed = action.kmtalk_take
    return listed.keys[listed.key_index] if 0 <= listed.key_index < len(listed.keys) else None


class KMTALK_OT_lock_key(_KeyOperator, bpy.types.Operator):
    """Keep this key as it is, through Regenerate and a new Animate; or let it go again"""

    bl_idname = "kmtalk.lock_key"
    bl_label = "Lock Key"

    def execute(self, context: Any) -> set[str]:
        key = _chosen(_action_of(context))
        if key is None:
            return {"CANCELLED"}
        key.state = "edited" if key.state == "locked" else "locked"
        return {"FINISHED"}


class KMTALK_OT_reset_key(_KeyOperator, bpy.types.Operator):
    """Give this key back to KMTalk: what was changed by hand goes at the next Regenerate"""

    bl_idname = "kmtalk.reset_key"
    bl_label = "Reset Key"

    def execute(self, context: Any) -> set[str]:
        action = _action_of(context)
        key = _chosen(action)
        if key is None:
            return {"CANCELLED"}
        actions = keys.siblings_of(action)
        for each in actions:
            keys.restore(each, key.frame)
        bones.restore(keys.face_of(actions).owner.kmtalk_face, store.story_of(action).name, key.frame)
        key.state = "generated"
        return {"FINISHED"}


class KMTALK_OT_add_key(_KeyOperator, bpy.types.Operator):
    """Make the current frame a key motion with the pose it has now"""

    bl_idname = "kmtalk.add_key"
    bl_label = "Add Key Here"

    def execute(self, context: Any) -> set[str]:
        action, frame = _action_of(context), context.scene.frame_current
        if any(item.frame == frame for item in action.kmtalk_take.keys):
            self.report({"INFO"}, "There is a key on this frame already.")
            return {"CANCELLED"}
        story = store.story_of(action)
        last = story.timeline.nearest_frame((store.take_of(action).frame_count - 1) / store.take_of(action).fps)
        if not story.timeline.nearest_frame(0.0) < frame < last:
            self.report({"ERROR"}, "The playhead is outside the take: move it onto the speech.")
            return {"CANCELLED"}
        keys.add_key(action, frame)
        return {"FINISHED"}


class KMTALK_OT_delete_key(_KeyOperator, bpy.types.Operator):
    """Delete this key motion: the motion runs through at the next Regenerate"""

    bl_idname = "kmtalk.delete_key"
    bl_label = "Delete Key"

    def execute(self, context: Any) -> set[str]:
        action = _action_of(context)
        index = action.kmtalk_take.key_index
        if not 0 < index < len(action.kmtalk_take.keys) - 1:
            self.report({"ERROR"}, "The first and the last key of a take stay.")
            return {"CANCELLED"}
        keys.delete_key(action, index)
        return {"FINISHED"}


CLASSES = (
    KMTALK_OT_lock_key,
    KMTALK_OT_reset_key,
    KMTALK_OT_add_key,
    KMTALK_OT_delete_key,
)
