"""Run jobs: to their end, or a little at every tick of a modal operator."""

import sys
import time
from collections.abc import Generator
from typing import Any

import bpy

from ..annotations import Done, Options
from ..core import errors, progress
from ..desk import RunningJob, close_desk, desk, in_thread

__all__ = ["JobOperator", "RunningJob", "close_desk", "desk", "in_thread", "redraw"]

TICK_SECONDS = 0.01
_REDRAW_SECONDS = 0.1
_PATIENCE = 0.01
_AREAS = ("VIEW_3D", "SEQUENCE_EDITOR", "DOPESHEET_EDITOR", "NLA_EDITOR")
_DRAWN = {**dict.fromkeys(_AREAS, "UI"), "PREFERENCES": "WINDOW"}
"""The region that shows jobs, by the kind of editor."""


class JobOperator:
    """An operator over the job that `start(context)` returns: blocking when executed, modal when invoked."""

    bl_options: Options = {"UNDO"}  # noqa: RUF012 - Blender wants a set here
    title = "Working"
    cancelled = RunningJob.cancelled
    _running: RunningJob | None = None
    _timer: Any = None
    _shown = progress.Progress("", 0.0)
    _drawn = 0.0

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        """The job; reads what it needs of `context` now and returns the sentence that reports its end."""
        raise NotImplementedError

    def execute(self, context: Any) -> Done:
        """All of it now.  What ends it but for its end is on the desk then: Blender passes on its text alone."""
        desk().failure = None
        try:
            return self._execute(context)
        except BaseException as error:
            desk().failure = error
            if not isinstance(error, errors.KMTalkError):
                raise
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    def _execute(self, context: Any) -> Done:
        job = self.start(context)  # which may give the job a title of its own
        running = desk().start(self.title, job, self.cancelled)
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
        desk().failure = running.failure
        return self._say(running)

    def invoke(self, context: Any, event: Any) -> Done:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            job = self.start(context)
            self._running = desk().start(self.title, job, self.cancelled)
        except errors.KMTalkError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._timer = context.window_manager.event_timer_add(TICK_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> Done:
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

    def _say(self, running: RunningJob) -> Done:
        if running.error:
            kind = "WARNING" if running.was_cancelled else "ERROR"
            self.report({kind}, running.error)
            return {"CANCELLED"}
        if running.outcome:
            self.report({"INFO"}, running.outcome)
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
