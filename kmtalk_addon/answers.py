"""What properties answer when they are read, set or searched.

They stand apart from the classes: beside them, in `properties/`, they crash Blender 4.2 as a module at its exit.
"""

from typing import Any

import bpy
import numpy as np

from . import compat
from .take import lines, markers, place


def strip_names(self: Any, context: Any, edit_text: str) -> list[str]:
    scene = self.strip_scene or context.scene
    return [strip.name for strip in compat.strips(scene) if strip.type == "SOUND"]


def is_mesh(self: Any, item: Any) -> bool:
    return bool(item.type == "MESH")


def mark_timeline(self: Any, context: Any) -> None:
    if isinstance(self.id_data, bpy.types.Scene):
        markers.show_on_timeline(self.id_data, self.timeline_markers)


def key_at_playhead(self: Any) -> int:
    """The chosen key: the one that was clicked while the playhead is on it, else the last before the playhead."""
    count = len(self.key_motions)
    if not count:
        return 0
    frame, picked = bpy.context.scene.frame_current, self.picked
    if 0 <= picked < count and self.key_motions[picked].frame == frame:
        return int(picked)
    frames = np.empty(count, np.int32)
    self.key_motions.foreach_get("frame", frames)
    return int(max(np.searchsorted(frames, frame, side="right") - 1, 0))


def pick_key(self: Any, index: int) -> None:
    """A click into the list of keys moves the playhead."""
    self.picked = index
    place.open_everywhere(self.id_data, lines.all_owners())
    if 0 <= index < len(self.key_motions):
        bpy.context.scene.frame_set(self.key_motions[index].frame)


def jump_to_event(self: Any, context: Any) -> None:
    """A click into the list of events moves the playhead."""
    if 0 <= self.event_index < len(self.events):
        context.scene.frame_set(self.events[self.event_index].frame)
