"""What the tests of the extension share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kmtalk_core.motion.arkit import ARKIT_NAMES

STARTER = Path(__file__).resolve().parents[2] / "weights" / "starter"
SENTENCE = "Bob made a map of the moon."
"""What the fixture `speech` says."""


def make_face(scene: Any, name: str, shape_keys: tuple[str, ...] = ARKIT_NAMES) -> Any:
    import bpy

    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    item = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(item)
    item.shape_key_add(name="Basis")
    for shape_key in shape_keys:
        item.shape_key_add(name=shape_key).value = 0  # Blender 5 begins with a key fully on
    bpy.context.view_layer.objects.active = item
    return item


def action_of(item: Any) -> Any:
    return item.data.shape_keys.animation_data.action


def line_in(action: Any, number: int | None = None) -> Any:
    """A line that an action carries: the chosen one, or by its number in the list."""
    listed = action.kmtalk_lines
    return listed.lines[listed.index if number is None else number]


def played_by_strips(item: Any) -> list[str]:
    """The actions on the NLA tracks of a face, by name; Blender 5.0 has one more, which lets the face rest."""
    strips = [strip for track in item.data.shape_keys.animation_data.nla_tracks for strip in track.strips]
    return [strip.action.name for strip in strips if "KMTalk: rest" not in strip.action.name]


def said_on(item: Any) -> list[str]:
    """The names of the lines on a face, in order."""
    return [line.name for line in action_of(item).kmtalk_lines.lines]


def points_of(addon: Callable[[str], Any], action: Any) -> dict[str, Any]:
    """(n, 2) positions of the keys of every curve in the lines' own frames."""
    import numpy as np

    found = {}
    spans = [(line.first, line.last) for line in action.kmtalk_lines.lines]
    for name, curve in addon("take.lines").curves_by_name(action).items():
        where = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", where)
        where = where.reshape(-1, 2)
        inside = [any(first <= frame <= last for first, last in spans) for frame in where[:, 0]]
        found[name.split("|")[1]] = where[inside]
    return found
