"""What one does to the key motions of a line: lock, give back, add, delete, say as another phone; and
to its phones: move, split, join."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import StringProperty

from .. import options
from ..annotations import Done
from ..core import errors
from ..take import keys, lines, phones, store
from .base import LineDeed


def _chosen(line: Any) -> Any:
    """The key motion that is chosen.  Raises TakeError where there is none."""
    if not len(line.key_motions):
        raise errors.TakeError("This line has no key motions: animate from audio again.")
    return line.key_motions[line.key_index]


class KMTALK_OT_lock_key(LineDeed, bpy.types.Operator):
    """Keep this key as it is, through Regenerate and a new Animate; or let it go again"""

    bl_idname = "kmtalk.lock_key"
    bl_label = "Lock Key"

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        key = _chosen(line)
        keys.set_state(ref, key.frame, "edited" if key.state == "locked" else "locked")
        return ""


class KMTALK_OT_reset_key(LineDeed, bpy.types.Operator):
    """Give this key back to KMTalk: what was changed by hand goes at the next Regenerate"""

    bl_idname = "kmtalk.reset_key"
    bl_label = "Reset Key"

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        keys.reset_key(ref, _chosen(line).frame)
        context.scene.frame_set(context.scene.frame_current)
        return ""


class KMTALK_OT_add_key(LineDeed, bpy.types.Operator):
    """Make the current frame a key motion with the pose it has now"""

    bl_idname = "kmtalk.add_key"
    bl_label = "Add Key Here"

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        frame = context.scene.frame_current
        if any(item.frame == frame for item in line.key_motions):
            raise errors.TakeError("There is a key on this frame already: move the playhead.")
        if not line.first < frame < line.last:
            raise errors.TakeError("The playhead is outside the line: move it onto the speech.")
        keys.add_key(ref, frame)
        return ""


class KMTALK_OT_delete_key(LineDeed, bpy.types.Operator):
    """Delete this key motion: the motion runs through at the next Regenerate"""

    bl_idname = "kmtalk.delete_key"
    bl_label = "Delete Key"

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        _chosen(line)
        index = line.key_index
        if not 0 < index < len(line.key_motions) - 1:
            raise errors.TakeError("The first and the last key of a take stay.")
        keys.delete_key(ref, index)
        return ""


class KMTALK_OT_say_as(LineDeed, bpy.types.Operator):
    """Say it as another sound: give the phone or the mouth shape that was meant; Regenerate makes it so"""

    bl_idname = "kmtalk.say_as"
    bl_label = "Say It as…"

    if TYPE_CHECKING:
        phone: str
    else:
        phone: StringProperty(
            name="Sound", description="A phone or a mouth shape by its name: u, oo, m, f, AA, PP; empty to leave it"
        )

    def invoke(self, context: Any, event: Any) -> Done:
        line = lines.chosen_in(lines.actions_of(options.meshes_of(context)))
        self.phone = _chosen(line).say if line is not None and len(line.key_motions) else ""
        return context.window_manager.invoke_props_dialog(self)

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        key = _chosen(line)
        keys.say_as(ref, key.frame, self.phone.strip())
        name = store.story_of(line).name
        return f"“{name}” says “{self.phone.strip() or key.name}” at frame {key.frame}: regenerate now."


class _PhoneOperator(LineDeed):
    """Works on the sound that is heard at the playhead."""

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        said = self.ask(ref, context.scene.frame_current_final)
        return f"{said}: regenerate now."

    def ask(self, ref: lines.Ref, frame: float) -> str:
        raise NotImplementedError


class KMTALK_OT_move_phone(_PhoneOperator, bpy.types.Operator):
    """Bring the nearest boundary between two sounds to the playhead; Regenerate makes it so"""

    bl_idname = "kmtalk.move_phone"
    bl_label = "Move Boundary Here"

    def ask(self, ref: lines.Ref, frame: float) -> str:
        return phones.move(ref, frame)


class KMTALK_OT_split_phone(_PhoneOperator, bpy.types.Operator):
    """Make two sounds of the one at the playhead; Regenerate makes it so"""

    bl_idname = "kmtalk.split_phone"
    bl_label = "Split Sound Here…"

    if TYPE_CHECKING:
        labels: str
    else:
        labels: StringProperty(
            name="Sounds", description="Two phones or mouth shapes with a space between, as: a u; empty for both alike"
        )

    def invoke(self, context: Any, event: Any) -> Done:
        return context.window_manager.invoke_props_dialog(self)

    def ask(self, ref: lines.Ref, frame: float) -> str:
        return phones.split(ref, frame, self.labels.split())


class KMTALK_OT_join_phone(_PhoneOperator, bpy.types.Operator):
    """Make one sound of the one at the playhead and the next; Regenerate makes it so"""

    bl_idname = "kmtalk.join_phone"
    bl_label = "Join with Next Sound"

    def ask(self, ref: lines.Ref, frame: float) -> str:
        return phones.join(ref, frame)


CLASSES = (
    KMTALK_OT_lock_key,
    KMTALK_OT_reset_key,
    KMTALK_OT_add_key,
    KMTALK_OT_delete_key,
    KMTALK_OT_say_as,
    KMTALK_OT_move_phone,
    KMTALK_OT_split_phone,
    KMTALK_OT_join_phone,
)
