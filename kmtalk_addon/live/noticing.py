"""What happens that Live may have to answer: noticed where Blender tells of it, at next to no cost."""

import time
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ..take import lines

_MOST_UPDATES = 200
"""So many datablocks of one update are looked at; of a larger one it is enough that an action was among them."""


@dataclass
class Notices:
    """What was noticed since it was answered last.

    number: grows with every notice; at: when the last one came (`time.monotonic`); actions: the `session_uid`s of the
    actions that may have changed; is_any: any of ours may have; has_settings: a slider was moved; is_undone: by an undo
    or a redo; posed: the first and the last time at which something that is no action changed since the last look, None
    for none; marks: where markers lay at the last look.
    """

    number: int = 0
    at: float = -1e9
    actions: set[int] = field(default_factory=set)
    is_any: bool = False
    has_settings: bool = False
    is_undone: bool = False
    posed: tuple[float, float] | None = None
    marks: dict[int, bytes] = field(default_factory=dict)

    def notice(self, *actions: int, settings: bool = False) -> None:
        """Something happened to these actions, to any of ours where none is named, or to the settings."""
        self.number += 1
        self.at = time.monotonic()
        self.has_settings |= settings
        self.actions |= set(actions)
        self.is_any |= not actions and not settings

    @property
    def quiet(self) -> float:
        """Seconds since the last notice."""
        return time.monotonic() - self.at

    def is_posed(self, quiet: float, patience: float) -> bool:
        """Whether a face may have been posed and has been left so for `quiet` seconds, or is posed on and on; the look
        that follows is the one at all of it."""
        now = time.monotonic()
        if self.posed is None or (now - self.posed[1] < quiet and now - self.posed[0] < patience):
            return False
        self.posed = None
        return True

    def taken(self) -> list[int]:
        """The actions to look at, all of ours where any may have changed; they count as seen from now on."""
        found = [action.session_uid for action in ours() if self.is_any or action.session_uid in self.actions]
        self.actions, self.is_any = set(), False
        return found

    def look_at_markers(self, scene: Any) -> None:
        """Markers are dragged without a word of Blender's: notice where they lie otherwise than at the last look."""
        for action in ours():
            self._compare(action.session_uid, action.pose_markers, action.session_uid)
        self._compare(-scene.session_uid, scene.timeline_markers)

    def _compare(self, key: int, markers: Any, *actions: int) -> None:
        frames = np.empty(len(markers), np.int32)
        markers.foreach_get("frame", frames)
        now = frames.tobytes()
        if self.marks.setdefault(key, now) != now:
            self.marks[key] = now
            self.notice(*actions)


def ours() -> list[Any]:
    """The actions of this file that carry lines and can be written to."""
    return [action for action in bpy.data.actions if lines.is_ours(action) and action.library is None]


_notices: list[Notices] = []


def notices() -> Notices:
    """The ones of this Blender, from register to unregister."""
    if not _notices:
        _notices.append(Notices())
    return _notices[0]


def settings_changed(self: Any, context: Any) -> None:
    """For the `update` of what an artist sets on a scene."""
    if isinstance(self.id_data, bpy.types.Scene) and self.live:
        notices().notice(settings=True)


def event_changed(self: Any, context: Any) -> None:
    """For the `update` of what an artist sets on an event of a line."""
    notices().notice(self.id_data.session_uid)


@persistent
def _after_update(scene: Any, depsgraph: Any = None) -> None:
    """An action was changed, or shape keys or an object, which may be posed; whatever else was does not concern us."""
    if depsgraph is None or not scene.kmtalk.live:
        return
    if depsgraph.id_type_updated("KEY") or depsgraph.id_type_updated("OBJECT"):
        now, before = time.monotonic(), notices().posed
        notices().posed = (before[0] if before else now, now)
    if not depsgraph.id_type_updated("ACTION"):
        return
    updates = depsgraph.updates
    if len(updates) > _MOST_UPDATES:
        notices().notice()
        return
    for update in updates:
        if isinstance(update.id, bpy.types.Action) and lines.is_ours(update.id.original):
            notices().notice(update.id.original.session_uid)


@persistent
def _after_undo(*_: Any) -> None:
    notices().is_undone = True
    notices().notice()


@persistent
def _after_playing(*_: Any) -> None:
    """Blender may tell of a new frame alone, where something was edited while it played."""
    notices().notice()


@persistent
def _after_load(*_: Any) -> None:
    """What another file brings is as it was left: nothing is answered before something happens."""
    _notices.clear()


_HANDLERS = (
    ("depsgraph_update_post", _after_update),
    ("undo_post", _after_undo),
    ("redo_post", _after_undo),
    ("animation_playback_post", _after_playing),
)


def register() -> None:
    for name, handler in (*_HANDLERS, ("load_post", _after_load)):
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    for name, handler in (*_HANDLERS, ("load_post", _after_load)):
        getattr(bpy.app.handlers, name).remove(handler)
    _notices.clear()
