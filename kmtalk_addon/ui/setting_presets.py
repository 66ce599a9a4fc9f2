"""Presets of settings, in Blender's own way: kept as files of the user's, listed in a menu."""

from pathlib import Path
from typing import Any

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from ..properties.animation import AnimationOptions

FOLDER = "kmtalk/settings"
SHIPPED = Path(__file__).parent
"""Whose folder `presets` is a tree as Blender's own: what comes with the extension lies there."""

_OF_ONE_LINE = {"file", "use_range", "range_start", "range_end", "text", "seed", "add_strip", "timeline_markers"}
VALUES = tuple(
    f"settings.{name}"
    for name in AnimationOptions.__annotations__
    if name not in _OF_ONE_LINE and not name.startswith("look_")
)
"""What a preset holds: how a face is moved, and nothing of one line."""


class KMTALK_MT_presets(bpy.types.Menu):
    """Settings that were kept under a name"""

    bl_label = "Presets"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    draw = bpy.types.Menu.draw_preset  # type: ignore[assignment]


class KMTALK_OT_add_preset(AddPresetBase, bpy.types.Operator):  # type: ignore[misc]
    """Keep the performance and the settings of now under a name, or forget those of a name"""

    bl_idname = "kmtalk.add_preset"
    bl_label = "Keep Settings"
    preset_menu = "KMTALK_MT_presets"
    preset_subdir = FOLDER
    preset_defines = ["settings = bpy.context.scene.kmtalk"]  # noqa: RUF012
    preset_values = list(VALUES)  # noqa: RUF012


class KMTALK_PT_presets(PresetPanel, bpy.types.Panel):
    bl_label = "Presets of Settings"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "kmtalk.add_preset"


def draw_button(layout: Any) -> None:
    """The button that opens the list."""
    layout.popover(panel="KMTALK_PT_presets", text="Presets", icon="PRESET")


CLASSES = (KMTALK_MT_presets, KMTALK_OT_add_preset, KMTALK_PT_presets)


def register() -> None:
    bpy.utils.register_preset_path(str(SHIPPED))


def unregister() -> None:
    bpy.utils.unregister_preset_path(str(SHIPPED))
