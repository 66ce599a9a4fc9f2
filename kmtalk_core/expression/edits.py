"""Edits of a take's events by hand, and what they change in its motion: the frames of the changed events, no others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import TakeError
from ..events import KINDS, STATES, Event
from ..motion.spaces import HEAD
from ..schema import Choice, Flag, Number, Record, Text, Whole
from ..take import Take, Track
from .chance import ease
from .performer import Performer

FloatArray: TypeAlias = npt.NDArray[np.float32]

DEFAULTS: dict[str, tuple[float, float, float]] = {
    "blink": (0.26, 0.8, 0.0),
    "glance": (1.0, 0.17, 0.0),
    "nod": (0.55, 0.045, 270.0),
    "shift": (3.0, 0.05, 0.0),
    "brow_raise": (1.3, 0.4, 0.0),
    "frown": (1.3, 0.35, 0.0),
    "squint": (1.3, 0.3, 0.0),
    "breath": (0.7, 0.2, 0.0),
}
"""Duration, size and direction of an event that is added without them."""

_LONGEST = 60.0  # seconds
_LARGEST = 3.0
_HELD = 5  # frames beside a locked key in which a change fades
_FIELDS: dict[str, Any] = {
    "event": Text(),
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


def edited_events(events: Sequence[Event], entries: Sequence[Mapping[str, Any]], duration: float) -> tuple[Event, ...]:
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


def replayed(take: Take, before: Performer, after: Performer, delay: float) -> Take:
    """`take`, which `before` made, with the events of `after`: motion changes by what the changed events change.

    What a hand has set stays as it is beside that, and the frame of a locked key altogether.
    """
    motion = take.motion.copy()
    head = take.track(HEAD.name)
    turned = None if head is None else head.motion.copy()
    for first, last in _spans(before.events, after.events, take.frame_count, take.fps, delay):
        times = np.arange(first, last) / take.fps - delay
        rows = slice(first, last)
        free = _free(take, first, last)
        added = before.changes(after, take.motion[rows], times, take.space) * free
        low = np.minimum(take.space.low, take.motion[rows])
        high = np.maximum(take.space.high, take.motion[rows])
        moved = added.any(axis=1)
        motion[rows][moved] = np.clip(take.motion[rows] + added, low, high)[moved]
        if turned is not None:
            turned[rows] += after.head(times) - before.head(times)
    tracks = [Track(take.space, motion), *take.tracks[1:]]
    if turned is not None:
        tracks = [Track(HEAD, turned) if track.space == HEAD else track for track in tracks]
    keys = tuple(replace(key, pose=motion[key.frame]) for key in take.keys)
    return replace(take, tracks=tuple(tracks), keys=keys, events=after.events)


def _spans(
    before: Sequence[Event], after: Sequence[Event], count: int, fps: float, delay: float
) -> list[tuple[int, int]]:
    """Frames (first, last + 1) that events may show in which are not alike before and after, joined where they meet."""
    changed = sorted(set(before) ^ set(after), key=lambda event: event.time)
    spans: list[tuple[int, int]] = []
    for event in changed:
        reach = event.duration + 1.0  # a head comes back from where it followed the eyes
        first = max(int((event.time - reach + delay) * fps), 0)
        last = min(int((event.time + reach + delay) * fps) + 2, count)
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        elif first < last:
            spans.append((first, last))
    return spans


def _free(take: Take, first: int, last: int) -> FloatArray:
    """(frames, 1) how far each frame may change: not at all at a locked key."""
    free = np.ones(last - first)
    for key in take.keys:
        if key.state == "locked" and first - _HELD < key.frame < last + _HELD:
            free = np.minimum(free, ease(np.abs(np.arange(first, last) - key.frame) / _HELD))
    return free[:, None].astype(np.float32)
