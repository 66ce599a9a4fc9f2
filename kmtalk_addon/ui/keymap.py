"""Shortcuts, which can be changed in the extension's preferences or in Blender's keymap."""

from typing import Any

import bpy

_EVERYWHERE: Any = (("3D View", "VIEW_3D"), ("Sequencer", "SEQUENCE_EDITOR"), ("Dopesheet", "DOPESHEET_EDITOR"))
_CHORD: Any = {"ctrl": True, "alt": True, "shift": True}
SHORTCUTS: Any = (("kmtalk.animate", "A"), ("kmtalk.regenerate", "R"), ("kmtalk.lock_key", "K"))
"""Operators, each with the key that calls it together with Ctrl, Alt and Shift."""

_made: list[tuple[Any, Any]] = []


def register() -> None:
    manager = bpy.context.window_manager
    configuration = manager.keyconfigs.addon if manager else None
    for name, space in _EVERYWHERE if configuration else ():
        keymap = configuration.keymaps.new(name=name, space_type=space)
        for operator, key in SHORTCUTS:
            _made.append((keymap, keymap.keymap_items.new(operator, key, "PRESS", **_CHORD)))


def unregister() -> None:
    while _made:
        keymap, item = _made.pop()
        keymap.keymap_items.remove(item)


def draw(layout: Any, context: Any) -> None:
    """Every shortcut of KMTalk, to be changed or switched off."""
    import rna_keymap_ui

    user = context.window_manager.keyconfigs.user
    for name, _ in _EVERYWHERE:
        keymap = user.keymaps.get(name)
        items = [item for item in keymap.keymap_items if item.idname.startswith("kmtalk.")] if keymap else []
        if items:
            layout.label(text=name)
        for item in items:
            layout.context_pointer_set("keymap", keymap)
            rna_keymap_ui.draw_kmi([], user, keymap, item, layout, 0)
