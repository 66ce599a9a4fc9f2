"""Marks of key motions: in the list of a line, on its action, where artists drag them, and on a scene's timeline.

The scene's markers carry what they are as properties.  An action's must not: up to Blender 4.3 such properties are
not read back from a file, and touching them crashes.  So a line notes where its markers were put and what they are
called; they are known again by that, moved ones by their name and order.
"""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import bpy

from ..core import progress
from . import marks
from .labels import shown, words_of
from .lines import Ref, actions_of
from .store import Story
from .writing import Pace, closing

if TYPE_CHECKING:
    from kmtalk_core.take import Key, Take


def list_keys(ref: Ref, take: "Take", story: Story, pace: Pace) -> progress.Job[None]:
    """List the keys of a take on its line; finished even where the work is stopped, for the curves are there."""
    for _, line in ref.find():
        line.key_motions.clear()
        line.phone_edits = ""
    left = list(take.keys)
    words = words_of(take)

    def add(key: "Key") -> None:
        if left and left[0] is key:
            for _, line in ref.find():
                add_key(line, key, story, take.fps, *words[key.frame])
            left.pop(0)

    def add_all() -> None:
        for key in list(left):
            add(key)

    try:
        with closing(add_all):
            yield from pace.each(take.keys, add, "listing keys")
    except GeneratorExit:
        add_all()
        raise


def add_key(line: Any, key: "Key", story: Story, fps: float, word: str = "", goes_on: bool = False) -> Any:
    """List one key motion of a take on its line, with the word in which it lies (`labels.words_of`)."""
    item = line.key_motions.add()
    item.word, item.goes_on = word, goes_on
    item.name, item.label = shown(key.label), key.label
    item.frame = story.timeline.nearest_frame(key.frame / fps)
    item.time, item.confidence = key.time, key.confidence
    item.state = item.made = key.state
    return item


def mark_scene(scene: Any, ref: Ref, frames: Iterable[int], labels: Iterable[str]) -> None:
    """Put a marker on each frame of the timeline, in place of those of the same line and of no others."""
    wanted = [(frame, frame, shown(label)) for frame, label in zip(frames, labels, strict=True)]
    there = [marker for marker in scene.timeline_markers if marker.kmtalk == ref.uid]
    if wanted == [(marker.frame, marker.kmtalk_frame, marker.name) for marker in there]:
        return
    clear_scene(scene, ref.uid)
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
        here = marks.Found.on(action).of(ref.uid)
        if marks.noted(line) == wanted and sorted((m.frame, m.name) for m, _ in here) == sorted(wanted):
            continue
        for marker, _ in here:
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
    on_scenes = [marker for scene in bpy.data.scenes for marker in scene.timeline_markers if marker.kmtalk == uid]
    pairs = [(marker.frame, marker.kmtalk_frame) for marker in on_scenes]
    pairs += [(frame, put) for owner, put, frame in here.dragged() if owner == uid]
    return {put: frame for frame, put in pairs if frame != put}


def moved_on_scenes() -> dict[str, set[int]]:
    """The frames whose markers were dragged on any timeline, by line."""
    found: dict[str, set[int]] = {}
    for scene in bpy.data.scenes:
        for marker in scene.timeline_markers:
            if marker.kmtalk and marker.frame != marker.kmtalk_frame:
                found.setdefault(marker.kmtalk, set()).add(marker.kmtalk_frame)
    return found


def _add(markers: Any, frame: int, label: str) -> Any:
    marker = markers.new(label)
    marker.frame, marker.select = frame, False  # else dragging one drags them all
    return marker
