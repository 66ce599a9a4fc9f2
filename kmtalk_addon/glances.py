"""The face as panels and grey buttons see it: they ask many times at every redraw, and finding it takes a while."""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy

from .core import errors, spaces
from .face import Face, changes, hindrances
from .face.armatures import rig_of

_KEPT = 0.5
"""Seconds that a face is shown as it was while something changes all the time, as under a slider that is dragged."""
_REDRAWN = 0.05
"""Seconds within which all that is asked is for one and the same redraw."""
_READ = 0.25
"""Seconds after which names are read again: Blender tells nobody of a new name."""

Find = Callable[[Sequence[Any], spaces.MotionSpace], Face]


@dataclass(frozen=True)
class Glance:
    """A face, and what a panel tells of it.

    hindrances: kind → what keeps a take from being seen, and the label of the button that mends it.
    """

    face: Face
    what_moves: str
    hindrances: dict[str, tuple[str, str]]


@dataclass
class Glances:
    """The last glance, kept until something changes."""

    _key: Hashable = None
    _names: Hashable = None
    _changes: int = -1
    _looked: float = 0.0
    _read: float = 0.0
    _asked: float = 0.0
    _of: Hashable = None
    _found: Glance | None = None
    _error: errors.KMTalkError = field(default_factory=lambda: errors.FaceError(""))

    def look(self, find: Find, objects: Sequence[Any], space: spaces.MotionSpace, foreign: str) -> Glance:
        """What `objects` are to a take in `space`, found by `find`.  Raises KMTalkError."""
        now, of = time.monotonic(), (*(item.session_uid for item in objects), space.name, foreign)
        if of == self._of and changes.count() == self._changes and now - self._asked < _REDRAWN:
            return self._told()
        self._asked, self._of = now, of
        counts = changes.replaced(), len(bpy.data.objects), len(bpy.data.actions)
        key = (tuple(map(_shape_of, objects)), counts, space.name, foreign)
        is_same = key == self._key and (changes.count() == self._changes or now - self._looked < _KEPT)
        if is_same and now - self._read > _READ:
            self._read = now
            is_same = self._names == _names_of(objects)
        if not is_same:
            self._key, self._changes, self._names, self._read = key, changes.count(), _names_of(objects), now
            self._found = None
            try:
                self._found = look(find, objects, space, foreign)
            except errors.KMTalkError as error:
                self._error = error
            self._looked = time.monotonic()
        elif changes.count() != self._changes and not bpy.app.timers.is_registered(_redraw):
            bpy.app.timers.register(_redraw, first_interval=_KEPT)
        return self._told()

    def _told(self) -> Glance:
        if self._found is None:
            raise self._error
        return self._found


def look(find: Find, objects: Sequence[Any], space: spaces.MotionSpace, foreign: str) -> Glance:
    """What `objects` are to a take in `space`, found now.  Raises KMTalkError."""
    face = find(objects, space)
    found = {each.kind: (each.sentence, each.label) for each in hindrances.find(face, foreign)}
    return Glance(face, face.what_moves, found)


_glances: list[Glances] = []


def glance(find: Find, objects: Sequence[Any], space: spaces.MotionSpace, foreign: str) -> Glance:
    """What `objects` are to a take in `space`, as it was found last where nothing has changed.  Raises KMTalkError."""
    if not changes.are_told():
        return look(find, objects, space, foreign)
    if not _glances:
        _glances.append(Glances())
    return _glances[0].look(find, objects, space, foreign)


def _redraw() -> None:
    """Draw side bars anew, which have shown a face as it was."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            for region in area.regions:
                if region.type == "UI":
                    region.tag_redraw()


def register() -> None:
    changes.register()


def unregister() -> None:
    if bpy.app.timers.is_registered(_redraw):
        bpy.app.timers.unregister(_redraw)
    changes.unregister()
    _glances.clear()


def _shape_of(item: Any) -> Hashable:
    """What tells whether an object is the one it was."""
    keys, rig = getattr(item.data, "shape_keys", None), rig_of(item)
    bones = len(rig.data.bones) if rig is not None else 0
    drivers = len(keys.animation_data.drivers) if keys is not None and keys.animation_data is not None else 0
    return item.session_uid, item.mode, len(keys.key_blocks) if keys else 0, drivers, rig and rig.session_uid, bones


def _names_of(objects: Sequence[Any]) -> Hashable:
    """The names of the keys of objects and of the bones of their rigs."""
    found: list[str] = []
    for item in objects:
        keys, rig = getattr(item.data, "shape_keys", None), rig_of(item)
        found += [block.name for block in keys.key_blocks] if keys is not None else ()
        found += [bone.name for bone in rig.data.bones] if rig is not None else ()
    return tuple(found)
