"""Run jobs: to their end, or a little at every tick of a modal operator."""

import contextlib
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import bpy

from ..core import errors, progress
from ..engine import Workers

Result = TypeVar("Result")

TICK_SECONDS = 0.01
_REDRAW_SECONDS = 0.1
_PATIENCE = 0.01
_AREAS = ("VIEW_3D", "SEQUENCE_EDITOR")
_DRAWN = {"VIEW_3D": "UI", "SEQUENCE_EDITOR": "UI", "PREFERENCES": "WINDOW"}
"""The region that shows jobs, by the kind of editor."""


@dataclass(eq=False)
class RunningJob:
    """One job under way: `step` is how far it is, `outcome` what to tell the user when it came to its end."""

    title: str
    job: Generator[progress.Progress, None, str]
    cancelled: str = "Cancelled: nothing was changed."
    step: progress.Progress = field(default_factory=lambda: progress.Progress("starting", 0.0))
    is_ended: bool = False
    outcome: str = ""
    error: str = ""
    slowest: float = 0.0

    def advance(self) -> None:
        """One step; never raises for what the user can mend."""
        started = time.perf_counter()
        try:
            self.step = next(self.job)
            self.slowest = max(self.slowest, time.perf_counter() - started)
        except StopIteration as stop:
            self.is_ended, self.outcome = True, str(stop.value or "")
        except errors.KMTalkError as error:
            self.is_ended, self.error = True, str(error)
        except Exception:
            self.is_ended, self.error = True, "Something failed that should not have; the console says more."
            raise

    def cancel(self, why: str = "") -> None:
        """Stop it now.  Closing the job ends what it started."""
        if not self.is_ended:
            self.is_ended, self.error = True, why or self.cancelled
            try:
                self.job.close()
            except Exception:  # its end is an end all the same: a file that is held must not keep it on the list
                traceback.print_exc()


@dataclass
class Desk:
    """All that runs in this Blender now, and how the last job ended.  There is one, from register to unregister."""

    workers: Workers = field(default_factory=Workers)
    running: list[RunningJob] = field(default_factory=list)
    notice: str = ""
    notice_is_error: bool = False
    _taken: set[Hashable] = field(default_factory=set)

    def start(
        self, title: str, job: Generator[progress.Progress, None, str], cancelled: str = RunningJob.cancelled
    ) -> RunningJob:
        started = RunningJob(title, job, cancelled)
        self.running.append(started)
        self.notice = ""
        return started

    @contextlib.contextmanager
    def alone(self, things: Iterable[Hashable], sentence: str) -> Iterator[None]:
        """Keep `things` from other jobs meanwhile.  Raises FaceError with `sentence` where one has them."""
        wanted = set(things)
        if wanted & self._taken:
            raise errors.FaceError(sentence)
        self._taken |= wanted
        try:
            yield
        finally:
            self._taken -= wanted

    def settle(self, job: RunningJob) -> None:
        """Take an ended job off the list and keep its last word for the panel."""
        if job in self.running:
            self.running.remove(job)
            self.notice, self.notice_is_error = job.error or job.outcome, bool(job.error)

    def cancel_all(self, why: str) -> None:
        for job in list(self.running):
            job.cancel(why)
            self.settle(job)

    def close(self) -> None:
        self.cancel_all("Stopped.")
        self.workers.close()


_desk: list[Desk] = []  # Blender makes operators and panels itself, so what they share can only live in a module


def desk() -> Desk:
    if not _desk:
        _desk.append(Desk())
    return _desk[0]


def close_desk() -> None:
    while _desk:
        _desk.pop().close()


class JobOperator:
    """An operator over the job that `start(context)` returns: blocking when executed, modal when invoked."""

    bl_options = {"UNDO"}  # noqa: RUF012 - Blender wants a set here
    title = "Working"
    cancelled = RunningJob.cancelled
    _running: RunningJob | None = None
    _timer: Any = None
    _shown = progress.Progress("", 0.0)
    _drawn = 0.0

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        """The job; reads what it needs of `context` now and returns the sentence that reports its end."""
        raise NotImplementedError

    def execute(self, context: Any) -> set[str]:
        try:
            running = desk().start(self.title, self.start(context), self.cancelled)
        except errors.KMTalkError as error:
            self.report({"ERROR"}, str(error))  # type: ignore[attr-defined]
            return {"CANCELLED"}
        shown = _Shown(self.title)
        try:
            while not running.is_ended:
                running.advance()
                shown.show(running.step)
                time.sleep(_PATIENCE if not running.is_ended else 0)
        finally:
            running.cancel()
            shown.end()
            desk().settle(running)
        return self._say(running)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            self._running = desk().start(self.title, self.start(context), self.cancelled)
        except errors.KMTalkError as error:
            self.report({"ERROR"}, str(error))  # type: ignore[attr-defined]
            return {"CANCELLED"}
        self._timer = context.window_manager.event_timer_add(TICK_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        running = self._running
        assert running is not None
        if event.type == "ESC" and event.value == "PRESS" and _is_ours(running, context, event):
            running.cancel()
        elif event.type != "TIMER" and not running.is_ended:
            return {"PASS_THROUGH"}
        if not running.is_ended:
            try:
                running.advance()
            except Exception:  # Blender ends the operator and prints why; the job must not stay on the list
                self._leave(context)
                raise
            if not running.is_ended:
                self._show(running.step)
                return {"PASS_THROUGH"}
        self._leave(context)
        return self._say(running)

    def _show(self, step: progress.Progress) -> None:
        """Draw progress that is new, but not so often that drawing is all that is done."""
        now = time.perf_counter()
        if step != self._shown and (step.stage != self._shown.stage or now - self._drawn >= _REDRAW_SECONDS):
            self._shown, self._drawn = step, now
            redraw()

    def cancel(self, context: Any) -> None:
        """Blender takes the operator away: another file was loaded, or its window closed."""
        if self._running is not None:
            self._running.cancel()
        self._leave(context)

    def _leave(self, context: Any) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if self._running is not None:
            desk().settle(self._running)
        redraw()

    def _say(self, running: RunningJob) -> set[str]:
        if running.error:
            kind = "WARNING" if running.error.startswith("Cancelled") else "ERROR"
            self.report({kind}, running.error)  # type: ignore[attr-defined]
            return {"CANCELLED"}
        if running.outcome:
            self.report({"INFO"}, running.outcome)  # type: ignore[attr-defined]
        return {"FINISHED"}


class _Shown:
    """Progress on stderr, one line for each stage and each tenth of it, for whoever waits at a terminal."""

    def __init__(self, title: str) -> None:
        self._title, self._last = title, ("", -1)

    def show(self, step: progress.Progress) -> None:
        tenth = int(step.fraction * 10)
        if bpy.app.background and (step.stage, tenth) != self._last:
            self._last = (step.stage, tenth)
            print(f"kmtalk: {self._title}: {step.stage} {step.fraction:4.0%}", file=sys.stderr, flush=True)

    def end(self) -> None:
        sys.stderr.flush()


def redraw() -> None:
    """Draw the panels anew, and nothing beside them."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            for region in area.regions:
                if region.type == _DRAWN.get(area.type):
                    region.tag_redraw()


def _is_ours(running: RunningJob, context: Any, event: Any) -> bool:
    """Whether an Esc is meant for this job: over an editor of ours, no playback to stop, and no younger job."""
    if context.screen.is_animation_playing or not desk().running or desk().running[-1] is not running:
        return False
    return any(
        area.type in _AREAS
        and area.x <= event.mouse_x < area.x + area.width
        and area.y <= event.mouse_y < area.y + area.height
        for area in context.window.screen.areas
    )


def in_thread(function: Callable[[], Result], stage: str) -> progress.Job[Result]:
    """Work out something without Blender beside the window; return it, or raise what it raised."""
    results: queue.Queue[tuple[bool, Any]] = queue.Queue()

    def work() -> None:
        try:
            results.put((True, function()))
        except BaseException as error:
            results.put((False, error))

    threading.Thread(target=work, daemon=True).start()
    while results.empty():
        yield progress.Progress(stage, 1.0)
    is_done, value = results.get()
    if not is_done:
        raise value
    return value
