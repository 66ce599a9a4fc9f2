"""Entries of Blender's own menus: a head in Add, sounds and lines in the sequencer's menus."""

from collections.abc import Callable
from typing import Any

import bpy


def _add_head(self: Any, context: Any) -> None:
    self.layout.separator()
    self.layout.operator("kmtalk.add_demo_head", text="KMTalk Demo Head", icon="USER")


def _add_sound(self: Any, context: Any) -> None:
    self.layout.separator()
    self.layout.operator("kmtalk.add_sound", text="Sound for KMTalk…", icon="SPEAKER")


def _animate(self: Any, context: Any) -> None:
    layout = self.layout
    layout.separator()
    layout.context_pointer_set("kmtalk_button", context.scene)
    layout.operator("kmtalk.animate", icon="PLAY")
    layout.operator("kmtalk.animate_all", icon="COMMUNITY")


MENUS: tuple[tuple[str, Callable[[Any, Any], None]], ...] = (
    ("VIEW3D_MT_mesh_add", _add_head),
    ("SEQUENCER_MT_add", _add_sound),
    ("SEQUENCER_MT_strip", _animate),
    ("SEQUENCER_MT_context_menu", _animate),
)
"""Which menus get what."""


def register() -> None:
    for name, draw in MENUS:
        getattr(bpy.types, name).append(draw)


def unregister() -> None:
    for name, draw in reversed(MENUS):
        getattr(bpy.types, name).remove(draw)
