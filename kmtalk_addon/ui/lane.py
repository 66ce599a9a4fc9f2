"""A lane of phones under the strips of the sequencer and over the Dope Sheet, drawn for what is seen alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import blf
import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from .. import options
from ..core import errors
from ..take import lines, store
from . import labels

_HEIGHT, _LEAST = 18, 9  # pixels: of the lane, and of the narrowest phone that is named
_EDITORS = {"SEQUENCE_EDITOR": "SpaceSequenceEditor", "DOPESHEET_EDITOR": "SpaceDopeSheetEditor"}
_INK, _REST = (0.92, 0.92, 0.92, 1.0), (0.32, 0.32, 0.34, 0.55)
_COLOURS = ((0.20, 0.42, 0.62, 0.80), (0.25, 0.50, 0.44, 0.80))


@dataclass(frozen=True)
class Cell:
    """A stretch of frames (fractions allowed) and what is heard in it."""

    first: float
    last: float
    text: str
    is_rest: bool = False


@dataclass
class Lane:
    """Phones by line, unpacked once; handles of the draw handlers."""

    cells: dict[str, tuple[str, list[Cell]]] = field(default_factory=dict)
    handles: list[tuple[Any, Any]] = field(default_factory=list)

    def of(self, line: Any) -> list[Cell]:
        """The phones of a line, anew only where it was written anew."""
        known = self.cells.get(line.uid)
        stamp = f"{line.first} {len(line.file)} {len(line.story)} {hash(line.record)}"
        if known is None or known[0] != stamp:
            known = self.cells[line.uid] = (stamp, list(_phones(line)))
        return known[1]


_lane: list[Lane] = []


def lane() -> Lane:
    if not _lane:
        _lane.append(Lane())
    return _lane[0]


def _phones(line: Any) -> Iterator[Cell]:
    try:
        story, take = store.story_of(line), store.take_of(line)
    except errors.TakeError:
        return
    for phone in take.phones:
        first, last = story.timeline.frame_at(phone.start), story.timeline.frame_at(phone.end)
        yield Cell(first, last, labels.shown(phone.label), phone.is_silence)


def seen(context: Any, first: float, last: float) -> list[Cell]:
    """The phones of the face's lines between two frames; the later line where two overlap."""
    found: list[Cell] = []
    actions = lines.actions_of(options.meshes_of(context))
    for line in actions[0].kmtalk_lines.lines if actions else ():
        if line.first <= last and line.last >= first:
            own = [cell for cell in lane().of(line) if cell.first < last and cell.last > first]
            found = [cell for cell in found if cell.last <= line.first] + own
    return found


def frame_at(context: Any, x: float) -> float:
    """The frame under a horizontal place of a region."""
    return float(context.region.view2d.region_to_view(x, 0)[0])


def _draw() -> None:
    context = bpy.context
    if not context.scene.kmtalk.show_lane or context.region is None or context.region.type != "WINDOW":
        return
    width, view = context.region.width, context.region.view2d
    first, last = frame_at(context, 0), frame_at(context, width)
    cells = seen(context, first, last)
    if not cells or last <= first:
        return
    scale = context.preferences.system.ui_scale
    height = _HEIGHT * scale
    low = 2.0 + (22.0 * scale if context.area.type == "SEQUENCE_EDITOR" else 0.0)
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    for colour, chosen in ((_REST, 2), (_COLOURS[0], 0), (_COLOURS[1], 1)):
        corners: list[tuple[float, float]] = []
        for number, cell in enumerate(cells):
            if (2 if cell.is_rest else number % 2) == chosen:
                left, right = (view.view_to_region(frame, 0, clip=False)[0] for frame in (cell.first, cell.last))
                corners += [(left, low), (right, low), (right, low + height)]
                corners += [(left, low), (right, low + height), (left, low + height)]
        if corners:
            shader.uniform_float("color", colour)
            batch_for_shader(shader, "TRIS", {"pos": corners}).draw(shader)
    blf.size(0, 11 * scale)
    blf.color(0, *_INK)
    for cell in cells:
        left, right = (view.view_to_region(frame, 0, clip=False)[0] for frame in (cell.first, cell.last))
        if not cell.is_rest and right - left > _LEAST * scale:
            blf.position(0, left + 3, low + 0.3 * height, 0)
            blf.draw(0, cell.text)
    gpu.state.blend_set("NONE")


class KMTALK_OT_pick_phone(bpy.types.Operator):
    """Go to the key motion of the sound under the mouse"""

    bl_idname = "kmtalk.pick_phone"
    bl_label = "Go to Sound"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        return bool(context.scene and context.scene.kmtalk.show_lane and context.region)

    def invoke(self, context: Any, event: Any) -> set[str]:
        scale = context.preferences.system.ui_scale
        low = 2.0 + (22.0 * scale if context.area.type == "SEQUENCE_EDITOR" else 0.0)
        if not low <= event.mouse_region_y <= low + _HEIGHT * scale:
            return {"PASS_THROUGH"}
        frame = frame_at(context, event.mouse_region_x)
        cell = next((cell for cell in seen(context, frame, frame + 0.001) if cell.first <= frame < cell.last), None)
        if cell is None:
            return {"PASS_THROUGH"}
        go_to(context, cell)
        return {"FINISHED"}


def go_to(context: Any, cell: Cell) -> None:
    """Choose the line of a cell and its key, and move the playhead there."""
    actions = lines.actions_of(options.meshes_of(context))
    for line in actions[0].kmtalk_lines.lines if actions else ():
        if cell in lane().of(line):
            lines.choose(actions[0], line.uid)
            frames = [item.frame for item in line.key_motions]
            if frames:
                line.key_index = min(range(len(frames)), key=lambda n: abs(frames[n] - cell.first))
                return
    context.scene.frame_set(round(cell.first))


_keymaps: list[tuple[Any, Any]] = []


def register() -> None:
    for editor in _EDITORS.values():
        kind = getattr(bpy.types, editor)
        lane().handles.append((kind, kind.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")))
    configuration = bpy.context.window_manager.keyconfigs.addon if bpy.context.window_manager else None
    editors: Any = (("Sequencer", "SEQUENCE_EDITOR"), ("Dopesheet", "DOPESHEET_EDITOR"))
    for name, space in editors if configuration else ():
        keymap = configuration.keymaps.new(name=name, space_type=space)
        _keymaps.append((keymap, keymap.keymap_items.new("kmtalk.pick_phone", "LEFTMOUSE", "PRESS")))


def unregister() -> None:
    for kind, handle in lane().handles:
        kind.draw_handler_remove(handle, "WINDOW")
    while _keymaps:
        keymap, item = _keymaps.pop()
        keymap.keymap_items.remove(item)
    _lane.clear()


CLASSES = (KMTALK_OT_pick_phone,)
