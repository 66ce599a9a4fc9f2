"""The list of lines of a face, and of the key motions of the chosen one."""

from typing import Any

import bpy

from .. import options
from ..take import earlier, labels, lines, phones, states
from .drawing import Rows, draw_text, is_wide
from .watch import watch

_STATES = {
    states.NO_STRIP: "UNLINKED", states.MOVED: "ARROW_LEFTRIGHT", states.SOUND: "SOUND", states.SETTINGS: "SETTINGS",
}  # fmt: skip


class KMTALK_UL_lines(Rows, bpy.types.UIList):
    """Name, frames and what is not in order of every line."""

    def draw_row(self, context: Any, layout: Any, item: Any) -> None:
        seen = watch()
        split = layout.split(factor=0.44)
        split.label(text=item.name, icon="SPEAKER", translate=False)
        split = split.split(factor=0.56)
        split.label(text=f"{item.first}–{item.last}")
        words, count = seen.states.get(item.uid, ()), seen.counts.get(item.uid, 0)
        row = split.row(align=True)
        row.alert = any(word in (states.NO_STRIP, states.SOUND) for word in words)
        if count:
            row.label(text=f"{count} edited" if is_wide(context) else str(count), icon="GREASEPENCIL")
        for word in words:
            row.label(text=word if is_wide(context) else "", icon=_STATES[word])
        if not words and not count:
            row.label(text="in order" if is_wide(context) else "", icon="CHECKMARK")


class KMTALK_UL_keys(Rows, bpy.types.UIList):
    """Frame, time, phone, confidence and state of every key motion."""

    def draw_row(self, context: Any, layout: Any, item: Any) -> None:
        unsure = item.confidence < context.scene.kmtalk.low_confidence
        cells = columns_of(layout, context)
        cells[0].label(text=str(item.frame))
        if cells[1] is not None:
            cells[1].label(text=f"{item.time:.2f}")
        cells[2].active = not item.goes_on
        cells[2].label(text=item.word, translate=False)
        shown = labels.named(item.label) if context.scene.kmtalk.phone_names == "WORDS" else item.name
        if item.say:
            shown = f"{shown} → {item.say}" if cells[1] is not None else f"→ {item.say}"
        cells[3].label(text=shown, translate=False)
        cells[4].alert = unsure
        percent = f"{100 * item.confidence:.0f}"  # a sign more would be cut off where there is little room
        cells[4].label(text=f"{percent}%" if cells[1] is not None else percent)
        icons = {"generated": "BLANK1", "edited": "GREASEPENCIL", "locked": "LOCKED", "added": "ADD"}
        cells[5].label(text="", icon=icons[item.state])

    def draw_filter(self, context: Any, layout: Any) -> None:
        layout.prop(self, "filter_name", text="", icon="VIEWZOOM")
        row = layout.row()
        row.prop(context.scene.kmtalk, "filter_attention")
        row.prop(context.scene.kmtalk, "low_confidence", text="Below")

    def filter_items(self, context: Any, data: Any, property: str) -> tuple[list[int], list[int]]:  # type: ignore[override]
        settings, wanted = context.scene.kmtalk, self.filter_name.casefold()
        shown = []
        for item in getattr(data, property):
            matches = wanted in item.name.casefold() or wanted in item.word.casefold()
            if settings.filter_attention:
                matches = matches and (item.state != "generated" or item.confidence < settings.low_confidence)
            shown.append(self.bitflag_filter_item if matches else 0)
        return shown, []


def columns_of(layout: Any, context: Any) -> tuple[Any, ...]:
    """The six cells of a row of the list of keys; None for the second one, of seconds, where there is little room."""
    cells: list[Any] = []
    rest = layout.row(align=True)
    for share in (0.16, 0.19, 0.38, 0.42, 0.64) if is_wide(context) else (0.19, None, 0.36, 0.40, 0.72):
        if share is None:
            cells.append(None)
            continue
        rest = rest.split(factor=share)
        cells.append(rest.row())
    return (*cells, rest.row())


def draw_lines(layout: Any, context: Any) -> None:
    """The whole box."""
    actions = lines.actions_of(options.meshes_of(context))
    line = lines.chosen_in(actions)
    row = layout.row(align=True)
    row.operator("kmtalk.animate_all", icon="COMMUNITY")
    row.operator("kmtalk.import_take", text="", icon="IMPORT")
    if line is None:
        found = earlier.names_of(options.meshes_of(context))
        if found:
            names = ", ".join(f"“{name}”" for name in found[:4])
            draw_text(layout, context, f"An earlier KMTalk wrote {names}, an action a line.", "INFO")
            layout.operator("kmtalk.bring_lines", icon="NLA_PUSHDOWN")
            return
        draw_text(layout, context, "Lines and their key motions are listed here once the face was animated.", "INFO")
        return
    action = actions[0]
    watch().ask(action)
    listed = action.kmtalk_lines
    row = layout.row()
    row.template_list("KMTALK_UL_lines", "", listed, "lines", listed, "index", rows=4)
    column = row.column(align=True)
    column.operator("kmtalk.remove_line", text="", icon="REMOVE")
    column.operator("kmtalk.follow_strip", text="", icon="SNAP_ON")
    column.separator()
    column.prop(context.scene.kmtalk, "timeline_markers", text="", icon="MARKER_HLT")
    column.prop(context.scene.kmtalk, "show_lane", text="", icon="NLA_PUSHDOWN")
    for word in watch().states.get(line.uid, ()):
        draw_text(layout, context, states.WAYS_OUT[word], "INFO")
    if lines.is_open(action):
        row = layout.row()
        row.label(text="Our action is open.", icon="GREASEPENCIL")
        row.operator("kmtalk.close_action", icon="CHECKMARK")
    _draw_keys(layout, context, line)
    waiting = sum(watch().counts.values())
    row = layout.row()
    row.scale_y = 1.3
    row.operator("kmtalk.regenerate", text=f"Regenerate ({waiting})" if waiting else "Regenerate", icon="FILE_REFRESH")
    switch = row.row()
    switch.ui_units_x = 4
    switch.prop(context.scene.kmtalk, "live", toggle=True)
    layout.operator("kmtalk.export_take", text="Export…", icon="EXPORT")


def _draw_keys(layout: Any, context: Any, line: Any) -> None:
    row = layout.row(align=True)
    row.label(text=f"Key Motions of “{line.name}”" if is_wide(context) else "Key Motions", translate=False)
    row.prop(context.scene.kmtalk, "phone_names", text="")
    heads = columns_of(layout, context)
    for cell, text in zip(heads, ("Frame", "Time", "Word", "Sound", "Sure", ""), strict=True):
        if cell is None:
            continue
        cell.active = False
        cell.label(text=text)
    row = layout.row()
    row.template_list("KMTALK_UL_keys", "", line, "key_motions", line, "key_index", rows=12)
    column = row.column(align=True)
    column.operator("kmtalk.add_key", text="", icon="ADD")
    column.operator("kmtalk.delete_key", text="", icon="REMOVE")
    column.separator()
    column.operator("kmtalk.lock_key", text="", icon="LOCKED")
    column.operator("kmtalk.reset_key", text="", icon="LOOP_BACK")
    column.separator()
    column.operator("kmtalk.say_as", text="", icon="OUTLINER_OB_SPEAKER")
    column.operator("kmtalk.move_phone", text="", icon="ARROW_LEFTRIGHT")
    column.operator("kmtalk.split_phone", text="", icon="UNLINKED")
    column.operator("kmtalk.join_phone", text="", icon="LINKED")
    count = len(phones.asked_of(line))
    if count:
        layout.label(text=f"{count} change{'s' * (count != 1)} of sounds, made by Regenerate.", icon="INFO")


CLASSES = (KMTALK_UL_lines, KMTALK_UL_keys)
