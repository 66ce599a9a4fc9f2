"""Which line a sound has on a face already, and what is kept of it where a range alone is made anew."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..face import Face
from . import earlier, lines, store

if TYPE_CHECKING:
    from kmtalk_core.take import Take

_BLEND_SECONDS = 0.1
"""Over how much of its own ends a new range passes into the motion beside it."""


def line_of(face: Face, strip: str, path: str, name: str = "") -> lines.Ref | None:
    """The line of a face that came from a strip, by the strip's number, or else from a file; None for a new one.

    A line of an earlier version knows its strip by the `name` alone.
    """
    listed = [(action, line) for action in lines.actions_of(face.objects) for line in action.kmtalk_lines.lines]
    for action, line in listed:
        story = store.story_of(line)
        is_of_file = not story.strip and any(_is_same(own, path) for own in (story.audio, story.source))
        if (story.strip == strip) if strip else is_of_file:
            return lines.ref_of(action, line)
    for action, line in listed if strip else ():
        if line.uid.startswith(earlier.MARK) and not store.story_of(line).strip and store.story_of(line).name == name:
            return lines.ref_of(action, line)
    return None


def _is_same(one: str, other: str) -> bool:
    return bool(one) and Path(one) == Path(other)


def spliced(old: "Take", new: "Take", first: float, last: float) -> "Take":
    """The old take with the motion and keys of the new one from second `first` to `last`, passing smoothly."""
    if old.space != new.space or old.fps != new.fps or old.frame_count != new.frame_count:
        return new
    times = np.arange(old.frame_count) / old.fps
    into, out = (times - first) / _BLEND_SECONDS, (last - times) / _BLEND_SECONDS
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
    inside = [key for key in new.keys if first <= key.frame / new.fps < last]
    outside = [key for key in old.keys if not first <= key.frame / old.fps < last]
    keys = sorted([*inside, *outside], key=lambda key: key.frame)
    motion = tracks[0].motion
    keys = [replace(key, pose=motion[key.frame]) for key in keys]
    events = [e for e in old.events if not first <= e.time < last] + [e for e in new.events if first <= e.time < last]
    turns = [turn for turn in old.turns if not first <= turn.frame / old.fps < last]
    turns += [turn for turn in new.turns if first <= turn.frame / new.fps < last]
    return replace(
        old,
        tracks=tuple(tracks),
        keys=tuple(keys),
        events=tuple(sorted(events, key=lambda e: e.time)),
        turns=tuple(sorted(turns, key=lambda turn: turn.frame)),
    )
