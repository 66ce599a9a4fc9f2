"""What all operators have in common: why one is grey, and how it reports."""

from typing import TYPE_CHECKING, Any

from bpy.props import StringProperty

from .. import options
from ..annotations import Done, Options
from ..core import errors
from ..live.noticing import notices
from ..take import lines

NO_SCENE = "There is no scene."
NO_LINE = "Animate from audio first: the face plays no take of KMTalk's."


class Needs:
    """Grey, with the reason in its tooltip, while something is missing."""

    @classmethod
    def missing(cls, context: Any) -> str:
        """What is missing, in one sentence that says what to do; empty where nothing is."""
        return "" if context.scene is not None else NO_SCENE

    @classmethod
    def poll(cls, context: Any) -> bool:
        why = cls.missing(context)
        if why:
            cls.poll_message_set(why)
        return not why


class NamesFaces:
    """May be told by name whose face is meant."""

    if TYPE_CHECKING:
        faces: str
    else:
        faces: StringProperty(
            name="Faces", description="Mesh objects of the face by name, with ; between them (\\; within a name)"
        )

    def objects(self, context: Any) -> list[Any]:
        """The objects that are named, else those that the scene has chosen.  Raises FaceError."""
        return options.meshes_named(self.faces, context.scene) or options.meshes_of(context)


class NeedsLine(Needs):
    """Works on the lines of the chosen face."""

    @classmethod
    def missing(cls, context: Any) -> str:
        return "" if lines.chosen_in(lines.actions_of(options.meshes_of(context))) is not None else NO_LINE


def plain(error: Exception) -> str:
    """What Blender says of an operator that failed, in one line."""
    return " ".join(str(error).removeprefix("Error: ").split())


def hand_on(caller: Any, operator: Any, mode: str = "INVOKE_DEFAULT", **given: Any) -> Done:
    """Let an operator go on with what `caller` was to do, which is finished by that; it reports what kept it from it.

    A modal one goes on by itself: `caller` has no handler, so it must not say that it is running.
    """
    try:
        done = operator(mode, **given)
    except RuntimeError as error:
        if "Traceback" in str(error):  # a fault of ours
            raise
        caller.report({"ERROR"}, plain(error))
        return {"CANCELLED"}
    return {"CANCELLED"} if "CANCELLED" in done else {"FINISHED"}


class Deed(Needs):
    """Something that is done at once and can be undone; what the user can mend is reported in one sentence."""

    bl_options: Options = {"UNDO"}  # noqa: RUF012 - Blender wants a set here

    def execute(self, context: Any) -> Done:
        try:
            said = self.do(context)
        except errors.KMTalkError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if said:
            self.report({"INFO"}, said)
        return {"FINISHED"}

    def do(self, context: Any) -> str:
        """Do it; returns what to report, empty for nothing.  Raises KMTalkError."""
        raise NotImplementedError


class LineDeed(Deed):
    """Changes the chosen line, which has to be of this file."""

    @classmethod
    def missing(cls, context: Any) -> str:
        actions = lines.actions_of(options.meshes_of(context))
        if lines.chosen_in(actions) is None:
            return NO_LINE
        linked = actions[0].library is not None
        return "The take is linked from another file: make it local to edit it." if linked else ""

    def do(self, context: Any) -> str:
        actions = lines.actions_of(options.meshes_of(context))
        lines.settle(actions)
        line = lines.chosen_in(actions)
        said = self.change(context, lines.ref_of(actions[0], line), line)
        notices().notice(actions[0].session_uid)
        return said

    def change(self, context: Any, ref: lines.Ref, line: Any) -> str:
        """Change the line; returns what to report.  Raises KMTalkError."""
        raise NotImplementedError
