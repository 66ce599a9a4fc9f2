"""What edits of a take's events change in its motion: the frames of the changed events, no others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..events import Event
from ..take import Take, Track
from .chance import ease
from .chest import LONGEST
from .performer import Performer

FloatArray: TypeAlias = npt.NDArray[np.float32]

_HELD = 5  # frames beside a locked key in which a change fades


def replayed(take: Take, before: Performer, after: Performer, delay: float) -> Take:
    """`take`, which `before` made, with the events of `after`: motion changes by what the changed events change.

    What a hand has set stays as it is beside that, and the frame of a locked key altogether.
    """
    motion = take.motion.copy()
    beside = {track.space.name: track.motion.copy() for track in take.tracks[1:]}
    for first, last in _spans(before.events, after.events, take.frame_count, take.fps, delay):
        times = np.arange(first, last) / take.fps - delay
        rows = slice(first, last)
        free = _free(take, first, last)
        added = before.changes(after, take.motion[rows], times, take.space) * free
        low = np.minimum(take.space.low, take.motion[rows])
        high = np.maximum(take.space.high, take.motion[rows])
        moved = added.any(axis=1)
        motion[rows][moved] = np.clip(take.motion[rows] + added, low, high)[moved]
        was, made = before.beside(times), after.beside(times)
        for name in was.keys() & beside.keys():
            beside[name][rows] += made[name] - was[name]
    tracks = [Track(take.space, motion), *(Track(track.space, beside[track.space.name]) for track in take.tracks[1:])]
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
        if event.kind == "breath":
            reach = max(reach, LONGEST)  # for which a chest sinks
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
