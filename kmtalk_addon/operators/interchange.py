"""Takes out to files and in from files: Live Link Face CSV, JSON, and our own .npz."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import options
from ..core import errors, progress
from ..jobs import animate as animating
from ..take import bake, interchange, keys, store


class KMTALK_OT_export_take(ExportHelper, bpy.types.Operator):
    """Write the take as Live Link Face CSV, as JSON, or as KMTalk's own file"""

    bl_idname = "kmtalk.export_take"
    bl_label = "Export Take"
    filename_ext = ""

    if TYPE_CHECKING:
        layout_name: str
        filter_glob: str
    else:
        layout_name: EnumProperty(name="Layout", description="How the file is written", items=interchange.LAYOUTS)
        filter_glob: StringProperty(default="*.csv;*.json;*.npz", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not keys.actions_of(options.meshes_of(context)):
            cls.poll_message_set("Animate from audio first: the face plays no take of KMTalk's.")
            return False
        return True

    def check(self, context: Any) -> bool:
        path = str(Path(self.filepath).with_suffix(f".{self.layout_name.lower()}"))
        changed, self.filepath = path != self.filepath, path
        return changed

    def execute(self, context: Any) -> set[str]:
        action = keys.actions_of(options.meshes_of(context))[0]
        path = Path(bpy.path.abspath(self.filepath)).with_suffix(f".{self.layout_name.lower()}")
        try:
            interchange.export(store.take_of(action), path)
        except errors.KMTalkError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wrote {path.name}")
        return {"FINISHED"}


class KMTALK_OT_import_take(ImportHelper, bpy.types.Operator):
    """Bake a take, or a Live Link Face CSV made elsewhere, onto the face"""

    bl_idname = "kmtalk.import_take"
    bl_label = "Import Take"
    bl_options = {"UNDO"}  # noqa: RUF012

    if TYPE_CHECKING:
        start: float
        filter_glob: str
    else:
        start: FloatProperty(name="First Frame", description="Scene frame at which the take starts", default=1.0)
        filter_glob: StringProperty(default="*.csv;*.json;*.npz", options={"HIDDEN"})

    def execute(self, context: Any) -> set[str]:
        settings = context.scene.kmtalk
        path = Path(bpy.path.abspath(self.filepath))
        try:
            take = interchange.load(path)
            face = options.face_of(options.meshes_of(context), take.space)
            error = settings.error if settings.bake_mode == "REDUCED" else 0.0
            foreign: Any = settings.foreign
            story = store.Story(
                name=path.stem,
                audio="",
                begin=0.0,
                end=None,
                start=self.start,
                fps=bake.scene_fps(context.scene),
                foreign=foreign,
                timeline_markers=settings.timeline_markers,
                error=error,
            )
            if take.space.has_names:
                data = store.take_bytes(take)
            else:
                _, data = progress.finish(animating.fit(take, [face.owner.session_uid], story.name))
                face = options.face_of([face.owner], take.space)
            prepared = bake.prepare(take, face.drive, story.fps, story.options)
            place = (face, context.scene)
            report = progress.finish(animating.write_take(take, data, lambda: place, prepared, story))
        except errors.KMTalkError as failed:
            self.report({"ERROR"}, str(failed))
            return {"CANCELLED"}
        self.report({"INFO"}, report)
        return {"FINISHED"}


CLASSES = (KMTALK_OT_export_take, KMTALK_OT_import_take)
