"""A face that follows a voice in the viewport, from a microphone or from a sound; and the take of what was said."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty

from .. import options
from ..acting import session as acting
from ..acting import voices
from ..annotations import Done
from ..audio import sound
from ..core import errors, progress, spaces
from ..face import actor
from ..jobs import animate as animating
from ..jobs.runner import desk, redraw
from ..preferred import preferences
from ..take import bake
from .base import NO_SCENE, Needs

TICK_SECONDS = 1 / 60


class KMTALK_OT_live(Needs, bpy.types.Operator):
    """Let the face follow a voice while it is spoken. Nothing is keyed: Esc, or this button again, puts all back"""

    bl_idname = "kmtalk.live"
    bl_label = "Live from Microphone"

    if TYPE_CHECKING:
        voice: str
        record: bool
    else:
        voice: EnumProperty(
            name="Voice",
            description="Whom the face follows",
            items=(
                ("MICROPHONE", "Microphone", "What the system's microphone hears"),
                ("SOUND", "Sound", "The sound chosen above, played as if somebody spoke"),
            ),
        )
        record: BoolProperty(
            name="Record", description="Keep the voice as a sound strip and animate the face from it when it ends"
        )

    _session: acting.Session | None = None
    _timer: Any = None

    @classmethod
    def missing(cls, context: Any) -> str:
        if context.scene is None:
            return NO_SCENE
        return "" if options.meshes_of(context) else "Choose the mesh of the face first."

    def invoke(self, context: Any, event: Any) -> Done:
        if acting.stage().session is not None:
            acting.stage().session.stop()
            return {"FINISHED"}
        try:
            self._session = self.begin(context)
        except errors.KMTalkError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._timer = context.window_manager.event_timer_add(TICK_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        redraw()
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> Done:
        self.report({"ERROR"}, "A live face needs a window: start Blender with one.")
        return {"CANCELLED"}

    def begin(self, context: Any) -> acting.Session:
        """Start to listen.  Raises KMTalkError, which says what is missing."""
        settings = context.scene.kmtalk
        face = options.face_of(options.meshes_of(context))
        for target in face.targets:
            target.require_free()
        if all(target.drive.space.name != spaces.ARKIT.name for target in face.targets):
            raise errors.FaceError(
                f"Nothing of “{face.owner.name}” takes the poses of speech: choose what moves it (Face ▸ Settings)."
            )
        asked = animating.settings_for(face, settings, context.scene, bake.scene_fps(context.scene))
        asked["delay"] = 0.0
        record = None
        if self.voice == "SOUND":
            blocks = voices.played(_sound_of(context), aloud_after=settings.look_ahead)
        else:
            blocks = voices.microphone(preferences(context).python)
            record = acting.free_path() if self.record else None
        speaks_as = actor.learnt_by(face.owner)
        return acting.stage().start(lambda: acting.Session(face, blocks, asked, settings.look_ahead, record, speaks_as))

    def modal(self, context: Any, event: Any) -> Done:
        try:
            return self._follow(context, event)
        except Exception:  # Blender ends the operator and prints why; the microphone must not stay open
            self._keep(self._end(context))
            raise

    def _follow(self, context: Any, event: Any) -> Done:
        session = self._session
        assert session is not None
        if acting.stage().session is not session:  # another file, an undo, a rendering: no time to animate
            return self._keep(self._end(context))
        if event.type == "ESC" and event.value == "PRESS":
            return self._leave(context, "")
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            if session.show():
                redraw()
        except errors.KMTalkError as error:
            return self._leave(context, str(error))
        if not session.is_ended:
            return {"PASS_THROUGH"}
        if session.failure is not None and not isinstance(session.failure, (errors.KMTalkError, OSError)):
            raise session.failure
        return self._leave(context, str(session.failure or ""))

    def cancel(self, context: Any) -> None:
        """Blender takes the operator away: another file was loaded, or its window closed."""
        recording = self._end(context)
        if recording is not None:  # nobody reads what an operator reports that is gone
            desk().notice, desk().notice_is_error = kept_at(recording), False

    def _end(self, context: Any) -> Path | None:
        """Give back the timer and the stage; what was recorded, None for nothing."""
        session, self._session = self._session, None
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if session is not None and acting.stage().session is session:
            acting.stage().clear()
        redraw()
        return None if session is None else session.recording

    def _keep(self, recording: Path | None) -> Done:
        """Tell where a voice is kept of which no take is made now."""
        if recording is not None:
            self.report({"INFO"}, kept_at(recording))
        return {"CANCELLED"}  # nothing was changed: no step of undo

    def _leave(self, context: Any, failure: str) -> Done:
        """End, and make a take of what was recorded."""
        recording = self._end(context)
        if failure:
            self.report({"ERROR"}, failure)
        if recording is None:
            return {"CANCELLED"}
        try:
            self.report({"INFO"}, animate_recording(context, recording))
        except (errors.KMTalkError, RuntimeError) as error:  # RuntimeError: what an operator reports
            self.report({"ERROR"}, f"{kept_at(recording)} No take was made of it: {error}")
        return {"FINISHED"}


def kept_at(path: Path) -> str:
    """Where a recording is, in a sentence."""
    if path.parent == Path(bpy.app.tempdir):
        return f"The voice is kept until Blender closes, for its file had no folder yet; copy it to keep it: {path}."
    return f"The voice is kept beside the .blend file as {path.name}."


def animate_recording(context: Any, path: Path) -> str:
    """Lay a recording at the playhead and animate the face from it; what to tell.  Raises KMTalkError."""
    strip = sound.add_sound(context.scene, path, context.scene.frame_current, path.stem)
    mode = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
    bpy.ops.kmtalk.animate(mode, strip=strip.name, use_range=False)
    return kept_at(path)


def _sound_of(context: Any) -> Any:
    """The sound that would be animated from."""
    scene, settings = context.scene, context.scene.kmtalk
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if settings.source == "FILE":
            clip = sound.file_clip(scene, Path(bpy.path.abspath(settings.file)), None)
        else:
            home, strip = options.strip_of(context)
            clip = sound.strip_clip(scene, home, strip, Path(folder))
        return progress.finish(sound.heard_job(clip))


CLASSES = (KMTALK_OT_live,)
