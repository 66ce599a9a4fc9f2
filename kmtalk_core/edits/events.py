"""Events after their edits: moved, resized, locked, deleted or added."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import TakeError
from ..events import KINDS, STATES, Event
from ..schema import Choice, Flag, Number, Record, Text, Whole

DEFAULTS: dict[str, tuple[float, float, float]] = {
    "blink": (0.26, 0.8, 0.0),
    "glance": (1.0, 0.17, 0.0),
    "nod": (0.55, 0.045, 270.0),
    "shift": (3.0, 0.05, 0.0),
    "brow_raise": (1.3, 0.4, 0.0),
    "frown": (1.3, 0.35, 0.0),
    "squint": (1.3, 0.3, 0.0),
    "breath": (0.7, 0.3, 0.0),
}
"""Duration, size and direction of an event that is added without them."""

_LONGEST = 60.0  # seconds
_LARGEST = 3.0
_FIELDS: dict[str, Any] = {
    "event": Text(64, 1),
    "add": Flag(),
    "delete": Flag(),
    "kind": Choice(KINDS),
    "time": Number(0.0),
    "duration": Number(0.02, _LONGEST),
    "size": Number(0.0, _LARGEST),
    "direction": Number(-360.0, 360.0),
    "seed": Whole(0, 2**31 - 1),
    "state": Choice(STATES),
}
_EDIT = Record(_FIELDS, optional=tuple(name for name in _FIELDS if name != "event"))
_CHANGEABLE = ("time", "duration", "size", "direction", "seed")


def edit_events(events: Sequence[Event], entries: Sequence[Mapping[str, Any]], duration: float) -> tuple[Event, ...]:
    """`events` of a take that lasts `duration` seconds after `entries` (as in EDITS.json, each with an `event` id).

    Raises TakeError naming what is wrong.
    """
    found = {event.id: event for event in events}
    touched: set[str] = set()
    for number, entry in enumerate(entries, 1):
        edit = _EDIT.read(dict(entry), f"Event edit {number}", TakeError)
        name = edit["event"]
        where = f"Event edit {number} ({name:.40})"
        if name in touched:
            raise TakeError(f"{where}: there are two edits of this event; join them into one.")
        touched.add(name)
        if edit.get("time", 0.0) > duration:
            raise TakeError(f"{where}: the take ends at {duration:.2f} s; choose an earlier time.")
        if edit.get("add"):
            if name in found:
                raise TakeError(f"{where}: there is an event of this name already; choose another.")
            found[name] = _added(edit, where)
        elif name not in found:
            raise TakeError(f"{where}: the take has no such event; its list of events names them.")
        elif edit.get("delete"):
            if len(edit) > 2:
                raise TakeError(f"{where} deletes the event and asks for something else too; choose one.")
            del found[name]
        else:
            found[name] = _changed(found[name], edit)
    return tuple(sorted(found.values(), key=lambda event: (event.time, event.id)))


def _added(edit: Mapping[str, Any], where: str) -> Event:
    kind, time = edit.get("kind"), edit.get("time")
    if kind is None or time is None or edit.get("delete"):
        raise TakeError(f"{where}: an event that is added needs its kind and its time.")
    duration, size, direction = DEFAULTS[kind]
    return Event(
        edit["event"],
        kind,
        time,
        edit.get("duration", duration),
        edit.get("size", size),
        edit.get("direction", direction) % 360,
        edit.get("seed", 0),
        edit.get("state", "added"),
    )


def _changed(event: Event, edit: Mapping[str, Any]) -> Event:
    changed = replace(event, **{name: edit[name] for name in _CHANGEABLE if name in edit})
    touched = event.state if event.state != "generated" or changed == event else "edited"
    return replace(changed, state=edit.get("state", touched))
