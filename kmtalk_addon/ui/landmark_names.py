"""The names of landmarks beside the head in the 3D view, one under the other, with a line to each."""

from collections.abc import Sequence
from typing import Any

import blf
import bpy
import gpu
from bpy_extras.view3d_utils import location_3d_to_region_2d
from gpu_extras.batch import batch_for_shader

from ..face import landmarks

_APART, _BESIDE = 15.0, 46.0  # pixels: between two names, and from the outermost landmark to them
_INK, _CHOSEN, _LINE = (0.95, 0.95, 0.95, 1.0), (1.0, 0.75, 0.3, 1.0), (0.95, 0.95, 0.95, 0.35)

_handles: list[Any] = []


def spread(heights: Sequence[float], apart: float) -> list[float]:
    """Heights in the same order, moved as little as it takes to be at least `apart` from each other."""
    order = sorted(range(len(heights)), key=lambda n: heights[n])
    groups: list[tuple[list[int], float]] = []  # numbers from the lowest up, and the height of the lowest
    for number in order:
        members, low = [number], heights[number]
        while groups and groups[-1][1] + apart * len(groups[-1][0]) > low:
            below, _ = groups.pop()
            members = below + members
            low = sum(heights[n] - apart * place for place, n in enumerate(members)) / len(members)
        groups.append((members, low))
    found = [0.0] * len(heights)
    for members, low in groups:
        for place, number in enumerate(members):
            found[number] = low + apart * place
    return found


def _draw() -> None:
    context: Any = bpy.context
    region, view = context.region, context.region_data
    active = context.view_layer.objects.active
    head = landmarks.head_of(active)
    if head is None or view is None or not context.space_data.overlay.show_overlays:
        return
    shown = {name: empty for name, empty in landmarks.of(head).items() if empty.visible_get()}
    places = {
        name: place
        for name, empty in shown.items()
        if (place := location_3d_to_region_2d(region, view, empty.matrix_world.translation)) is not None
    }
    if not places:
        return
    scale = context.preferences.system.ui_scale
    middle = sum(place.x for place in places.values()) / len(places)
    blf.size(0, 11 * scale)
    for is_right in (False, True):
        side = [name for name, place in places.items() if (place.x > middle) == is_right]
        if side:
            _draw_side(side, places, is_right, scale, {name for name in side if shown[name] == active})


def _draw_side(names: Sequence[str], places: Any, is_right: bool, scale: float, chosen: set[str]) -> None:
    outermost = (max if is_right else min)(places[name].x for name in names)
    edge = outermost + (_BESIDE if is_right else -_BESIDE) * scale
    heights = spread([places[name].y for name in names], _APART * scale)
    gpu.state.blend_set("ALPHA")
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    ends = [p for name, y in zip(names, heights, strict=True) for p in (tuple(places[name]), (edge, y))]
    shader.uniform_float("color", _LINE)
    batch_for_shader(shader, "LINES", {"pos": ends}).draw(shader)
    for name, y in zip(names, heights, strict=True):
        text = name.replace("_", " ")
        width = blf.dimensions(0, text)[0]
        blf.color(0, *(_CHOSEN if name in chosen else _INK))
        blf.position(0, edge + (4 if is_right else -4 - width), y - 4 * scale, 0)
        blf.draw(0, text)
    gpu.state.blend_set("NONE")


def register() -> None:
    _handles.append(bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL"))


def unregister() -> None:
    while _handles:
        bpy.types.SpaceView3D.draw_handler_remove(_handles.pop(), "WINDOW")
