"""How often the file has changed: what panels show is found anew only then, for they ask at every redraw."""

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import bpy
from bpy.app.handlers import persistent

Found = TypeVar("Found")

_changes: Counter[str] = Counter()
_kept: dict[Hashable, Any] = {}


def count() -> int:
    """A number that is another one after every change of the file that Blender tells of."""
    return _changes["all"]


def replaced() -> int:
    """A number that is another one after an undo, a redo or another file, when nothing of Blender's may be kept."""
    return _changes["replaced"]


def are_told() -> bool:
    """Whether Blender tells of changes at once: without a window it does when somebody asks it to update."""
    return not bpy.app.background


def kept(key: Hashable, find: Callable[[], Found]) -> Found:
    """What `find` finds, looked for once until something changes."""
    if not are_told():
        return find()
    if key not in _kept:
        _kept[key] = find()
    found: Found = _kept[key]
    return found


@persistent
def _changed(*_: Any) -> None:
    _changes["all"] += 1
    _kept.clear()


@persistent
def _replaced(*_: Any) -> None:
    _changes["replaced"] += 1
    _changed()


def _handlers() -> tuple[Any, ...]:
    handlers = bpy.app.handlers
    return handlers.undo_post, handlers.redo_post, handlers.load_post


def register() -> None:
    bpy.app.handlers.depsgraph_update_post.append(_changed)
    for each in _handlers():
        each.append(_replaced)


def unregister() -> None:
    bpy.app.handlers.depsgraph_update_post.remove(_changed)
    for each in _handlers():
        each.remove(_replaced)
    _kept.clear()
