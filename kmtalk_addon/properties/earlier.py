"""What versions before 0.2 kept on an action: it is only read."""

from typing import TYPE_CHECKING

import bpy
from bpy.props import CollectionProperty, EnumProperty, IntProperty, StringProperty

from .lines import STATES


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


CLASSES = (KMTALK_PG_earlier_key, KMTALK_PG_earlier_take)
