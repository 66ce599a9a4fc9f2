"""Face shapes: place landmarks, build, remove, check."""

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import StringProperty

from .. import engine, options
from ..core import errors, progress
from ..face import build, check, chosen, landmarks
from ..jobs.runner import JobOperator
from .base import Deed, Needs
from .windows import open_editor


class _OnFace(Needs):
    """Works on the meshes of a face: those named, or what the scene has chosen."""

    if TYPE_CHECKING:
        faces: str
    else:
        faces: StringProperty(
            name="Faces", description="Mesh objects by name, the head first, with ; between them; else what is chosen"
        )


class KMTALK_OT_face_landmarks(_OnFace, JobOperator, bpy.types.Operator):
    """Find the landmarks of the head and show them as empties: drag those that are wrong, then build"""

    bl_idname = "kmtalk.face_landmarks"
    bl_label = "Place Landmarks"
    title = "Looking"

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        return build.find_landmarks(build.request(chosen.meshes(context, self.faces), options.face_engine_of(context)))


class KMTALK_OT_face_build(_OnFace, JobOperator, bpy.types.Operator):
    """Build ARKit's face shapes as shape keys; teeth, tongue and eyes inside the head follow"""

    bl_idname = "kmtalk.face_build"
    bl_label = "Build Face Shapes"
    title = "Building"

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        return build.build(build.request(chosen.meshes(context, self.faces), options.face_engine_of(context)))


class KMTALK_OT_face_remove(_OnFace, Deed, bpy.types.Operator):
    """Remove the shape keys that were built here, and none of your own; and the landmarks"""

    bl_idname = "kmtalk.face_remove"
    bl_label = "Remove Built Shapes"

    def do(self, context: Any) -> str:
        objects = chosen.meshes(context, self.faces)
        removed = build.remove(objects)
        empties = sum(landmarks.remove(item) for item in objects)
        return f"Removed {removed} built shape keys and {empties} landmarks"


class KMTALK_OT_mirror_landmarks(_OnFace, Deed, bpy.types.Operator):
    """Bring the landmarks of the other side to where those that you dragged have their mirror images"""

    bl_idname = "kmtalk.mirror_landmarks"
    bl_label = "Mirror Landmarks"

    def do(self, context: Any) -> str:
        head = next(iter(chosen.meshes(context, self.faces)), None)
        if head is None or not landmarks.of(head):
            raise errors.FaceError("There are no landmarks: place them first.")
        count = landmarks.mirror(head, list(context.view_layer.objects.selected))
        if not count:
            raise errors.FaceError("No landmark was dragged yet: drag those of one side first.")
        return f"{count} landmarks were mirrored."


class KMTALK_OT_face_check(_OnFace, JobOperator, bpy.types.Operator):
    """Show the face in test poses, and report what would look wrong: missing keys, lips that cross or never meet"""

    bl_idname = "kmtalk.face_check"
    bl_label = "Check Face"
    title = "Checking"

    if TYPE_CHECKING:
        filepath: str
    else:
        filepath: StringProperty(name="Picture", description="Also save the picture here (.png)", subtype="FILE_PATH")

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        path = Path(bpy.path.abspath(self.filepath)).with_suffix(".png") if self.filepath else None
        found: tuple[engine.Engine | None, tuple[str, ...]] = (None, ())
        with contextlib.suppress(engine.EngineError):  # the lips are not measured then, which the report says
            found = options.face_engine_of(context)
        return _checked(check.request(chosen.meshes(context, self.faces), found, path))


def _checked(asked: check.Request) -> Generator[progress.Progress, None, str]:
    said = yield from check.check(asked)
    _show_picture()
    return said


def _show_picture() -> None:
    """Open the sheet in a window of its own, the whole of it once the window knows its size."""
    area = open_editor("IMAGE_EDITOR")
    if area is not None:
        area.spaces.active.image = bpy.data.images.get(check.sheet.IMAGE)
        bpy.app.timers.register(_fit_picture, first_interval=0.2)


def _fit_picture() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR" and area.spaces.active.image == bpy.data.images.get(check.sheet.IMAGE):
                region = next(region for region in area.regions if region.type == "WINDOW")
                with bpy.context.temp_override(window=window, area=area, region=region):
                    bpy.ops.image.view_all(fit_view=True)


CLASSES = (
    KMTALK_OT_face_landmarks,
    KMTALK_OT_face_build,
    KMTALK_OT_face_remove,
    KMTALK_OT_mirror_landmarks,
    KMTALK_OT_face_check,
)
