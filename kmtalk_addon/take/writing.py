"""Write into actions a little at a time, and take it all back where the work is stopped."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import bpy

from .. import compat
from ..core import errors, progress
from . import fcurves
from .columns import Columns

Result = TypeVar("Result")
Unit = TypeVar("Unit")

SLICE_SECONDS = 0.004
"""How long the window may be kept waiting at once."""
_MANY_KEYS = 100_000
"""After each slice that wrote any Blender copies all keys of their action to show them: with more than this a slice is
as long as a third of that, within limits."""
_LONG_SLICES = (0.016, 0.05)
_ATTEMPTS = 3


class UndoneError(Exception):
    """An undo, or another file, came between two slices: what was read before is not what is there now."""


_turns = [0]


def turn() -> int:
    """How often Blender's undo or redo has run: what was read in another turn may be gone."""
    return _turns[0]


def note_undo(*_: Any) -> None:
    """Tell whoever is writing that Blender's data are others now: for Blender's undo and redo handlers."""
    _turns[0] += 1


_open: list["Journal"] = []
_closing: list[Callable[[], None]] = []


def settle(*_: Any) -> None:
    """Leave nothing half written, for Blender's handlers before it saves, undoes or redoes.

    What is nearly done is done at once; what is under way is taken back, and begun anew afterwards.
    """
    for finish in list(_closing):
        finish()
    for journal in list(_open):
        journal.undo()
    if _open:
        note_undo()


@contextlib.contextmanager
def closing(finish: Callable[[], None]) -> Iterator[None]:
    """While this runs a little at a time, `finish` does at once what is left of it."""
    _closing.append(finish)
    try:
        yield
    finally:
        _closing.remove(finish)


@dataclass(frozen=True)
class _Was:
    """What one curve had from frame `first` to `last`; `columns` is None where there was no such curve."""

    action: int
    handle: int
    path: str
    index: int
    first: int
    last: int
    columns: Columns | None


@dataclass
class Journal:
    """What stood where something was written, so that it can be put back; and what was made for it.

    made: `session_uid`s of new actions, which nobody plays before the end.
    """

    made: list[int] = field(default_factory=list)
    _was: list[_Was] = field(default_factory=list)
    _turn: int = field(default_factory=lambda: _turns[0])

    def check(self) -> None:
        """Raises UndoneError where an undo came between."""
        if self._turn != _turns[0]:
            raise UndoneError

    def write(
        self, action: Any, handle: int, curve: Any, window: tuple[int, int], columns: Columns, was: Columns
    ) -> None:
        """Give a curve the keys `columns` within a window of frames, where it has the keys `was`."""
        old = was if len(curve.keyframe_points) else None
        self._was.append(_Was(action.session_uid, handle, curve.data_path, curve.array_index, *window, old))
        fcurves.write(curve, *window, columns)

    def undo(self) -> None:
        """Put everything back."""
        if self._turn != _turns[0]:
            return  # Blender's own undo has done it
        for was in reversed(self._was):
            action = find_action(was.action)
            curve = compat.find_curve(action, was.handle, was.path, was.index) if action is not None else None
            if curve is None:
                continue
            if was.columns is None:
                compat.curves_of(action, compat.slot_by_handle(action, was.handle)).remove(curve)
            else:
                fcurves.write(curve, was.first, was.last, was.columns)
        for number in self.made:
            action = find_action(number)
            if action is not None:
                bpy.data.actions.remove(action)


def find_action(number: int) -> Any:
    """The action with this session_uid, or None."""
    return next((action for action in bpy.data.actions if action.session_uid == number), None)


def has_many_keys(actions: Iterable[Any]) -> bool:
    """Whether actions have so many keys that to show a change takes Blender longer than a slice of work."""
    curves = (c for action in actions for slot in compat.slots_of(action) for c in compat.read_curves(action, slot))
    return sum(len(curve.keyframe_points) for curve in curves) > _MANY_KEYS


def insist(attempt: Callable[[Journal, "Pace"], progress.Job[Result]]) -> progress.Job[Result]:
    """Run `attempt`, which notes what it writes in the journal it is given, and again where an undo came between.

    Whatever else ends it takes all of it back.  Raises TakeError where undoing goes on and on.
    """
    for _ in range(_ATTEMPTS):
        journal = Journal()
        _open.append(journal)
        try:
            return (yield from attempt(journal, Pace()))
        except UndoneError:
            continue
        except BaseException:
            journal.undo()
            raise
        finally:
            _open.remove(journal)
    raise errors.TakeError("What was being written was undone again and again: run it once more.")


class Pace:
    """Keeps the window alive: a step of the job whenever a slice of time was used up."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._waited = 0.0

    def each(
        self, units: Sequence[Unit], do: Callable[[Unit], None], stage: str, *, many_keys: bool = False
    ) -> progress.Job[None]:
        """Call `do` with every unit; it has to find what it needs of Blender's data anew each time.

        many_keys: whether `do` writes into an action that `has_many_keys`.
        """
        for done, unit in enumerate(units):
            least, most = _LONG_SLICES
            seconds = min(max(least, self._waited / 3), most) if many_keys else SLICE_SECONDS
            if time.perf_counter() - self._started >= seconds:
                yield from self.rest(stage, done / len(units))
            do(unit)

    def certainly(self, units: Iterable[Unit], do: Callable[[Unit], None], stage: str) -> progress.Job[None]:
        """The same as `each`, but where the work is stopped all that is left is done at once."""
        left = list(units)

        def next_one(_: Unit) -> None:
            if left:
                do(left.pop(0))

        def all_left() -> None:
            while left:
                do(left.pop(0))

        try:
            with closing(all_left):
                yield from self.rest(stage, 0.0)
                yield from self.each(list(left), next_one, stage)
        except GeneratorExit:
            all_left()
            raise

    def rest(self, stage: str, fraction: float = 1.0) -> progress.Job[None]:
        """Let the window draw now."""
        begin = time.perf_counter()
        yield progress.Progress(stage, fraction)
        self._started = time.perf_counter()
        self._waited = self._started - begin
