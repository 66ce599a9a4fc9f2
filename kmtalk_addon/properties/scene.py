"""What the panel asks for, one a scene."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .. import answers
from ..core import live
from ..live.switch import toggled
from .animation import AnimationOptions

SOURCES = (
    ("STRIP", "Strip", "A sound strip of the sequencer"),
    ("FILE", "File", "A sound file"),
)
TRANSCRIPTS = (
    ("BESIDE", "Beside the Sound", "The text, SRT or VTT file of the sound's name, where there is one"),
    ("FIELD", "Written Here", "What is said, in this field"),
    ("BLOCK", "Text of This File", "A text that is edited in Blender's Text Editor"),
    ("NONE", "None", "What is said is heard from the sound alone"),
)


class KMTALK_PG_face_mesh(bpy.types.PropertyGroup):
    """One mesh of the face."""

    if TYPE_CHECKING:
        object: Any
    else:
        object: PointerProperty(name="Mesh", type=bpy.types.Object, poll=answers.is_mesh)


class KMTALK_PG_settings(AnimationOptions, bpy.types.PropertyGroup):
    """What the panel asks for, one a scene."""

    if TYPE_CHECKING:
        source: str
        strip: str
        strip_scene: Any
        transcript: str
        text_block: Any
        look_at: Any
        meshes: Any
        mesh_index: int
        look_ahead: float
        low_confidence: float
        filter_attention: bool
        phone_names: str
        show_lane: bool
        live: bool
    else:
        source: EnumProperty(name="Audio", description="Where the sound is", items=SOURCES)
        strip: StringProperty(
            name="Strip",
            description="Sound strip to animate from; the active one, or the only one, where this is empty",
            search=answers.strip_names,
        )
        strip_scene: PointerProperty(
            name="Scene",
            description="Scene whose sequencer holds the strip; this one where empty",
            type=bpy.types.Scene,
        )
        transcript: EnumProperty(name="Transcript", description="Where the words are", items=TRANSCRIPTS)
        text_block: PointerProperty(name="Text", description="Text with the words", type=bpy.types.Text)
        look_at: PointerProperty(
            name="Look at", description="What the face looks at: a camera, another character", type=bpy.types.Object
        )
        meshes: CollectionProperty(
            name="Meshes",
            description="Meshes of the face; what is chosen where none is listed",
            type=KMTALK_PG_face_mesh,
        )
        mesh_index: IntProperty()
        look_ahead: FloatProperty(
            name="Look-Ahead",
            description="How long a live face waits for what is said next: longer is better, shorter is sooner",
            min=0.0,
            max=live.MOST_LOOK_AHEAD,
            default=live.LOOK_AHEAD,
            subtype="TIME_ABSOLUTE",
            unit="TIME_ABSOLUTE",
        )
        low_confidence: FloatProperty(
            name="Unsure below", description="Keys of less confidence are flagged", default=0.25, min=0.0, max=1.0
        )
        filter_attention: BoolProperty(
            name="Needs a Look", description="List only unsure keys and keys that were changed by hand"
        )
        show_lane: BoolProperty(
            name="Lane of Words and Sounds",
            description="Show what is heard in the sequencer and the Dope Sheet; click a word or a sound to go there",
            default=True,
        )
        live: BoolProperty(
            name="Live",
            description="Answer every edit of keys, markers and sounds at once, and let the chosen line follow mood, "
            "strength, smoothing and the like while you set them. By the engine inside Blender",
            default=False,
            update=toggled,
        )
        phone_names: EnumProperty(
            name="Sounds",
            description="How the sounds of the list are written",
            items=(
                ("IPA", "IPA", "In the phonetic alphabet"),
                ("WORDS", "Mouth", "By what the mouth does"),
            ),
        )


CLASSES = (KMTALK_PG_face_mesh, KMTALK_PG_settings)
