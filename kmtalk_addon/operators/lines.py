"""What one does to whole lines: animate all strips, remove, follow the strip, add a sound, leave our action."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from .. import compat, options, pairing
from ..annotations import Done
from ..audio import sound, strips
from ..core import errors, progress
from ..jobs import animate_all, change_lines, rewrite
from ..jobs.runner import JobOperator
from ..take import earlier, lines, place
from .animate import Merged
from .base import Deed, Needs, NeedsLine

_SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma")


class KMTALK_OT_animate_all(Needs, JobOperator, bpy.types.Operator):
    """Animate every sound strip of the sequencer, each on its character; the list shows which first"""

    bl_idname = "kmtalk.animate_all"
    bl_label = "Animate All Strips"
    title = "Animating"

    if TYPE_CHECKING:
        way: str
        start_over: bool
    else:
        way: EnumProperty(name="Pair", description="How strips find their characters", items=pairing.WAYS)
        start_over: BoolProperty(name="Start Over", description="Forget what was changed by hand on these lines")

    @classmethod
    def missing(cls, context: Any) -> str:
        found = context.scene is not None and pairing.heads_in(context.scene)
        return "" if found else "There is no face in this scene: choose a mesh with face shape keys."

    def invoke(self, context: Any, event: Any) -> Done:
        return context.window_manager.invoke_props_dialog(self, width=360)

    def draw(self, context: Any) -> None:
        layout = self.layout
        layout.row().prop(self, "way", expand=True)
        home = context.scene.kmtalk.strip_scene or compat.sequencer_scene(context)
        found = pairing.pairs(context.scene, home, self.way)
        column = layout.box().column(align=True)
        for pair in found[:24]:
            row = column.row()
            row.label(text=pair.strip.name, icon="SOUND", translate=False)
            nobody = "muted: left alone" if pair.is_muted else "nobody: left alone"
            said = pair.objects[0].name if pair.objects else nobody
            row.label(text=said, icon="USER" if pair.objects else "X", translate=False)
        if len(found) > 24:
            column.label(text=f"and {len(found) - 24} more")
        layout.prop(self, "start_over")

    def execute(self, context: Any) -> Done:
        if bpy.app.background or context.window is None:
            return super().execute(context)
        return JobOperator.invoke(self, context, None)

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        return animate_all.animate_all(context, Merged(self, context.scene.kmtalk), self.way)


class KMTALK_OT_remove_line(NeedsLine, JobOperator, bpy.types.Operator):
    """Take the chosen line off the face, which rests there; its sound stays"""

    bl_idname = "kmtalk.remove_line"
    bl_label = "Remove Line"
    title = "Removing"

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        return change_lines.remove(context)


class KMTALK_OT_follow_strip(NeedsLine, JobOperator, bpy.types.Operator):
    """Move the chosen line to where its strip lies now; what was changed by hand moves along"""

    bl_idname = "kmtalk.follow_strip"
    bl_label = "Follow Strip"
    title = "Moving"

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        return change_lines.follow(context)


class KMTALK_OT_apply_settings(NeedsLine, JobOperator, bpy.types.Operator):
    """Give all lines of the face the strengths, smoothing and delay of the settings; no sound is heard again for it"""

    bl_idname = "kmtalk.apply_settings"
    bl_label = "Apply Settings"
    title = "Applying"

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        return rewrite.reshape(context)


class KMTALK_OT_bring_lines(Deed, bpy.types.Operator):
    """Make lines of one action of the takes that an earlier KMTalk wrote, each in an action of its own"""

    bl_idname = "kmtalk.bring_lines"
    bl_label = "Bring Lines Together"

    @classmethod
    def missing(cls, context: Any) -> str:
        found = earlier.names_of(options.meshes_of(context))
        return "" if found else "The face plays no take of an earlier KMTalk."

    def do(self, context: Any) -> str:
        count = earlier.bring(options.face_of(options.meshes_of(context), options.space_of(context)))
        context.scene.frame_set(context.scene.frame_current)
        return f"{count} takes are lines now, with what was changed by hand."


class KMTALK_OT_add_sound(Deed, ImportHelper, bpy.types.Operator):  # type: ignore[misc]
    """Put a sound file onto this scene's timeline at the playhead, ready to be animated"""

    bl_idname = "kmtalk.add_sound"
    bl_label = "Add Sound…"

    if TYPE_CHECKING:
        filepath: str
        filter_glob: str
    else:
        filepath: StringProperty(
            name="Sound", description="File of the sound", subtype="FILE_PATH", options={"SKIP_SAVE"}
        )
        filter_glob: StringProperty(default=";".join(f"*{ending}" for ending in _SOUNDS), options={"HIDDEN"})

    def invoke(self, context: Any, event: Any) -> Done:  # type: ignore[override]
        return self.execute(context) if self.filepath else super().invoke(context, event) or {"RUNNING_MODAL"}

    def do(self, context: Any) -> str:
        scene, path = context.scene, Path(bpy.path.abspath(self.filepath))
        if not path.is_file():
            raise errors.AudioError(f"There is no file {path.name}: choose another.")
        strip = sound.add_sound(scene, path, scene.frame_current, path.name)
        strips.mark(scene, strip)
        for other in compat.strips(scene):
            other.select = other == strip
        scene.sequence_editor.active_strip = strip
        scene.kmtalk.source, scene.kmtalk.strip, scene.kmtalk.strip_scene = "STRIP", "", None
        scene.frame_end = max(scene.frame_end, int(compat.heard_frames(strip)[1]))
        return f"“{strip.name}” starts at frame {scene.frame_current}: animate from audio now."


class KMTALK_OT_close_action(Deed, bpy.types.Operator):
    """Leave our action, which was opened to edit its keys; your own action is back"""

    bl_idname = "kmtalk.close_action"
    bl_label = "Done"

    @classmethod
    def missing(cls, context: Any) -> str:
        opened = any(lines.is_open(action) for action in lines.actions_of(options.meshes_of(context)))
        return "" if opened else "No action of ours is open for editing."

    def do(self, context: Any) -> str:
        for action in lines.actions_of(options.meshes_of(context)):
            for owner in lines.all_owners():
                if action in lines.played_by(owner):
                    place.close_editing(owner)
        return ""


CLASSES: tuple[Any, ...] = (
    KMTALK_OT_animate_all,
    KMTALK_OT_remove_line,
    KMTALK_OT_follow_strip,
    KMTALK_OT_apply_settings,
    KMTALK_OT_bring_lines,
    KMTALK_OT_add_sound,
    KMTALK_OT_close_action,
)

if hasattr(bpy.types, "FileHandler"):

    class KMTALK_FH_sound(bpy.types.FileHandler):
        """A sound that is dropped onto the 3D view comes onto the timeline."""

        bl_idname = "KMTALK_FH_sound"
        bl_label = "Sound for KMTalk"
        bl_import_operator = "kmtalk.add_sound"
        bl_file_extensions = ";".join(_SOUNDS)

        @classmethod
        def poll_drop(cls, context: Any) -> bool:
            return bool(context.area and context.area.type == "VIEW_3D")

    CLASSES = (*CLASSES, KMTALK_FH_sound)
