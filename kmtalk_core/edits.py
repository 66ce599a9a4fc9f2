"""Edits of a take's keys by hand, as EDITS.json or the Blender extension hands them over, and what they ask for."""

import bisect
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import TakeError
from .take import KEY_STATES, Key, Take

FloatArray: TypeAlias = npt.NDArray[np.float32]

_MOST_EDITS = 1_000_000
_LARGEST_VALUE = 1e3
_FIELDS = frozenset({"frame", "pose", "state", "move_to", "delete", "add"})


@dataclass(frozen=True)
class Edit:
    """One change to the key at `frame`, or a new key there.

    `pose` replaces some channels by name, or all of them as a sequence; without one a moved or added key keeps what
    the take shows.
    """

    frame: int
    pose: Mapping[str, float] | Sequence[float] | None = None
    state: str | None = None
    move_to: int | None = None
    delete: bool = False
    add: bool = False


@dataclass(frozen=True)
class PlannedKey:
    """A key of the take to be: `pose` is what must be hit, None where the network decides; `is_changed` by an edit."""

    frame: int
    time: float
    label: str
    confidence: float
    state: str
    pose: FloatArray | None
    is_changed: bool


@dataclass(frozen=True)
class Span:
    """Frames between two keys that stay, `first` and `last` included, in which motion is made anew.

    `holds_first` and `holds_last` tell whether the key there stays as it is (else an edit sets it: the take's end).
    """

    first: int
    last: int
    holds_first: bool
    holds_last: bool


def read_edits(entries: Any, take: Take) -> tuple[Edit, ...]:
    """Edits out of parsed JSON, checked against `take`; raises TakeError naming the entry that is wrong."""
    if not isinstance(entries, (list, tuple)):
        raise TakeError("Edits must be a list of objects, each with a frame.")
    if len(entries) > _MOST_EDITS:
        raise TakeError(f"There are more than {_MOST_EDITS:,} edits; that is no work by hand.")
    edits = tuple(_read_edit(entry, number, take) for number, entry in enumerate(entries, 1))
    seen: set[int] = set()
    for edit in edits:
        if edit.frame in seen:
            raise TakeError(f"There are two edits of frame {edit.frame}; join them into one.")
        seen.add(edit.frame)
    return edits


def _read_edit(entry: Any, number: int, take: Take) -> Edit:
    where = f"Edit {number}"
    if not isinstance(entry, Mapping):
        raise TakeError(f"{where} is no object with a frame.")
    unknown = sorted(str(name) for name in entry.keys() - _FIELDS)
    if unknown:
        raise TakeError(f"{where}: there is no field {unknown[0]!r:.60}; use {', '.join(sorted(_FIELDS))}.")
    frame = _frame(entry.get("frame"), take, f"{where}: frame")
    where = f"{where} (frame {frame})"
    move_to = entry.get("move_to")
    if move_to is not None:
        move_to = _frame(move_to, take, f"{where}: move_to")
    flags = {name: entry.get(name, False) for name in ("add", "delete")}
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TakeError(f"{where}: {name} must be true or false.")
    state = entry.get("state")
    if state is not None and state not in KEY_STATES:
        raise TakeError(f"{where}: state must be one of {', '.join(KEY_STATES)}.")
    pose = entry.get("pose")
    if flags["delete"] and (flags["add"] or state or move_to is not None or pose is not None):
        raise TakeError(f"{where} deletes the key and asks for something else too; choose one.")
    if flags["add"] and move_to is not None:
        raise TakeError(f"{where} adds a key and moves it; add it where it belongs.")
    if state == "generated" and (pose is not None or move_to is not None or flags["add"]):
        raise TakeError(f"{where} gives the key back to the network and sets it by hand too; choose one.")
    return Edit(frame, _pose(pose, take, where), state, move_to, flags["delete"], flags["add"])


def _frame(value: Any, take: Take, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > 1e12:
        raise TakeError(f"{where} must be a whole number.")
    if value != int(value) or not 0 <= value < take.frame_count:
        raise TakeError(f"{where} must be a whole number from 0 to {take.frame_count - 1}.")
    return int(value)


def _pose(pose: Any, take: Take, where: str) -> Mapping[str, float] | Sequence[float] | None:
    if pose is None:
        return None
    if isinstance(pose, Mapping):
        unknown = [name for name in pose if name not in take.space.names]
        if unknown:
            raise TakeError(f"{where}: the space {take.space.name!r} has no channel {unknown[0]!r:.60}.")
        numbers = list(pose.values())
    elif isinstance(pose, (list, tuple, np.ndarray)):
        numbers = list(pose)
        if len(numbers) != take.motion.shape[1]:
            raise TakeError(f"{where}: the pose has {len(numbers)} values, the space {take.motion.shape[1]}.")
    else:
        raise TakeError(f"{where}: pose must be an object of channel names and values, or a list of all values.")
    for number in numbers:
        is_number = isinstance(number, (int, float, np.floating)) and not isinstance(number, bool)
        if not is_number or not math.isfinite(number) or abs(number) > _LARGEST_VALUE:
            raise TakeError(f"{where}: the pose holds {number!r:.40}, which is no usable number.")
    return pose


def plan_keys(take: Take, edits: Sequence[Edit]) -> tuple[PlannedKey, ...]:
    """The keys that `take` will have, in order of their frames.

    An edited, moved or added key must be hit exactly from now on, as must one that was so before; a moved key keeps
    its time, the moment of the sound that it shows, so that the motion around it is retimed.  Raises TakeError for an
    edit of a key that is not there, or that would break the order of the keys.
    """
    existing = {key.frame: key for key in take.keys}
    ends = {take.keys[0].frame, take.keys[-1].frame} if take.keys else set()
    planned = {frame: _unchanged(key) for frame, key in existing.items()}
    for edit in edits:
        if edit.add:
            if edit.frame in existing:
                raise TakeError(f"There is a key at frame {edit.frame} already; edit it instead of adding one.")
            planned[edit.frame] = _added(edit, take)
            continue
        if edit.frame not in existing:
            raise TakeError(f"There is no key at frame {edit.frame} ({_nearest(existing, edit.frame)}); add one there.")
        if edit.frame in ends and (edit.delete or edit.move_to not in (None, edit.frame)):
            raise TakeError(f"The key at frame {edit.frame} is the take's first or last; it can only be posed.")
        if edit.delete:
            del planned[edit.frame]
        else:
            planned[edit.frame] = _edited(existing[edit.frame], edit, take)
    keys = sorted(planned.values(), key=lambda key: key.frame)
    for before, after in itertools.pairwise(keys):
        if before.frame == after.frame:
            raise TakeError(f"Two keys would stand at frame {after.frame}; move one elsewhere or delete it.")
        if after.time < before.time and (before.is_changed or after.is_changed):
            raise TakeError(f"A key would pass its neighbour near frame {after.frame}; keys keep their order.")
    return tuple(keys)


def changed_spans(take: Take, keys: Sequence[PlannedKey]) -> tuple[Span, ...]:
    """The spans between a changed key and the unchanged keys beside it, in order, joined where they overlap."""
    before = {key.frame for key in take.keys}
    kept = sorted(key.frame for key in keys if not key.is_changed)
    touched = {key.frame for key in keys if key.is_changed} | (
        before - {key.frame for key in keys if not key.is_changed}
    )
    spans: list[Span] = []
    for frame in sorted(touched):
        place = bisect.bisect_left(kept, frame)
        first, holds_first = (kept[place - 1], True) if place else (0, False)
        last, holds_last = (kept[place], True) if place < len(kept) else (take.frame_count - 1, False)
        span = Span(first, last, holds_first, holds_last)
        if not spans or spans[-1] != span:
            spans.append(span)
    return tuple(spans)


def carry_over(old: Take, new: Take) -> list[dict[str, Any]]:
    """Edits that give `new`, another animation of the same sound, the keys of `old` that a hand has touched."""
    present = {key.frame for key in new.keys}
    entries: list[dict[str, Any]] = []
    for key in old.keys:
        if key.state == "generated" or key.frame >= new.frame_count:
            continue
        entry: dict[str, Any] = {"frame": key.frame, "pose": key.pose.tolist(), "state": key.state}
        if key.frame not in present:
            entry["add"] = True
        entries.append(entry)
    return entries


def _unchanged(key: Key) -> PlannedKey:
    pose = None if key.state == "generated" else key.pose
    return PlannedKey(key.frame, key.time, key.label, key.confidence, key.state, pose, is_changed=False)


def _edited(key: Key, edit: Edit, take: Take) -> PlannedKey:
    planned = _unchanged(key)
    if edit.state == "generated":
        is_changed = key.state != "generated"
        time = key.frame / take.fps if is_changed else key.time
        return replace(planned, time=time, state="generated", pose=None, is_changed=is_changed)
    frame = key.frame if edit.move_to is None else edit.move_to
    shown = take.motion[key.frame]
    pose = shown if edit.pose is None else _posed(shown, edit.pose, take)
    is_changed = frame != key.frame or not np.array_equal(pose, shown)
    touched = key.state if key.state != "generated" else "edited" if is_changed else "generated"
    state = edit.state or touched
    return replace(
        planned, frame=frame, state=state, pose=None if state == "generated" else pose, is_changed=is_changed
    )


def _added(edit: Edit, take: Take) -> PlannedKey:
    shown = take.motion[edit.frame]
    pose = shown if edit.pose is None else _posed(shown, edit.pose, take)
    time = edit.frame / take.fps
    if take.keys:
        time = float(np.interp(edit.frame, [key.frame for key in take.keys], [key.time for key in take.keys]))
    label = next((key.label for key in reversed(take.keys) if key.frame <= edit.frame), "")
    return PlannedKey(edit.frame, time, label, 1.0, edit.state or "added", pose, is_changed=True)


def _posed(shown: FloatArray, pose: Mapping[str, float] | Sequence[float], take: Take) -> FloatArray:
    if not isinstance(pose, Mapping):
        return np.array(pose, np.float32)
    posed = shown.copy()
    for name, value in pose.items():
        posed[take.space.index_of(name)] = value
    return posed


def _nearest(existing: Mapping[int, Key], frame: int) -> str:
    frames = sorted(existing, key=lambda other: abs(other - frame))[:2]
    return "the take has no keys" if not frames else "the nearest are at " + " and ".join(map(str, sorted(frames)))
