"""What waits to be regenerated, on all lines of an action at once and quickly: how many key motions were changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import compat
from ..core import errors, progress
from . import events, fcurves, layers, lines, markers, marks, phones, store
from .writing import Pace, find_action

_VISIBLE = 1e-5
_BY_HAND = 1e-4
"""Where a key is gone the curve shows another value if it differs by more."""
_MOST_TOLD = 4


@dataclass
class _Noted:
    """What every line of an action gave one curve: frames, values and the number of the line, in order of frames."""

    frames: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    line: npt.NDArray[np.int32]


@dataclass
class Memory:
    """Records that were unpacked before, by the number of the line; and by the name of the curve what they are
    together, while no line of the `scope` is written anew or moved."""

    records: dict[str, tuple[tuple[int, int], store.Curves]] = field(default_factory=dict)
    joined: dict[str, "_Noted"] = field(default_factory=dict)
    scope: tuple[Any, ...] = ()

    def of(self, line: Any) -> store.Curves:
        stamp = (line.revision or len(line.record), line.first)
        known = self.records.get(line.uid)
        if known is None or known[0] != stamp:
            try:
                known = (stamp, store.noted_curves(line))
            except errors.TakeError:
                known = (stamp, {})
            self.records[line.uid] = known
        return known[1]


_memory: list[Memory] = []


def memory() -> Memory:
    """The one memory of this Blender, from register to unregister."""
    if not _memory:
        _memory.append(Memory())
    return _memory[0]


def forget() -> None:
    _memory.clear()


def count(number: int, memory: Memory, pace: Pace) -> progress.Job[dict[str, int]]:
    """How many key motions of each line of an action (by its `session_uid`) were changed, by the line's number."""
    found: dict[str, set[int]] = {}
    action = find_action(number)
    if action is None:
        return {}
    reaches = layers.in_order(lines.reaches_of(action))
    noted: dict[str, list[tuple[npt.NDArray[Any], npt.NDArray[Any], int]]] = {}
    uids = tuple(line.uid for line in action.kmtalk_lines.lines)
    scope = _scope(number)
    holders = layers.Holders(reaches)
    joined = memory.joined if memory.scope == scope else {}

    def unpack(place: int) -> None:
        line = _line_at(number, uids.index(reaches[place].uid), reaches[place].uid)  # an undo may have moved it
        for name, (frames, values) in memory.of(line).items() if line is not None else ():
            noted.setdefault(name, []).append((frames, values, place))
        if line is not None:
            marks.learn(line.marks)

    def compare(name: str) -> None:
        if name not in joined:
            joined[name] = _joined(noted[name], holders)
        changed = _changed(find_action(number), name, joined[name], reaches, holders)
        for place, frames in changed.items():
            found.setdefault(reaches[place].uid, set()).update(frames)

    if not joined:
        yield from pace.each(range(len(reaches)), unpack, "looking")
    yield from pace.each(list(joined or noted), compare, "looking")
    if _scope(number) != scope:  # an undo or an answer came between: half of it was read before
        return (yield from count(number, memory, pace))
    memory.joined, memory.scope = joined, scope
    yield from pace.rest("looking")
    action = find_action(number)
    if action is None:
        return {}
    _add_markers(action, found)
    yield from pace.rest("looking")
    on_scenes = markers.moved_on_scenes()

    def look(place: int) -> None:
        line = _line_at(number, place, uids[place])
        if line is not None:
            found.setdefault(line.uid, set()).update(_asked_for(line) | on_scenes.get(line.uid, set()))

    yield from pace.each(range(len(uids)), look, "looking")
    if _scope(number) != scope:
        return (yield from count(number, memory, pace))
    return {uid: len(frames) for uid, frames in found.items() if frames}


def _scope(number: int) -> tuple[Any, ...]:
    """What is other as soon as a line of an action is written anew, moved, added or removed."""
    action = find_action(number)
    if action is None:
        return (number,)
    reaches = layers.in_order(lines.reaches_of(action))
    written = {line.uid: line.revision or len(line.record) for line in action.kmtalk_lines.lines}
    return (number, *((reach, written[reach.uid]) for reach in reaches))


def _joined(parts: list[tuple[npt.NDArray[Any], npt.NDArray[Any], int]], holders: layers.Holders) -> _Noted:
    frames = np.concatenate([frames for frames, _, _ in parts])
    values = np.concatenate([values for _, values, _ in parts])
    line = np.repeat(np.array([place for *_, place in parts], np.int32), [len(frames) for frames, *_ in parts])
    order = np.argsort(frames, kind="stable")
    frames, values, line = frames[order], values[order], line[order]
    shows = holders.at(frames) == line
    return _Noted(frames[shows], values[shows], line[shows])


def _changed(
    action: Any, name: str, noted: _Noted, reaches: list[layers.Reach], holders: layers.Holders
) -> Mapping[int, set[int]]:
    """The frames of each line at which a curve has not what it was given."""
    handle, _, curve_name = name.partition("|")
    path, index = lines.place_of(curve_name)
    curve = compat.find_curve(action, int(handle or 0), path, index) if action is not None else None
    if curve is None:
        return {}
    frames, values = fcurves.positions(curve)
    found: dict[int, set[int]] = {}
    known: dict[str, set[int]] = {}
    is_old, is_lost = np.zeros(len(frames), np.bool_), np.ones(len(noted.frames), np.bool_)
    if len(noted.frames):
        place = np.searchsorted(noted.frames, frames).clip(max=len(noted.frames) - 1)
        is_there = noted.frames[place] == frames
        is_old = is_there & (np.abs(noted.values[place] - values) <= _VISIBLE)
        is_lost[place[is_there]] = False
    others = np.flatnonzero(~is_old)
    owner = holders.at(frames[others])
    for at, line in zip(others[owner >= 0].tolist(), owner[owner >= 0].tolist(), strict=True):
        if reaches[line].first <= frames[at] <= reaches[line].last:
            found.setdefault(line, set()).add(int(frames[at]))
    if is_lost.any() and len(frames):  # or there several times
        lost = np.flatnonzero(~np.isin(noted.frames, frames))
        differs = np.abs(np.interp(noted.frames[lost], frames, values) - noted.values[lost]) > _BY_HAND
        for at in lost[differs]:
            line, frame = int(noted.line[at]), int(noted.frames[at])
            if frame in _key_frames(action, reaches[line].uid, known):
                found.setdefault(line, set()).add(frame)
    return found


def _key_frames(action: Any, uid: str, known: dict[str, set[int]]) -> set[int]:
    """The frames of a line's key motions, as they are `known` from then on."""
    if uid not in known:
        listed = lines.line_in(action, uid).key_motions
        frames = np.empty(len(listed), np.int32)
        listed.foreach_get("frame", frames)
        known[uid] = set(frames.tolist())
    return known[uid]


def _line_at(number: int, place: int, uid: str) -> Any:
    """The line at a place of an action's list, where it is still there."""
    action = find_action(number)
    listed = action.kmtalk_lines.lines if action is not None else ()
    return listed[place] if place < len(listed) and listed[place].uid == uid else None


def _add_markers(action: Any, found: dict[str, set[int]]) -> None:
    """Markers that were dragged, deleted or added."""
    here = marks.Found.on(action)
    for uid, frame in [*here.missing, *((uid, put) for uid, put, _ in here.dragged())]:
        found.setdefault(uid, set()).add(frame)
    added = here.nobodys_frames()
    for line in action.kmtalk_lines.lines if added else ():
        frames = {frame for frame in added if line.first < frame < line.last}
        found.setdefault(line.uid, set()).update(frames)


def _asked_for(line: Any) -> set[int]:
    """Key motions whose states were set, or whose phones or events are to be others."""
    return {frame for frame, _, _ in wishes_of(line)}


Wish: TypeAlias = tuple[int, str, str]
"""The scene frame, "key motion", "sound" or "event", and what of it was asked for."""


def wishes_of(line: Any) -> frozenset[Wish]:
    """What was asked for in the lists of a line: whatever writes it anew lists it without."""
    keys = [(k.frame, "key motion", f"{k.state} {k.say}") for k in line.key_motions if k.say or k.state != k.made]
    rows = [(row.frame, "event", events.said_of(row)) for row in line.events if events.is_changed(row)]
    sounds = [(frame, "sound", str(entry)) for frame, entry in phones.asked_of(line)]
    return frozenset((*keys, *rows, *sounds))


def too_late(wishes: Collection[Wish]) -> str:
    """What is said of wishes that came while a line was being written; nothing where there are none."""
    told = [f"the {what} at frame {frame}" for frame, what in sorted({wish[:2] for wish in wishes})]
    some = ", ".join(told[:_MOST_TOLD]) + (" …" if len(told) > _MOST_TOLD else "")
    return f"What you asked of {some} came too late for this and is gone: ask again" if told else ""
