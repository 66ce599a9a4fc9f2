"""What is kept of a line when its sound is animated again: the hand's work, and all beside the range that was asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..face import Face
from . import changes, lines, store

if TYPE_CHECKING:
    from kmtalk_core.take import Key, Take

_BLEND_SECONDS = 0.1
"""Over how much of its own ends a new range passes into the motion beside it."""


@dataclass(frozen=True)
class Kept:
    """edits: as `complete` takes them, for the new take; notes: what the user should know; deleted: as in a story."""

    edits: list[dict[str, Any]]
    notes: list[str]
    deleted: tuple[float, ...] = ()


def line_of(face: Face, strip: str, path: str) -> lines.Ref | None:
    """The line of a face that came from a strip, by the strip's number, or else from a file; None for a new one."""
    for action in lines.actions_of(face.objects):
        for line in action.kmtalk_lines.lines:
            story = store.story_of(line)
            is_of_file = not story.strip and any(_is_same(own, path) for own in (story.audio, story.source))
            if (story.strip == strip) if strip else is_of_file:
                return lines.ref_of(action, line)
    return None


def _is_same(one: str, other: str) -> bool:
    return bool(one) and Path(one) == Path(other)


def kept_by_hand(ref: lines.Ref, face: Face, take: "Take", begin: float) -> Kept:
    """What gives the new `take`, which begins at second `begin` of the sound, all that a hand did to a line.

    Edited, locked and added keys keep their poses, moved ones their places, deleted ones stay away.
    """
    line = ref.find()[0][1]
    story, earlier = store.story_of(line), store.take_of(line)
    if earlier.space != take.space:
        return Kept([], [f"The edits of “{line.name}” are of another motion and were not kept"])
    pending = {edit["frame"]: edit for edit in changes.read_changes(ref, face, earlier, story).edits}
    listed = {item.frame: item.state for item in line.key_motions}
    shift = story.begin - begin
    present = {key.frame for key in take.keys}
    wanted: dict[int, dict[str, Any]] = {}
    gone: set[int] = set()
    deleted = list(story.deleted)
    by_frame = {key.frame: key for key in earlier.keys}
    for frame in sorted({*by_frame, *pending}):
        edit, key = pending.get(frame, {}), by_frame.get(frame)
        if edit.get("delete"):
            deleted.append(frame / earlier.fps)
            continue
        state = _state(key, edit, listed.get(story.timeline.nearest_frame(frame / earlier.fps)))
        if state == "generated":
            continue
        target = round((edit.get("move_to", frame) / earlier.fps + shift) * take.fps)
        if not 0 <= target < take.frame_count:
            continue
        if "move_to" in edit or (key is not None and _was_moved(key, earlier)):
            time = frame / earlier.fps if "move_to" in edit else key.time  # type: ignore[union-attr]
            gone.add(round((time + shift) * take.fps))
        wanted[target] = {"frame": target, "pose": _pose(earlier, frame, edit), "state": state}
        if "phone" in edit:
            wanted[target]["phone"] = edit["phone"]
    gone |= {round((second + shift) * take.fps) for second in deleted}
    ends = {take.keys[0].frame, take.keys[-1].frame} if take.keys else set()
    edits = [entry if frame in present else {**entry, "add": True} for frame, entry in wanted.items()]
    edits += [{"frame": frame, "delete": True} for frame in _near(gone, present) - set(wanted) - ends]
    count = len(edits)
    notes = [f"{count} edits of yours were kept"] if count else []
    kept = tuple(sorted({round(second + shift, 4) for second in deleted}))
    return Kept(sorted(edits, key=lambda edit: edit["frame"]), notes, kept)


def _state(key: "Key | None", edit: Mapping[str, Any], listed: str | None) -> str:
    if edit:
        return str(edit.get("state", "added" if edit.get("add") else "edited"))
    state = listed or (key.state if key is not None else "generated")
    return state if key is not None else "generated"


def _was_moved(key: "Key", take: "Take") -> bool:
    return key.state == "edited" and abs(key.time - key.frame / take.fps) > 0.6 / take.fps


def _pose(take: "Take", frame: int, edit: Mapping[str, Any]) -> Any:
    pose = edit.get("pose")
    if pose is not None and not isinstance(pose, Mapping):
        return pose
    if not take.space.has_names:
        return [float(value) for value in take.motion[frame]]
    shown = {name: float(value) for name, value in zip(take.space.names, take.motion[frame], strict=True)}
    return {**shown, **(pose or {})}


def _near(frames: set[int], present: set[int]) -> set[int]:
    """Of the frames that are `present` those that lie on one of `frames` or beside it."""
    return {frame for frame in present if any(abs(frame - other) <= 1 for other in frames)}


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
    return replace(old, tracks=tuple(tracks), keys=tuple(keys), events=tuple(sorted(events, key=lambda e: e.time)))
