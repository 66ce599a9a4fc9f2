"""What a character remembers about its face: how strongly each key is driven, by what, and which bones help."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import CollectionProperty, FloatProperty, IntProperty, PointerProperty

from ..core import errors, retarget


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


class KMTALK_PG_face(bpy.types.PropertyGroup):
    """The settings of one character, on the object of its head."""

    if TYPE_CHECKING:
        adjustments: Any
        adjustment_index: int
        matrix: Any
    else:
        adjustments: CollectionProperty(type=KMTALK_PG_adjustment)
        adjustment_index: IntProperty()
        matrix: PointerProperty(
            name="Matrix",
            description="Text that says how much of each ARKit channel goes into each key, instead of the usual",
            type=bpy.types.Text,
        )


CLASSES = (KMTALK_PG_adjustment, KMTALK_PG_face)


def register() -> None:
    bpy.types.Object.kmtalk_face = PointerProperty(type=KMTALK_PG_face)


def unregister() -> None:
    del bpy.types.Object.kmtalk_face


def adjustment(settings: Any, channel: str, multiplier: float, offset: float) -> Any:
    """Set the adjustment of one key, the one that is there or a new one."""
    item = next((found for found in settings.adjustments if found.name == channel), None) or settings.adjustments.add()
    item.name, item.multiplier, item.offset = channel, multiplier, offset
    return item


def is_used(settings: Any) -> bool:
    """Whether anything was set."""
    return bool(len(settings.adjustments) or settings.matrix)


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
