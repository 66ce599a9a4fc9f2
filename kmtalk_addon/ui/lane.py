"""A lane of words and phones under the strips of the sequencer and over the Dope Sheet, drawn for what is seen alone.

Phones lie below, words above them; what is too narrow to be told apart is left out, and where neither can be, the lines
themselves are shown.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import blf
import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from .. import options
from ..annotations import Done
from ..core import errors
from ..take import labels, lines, store

_HEIGHT, _LEAST = 18, 9  # pixels: of a row, and of the narrowest phone that is named
_MARKED = 71  # pixels of a Dope Sheet's region above which Blender draws markers in it
_A_CELL = 3  # pixels that a cell takes at least, on average
_BUDGET = 0.008  # seconds that a drawing may spend on takes that it has not read yet
_EDITORS = {"SEQUENCE_EDITOR": "SpaceSequenceEditor", "DOPESHEET_EDITOR": "SpaceDopeSheetEditor"}
_INK, _REST = (0.92, 0.92, 0.92, 1.0), (0.32, 0.32, 0.34, 0.55)
_PHONES = ((0.20, 0.42, 0.62, 0.80), (0.25, 0.50, 0.44, 0.80))
_WORDS = ((0.42, 0.32, 0.52, 0.85), (0.52, 0.36, 0.40, 0.85))


@dataclass(frozen=True)
class Cell:
    """A stretch of frames (fractions allowed) of a line (by its number), and what is heard in it."""

    first: float
    last: float
    text: str
    uid: str
    is_rest: bool = False


@dataclass(frozen=True)
class Cells:
    """What is heard, in order of frames."""

    phones: tuple[Cell, ...] = ()
    words: tuple[Cell, ...] = ()
    lines: tuple[Cell, ...] = ()

    def between(self, first: float, last: float) -> "Cells":
        """What of it lies, at least in part, between two frames."""
        return Cells(
            tuple(cell for cell in self.phones if cell.first < last and cell.last > first),
            tuple(cell for cell in self.words if cell.first < last and cell.last > first),
            tuple(cell for cell in self.lines if cell.first < last and cell.last > first),
        )

    def under(self, later: "Cells", frame: float) -> "Cells":
        """These, covered by those of a later line from a frame on."""
        return Cells(
            tuple(chain((cell for cell in self.phones if cell.last <= frame), later.phones)),
            tuple(chain((cell for cell in self.words if cell.last <= frame), later.words)),
            tuple(chain((cell for cell in self.lines if cell.first < frame), later.lines)),
        )

    def rows(self, width: float) -> list[tuple[Cell, ...]]:
        """The rows that can be told apart in so many pixels, from below."""
        shown = [row for row in (self.phones, self.words) if row and _A_CELL * len(row) <= width]
        return shown or [self.lines]


@dataclass
class Lane:
    """What is heard by line, read once; handles of the draw handlers."""

    cells: dict[str, tuple[tuple[Any, ...], Cells]] = field(default_factory=dict)
    handles: list[tuple[Any, Any]] = field(default_factory=list)

    def of(self, line: Any) -> Cells:
        """What is heard in a line, anew only where it was written anew."""
        stamp = _stamp(line)
        known = self.cells.get(line.uid)
        if known is None or known[0] != stamp:
            known = self.cells[line.uid] = (stamp, _heard(line))
        return known[1]

    def knows(self, line: Any) -> bool:
        return line.uid in self.cells and self.cells[line.uid][0] == _stamp(line)


_lane: list[Lane] = []


def lane() -> Lane:
    if not _lane:
        _lane.append(Lane())
    return _lane[0]


def _stamp(line: Any) -> tuple[Any, ...]:
    return (line.revision or len(line.file), line.first, line.story)


def _heard(line: Any) -> Cells:
    whole = (Cell(line.first, line.last, line.name, line.uid),)
    try:
        story, take = store.story_of(line), store.take_of(line)
    except errors.TakeError:
        return Cells(lines=whole)
    at = story.timeline.frame_at
    phones = (Cell(at(p.start), at(p.end), labels.shown(p.label), line.uid, p.is_silence) for p in take.phones)
    words = (Cell(at(word.start), at(word.end), word.text, line.uid) for word in take.words)
    return Cells(tuple(phones), tuple(words), whole)


def seen(context: Any, first: float, last: float, budget: float = float("inf")) -> tuple[Cells, bool]:
    """What the face's lines say between two frames, the later line where two overlap; and whether that is all.

    Lines that were not read yet are read for as many seconds as the `budget`.
    """
    found, is_all = Cells(), True
    actions = lines.actions_of(options.meshes_of(context))
    until = time.perf_counter() + budget
    for line in actions[0].kmtalk_lines.lines if actions else ():
        if line.first > last or line.last < first:
            continue
        if not lane().knows(line) and time.perf_counter() > until:
            is_all = False
            continue
        found = found.under(lane().of(line).between(first, last), line.first)
    return found, is_all


def frame_at(context: Any, x: float) -> float:
    """The frame under a horizontal place of a region."""
    return float(context.region.view2d.region_to_view(x, 0)[0])


def _foot(context: Any) -> float:
    """How far above the region's lower end the lane begins, in pixels: above markers, and the sequencer's foot."""
    scale = context.preferences.system.ui_scale
    if context.area.type == "SEQUENCE_EDITOR":
        return 2.0 + 22.0 * scale
    has_markers = context.space_data.show_markers and len(context.scene.timeline_markers) > 0
    return 2.0 + (27.0 * scale if has_markers and context.region.height > _MARKED * scale else 0.0)


def _rows_in(context: Any, cells: Cells) -> list[tuple[Cell, ...]]:
    """The rows to show in a region: the keys of a low timeline stay to be seen above them."""
    most = context.region.height / (_HEIGHT * context.preferences.system.ui_scale) / 3
    return cells.rows(context.region.width)[: max(int(most), 1)]


def _draw() -> None:
    context = bpy.context
    if not context.scene.kmtalk.show_lane or context.region is None or context.region.type != "WINDOW":
        return
    width = context.region.width
    first, last = frame_at(context, 0), frame_at(context, width)
    if last <= first:
        return
    cells, is_all = seen(context, first, last, _BUDGET)
    if not is_all:
        context.region.tag_redraw()
    pixels = width / (last - first)
    height = _HEIGHT * context.preferences.system.ui_scale
    gpu.state.blend_set("ALPHA")
    for number, row in enumerate(_rows_in(context, cells)):
        colours = _PHONES if row is cells.phones else _WORDS
        places = [((cell.first - first) * pixels, (cell.last - first) * pixels) for cell in row]
        _draw_row(row, places, _foot(context) + number * height, height, colours)
    gpu.state.blend_set("NONE")


def _draw_row(
    row: tuple[Cell, ...], places: list[tuple[float, float]], low: float, height: float, colours: Iterable[Any]
) -> None:
    """Draw cells, each from one place to another (pixels), in turns of two colours."""
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    top = low + height - 1
    for turn, colour in enumerate((*colours, _REST)):
        corners: list[tuple[float, float]] = []
        for number, (cell, (left, right)) in enumerate(zip(row, places, strict=True)):
            if (2 if cell.is_rest else number % 2) == turn:
                corners += [(left, low), (right, low), (right, top), (left, low), (right, top), (left, top)]
        if corners:
            shader.uniform_float("color", colour)
            batch_for_shader(shader, "TRIS", {"pos": corners}).draw(shader)
    scale = height / _HEIGHT
    blf.size(0, 11 * scale)
    blf.color(0, *_INK)
    blf.enable(0, blf.CLIPPING)
    for cell, (left, right) in zip(row, places, strict=True):
        if not cell.is_rest and right - left > _LEAST * scale:
            begin = max(left, 0.0) + 3
            blf.clipping(0, begin, low, right - 1, low + height)
            blf.position(0, begin, low + 0.3 * height, 0)
            blf.draw(0, cell.text)
    blf.disable(0, blf.CLIPPING)


class KMTALK_OT_pick_phone(bpy.types.Operator):
    """Go to the key motion of the sound or the word under the mouse"""

    bl_idname = "kmtalk.pick_phone"
    bl_label = "Go to Sound"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not (context.scene and context.scene.kmtalk.show_lane and context.region):
            cls.poll_message_set("The lane of sounds is switched off, or is not here.")
            return False
        return True

    def invoke(self, context: Any, event: Any) -> Done:
        first, last = frame_at(context, 0), frame_at(context, context.region.width)
        height = _HEIGHT * context.preferences.system.ui_scale
        number = int((event.mouse_region_y - _foot(context)) // height)
        rows = _rows_in(context, seen(context, first, last, _BUDGET)[0])
        if not 0 <= number < len(rows):
            return {"PASS_THROUGH"}
        frame = frame_at(context, event.mouse_region_x)
        cell = next((cell for cell in rows[number] if cell.first <= frame < cell.last), None)
        if cell is None:
            return {"PASS_THROUGH"}
        go_to(context, cell)
        return {"FINISHED"}


def go_to(context: Any, cell: Cell) -> None:
    """Choose the line of a cell and its key, and move the playhead there."""
    actions = lines.actions_of(options.meshes_of(context))
    for line in actions[0].kmtalk_lines.lines if actions else ():
        if line.uid == cell.uid:
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
