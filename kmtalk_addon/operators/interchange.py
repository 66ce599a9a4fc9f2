"""Takes out to files and in from files: Live Link Face CSV, JSON, and our own .npz."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import options
from ..core import progress
from ..jobs import lay
from ..take import bake, interchange, known, lines, store
from .base import Deed, NeedsLine


class KMTALK_OT_export_take(NeedsLine, Deed, ExportHelper, bpy.types.Operator):  # type: ignore[misc]
    """Write the take as Live Link Face CSV, as JSON, or as KMTalk's own file"""

    bl_idname = "kmtalk.export_take"
    bl_label = "Export Take"
    bl_options = {"REGISTER"}  # noqa: RUF012 - nothing to undo
    filename_ext = ""

    if TYPE_CHECKING:
        filepath: str
        layout_name: str
        filter_glob: str
    else:
        layout_name: EnumProperty(name="Layout", description="How the file is written", items=interchange.LAYOUTS)
        filter_glob: StringProperty(default="*.csv;*.json;*.npz", options={"HIDDEN"})

    def check(self, context: Any) -> bool:  # type: ignore[override]
        path = str(Path(self.filepath).with_suffix(f".{self.layout_name.lower()}"))
        changed, self.filepath = path != self.filepath, path
        return changed

    def do(self, context: Any) -> str:
        line = lines.chosen_in(lines.actions_of(options.meshes_of(context)))
        path = Path(bpy.path.abspath(self.filepath)).with_suffix(f".{self.layout_name.lower()}")
        interchange.export(store.take_of(line), path)
        return f"Wrote {path.name}"


class KMTALK_OT_import_take(Deed, ImportHelper, bpy.types.Operator):  # type: ignore[misc]
    """Bake a take, or a Live Link Face CSV made elsewhere, onto the face"""

    bl_idname = "kmtalk.import_take"
    bl_label = "Import Take"

    if TYPE_CHECKING:
        start: float
        filter_glob: str
    else:
        start: FloatProperty(name="First Frame", description="Scene frame at which the take starts", default=1.0)
        filter_glob: StringProperty(default="*.csv;*.json;*.npz", options={"HIDDEN"})

    def do(self, context: Any) -> str:
        return str(progress.finish(_import(context, Path(bpy.path.abspath(self.filepath)), self.start)))


def _import(context: Any, path: Path, start: float) -> progress.Job[str]:
    """Write the take of a file as a line that starts at a frame.  Raises KMTalkError."""
    settings, scene = context.scene.kmtalk, context.scene
    take = interchange.load(path)
    face = options.face_of(options.meshes_of(context), take.space)
    lines.take_over(face)
    error = settings.error if settings.bake_mode == "REDUCED" else 0.0
    story = store.Story(path.stem, start=start, fps=bake.scene_fps(scene), error=error, source=str(path))
    earlier = known.line_of(face, "", str(path))
    uid = earlier.uid if earlier else ""
    wanted = bake.BakeOptions(path.stem, start, settings.foreign, settings.timeline_markers, error, uid)
    if take.space.has_names:
        data = store.take_bytes(take)
    else:
        data = yield from lay.fit(take, face, uid)
    find_place = lay.finder([item.session_uid for item in face.found_on or face.objects], scene.session_uid, take)
    report = yield from lay.lay_take(take, data, find_place, story, wanted)
    return lay.told(report, path.stem, take, find_place()[0])


CLASSES = (KMTALK_OT_export_take, KMTALK_OT_import_take)
