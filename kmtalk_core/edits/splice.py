"""A stretch of one take in another of the same sound: the rest stays as it was."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..alignment import Phone, Word, in_order
from ..events import beside
from ..take import Take

_BLEND = 0.1
"""Seconds of its own ends over which the stretch passes into the motion beside it."""


def spliced(old: Take, new: Take, first: float, last: float) -> Take:
    """`old` with the motion, keys, events, phones and words of `new` from second `first` to `last`, passing smoothly.

    Takes of other lengths, rates or spaces have no moment in common: then it is `new`.
    """
    if old.space != new.space or old.fps != new.fps or old.frame_count != new.frame_count:
        return new
    times = np.arange(old.frame_count) / old.fps
    into, out = (times - first) / _BLEND, (last - times) / _BLEND
    if first <= 0:
        into = np.ones_like(times)
    if last >= times[-1]:
        out = np.ones_like(times)
    share = np.minimum(into, out).clip(0, 1)
    weight = (share * share * (3 - 2 * share)).astype(np.float32)[:, None]
    tracks = []
    for track in old.tracks:
        other = new.track(track.space.name)
        motion = track.motion if other is None else track.motion + weight * (other.motion - track.motion)
        tracks.append(replace(track, motion=motion.astype(np.float32)))
    motion = tracks[0].motion
    inside = [key for key in new.keys if first <= key.frame / new.fps < last]
    outside = [key for key in old.keys if not first <= key.frame / old.fps < last]
    keys = sorted([*inside, *outside], key=lambda key: key.frame)
    events = beside(
        (event for event in old.events if not first <= event.time < last),
        (event for event in new.events if first <= event.time < last),
    )
    turns = [turn for turn in old.turns if not first <= turn.frame / old.fps < last]
    moved = {name for track in old.tracks[1:] for name in track.space.names}
    turns += [turn for turn in new.turns if first <= turn.frame / new.fps < last and set(turn.offsets) <= moved]
    return replace(
        old,
        tracks=tuple(tracks),
        turns=tuple(sorted(turns, key=lambda turn: turn.frame)),
        keys=tuple(replace(key, pose=motion[key.frame]) for key in keys),
        events=tuple(events),
        phones=_phones(old.phones, new.phones, first, last),
        words=_words(old.words, new.words, first, last),
        base=None,
    )


def _phones(old: Sequence[Phone], new: Sequence[Phone], first: float, last: float) -> tuple[Phone, ...]:
    """The phones without a gap; one that is cut at an edge and goes on there stays one."""
    cut = [_part(phone, -np.inf, first) for phone in old]
    cut += [_part(phone, first, last) for phone in new]
    cut += [_part(phone, last, np.inf) for phone in old]
    joined: list[Phone] = []
    for phone in cut:
        if phone is None:
            continue
        before = joined[-1] if joined and phone.start in (first, last) else None
        if before is not None and (before.label, before.edited) == (phone.label, phone.edited):
            joined[-1] = replace(before, end=phone.end)
        else:
            joined.append(phone)
    return tuple(joined)


def _part(phone: Phone, first: float, last: float) -> Phone | None:
    start, end = max(phone.start, first), min(phone.end, last)
    return replace(phone, start=start, end=end) if end > start else None


def _words(old: Sequence[Word], new: Sequence[Word], first: float, last: float) -> tuple[Word, ...]:
    middle = [0.5 * (word.start + word.end) for word in (*old, *new)]
    kept = [word for word, at in zip(old, middle, strict=False) if not first <= at < last]
    kept += [word for word, at in zip(new, middle[len(old) :], strict=True) if first <= at < last]
    return in_order(kept, max((word.end for word in kept), default=0.0))
