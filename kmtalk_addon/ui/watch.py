"""What the panel shows of lines and would take too long to find at every redraw: looked for a little at a time."""

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..audio import strips
from ..jobs.runner import desk, redraw
from ..settings import core_settings
from ..take import bake, pending, states
from ..take.writing import Pace, find_action

_SOON, _LATER, _AT_LEAST = 0.05, 0.6, 5.0  # seconds
_SEEN = 60.0
"""Seconds after which a panel that was not drawn is not looked after."""


@dataclass
class Watch:
    """counts: how many key motions of a line were changed; states: what is not in order with it; by its number."""

    counts: dict[str, int] = field(default_factory=dict)
    states: dict[str, list[str]] = field(default_factory=dict)
    is_dirty: bool = True
    _action: int = 0
    _asked: float = 0.0
    _looked: float = 0.0
    _job: Generator[Any, None, dict[str, int]] | None = None

    def ask(self, action: Any) -> None:
        """A panel shows the lines of an action now."""
        if action.session_uid != self._action:
            self._action, self._job, self.is_dirty = action.session_uid, None, True
        self._asked = time.monotonic()

    def look(self, scene: Any) -> None:
        """Find all of it now."""
        self._job = None
        self.is_dirty = True
        while self._step(scene) == _SOON:
            pass

    def tick(self) -> float:
        """A little of the work; seconds until the next."""
        if time.monotonic() - self._asked > _SEEN or desk().running:
            return _LATER
        return self._step(bpy.context.scene)

    def _step(self, scene: Any) -> float:
        now = time.monotonic()
        if self._job is None:
            if not self.is_dirty and now - self._looked < _AT_LEAST:
                return _LATER
            self.is_dirty, self._looked = False, now
            self._job = pending.count(self._action, pending.memory(), Pace())
        try:
            next(self._job)
        except StopIteration as end:
            self._job = None
            found = (dict(end.value), self._states(scene))
            if found != (self.counts, self.states):
                self.counts, self.states = found
                redraw()
            return _LATER
        return _SOON

    def _states(self, scene: Any) -> dict[str, list[str]]:
        action = find_action(self._action)
        if action is None or scene is None:
            return {}
        marked, asked = strips.all_by_mark(), core_settings(scene.kmtalk, bake.scene_fps(scene))
        asked = {name: value for name, value in asked.items() if not name.startswith("look_")}  # each line's own
        found = {line.uid: states.of_line(line, scene, marked, asked) for line in action.kmtalk_lines.lines}
        return {uid: words for uid, words in found.items() if words}


_watch: list[Watch] = []


def watch() -> Watch:
    """The one watch of this Blender, from register to unregister."""
    if not _watch:
        _watch.append(Watch())
    return _watch[0]


@persistent
def _changed(*_: Any) -> None:
    watch().is_dirty = True


def _tick() -> float:
    return watch().tick()


def register() -> None:
    bpy.app.handlers.depsgraph_update_post.append(_changed)
    bpy.app.timers.register(_tick, first_interval=1.0, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    bpy.app.handlers.depsgraph_update_post.remove(_changed)
    _watch.clear()
    pending.forget()
