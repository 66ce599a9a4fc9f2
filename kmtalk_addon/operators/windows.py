"""Windows of their own, for what has no room in a panel."""

from typing import Any

import bpy


def open_editor(kind: str) -> Any:
    """A new window with one editor of a kind (as "TEXT_EDITOR"), as its area; None where Blender has no window."""
    windows = bpy.context.window_manager.windows
    if bpy.app.background or not windows:
        return None
    with bpy.context.temp_override(window=windows[0]):
        bpy.ops.wm.window_new()
    area = windows[-1].screen.areas[0]
    area.type = kind
    return area
