"""What one does to the events of a line: add, look there, lock, delete; and another take of the whole."""

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty

from .. import options
from ..annotations import Done
from ..core import errors, progress
from ..face import looking
from ..jobs import listen as listening
from ..jobs.runner import JobOperator
from ..properties.animation import AnimationOptions
from ..take import events, lines
from .animate import Merged
from .base import NO_SCENE, LineDeed, NamesFaces, Needs, hand_on


def _chosen(line: Any) -> Any:
    """The chosen row.  Raises TakeError where there is none."""
    if not 0 <= line.event_index < len(line.events):
        raise errors.TakeError("This line has no event that is chosen: add one, or click one in the list.")
    return line.events[line.event_index]


class _EventOperator(LineDeed):
    def _require_inside(self, context: Any, line: Any) -> int:
        frame = int(context.scene.frame_current)
        if not line.first < frame < line.last:
            raise errors.TakeError("The playhead is outside the line: move it onto the speech.")
        return frame


class KMTALK_OT_add_event(_EventOperator, bpy.types.Operator):
    """Let the face do this at the playhead; Regenerate makes it"""

    bl_idname = "kmtalk.add_event"
    bl_label = "Add Here"

    if TYPE_CHECKING:
        kind: str
    else:
        kind: EnumProperty(
            name="Kind",
            description="What the face does",
            items=[(kind, label, "") for kind, label in events.LABELS.items()],
        )

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        events.add(ref, self.kind, self._require_inside(context, line))
        return ""


class KMTALK_OT_look_there(_EventOperator, bpy.types.Operator):
    """Let the eyes go, at the playhead, to the selected object that is no part of the face, or else to the camera"""

    bl_idname = "kmtalk.look_there"
    bl_label = "Look There"

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        frame = self._require_inside(context, line)
        face = options.face_of(options.meshes_of(context))
        others = [item for item in context.view_layer.objects.selected if item not in face.objects]
        there = next(iter(others), context.scene.camera)
        if there is None:
            raise errors.FaceError("Select what the face is to look at, or give the scene a camera.")
        left, up = looking.direction(face, there)
        base = context.scene.kmtalk
        left, up = left - base.look_left, up - base.look_up
        size = min(math.hypot(left, up), math.radians(40))
        events.add(ref, "glance", frame, size, math.degrees(math.atan2(up, left)) % 360)
        return ""


class KMTALK_OT_delete_event(_EventOperator, bpy.types.Operator):
    """Let the face not do this; Regenerate takes it out.  Once more brings it back"""

    bl_idname = "kmtalk.delete_event"
    bl_label = "Delete Event"

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        row = _chosen(line)
        events.change(ref, row.uid, gone=not row.gone)
        return ""


class KMTALK_OT_lock_event(_EventOperator, bpy.types.Operator):
    """Keep this event as it is through another take; or let it go again"""

    bl_idname = "kmtalk.lock_event"
    bl_label = "Lock Event"

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        row = _chosen(line)
        events.change(ref, row.uid, state="edited" if row.state == "locked" else "locked")
        return ""


class KMTALK_OT_another_take(Needs, bpy.types.Operator):
    """Play the sound once more with another seed: other blinks, glances and nods; what is locked stays"""

    bl_idname = "kmtalk.another_take"
    bl_label = "Another Take"
    bl_options = {"REGISTER"}  # noqa: RUF012 - animating is the step that is undone, and the seed with it

    @classmethod
    def missing(cls, context: Any) -> str:
        return NO_SCENE if context.scene is None else options.disabled_reason(context) or ""

    def invoke(self, context: Any, event: Any) -> Done:
        return self._animate(context, "INVOKE_DEFAULT")

    def execute(self, context: Any) -> Done:
        return self._animate(context, "EXEC_DEFAULT")

    def _animate(self, context: Any, mode: str) -> Done:
        context.scene.kmtalk.seed += 1
        done = hand_on(self, bpy.ops.kmtalk.animate, mode)
        if done == {"CANCELLED"}:
            context.scene.kmtalk.seed -= 1
        return done


class KMTALK_OT_listen(Needs, AnimationOptions, NamesFaces, JobOperator, bpy.types.Operator):
    """Let the face listen between its lines: blinks, looks and small nods in every gap; once more makes them anew"""

    bl_idname = "kmtalk.listen"
    bl_label = "Listen between Lines"
    title = "Listening"

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        settings = Merged(self, context.scene.kmtalk)
        return listening.listen(context, settings, self.objects(context))


CLASSES = (
    KMTALK_OT_add_event,
    KMTALK_OT_look_there,
    KMTALK_OT_delete_event,
    KMTALK_OT_lock_event,
    KMTALK_OT_another_take,
    KMTALK_OT_listen,
)
