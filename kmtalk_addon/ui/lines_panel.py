"""The list of lines of a face, and of the key motions of the chosen one."""

from typing import Any

import bpy

from .. import options
from ..take import lines
from .drawing import Rows, draw_text


class KMTALK_UL_lines(Rows, bpy.types.UIList):
    """Name, frames and what is not in order of every line."""

    def draw_row(self, context: Any, layout: Any, item: Any) -> None:
        split = layout.split(factor=0.55)
        split.label(text=item.name, translate=False)
        split.label(text=f"{item.first}–{item.last}")


class KMTALK_UL_keys(Rows, bpy.types.UIList):
    """Frame, time, phone, confidence and state of every key motion."""

    def draw_row(self, context: Any, layout: Any, item: Any) -> None:
        unsure = item.confidence < context.scene.kmtalk.low_confidence
        row = layout.row(align=True)
        split = row.split(factor=0.45)
        split.label(text=f"{item.frame}   {item.time:.2f} s")
        split = split.split(factor=0.5)
        split.label(text=f"{item.name} → {item.say}" if item.say else item.name, translate=False)
        part = split.row()
        part.alert = unsure
        part.label(text=f"{item.confidence:.0%}", icon="ERROR" if unsure else "BLANK1")
        icons = {"generated": "BLANK1", "edited": "GREASEPENCIL", "locked": "LOCKED", "added": "ADD"}
        row.label(text="", icon=icons[item.state])

    def draw_filter(self, context: Any, layout: Any) -> None:
        layout.prop(self, "filter_name", text="", icon="VIEWZOOM")
        row = layout.row()
        row.prop(context.scene.kmtalk, "filter_attention")
        row.prop(context.scene.kmtalk, "low_confidence", text="Below")

    def filter_items(self, context: Any, data: Any, property: str) -> tuple[list[int], list[int]]:
        settings, wanted = context.scene.kmtalk, self.filter_name.casefold()
        shown = []
        for item in getattr(data, property):
            matches = wanted in item.name.casefold()
            if settings.filter_attention:
                matches = matches and (item.state != "generated" or item.confidence < settings.low_confidence)
            shown.append(self.bitflag_filter_item if matches else 0)
        return shown, []


def draw_lines(layout: Any, context: Any) -> None:
    """The whole box."""
    actions = lines.actions_of(options.meshes_of(context))
    line = lines.chosen_in(actions)
    if line is None:
        draw_text(
            layout, context, "The lines and their key motions are listed here once the face was animated.", "INFO"
        )
        layout.operator("kmtalk.import_take", text="Import a Take…", icon="IMPORT")
        return
    listed = actions[0].kmtalk_lines
    row = layout.row()
    row.template_list("KMTALK_UL_lines", "", listed, "lines", listed, "index", rows=3)
    draw_text(layout, context, f"Key motions of “{line.name}”", "NONE")
    row = layout.row()
    row.template_list("KMTALK_UL_keys", "", line, "key_motions", line, "key_index", rows=10)
    column = row.column(align=True)
    column.operator("kmtalk.add_key", text="", icon="ADD")
    column.operator("kmtalk.delete_key", text="", icon="REMOVE")
    column.separator()
    column.operator("kmtalk.lock_key", text="", icon="LOCKED")
    column.operator("kmtalk.reset_key", text="", icon="LOOP_BACK")
    column.operator("kmtalk.say_as", text="", icon="SPEAKER")
    row = layout.row()
    row.scale_y = 1.3
    row.operator("kmtalk.regenerate", icon="FILE_REFRESH")
    row = layout.row(align=True)
    row.operator("kmtalk.export_take", text="Export…", icon="EXPORT")
    row.operator("kmtalk.import_take", text="Import…", icon="IMPORT")


CLASSES = (KMTALK_UL_lines, KMTALK_UL_keys)
