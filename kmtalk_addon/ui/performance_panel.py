"""The Performance box: mood, liveliness, regions, gaze, chance; and the list of what the face does beside its lips."""

import math
from typing import Any

import bpy

from .. import options
from ..core import errors, spaces
from ..take import events, lines
from .drawing import Rows, draw_text, is_wide

_TURNS = ("glance", "nod", "shift")
_ICONS = {"generated": "BLANK1", "edited": "GREASEPENCIL", "locked": "LOCKED", "added": "ADD"}


class KMTALK_UL_events(Rows, bpy.types.UIList):
    """Frame, kind, size and state of every event."""

    def draw_row(self, context: Any, layout: Any, item: Any) -> None:
        frame, kind, size, state = _columns_of(layout, not item.gone)
        frame.label(text=f"{item.frame}")
        kind.label(text=item.name)
        size.label(text=f"{math.degrees(item.size):.0f}°" if item.kind in _TURNS else f"{item.size:.0%}")
        state.label(text="", icon="TRASH" if item.gone else "REC" if events.is_changed(item) else _ICONS[item.state])


def _columns_of(layout: Any, is_active: bool) -> tuple[Any, Any, Any, Any]:
    """The cells of a row of the list of events."""
    row = layout.row(align=True)
    row.active = is_active
    first = row.split(factor=0.24)
    frame, rest = first.row(), first.split(factor=0.68)
    return frame, rest.row(), rest.row(), row


def draw_performance(layout: Any, context: Any) -> None:
    """The whole box."""
    settings = context.scene.kmtalk
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column(align=True)
    column.prop(settings, "mood")
    column.prop(settings, "mood_strength")
    layout.prop(settings, "liveliness", slider=True)
    _draw_regions(layout, context)
    column = layout.column(align=True)
    column.prop(settings, "strength_eyes", slider=True)
    column.prop(settings, "strength_head", slider=True)
    column = layout.column(heading="Also")
    column.prop(settings, "blinks")
    column.prop(settings, "breath")
    column.prop(settings, "listening")
    column = layout.column(align=True)
    column.prop(settings, "look_at")
    if settings.look_at is None:
        column.prop(settings, "look_left")
        column.prop(settings, "look_up")
    _draw_over_time(layout, context)
    row = layout.row(align=True)
    row.prop(settings, "seed")
    row.operator("kmtalk.another_take", text="", icon="FILE_REFRESH")
    layout.operator("kmtalk.listen")
    _draw_events(layout, context)


def _draw_regions(layout: Any, context: Any) -> None:
    """What moves, in as many columns as have room for their words."""
    split = layout.split(factor=0.4)
    split.use_property_split = False
    name = split.row()
    name.alignment = "RIGHT"
    name.label(text="Move")
    cells = split.grid_flow(row_major=True, columns=3 if is_wide(context) else 2, even_columns=True, align=True)
    for region in spaces.REGIONS:
        cells.prop_enum(context.scene.kmtalk, "regions", region)


def _draw_over_time(layout: Any, context: Any) -> None:
    """What can be keyed on the face itself, and how its head turns."""
    try:
        face = options.glance(context).face
    except errors.KMTalkError:
        return
    own = getattr(face.owner, "kmtalk_face", None)
    if own is None:
        return
    column = layout.column(align=True)
    column.use_property_decorate = True
    column.prop(own, "mood")
    column.prop(own, "mood_strength", text="Strength")
    if not face.turns_head:
        draw_text(layout, context, "Nothing turns the head: choose its bones (Face ▸ Settings ▸ Rig).", "INFO")
        layout.prop(own, "turn_object")


def _draw_events(layout: Any, context: Any) -> None:
    line = lines.chosen_in(lines.actions_of(options.meshes_of(context)))
    if line is None:
        return
    layout.use_property_split = False
    draw_text(layout, context, f"What “{line.name}” does beside its lips", "NONE")
    for cell, text in zip(_columns_of(layout, False), ("Frame", "Event", "Size", ""), strict=True):
        cell.label(text=text)
    row = layout.row()
    row.template_list("KMTALK_UL_events", "", line, "events", line, "event_index", rows=6)
    column = row.column(align=True)
    column.operator_menu_enum("kmtalk.add_event", "kind", text="", icon="ADD")
    column.operator("kmtalk.delete_event", text="", icon="REMOVE")
    column.separator()
    column.operator("kmtalk.lock_event", text="", icon="LOCKED")
    column.operator("kmtalk.look_there", text="", icon="HIDE_OFF")
    if 0 <= line.event_index < len(line.events):
        chosen = line.events[line.event_index]
        row = layout.row(align=True)
        row.prop(chosen, "frame")
        row.prop(chosen, "size")
        if chosen.kind in _TURNS:
            row.prop(chosen, "direction", text="")


CLASSES = (KMTALK_UL_events,)
