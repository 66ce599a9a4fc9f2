"""Marks of key motions: in the list of a line, on its action, where artists drag them, and on a scene's timeline.

The scene's markers carry what they are as properties.  An action's must not: up to Blender 4.3 such properties are
not read back from a file, and touching them crashes.  So a line notes where its markers were put and what they are
called; they are known again by that, moved ones by their name and order.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import marks
from .labels import shown, words_of
from .lines import Ref, actions_of
from .store import Story
from .timing import Timeline

if TYPE_CHECKING:
    from kmtalk_core.take import Key, Take

_ROWS = 32
"""Key motions that are listed at once."""


def listing(ref: Ref, take: "Take", story: Story) -> list[Callable[[], None]]:
    """What lists the keys of a take on its line, in place of those that are listed there: one call after the other.

    Rows that are as they have to be stay, and those of keys that are gone go, so that little is done after an edit.
    """
    words = words_of(take)
    timeline = story.timeline
    wanted = [row_of(key, timeline, take.fps, *words[key.frame]) for key in take.keys]

    def make_room() -> None:
        for _, line in ref.find():
            line.phone_edits = ""
            _make_room(line.key_motions, [row["frame"] for row in wanted])

    def write(first: int) -> None:
        part = slice(first, first + _ROWS)
        for _, line in ref.find():
            for item, row in zip(line.key_motions[part], wanted[part], strict=True):
                show(item, row)

    return [make_room, *(partial(write, first) for first in range(0, len(wanted), _ROWS))]


def _make_room(listed: Any, frames: Sequence[int]) -> None:
    """As many rows as there are `frames`: a few come or go where the first one differs, so that those behind stay."""
    had = np.empty(len(listed), np.int32)
    listed.foreach_get("frame", had)
    place = next((n for n, pair in enumerate(zip(had.tolist(), frames, strict=False)) if pair[0] != pair[1]), -1)
    if abs(len(had) - len(frames)) > _ROWS or place < 0:  # each that comes or goes moves all behind it
        place = min(len(had), len(frames))
    for number in range(len(had), len(frames), -1):
        listed.remove(place if place < len(frames) else number - 1)
    for number in range(len(had), len(frames)):
        listed.add()
        if place < len(had):
            listed.move(number, place)


def row_of(key: "Key", timeline: Timeline, fps: float, word: str = "", goes_on: bool = False) -> dict[str, Any]:
    """What the list of a line shows of a key motion of its take, with the word in which it lies (`labels.words_of`)."""
    return {
        "name": shown(key.label),
        "label": key.label,
        "frame": timeline.nearest_frame(key.frame / fps),
        "time": float(np.float32(key.time)),
        "confidence": float(np.float32(key.confidence)),
        "state": key.state,
        "made": key.state,
        "say": "",
        "word": word,
        "goes_on": goes_on,
    }


def show(item: Any, row: Mapping[str, Any]) -> None:
    """Give a row of the list what it has to show; setting costs more than looking."""
    for name, value in row.items():
        if getattr(item, name) != value:
            setattr(item, name, value)


def mark_scene(scene: Any, ref: Ref, frames: Iterable[int], labels: Iterable[str]) -> None:
    """Put a marker on each frame of the timeline, in place of those of the same line and of no others."""
    wanted = [(frame, frame, shown(label)) for frame, label in zip(frames, labels, strict=True)]
    there = [marker for marker in scene.timeline_markers if marker.kmtalk == ref.uid]
    if wanted == [(marker.frame, marker.kmtalk_frame, marker.name) for marker in there]:
        return
    for marker in there:
        scene.timeline_markers.remove(marker)
    for frame, put, name in wanted:
        marker = _add(scene.timeline_markers, frame, name)
        marker.kmtalk, marker.kmtalk_frame = ref.uid, put


def clear_scene(scene: Any, uid: str) -> None:
    """Take the markers of a line off a timeline."""
    for marker in [marker for marker in scene.timeline_markers if marker.kmtalk == uid]:
        scene.timeline_markers.remove(marker)


def mark_actions(ref: Ref, frames: Sequence[int], labels: Sequence[str]) -> None:
    """Put a marker on each frame of a line's actions, in place of those that were put there before."""
    wanted = tuple((frame, shown(label)) for frame, label in zip(frames, labels, strict=True))
    for action, line in ref.find():
        before = marks.noted(line)
        if before:
            found = marks.Found.on(action)
            if before == wanted and found.is_as_put(ref.uid):
                continue
            for marker, _ in found.of(ref.uid):
                action.pose_markers.remove(marker)
        line.marks = json.dumps(wanted)
        for frame, name in wanted:
            _add(action.pose_markers, frame, name)


def clear_everywhere(uid: str) -> None:
    """Take the markers of a line off every timeline."""
    for scene in bpy.data.scenes:
        clear_scene(scene, uid)


def shift(ref: Ref, frames: int) -> None:
    """Move the markers of a line along with it, dragged ones too."""
    for action, line in ref.find():
        for marker, _ in marks.Found.on(action).of(ref.uid):
            marker.frame += frames
        line.marks = json.dumps([(frame + frames, name) for frame, name in marks.noted(line)])
    for scene in bpy.data.scenes:
        for marker in (marker for marker in scene.timeline_markers if marker.kmtalk == ref.uid):
            marker.frame, marker.kmtalk_frame = marker.frame + frames, marker.kmtalk_frame + frames


def show_on_timeline(scene: Any, wished: bool) -> None:
    """Mark the keys of every line of the scene's faces on its timeline, or take all of ours off."""
    for marker in [marker for marker in scene.timeline_markers if marker.kmtalk]:
        scene.timeline_markers.remove(marker)
    for action in actions_of(scene.objects) if wished else ():
        for line in action.kmtalk_lines.lines:
            motions = line.key_motions
            if not any(marker.kmtalk == line.uid for marker in scene.timeline_markers):
                frames, labels = [item.frame for item in motions], [item.label for item in motions]
                mark_scene(scene, Ref((action.session_uid,), line.uid), frames, labels)


def clear_action(action: Any, uid: str) -> None:
    """Take the markers of a line off its action."""
    for marker, _ in marks.Found.on(action).of(uid):
        action.pose_markers.remove(marker)


def moved(here: marks.Found, uid: str) -> dict[int, int]:
    """Where markers of a line were dragged, on an action or on a timeline, by the frame where they were put."""
    pairs = [(marker.frame, marker.kmtalk_frame) for marker in _dragged_on_scenes() if marker.kmtalk == uid]
    pairs += [(frame, put) for owner, put, frame in here.dragged() if owner == uid]
    return {put: frame for frame, put in pairs if frame != put}


def moved_on_scenes() -> dict[str, set[int]]:
    """The frames whose markers were dragged on any timeline, by line."""
    found: dict[str, set[int]] = {}
    for marker in _dragged_on_scenes():
        found.setdefault(marker.kmtalk, set()).add(marker.kmtalk_frame)
    return found


def _dragged_on_scenes() -> list[Any]:
    """Our markers on any timeline that lie elsewhere than where they were put."""
    found = []
    for scene in bpy.data.scenes:
        markers = scene.timeline_markers
        lies, put = (np.empty(len(markers), np.int32) for _ in range(2))
        markers.foreach_get("frame", lies)
        markers.foreach_get("kmtalk_frame", put)
        listed = list(markers) if (lies != put).any() else []  # one is found by its number slowly
        found += [listed[number] for number in np.flatnonzero(lies != put) if listed[number].kmtalk]
    return found


def _add(markers: Any, frame: int, label: str) -> Any:
    marker = markers.new(label)
    marker.frame, marker.select = frame, False  # else dragging one drags them all
    return marker
