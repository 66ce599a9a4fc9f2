"""Keys after their edits, and the spans between those that stay."""

import bisect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import TakeError
from ..take import Key, Take
from .entries import Edit

FloatArray: TypeAlias = npt.NDArray[np.float32]


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


def plan_keys(take: Take, edits: Sequence[Edit], called: Callable[[int], object] = int) -> tuple[PlannedKey, ...]:
    """The keys that `take` will have, in order of their frames.

    An edited, moved or added key must be hit exactly from now on, as must one that was so before; a moved key keeps
    its time, the moment of the sound that it shows, so that the motion around it is retimed.  Raises TakeError for an
    edit of a key that is not there, or that would break the order of the keys; `called` gives the number of a frame of
    the take where its user reads another.
    """
    existing = {key.frame: key for key in take.keys}
    ends = {take.keys[0].frame, take.keys[-1].frame} if take.keys else set()
    planned = {frame: _unchanged(key) for frame, key in existing.items()}
    for edit in edits:
        if edit.add:
            if edit.frame in existing:
                raise TakeError(f"There is a key at frame {called(edit.frame)} already; edit it instead of adding one.")
            planned[edit.frame] = _added(edit, take)
            continue
        if edit.frame not in existing:
            near = _nearest(existing, edit.frame, called)
            raise TakeError(f"There is no key at frame {called(edit.frame)} ({near}); add one there.")
        if edit.frame in ends and (edit.delete or edit.move_to not in (None, edit.frame)):
            raise TakeError(f"The key at frame {called(edit.frame)} is the take's first or last; it can only be posed.")
        if edit.delete:
            del planned[edit.frame]
        else:
            planned[edit.frame] = _edited(existing[edit.frame], edit, take)
    keys = sorted(planned.values(), key=lambda key: key.frame)
    for before, after in itertools.pairwise(keys):
        if before.frame == after.frame:
            place = called(after.frame)
            raise TakeError(f"Two keys would stand at frame {place}; move one elsewhere or delete it.")
        if after.time < before.time and (before.is_changed or after.is_changed):
            place = called(after.frame)
            raise TakeError(f"A key would pass its neighbour near frame {place}; keys keep their order.")
    return tuple(keys)


def changed_spans(take: Take, keys: Sequence[PlannedKey], ranges: Sequence[tuple[int, int]] = ()) -> tuple[Span, ...]:
    """The spans between a changed key and the unchanged keys beside it, in order, joined where they overlap.

    So for the `ranges` too, frames in which something else is heard: from the key that stays before one to that after.
    """
    kept = sorted(key.frame for key in keys if not key.is_changed)
    touched = {key.frame for key in keys if key.is_changed} | ({key.frame for key in take.keys} - set(kept))
    places = {bisect.bisect_left(kept, frame) for frame in touched}
    for first, last in ranges:
        places.update(range(bisect.bisect_right(kept, first), bisect.bisect_left(kept, max(last, first + 1)) + 1))
    spans = []
    for place in sorted(places):
        first, holds_first = (kept[place - 1], True) if place else (0, False)
        last, holds_last = (kept[place], True) if place < len(kept) else (take.frame_count - 1, False)
        spans.append(Span(first, last, holds_first, holds_last))
    return tuple(spans)


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
    turns = isinstance(edit.pose, Mapping) and not set(edit.pose) <= set(take.space.names)  # another track, see `turns`
    is_touched = is_changed or turns
    touched = key.state if key.state != "generated" else "edited" if is_touched else "generated"
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
        if name in take.space.names:  # else another track's, see `turns`
            posed[take.space.index_of(name)] = value
    return posed


def _nearest(existing: Mapping[int, Key], frame: int, called: Callable[[int], object]) -> str:
    frames = sorted(existing, key=lambda other: abs(other - frame))[:2]
    named = " and ".join(str(called(near)) for near in sorted(frames))
    return f"the nearest are at {named}" if frames else "the take has no keys"
