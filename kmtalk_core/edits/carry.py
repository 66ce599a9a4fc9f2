"""The work of a hand, carried over from one take of a sound to another of the same sound."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..events import free_id
from ..take import Key, Take
from .entries import Edits
from .keys import PlannedKey
from .plan import Plan, plan
from .turns import set_by_hand, turned

_NEAR = 0.05
"""Seconds within which keys of two takes stand for the same moment of the sound."""
_ALIKE = 0.25
"""The same for events, which another seed or another mood puts elsewhere."""


def carry_over(old: Take, new: Take, pending: Edits | None = None, shift: float = 0.0) -> list[dict[str, Any]]:
    """Edits that give `new` all that a hand did in `old`: keys that were edited, moved, added, deleted or locked,
    phones that were named or moved, events that were touched.

    `pending` are edits of `old` that are not in it yet.  `new` begins `shift` seconds later in the sound than `old`.
    What lies outside of `new` is left behind; a take in another space gives nothing.
    """
    if old.space != new.space:
        return []
    waiting = pending or Edits()
    done = plan(old, waiting)
    turns = set_by_hand(turned(old, waiting.keys, [key.frame for key in done.keys]))
    return [*_phones(done, new, shift), *_keys(done, old, new, shift, turns), *_events(done, new, shift)]


def _phones(done: Plan, new: Take, shift: float) -> list[dict[str, Any]]:
    duration = new.phones[-1].end if new.phones else 0.0
    return [
        {"phone": phone.label, "start": max(phone.start - shift, 0.0), "end": min(phone.end - shift, duration)}
        for phone in done.phones
        if phone.edited and phone.end - shift > 0.01 and phone.start - shift < duration - 0.01
    ]


def _keys(
    done: Plan, old: Take, new: Take, shift: float, turns: Mapping[int, Mapping[str, float]]
) -> list[dict[str, Any]]:
    """Each key of a hand's stands where it stood, and shows the moment of the sound that it showed.

    `turns` are what a hand has set in tracks beside the first, by frame of `old`.
    """
    beside = {name for track in new.tracks[1:] for name in track.space.names}
    entries: list[dict[str, Any]] = []
    free = list(new.keys[1:-1])
    for key in done.keys:
        frame = round((key.frame / old.fps - shift) * new.fps)
        if key.state == "generated" or key.pose is None or not 0 <= frame < new.frame_count:
            continue
        turn = {name: value for name, value in turns.get(key.frame, {}).items() if name in beside}
        pose = dict(zip(old.space.names, key.pose.tolist(), strict=True)) | turn if turn else key.pose.tolist()
        entry = {"pose": pose, "state": key.state}
        if new.keys and frame in (new.keys[0].frame, new.keys[-1].frame):
            entries.append({"frame": frame, **entry})
            continue
        own = _own_key(key, free, frame, key.time - shift)
        if own is None:
            entries.append({"frame": frame, "add": True, **entry})
            continue
        passed = [k for k in free if (k.frame - own.frame) * (k.frame - frame) <= 0 and k is not own]
        entries += [{"frame": other.frame, "delete": True} for other in passed]
        moved = {} if frame == own.frame else {"move_to": frame}
        entries.append({"frame": own.frame, **entry, **moved})
        taken = max(own.frame, frame)
        free = [other for other in free if other.frame > taken]
    touched = {entry["frame"] for entry in entries}
    for time in done.deleted_keys:
        near = [k for k in new.keys[1:-1] if abs(k.time - (time - shift)) < _NEAR and k.frame not in touched]
        if near:
            gone = min(near, key=lambda k: abs(k.time - (time - shift)))
            touched.add(gone.frame)
            entries.append({"frame": gone.frame, "delete": True})
    return entries


def _own_key(key: PlannedKey, free: Sequence[Key], frame: int, time: float) -> Key | None:
    """The key of another take that a hand's key takes the place of: on its frame, or else of its moment."""
    there = next((other for other in free if other.frame == frame), None)
    if key.state == "added" or (there is not None and abs(there.time - time) < _NEAR):
        return there
    near = [other for other in free if abs(other.time - time) < _NEAR]
    return min(near, key=lambda other: abs(other.time - time), default=there)


def _events(done: Plan, new: Take, shift: float) -> list[dict[str, Any]]:
    kept = [event for event in done.events if event.state != "generated" and event.time - shift >= 0]
    meant = [*done.deleted_events, *kept]
    entries: list[dict[str, Any]] = [
        {"event": event.id, "delete": True}
        for event in new.events
        if event.state == "generated"
        and any(o.kind == event.kind and abs(o.time - shift - event.time) < _ALIKE for o in meant)
    ]
    taken = {event.id for event in new.events}
    for event in kept:
        if event.time - shift > new.duration:
            continue
        name = free_id(event.id, taken)
        taken.add(name)
        values = {field: value for field, value in event.to_json().items() if field != "id"}
        entries.append({"event": name, "add": True, **values, "time": event.time - shift})
    return entries
