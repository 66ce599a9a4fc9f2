"""What the add-on remembers on Blender's own data: settings on the scene, lines on the action, numbers on markers."""

import bpy
from bpy.props import IntProperty, PointerProperty, StringProperty

from . import earlier, lines, scene

CLASSES = (*scene.CLASSES, *lines.CLASSES, *earlier.CLASSES)


def register() -> None:
    """Attach the properties; the classes are registered before."""
    bpy.types.Scene.kmtalk = PointerProperty(type=scene.KMTALK_PG_settings)  # type: ignore[func-returns-value]
    bpy.types.Action.kmtalk_lines = PointerProperty(type=lines.KMTALK_PG_lines)  # type: ignore[func-returns-value]
    bpy.types.Action.kmtalk_take = PointerProperty(type=earlier.KMTALK_PG_earlier_take)  # type: ignore[func-returns-value]
    bpy.types.TimelineMarker.kmtalk = StringProperty(  # type: ignore[func-returns-value]
        name="KMTalk line", description="The line this marker belongs to", options={"HIDDEN"}
    )
    bpy.types.TimelineMarker.kmtalk_frame = IntProperty(  # type: ignore[func-returns-value]
        name="KMTalk frame",
        description="Where this marker was put: one dragged in time is known by it",
        options={"HIDDEN"},
    )  # no custom property: since 5.0 markers take none


def unregister() -> None:
    del bpy.types.TimelineMarker.kmtalk_frame
    del bpy.types.TimelineMarker.kmtalk
    del bpy.types.Action.kmtalk_take
    del bpy.types.Action.kmtalk_lines
    del bpy.types.Scene.kmtalk
