"""When Live answers: after things have been quiet for a moment, and never while Blender is at work on the same."""

import time
import traceback
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import bpy
from bpy.app.handlers import persistent

from .. import options
from ..acting.session import stage
from ..core import errors
from ..engine import BuiltIn
from ..jobs.runner import desk, redraw
from ..take import writing
from . import answering, noticing
from .noticing import notices

QUIET = 0.12
"""Seconds without a change before it is answered."""
_AT_WORK, _SOON, _LATER, _SELDOM = 0.004, 0.05, 0.1, 1.0  # seconds until the next tick
_PATIENCE = 0.0005
"""Seconds between two looks at what the engine does within a tick."""
_LEAST, _MOST, _SHARE = 0.008, 0.12, 0.25
"""A tick works for a share of the time since the last one, within these seconds: a window that takes long to draw comes
round seldom, and does not feel it."""
_QUICK = 0.15
"""Seconds that writing a line may take to be done again and again while a slider is dragged."""
_POSING = 0.6
"""Seconds after which a slider that is still being moved is answered all the same."""
BETWEEN = "What you moved is not keyed, and no key motion lies here: press I over it, or Regenerate, else it is lost"
_MOST_IN_A_ROW = 5
"""Answers to nothing but its own answers after which it goes round in circles."""
_HOLDING = (
    "TRANSFORM_",
    "GRAPH_",
    "ACTION_",
    "MARKER_",
    "ANIM_",
    "NLA_",
    "POSE_",
    "POSELIB_",
    "SEQUENCER_",
    "PAINT_",
    "ED_",
)
"""Blender's operators that hold keys or markers, or scrub, while they run."""


@dataclass
class Live:
    """The one of this Blender.  fault: why it was turned off; answered: how often it has written."""

    fault: str = ""
    answered: int = 0
    slowest: float = 0.0
    _job: Generator[Any, None, str] | None = None
    _seen: int = 0
    _turn: int = 0
    _queue: list[int] = field(default_factory=list)
    _follows: bool = False  # what is under way follows the settings
    _followed: set[str] = field(default_factory=set)
    _wrote: float = 0.0
    _in_a_row: int = 0
    _has_written: bool = False
    _echo: int = 0
    _posed: answering.Posed | None = None  # what was answered or told of last
    _answering: answering.Posed | None = None  # what is under way answers it
    _left: answering.Posed | None = None  # was to be answered when something came between
    _ticked: float = 0.0
    _slice: float = 0.0

    def tick(self, context: Any) -> float:
        """A little of the work; seconds until the next.  Never raises."""
        now = time.perf_counter()
        self._slice = min(max(_SHARE * (now - self._ticked), _LEAST), _MOST)
        self._ticked = now
        scene = context.scene
        if scene is None or not scene.kmtalk.live:
            self.rest()
            return _SELDOM
        try:
            return self._tick(context, scene)
        except errors.KMTalkError as error:
            self._fail(scene, str(error))
        except Exception:
            traceback.print_exc()
            self._fail(scene, "something failed that should not have; the console says more")
        return _SELDOM

    def rest(self) -> None:
        """Stop what is under way, to be looked at again; what was answered until now is no part of a row."""
        if self._queue:
            notices().is_any = True
        self._drop()
        self._queue.clear()
        self._left = None
        self._in_a_row, self._echo, self._has_written = 0, 0, False

    def _fail(self, scene: Any, why: str) -> None:
        self.rest()
        scene.kmtalk.live = False
        self.fault = f"Live was turned off: {why.rstrip('.')}. Regenerate does the same by hand."
        desk().notice, desk().notice_is_error = self.fault, True
        redraw()

    def _tick(self, context: Any, scene: Any) -> float:
        noted = notices()
        if self._has_written:  # what was noticed since then is the answer itself
            self._has_written, self._echo = False, noted.number
        if is_busy(context):
            self._drop()
            return _LATER
        if self._job is None:
            noted.look_at_markers(scene)
        if self._job is not None and (noted.number != self._seen or writing.turn() != self._turn):
            self._drop()  # what was read is not what is there now
        if self._job is None and not self._start(context, scene):
            return _LATER if noted.quiet < 60.0 else 4 * _LATER
        return self._step(context)

    def _drop(self) -> None:
        """Give up what is under way; what it was about is looked at again."""
        if self._job is not None:
            self._job.close()
            self._job = None
            notices().is_any = True
            notices().has_settings |= self._follows
            if self._answering is not None:
                self._left = self._answering
                notices().posed, self._posed = (0.0, 0.0), None

    def _start(self, context: Any, scene: Any) -> bool:
        """Begin with what was noticed, where there is something and things are quiet."""
        noted = notices()
        if noted.number > self._echo:
            self._in_a_row = 0
        is_quiet = noted.quiet >= QUIET
        if is_quiet and noted.is_undone:
            noted.is_undone, self._posed, self._left = False, None, None
            noted.has_settings |= self._has_followed(context)
        posed = self._look_at_poses(context) if noted.is_posed(QUIET, _POSING) else None
        if is_quiet and (noted.is_any or noted.actions):
            self._queue = list(dict.fromkeys([*self._queue, *noted.taken()]))
        if posed is None and self._left is not None and not noted.is_undone:
            posed = replace(self._left, is_gone=True)  # nothing shows it any more
        self._left = None if noted.posed is None else self._left
        if posed is None and not self._queue and not noted.has_settings:
            return False
        engine = options.engine_of(context)[0]
        if not isinstance(engine, BuiltIn):
            raise errors.KMTalkError("it needs the engine inside Blender, and the preferences ask for PyTorch")
        self._seen, self._turn = noted.number, writing.turn()
        if posed is not None or self._queue:
            number = posed.ref.actions[0] if posed is not None else self._queue.pop(0)
            self._follows, self._answering = False, posed
            self._job = answering.edits_job(number, scene.session_uid, engine, posed)
            return True
        waits = noted.posed is not None or noted.is_any or noted.actions  # edits first: over them no line follows
        if noted.has_settings and not waits and (is_quiet or self._wrote < _QUICK):
            noted.has_settings = False
            return self._follow(context, engine)
        return False

    def _look_at_poses(self, context: Any) -> answering.Posed | None:
        """What was moved and not keyed on a key motion, to be answered; what is moved elsewhere is told of."""
        posed, before = answering.posed(context), self._posed
        self._posed = posed
        if posed is None or posed == before:  # what stays so after an answer is nobody's doing
            return None
        self._in_a_row = 0
        if not posed.is_key:
            desk().notice, desk().notice_is_error = BETWEEN, False
            redraw()
            return None
        return posed

    def _has_followed(self, context: Any) -> bool:
        """Whether the line that is chosen has followed the sliders before: an undo may have parted them."""
        if not self._followed:
            return False
        ref = answering.chosen_line(context)
        return ref is not None and ref.uid in self._followed

    def _follow(self, context: Any, engine: Any) -> bool:
        ref = answering.chosen_line(context)
        if ref is None:
            return False
        self._followed.add(ref.uid)
        self._follows, self._answering = True, None
        self._job = answering.settings_job(context, ref, engine, self._posed)
        return True

    def _step(self, context: Any) -> float:
        assert self._job is not None
        until = time.perf_counter() + self._slice
        try:
            while True:
                begin = time.perf_counter()
                next(self._job)
                if time.perf_counter() >= until:
                    return _AT_WORK
                time.sleep(_PATIENCE)  # the engine works meanwhile
        except answering.PosedOnError:
            self._drop()
            notices().posed, self._posed, self._left = (0.0, 0.0), None, None
            return _SOON
        except StopIteration as end:
            self._job = None
            self._wrote = time.perf_counter() - begin
            self.slowest = max(self.slowest, self._wrote)
            if end.value:
                self.answered += 1
                self._in_a_row += 1
                self._has_written = True
                context.view_layer.update()  # sliders show what was written, and nothing else was moved
                notices().posed = None
                desk().notice, desk().notice_is_error = end.value, False
                redraw()
            if self._in_a_row > _MOST_IN_A_ROW:
                raise errors.KMTalkError("its answers did not come to an end") from None
            return _SOON
        except BaseException:
            self._job = None
            raise


def is_busy(context: Any) -> bool:
    """Whether Blender is at work on what Live would read or write: playing, rendering, dragging, or another job."""
    if stage().session is not None:  # a live voice poses the face
        return True
    if desk().running or bpy.app.is_job_running("RENDER") or bpy.app.is_job_running("OBJECT_BAKE"):  # type: ignore[func-returns-value]
        return True
    manager = context.window_manager
    for window in manager.windows if manager is not None else ():
        if window.screen.is_animation_playing:
            return True
        if any(operator.bl_idname.startswith(_HOLDING) for operator in window.modal_operators):
            return True
    return False


_live: list[Live] = []


def live() -> Live:
    """The one Live of this Blender, from register to unregister."""
    if not _live:
        _live.append(Live())
    return _live[0]


def toggled(self: Any, context: Any) -> None:
    """For the `update` of the switch: what waits is answered when it is turned on."""
    if self.live:
        live().fault = ""
        notices().notice()


def _tick() -> float:
    return live().tick(bpy.context)


@persistent
def _before_load(*_: Any) -> None:
    """What is under way belongs to the file that goes, and so do the numbers of its notices."""
    live().rest()


def register() -> None:
    noticing.register()
    bpy.app.handlers.load_pre.append(_before_load)
    bpy.app.timers.register(_tick, first_interval=1.0, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    bpy.app.handlers.load_pre.remove(_before_load)
    noticing.unregister()
    while _live:
        _live.pop().rest()
