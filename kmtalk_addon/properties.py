"""What the add-on remembers on Blender's own data."""

import bpy


def register() -> None:
    bpy.types.TimelineMarker.kmtalk = bpy.props.StringProperty(
        name="KMTalk take", description="The take this marker belongs to", options={"HIDDEN"}
    )


def unregister() -> None:
    del bpy.types.TimelineMarker.kmtalk
