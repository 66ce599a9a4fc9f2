"""The big button, its cancel button, and Regenerate."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty

from .. import options
from ..annotations import Done
from ..core import progress
from ..jobs import animate as animating
from ..jobs import lay
from ..jobs import regenerate as regenerating
from ..jobs.runner import JobOperator, desk
from ..properties.animation import AnimationOptions
from ..take import lines
from .base import NO_LINE, NO_SCENE, NamesFaces, Needs


class KMTALK_OT_animate(Needs, AnimationOptions, NamesFaces, JobOperator, bpy.types.Operator):
    """Bring the face to life from the sound"""

    bl_idname = "kmtalk.animate"
    bl_label = "Animate from Audio"
    title = "Animating"

    if TYPE_CHECKING:
        strip: str
        start_over: bool
    else:
        strip: StringProperty(name="Strip", description="Sound strip to animate from, by name")
        start_over: BoolProperty(
            name="Start Over", description="Forget what was changed by hand on the line, instead of keeping it"
        )

    @classmethod
    def missing(cls, context: Any) -> str:
        if context.scene is None:
            return NO_SCENE
        if getattr(context, "kmtalk_button", None) is None:  # a script names the sound and the face itself
            return ""
        return options.disabled_reason(context) or ""

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        settings = Merged(self, context.scene.kmtalk)
        asked = animating.request(
            context, settings, strip=self.strip, file=self.file, objects=self.objects(context), text=self.text
        )
        self.title = f"Animating “{asked.clip.name}” on {lay.find_objects(asked.objects[:1])[0].name}"
        return animating.animate(asked)


class KMTALK_OT_regenerate(Needs, JobOperator, bpy.types.Operator):
    """Make the motion beside the keys you changed anew; all else stays as it is"""

    bl_idname = "kmtalk.regenerate"
    bl_label = "Regenerate"
    title = "Regenerating"

    @classmethod
    def missing(cls, context: Any) -> str:
        return "" if lines.actions_of(options.meshes_of(context)) else NO_LINE

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        job = regenerating.regenerate(context)
        self.title = f"Regenerating {options.meshes_of(context)[0].name}"
        return job


class KMTALK_OT_cancel_job(bpy.types.Operator):
    """Stop this job; nothing is changed"""

    bl_idname = "kmtalk.cancel_job"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    if TYPE_CHECKING:
        index: int
    else:
        index: IntProperty(name="Job", description="Its number in the list of what runs")

    def execute(self, context: Any) -> Done:
        running = desk().running
        if 0 <= self.index < len(running):
            running[self.index].cancel()
        return {"FINISHED"}


class Merged:
    """What an operator was given, and what the scene has chosen for the rest."""

    def __init__(self, given: Any, chosen: Any) -> None:
        self._given, self._chosen = given, chosen

    def __getattr__(self, name: str) -> Any:
        is_known = name in self._given.properties.bl_rna.properties
        is_given = (is_known and self._given.properties.is_property_set(name)) or not hasattr(self._chosen, name)
        owner = self._given if is_given else self._chosen
        return getattr(owner, name)


CLASSES = (KMTALK_OT_animate, KMTALK_OT_regenerate, KMTALK_OT_cancel_job)
