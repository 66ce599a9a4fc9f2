"""What the add-on remembers on Blender's own data: settings on the scene, lines on the action, numbers on markers."""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from . import compat
from .core import settings as core_settings
from .take import lines, markers, place

SETTINGS = core_settings.SETTINGS
REGIONS = {
    "mouth": "Jaw, lips and tongue",
    "upper": "Brows, cheeks and nose",
    "eyes": "Lids and gaze",
    "head": "Turns of head and neck",
}
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
BAKE_MODES = (
    ("EVERY", "Every Frame", "A key on every frame"),
    ("REDUCED", "Reduced", "As few Bezier keys as stay within the error"),
)
FOREIGN = (
    (
        "below",
        "Under Your Action",
        "Where an action of yours is there, ours goes onto an NLA track: yours wins where both have a key",
    ),
    (
        "above",
        "Over Your Action",
        "Where an action of yours is there, it is pushed down to an NLA track and ours plays over it",
    ),
)
STATES = (
    ("generated", "Generated", "Made by KMTalk", "DOT", 0),
    ("edited", "Edited", "Changed by hand", "GREASEPENCIL", 1),
    ("locked", "Locked", "Kept as it is, by Regenerate and by a new Animate", "LOCKED", 2),
    ("added", "Added", "Added by hand", "ADD", 3),
)


def _strip_names(self: Any, context: Any, edit_text: str) -> list[str]:
    scene = self.strip_scene or context.scene
    return [strip.name for strip in compat.strips(scene) if strip.type == "SOUND"]


def _is_mesh(self: Any, item: Any) -> bool:
    return bool(item.type == "MESH")


def _key_at_playhead(self: Any) -> int:
    """The chosen key: the one that was clicked while the playhead is on it, else the last before the playhead."""
    count = len(self.key_motions)
    if not count:
        return 0
    frame, picked = bpy.context.scene.frame_current, self.picked
    if 0 <= picked < count and self.key_motions[picked].frame == frame:
        return int(picked)
    frames = np.empty(count, np.int32)
    self.key_motions.foreach_get("frame", frames)
    return int(max(np.searchsorted(frames, frame, side="right") - 1, 0))


def _pick_key(self: Any, index: int) -> None:
    """A click into the list of keys moves the playhead."""
    self.picked = index
    place.open_everywhere(self.id_data, lines.all_owners())
    if 0 <= index < len(self.key_motions):
        bpy.context.scene.frame_set(self.key_motions[index].frame)


def _mark_timeline(self: Any, context: Any) -> None:
    if isinstance(self.id_data, bpy.types.Scene):
        markers.show_on_timeline(self.id_data, self.timeline_markers)


class AnimationOptions:
    """The choices that a scene remembers and that `bpy.ops.kmtalk.animate` takes."""

    if TYPE_CHECKING:
        file: str
        use_range: bool
        range_start: int
        range_end: int
        text: str
        strength_upper: float
        strength_lower: float
        smoothing: float
        delay: float
        minimum_gap: int
        key_density: float
        blinks: bool
        breath: bool
        listening: bool
        mood: str
        mood_strength: float
        liveliness: float
        regions: set[str]
        strength_eyes: float
        strength_head: float
        look_left: float
        look_up: float
        seed: int
        bake_mode: str
        error: float
        timeline_markers: bool
        foreign: str
        add_strip: bool
    else:
        file: StringProperty(name="File", description="Sound file to animate from", subtype="FILE_PATH")
        use_range: BoolProperty(name="Range", description="Animate a range of frames only")
        range_start: IntProperty(name="Start", description="First frame to animate", default=1)
        range_end: IntProperty(name="End", description="Last frame to animate", default=250)
        text: StringProperty(
            name="Transcript", description="What is said: the sounds of these words are then found in the voice"
        )
        strength_upper: FloatProperty(
            name="Upper Face Strength", description="Strength of brows, eyes and nose", default=1.0, min=0.0, max=2.0
        )
        strength_lower: FloatProperty(
            name="Lower Face Strength",
            description="Strength of jaw, lips, cheeks and tongue",
            default=1.0,
            min=0.0,
            max=2.0,
        )
        smoothing: FloatProperty(
            name="Smoothing",
            description="Frames over which the motion is calmed",
            default=0.0,
            min=0.0,
            max=10.0,
        )
        delay: FloatProperty(
            name="Delay",
            description="Frames by which the face comes after the sound; negative is before it",
            default=0.0,
            min=-24.0,
            max=24.0,
            soft_min=-10.0,
            soft_max=10.0,
        )
        minimum_gap: IntProperty(
            name="Least Gap", description="Fewest frames between two key motions", default=1, min=1, max=24
        )
        key_density: FloatProperty(
            name="Key Motions",
            description="How many there are: below 1 fewer to edit by hand, above 1 more to steer with",
            default=1.0,
            min=0.1,
            max=3.0,
            soft_min=0.25,
            soft_max=2.0,
        )
        blinks: BoolProperty(name="Blinks", description=SETTINGS["blinks"].words, default=True)
        breath: BoolProperty(name="Breath", description=SETTINGS["breath"].words, default=True)
        listening: BoolProperty(name="Listening", description=SETTINGS["listening"].words)
        mood: EnumProperty(
            name="Mood",
            description=SETTINGS["mood"].words,
            items=[(name, name.capitalize(), "") for name in core_settings.MOODS],
        )
        mood_strength: FloatProperty(
            name="Mood Strength",
            description=SETTINGS["mood_strength"].words,
            subtype="FACTOR",
            default=1.0,
            min=0.0,
            max=1.0,
        )
        liveliness: FloatProperty(
            name="Liveliness",
            description=SETTINGS["liveliness"].words + ": 0 is still, 0.8 calm, 1.4 lively, 2 on a stage",
            default=1.0,
            min=0.0,
            max=2.0,
        )
        regions: EnumProperty(
            name="Regions",
            description=SETTINGS["regions"].words + ", and their curves are left alone",
            items=[(name, name.capitalize(), REGIONS[name]) for name in REGIONS],
            options={"ENUM_FLAG"},
            default=set(REGIONS),
        )
        strength_eyes: FloatProperty(
            name="Gaze Strength", description=SETTINGS["strength_eyes"].words, default=1.0, min=0.0, max=2.0
        )
        strength_head: FloatProperty(
            name="Head Strength", description=SETTINGS["strength_head"].words, default=1.0, min=0.0, max=2.0
        )
        look_left: FloatProperty(
            name="Look Left", description=SETTINGS["look_left"].words, subtype="ANGLE", min=-1.0, max=1.0
        )
        look_up: FloatProperty(
            name="Look Up", description=SETTINGS["look_up"].words, subtype="ANGLE", min=-0.75, max=0.75
        )
        seed: IntProperty(name="Seed", description=SETTINGS["seed"].words, default=0, min=0)
        bake_mode: EnumProperty(name="Keys", description="How many keys the curves get", items=BAKE_MODES)
        error: FloatProperty(
            name="Error",
            description="How far a reduced curve may be from the motion, in shape-key value",
            default=0.01,
            min=0.0005,
            max=0.2,
            precision=3,
        )
        timeline_markers: BoolProperty(
            name="Timeline Markers",
            description="Also mark key motions on the scene's timeline",
            default=True,
            update=_mark_timeline,
        )
        foreign: EnumProperty(
            name="Beside Yours",
            description="Where ours goes when the face plays an action of yours, which is never written to",
            items=FOREIGN,
        )
        add_strip: BoolProperty(
            name="Add the Sound Too", description="Put the file on the timeline too, so that it is heard", default=True
        )


class KMTALK_PG_face_mesh(bpy.types.PropertyGroup):
    """One mesh of the face."""

    if TYPE_CHECKING:
        object: Any
    else:
        object: PointerProperty(name="Mesh", type=bpy.types.Object, poll=_is_mesh)


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
        low_confidence: float
        filter_attention: bool
        phone_names: str
        show_lane: bool
    else:
        source: EnumProperty(name="Audio", description="Where the sound is", items=SOURCES)
        strip: StringProperty(
            name="Strip",
            description="Sound strip to animate from; the active one, or the only one, where this is empty",
            search=_strip_names,
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
        phone_names: EnumProperty(
            name="Sounds",
            description="How the sounds of the list are written",
            items=(
                ("IPA", "IPA", "In the phonetic alphabet"),
                ("WORDS", "Mouth", "By what the mouth does"),
            ),
        )


class KMTALK_PG_key_motion(bpy.types.PropertyGroup):
    """One key motion in the list; `name` is how its phone is shown, `label` the phone itself."""

    if TYPE_CHECKING:
        label: str
        frame: int
        time: float
        confidence: float
        state: str
        made: str
        say: str
        word: str
        goes_on: bool
    else:
        label: StringProperty(options={"HIDDEN"})
        frame: IntProperty(name="Frame", description="Scene frame of the key motion")
        time: FloatProperty(name="Time", description="Seconds from the start of the sound")
        confidence: FloatProperty(name="Confidence", description="How sure the phone boundary is")
        state: EnumProperty(name="State", description="How this key motion came to be", items=STATES)
        made: EnumProperty(name="Made", description="The state it was written with", items=STATES)
        say: StringProperty(
            name="Say It as", description="Phone or mouth shape that is to be heard here instead, as u, oo, m or PP"
        )
        word: StringProperty(name="Word", description="The word that is said here, where a transcript tells")
        goes_on: BoolProperty(description="Whether the key motion before is of the same word", options={"HIDDEN"})


class KMTALK_PG_event(bpy.types.PropertyGroup):
    """One event in the list; `uid` is its name in the take, `made` what it was written with, empty for a new one."""

    if TYPE_CHECKING:
        uid: str
        kind: str
        frame: int
        size: float
        direction: float
        state: str
        made: str
        gone: bool
    else:
        uid: StringProperty(options={"HIDDEN"})
        kind: StringProperty(options={"HIDDEN"})
        frame: IntProperty(name="Frame", description="Scene frame of the event: its height, or where a glance begins")
        size: FloatProperty(
            name="Size",
            description="How large: radians for glance, nod and shift, else a share of the whole",
            min=0.0,
            max=3.0,
            precision=3,
        )
        direction: FloatProperty(
            name="Direction", description="Degrees: 0 to the character's left, 90 up", min=-360.0, max=360.0
        )
        state: EnumProperty(name="State", description="How this event came to be", items=STATES)
        made: StringProperty(options={"HIDDEN"})
        gone: BoolProperty(name="Deleted", description="Regenerate takes it out")


def _jump_to_event(self: Any, context: Any) -> None:
    """A click into the list of events moves the playhead."""
    if 0 <= self.event_index < len(self.events):
        context.scene.frame_set(self.events[self.event_index].frame)


class KMTALK_PG_line(bpy.types.PropertyGroup):
    """One line of a face: its take, how it came there, its curves as written, and its key motions.

    uid: its number, by which alone it is known; revision: another number whenever it is written; first, last: its own
    scene frames, with `lead` and `tail` frames of ease beside them; hidden: what lies under other lines; marks: where
    its markers were put; phone_edits: what is asked of its phones.
    """

    if TYPE_CHECKING:
        uid: str
        file: bytes
        story: str
        record: bytes
        revision: int
        hidden: bytes
        marks: str
        phone_edits: str
        first: int
        last: int
        lead: int
        tail: int
        key_motions: Any
        picked: int
        key_index: int
        events: Any
        event_index: int
    else:
        # Not custom properties: assigned a second time, those cut bytes off at the first zero.
        uid: StringProperty(options={"HIDDEN"})
        file: StringProperty(subtype="BYTE_STRING", options={"HIDDEN"})
        story: StringProperty(options={"HIDDEN"})
        record: StringProperty(subtype="BYTE_STRING", options={"HIDDEN"})
        revision: IntProperty(options={"HIDDEN"})
        hidden: StringProperty(subtype="BYTE_STRING", options={"HIDDEN"})
        marks: StringProperty(options={"HIDDEN"})
        phone_edits: StringProperty(options={"HIDDEN"})
        first: IntProperty(name="Start", description="First scene frame of the line")
        last: IntProperty(name="End", description="Last scene frame of the line")
        lead: IntProperty(options={"HIDDEN"})
        tail: IntProperty(options={"HIDDEN"})
        key_motions: CollectionProperty(type=KMTALK_PG_key_motion)
        events: CollectionProperty(type=KMTALK_PG_event)
        event_index: IntProperty(
            name="Event", description="What the face does beside its lips; click one to go there", update=_jump_to_event
        )
        picked: IntProperty(options={"HIDDEN"})
        key_index: IntProperty(
            name="Key Motion",
            description="The key motion at the playhead; click one to go there",
            get=_key_at_playhead,
            set=_pick_key,
        )


class KMTALK_PG_lines(bpy.types.PropertyGroup):
    """The lines that an action carries; uid: the action's own number, which tells copies from each other."""

    if TYPE_CHECKING:
        uid: str
        lines: Any
        index: int
    else:
        uid: StringProperty(options={"HIDDEN"})
        lines: CollectionProperty(type=KMTALK_PG_line)
        index: IntProperty(
            name="Line", description="The line whose keys are listed; click one to go there", update=lines.jump
        )


class KMTALK_PG_earlier_key(bpy.types.PropertyGroup):
    """One key motion as versions before 0.2 listed it."""

    if TYPE_CHECKING:
        frame: int
        state: str
    else:
        frame: IntProperty()
        state: EnumProperty(items=STATES)


class KMTALK_PG_earlier_take(bpy.types.PropertyGroup):
    """The one take that an action of an earlier version carries; it is only read."""

    if TYPE_CHECKING:
        file: bytes
        story: str
        record: bytes
    else:
        file: StringProperty(subtype="BYTE_STRING", options={"HIDDEN"})
        story: StringProperty(options={"HIDDEN"})
        record: StringProperty(subtype="BYTE_STRING", options={"HIDDEN"})
        keys: CollectionProperty(type=KMTALK_PG_earlier_key, options={"HIDDEN"})  # as it was called in those files


CLASSES = (
    KMTALK_PG_face_mesh,
    KMTALK_PG_settings,
    KMTALK_PG_key_motion,
    KMTALK_PG_event,
    KMTALK_PG_line,
    KMTALK_PG_lines,
    KMTALK_PG_earlier_key,
    KMTALK_PG_earlier_take,
)


def register() -> None:
    """Attach the properties; the classes are registered before."""
    bpy.types.Scene.kmtalk = PointerProperty(type=KMTALK_PG_settings)
    bpy.types.Action.kmtalk_lines = PointerProperty(type=KMTALK_PG_lines)
    bpy.types.Action.kmtalk_take = PointerProperty(type=KMTALK_PG_earlier_take)
    bpy.types.TimelineMarker.kmtalk = StringProperty(
        name="KMTalk line", description="The line this marker belongs to", options={"HIDDEN"}
    )
    bpy.types.TimelineMarker.kmtalk_frame = IntProperty(
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
