"""What a character remembers about its face: what its keys show, how strongly each is driven, which bones help."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
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

from ..core import bones, errors, guesses, naming, retarget
from ..core import settings as core_settings
from .armatures import can_move

BONES = {
    bones.JAW: "jaw_bone",
    bones.EYE_LEFT: "eye_left_bone",
    bones.EYE_RIGHT: "eye_right_bone",
    bones.HEAD: "head_bone",
    bones.NECK: "neck_bone",
}
"""Part → the property of the settings that names its bone."""


class KMTALK_PG_adjustment(bpy.types.PropertyGroup):
    """How one key of the face is scaled and shifted; `name` is the channel, as jawOpen or a viseme."""

    if TYPE_CHECKING:
        multiplier: float
        offset: float
    else:
        multiplier: FloatProperty(
            name="Multiplier", description="How strongly this key is driven", default=1.0, soft_min=0.0, soft_max=2.0
        )
        offset: FloatProperty(
            name="Offset", description="Added to the key's value at all times", default=0.0, soft_min=-1.0, soft_max=1.0
        )


def _is_armature(self: Any, item: Any) -> bool:
    return bool(item.type == "ARMATURE")


BY_NAMES = "names"
_FIRST = ("arkit", "oculus", "microsoft", "vrm", "rhubarb", "preston_blair", "reallusion", "reallusion_pairs")
"""Blender keeps the number of an enum's item in a file: these had 1 to 8 when others came between them."""


def number_of(scheme: str) -> int:
    """The number that stands for a naming scheme in files, whatever comes before or after it in the list."""
    return _FIRST.index(scheme) + 1 if scheme in _FIRST else zlib.crc32(scheme.encode()) & 0x3FFFFFFF


def items_of(schemes: Iterable[Any]) -> tuple[tuple[str, str, str, int], ...]:
    """The choices of naming schemes, in that order; what a file says of one is the same in any order."""
    return (
        (BY_NAMES, "By Their Names", "What the keys show is recognised by their names", 0),
        *((s.name, s.title, f"The keys show what you say: {s.title}", number_of(s.name)) for s in schemes),
    )


_SCHEMES = items_of(naming.SCHEMES)
SCHEMES = tuple(identifier for identifier, *_ in _SCHEMES)


def _channels(self: Any, context: Any, edit_text: str) -> tuple[str, ...]:
    scheme = self.id_data.kmtalk_face.scheme
    return () if scheme == BY_NAMES else naming.channels_of(scheme)


class KMTALK_PG_mapped_key(bpy.types.PropertyGroup):
    """What one shape key shows, or a pose or a property; `name` is the key's."""

    if TYPE_CHECKING:
        channel: str
        path: str
        value: float
    else:
        path: StringProperty(
            name="Property", description="Full data path of the property that shows it; a shape key where empty"
        )
        value: FloatProperty(
            name="Value",
            description="What the property has when it shows all of it, as the number of a drawing",
            default=1.0,
        )
        channel: StringProperty(
            name="Shows", description="What this key shows; nothing where empty", search=_channels, search_options=set()
        )


def _guess(self: Any, context: Any) -> None:
    """What keys show under another scheme, as far as their names say it."""
    if self.scheme != BY_NAMES:
        guess_channels(self, [row.name for row in self.keys])


class KMTALK_PG_face(bpy.types.PropertyGroup):
    """The settings of one character, on the object of its head."""

    if TYPE_CHECKING:
        scheme: str
        keys: Any
        key_index: int
        adjustments: Any
        adjustment_index: int
        matrix: Any
        action: Any
        armature: Any
        jaw_bone: str
        eye_left_bone: str
        eye_right_bone: str
        head_bone: str
        neck_bone: str
        neck_share: float
        turn_object: bool
        shown_pose: str
        pose_before: str
        actor: str
        use_actor: bool
        mood: str
        mood_strength: float
        jaw_angle: float
        keys_too: bool
        artists_bones: bool
        least_hold: int
        on_twos: bool
    else:
        scheme: EnumProperty(
            name="Keys", description="How it is known what the shape keys show", items=_SCHEMES, update=_guess
        )
        keys: CollectionProperty(type=KMTALK_PG_mapped_key)
        key_index: IntProperty()
        adjustments: CollectionProperty(type=KMTALK_PG_adjustment)
        adjustment_index: IntProperty()
        matrix: PointerProperty(
            name="Mix of Keys",
            description="Text that says how much of each ARKit channel goes into each key, instead of the usual",
            type=bpy.types.Text,
        )
        action: PointerProperty(type=bpy.types.Action, options={"HIDDEN"})
        armature: PointerProperty(
            name="Rig",
            description="Armature whose bones move",
            type=bpy.types.Object,
            poll=_is_armature,
        )
        jaw_bone: StringProperty(name="Jaw", description="Bone that opens the mouth")
        eye_left_bone: StringProperty(name="Left Eye", description="Bone of the character's left eye")
        eye_right_bone: StringProperty(name="Right Eye", description="Bone of the character's right eye")
        head_bone: StringProperty(name="Head", description="Bone that turns the head")
        neck_bone: StringProperty(name="Neck", description="Bone that turns with the head")
        neck_share: FloatProperty(
            name="Neck's Share",
            description="How much of the head's turn the neck takes",
            subtype="FACTOR",
            default=0.35,
            min=0.0,
            max=1.0,
        )
        turn_object: BoolProperty(
            name="Turn the Object", description="Without a head bone, the object itself turns (its delta rotation)"
        )
        shown_pose: StringProperty(options={"HIDDEN"})
        pose_before: StringProperty(options={"HIDDEN"})
        actor: StringProperty(options={"HIDDEN"})
        use_actor: BoolProperty(
            name="Speak as Learnt",
            description="Speak as in the recording that the character learnt from; else as usual",
            default=True,
        )
        mood: EnumProperty(
            name="Keyed Mood",
            description="Key this to change the mood along the timeline; without keys the scene's mood holds",
            items=[(name, name.capitalize(), "") for name in core_settings.MOODS],
            override={"LIBRARY_OVERRIDABLE"},
        )
        mood_strength: FloatProperty(
            name="Keyed Strength",
            description="Key this beside the mood: how much of it shows",
            subtype="FACTOR",
            default=1.0,
            min=0.0,
            max=1.0,
        )
        jaw_angle: FloatProperty(
            name="Jaw Angle",
            description="How far a wide open mouth turns the jaw",
            subtype="ANGLE",
            default=0.35,
            min=-1.2,
            max=1.2,
        )
        least_hold: IntProperty(
            name="Least Hold",
            description="Frames that a drawing of a stepped mouth stays at least",
            default=2,
            min=1,
            soft_max=4,
        )
        on_twos: BoolProperty(name="On Twos", description="Drawings change on every second frame only")
        keys_too: BoolProperty(
            name="Shape Keys Too",
            description="Shape keys of jaw and gaze move beside the bones; else the bones take their place",
        )
        artists_bones: BoolProperty(
            name="Bones of Other Actions Too",
            description="On a rig's own settings: bones that an action of the rig's or its NLA moves are taken too; "
            "else they are left to these",
        )


CLASSES = (KMTALK_PG_adjustment, KMTALK_PG_mapped_key, KMTALK_PG_face)


def register() -> None:
    bpy.types.Object.kmtalk_face = PointerProperty(type=KMTALK_PG_face)  # type: ignore[func-returns-value]


def unregister() -> None:
    del bpy.types.Object.kmtalk_face


def adjustment(settings: Any, channel: str, multiplier: float, offset: float) -> Any:
    """Set the adjustment of one key, the one that is there or a new one."""
    item = next((found for found in settings.adjustments if found.name == channel), None) or settings.adjustments.add()
    item.name, item.multiplier, item.offset = channel, multiplier, offset
    return item


def guess_channels(settings: Any, names: Sequence[str], effects: Mapping[str, str] | None = None) -> None:
    """List keys by name, each with what its name says that it shows, or else what it does."""
    guessed = guesses.guess_channels(settings.scheme, names, effects)
    paths = {row.name: (row.path, row.value) for row in settings.keys if row.path}
    settings.keys.clear()
    for name in names:
        row = settings.keys.add()
        row.name, row.channel = name, guessed.get(name, "")
        row.path, row.value = paths.get(name, ("", 1.0))


def mapped_by_hand(settings: Any) -> dict[str, str] | None:
    """Key → what it shows, where somebody said it; None where the names tell it."""
    if settings.scheme == BY_NAMES:
        return None
    return {row.name: row.channel for row in settings.keys if row.channel}


def is_used(settings: Any) -> bool:
    """Whether anything was set."""
    return bool(len(settings.adjustments) or settings.matrix or settings.armature or settings.scheme != BY_NAMES)


def owner_of(objects: Sequence[Any], worth: Callable[[Any], int]) -> Any:
    """The object that carries the settings of a face: the one that has some, else the one worth most."""
    return max(objects, key=lambda item: (is_used(item.kmtalk_face), worth(item)))


def adjusted(rules: retarget.Retarget, settings: Any) -> retarget.Retarget:
    """`rules` with what the user set: the matrix first, then each key's multiplier and offset.  Raises FaceError."""
    if settings.matrix is not None:
        try:
            rules = rules.replaced_by(retarget.from_json(settings.matrix.as_string()))
        except errors.FaceError as error:
            raise errors.FaceError(f"Text “{settings.matrix.name}”: {error}") from error
    return rules.adjusted(
        {item.name: item.multiplier for item in settings.adjustments},
        {item.name: item.offset for item in settings.adjustments},
    )


def chosen_bones(own: Any) -> dict[str, Any]:
    """The pose bones that take part, by part."""
    if not can_move(own.armature):
        return {}
    found = {part: own.armature.pose.bones.get(getattr(own, prop)) for part, prop in BONES.items()}
    return {part: bone for part, bone in found.items() if bone is not None}
