"""The lines that an action carries, each with its take, its key motions and its events."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from .. import answers
from ..live.noticing import event_changed
from ..take import lines

STATES = (
    ("generated", "Generated", "Made by KMTalk", "DOT", 0),
    ("edited", "Edited", "Changed by hand", "GREASEPENCIL", 1),
    ("locked", "Locked", "Kept as it is, by Regenerate and by a new Animate", "LOCKED", 2),
    ("added", "Added", "Added by hand", "ADD", 3),
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
        frame: IntProperty(
            update=event_changed,
            name="Frame",
            description="Scene frame of the event: its height, or where a glance begins",
        )
        size: FloatProperty(
            update=event_changed,
            name="Size",
            description="How large: radians for glance, nod and shift, else a share of the whole",
            min=0.0,
            max=3.0,
            precision=3,
        )
        direction: FloatProperty(
            update=event_changed,
            name="Direction",
            description="Degrees: 0 to the character's left, 90 up",
            min=-360.0,
            max=360.0,
        )
        state: EnumProperty(name="State", description="How this event came to be", items=STATES)
        made: StringProperty(options={"HIDDEN"})
        gone: BoolProperty(name="Deleted", description="Regenerate takes it out")


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
            name="Event",
            description="What the face does beside its lips; click one to go there",
            update=answers.jump_to_event,
        )
        picked: IntProperty(options={"HIDDEN"})
        key_index: IntProperty(
            name="Key Motion",
            description="The key motion at the playhead; click one to go there",
            get=answers.key_at_playhead,
            set=answers.pick_key,
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


CLASSES = (KMTALK_PG_key_motion, KMTALK_PG_event, KMTALK_PG_line, KMTALK_PG_lines)
