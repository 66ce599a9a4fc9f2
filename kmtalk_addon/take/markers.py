"""Marks of key motions: in the list of a line, on its action, where artists drag them, and on a scene's timeline.

The scene's markers carry what they are as properties.  An action's must not: up to Blender 4.3 such properties are
not read back from a file, and touching them crashes.  So a line notes where its markers were put and what they are
called; they are known again by that, moved ones by their name and order.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import bpy

from ..core import errors, progress, schema
from .labels import shown, words_of
from .lines import Ref, actions_of
from .store import Story
from .writing import Pace

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
        for _, line in ref.find():
            add_key(line, key, story, take.fps, *words[key.frame])
        left.pop(0)

    try:
        yield from pace.each(take.keys, add, "listing keys")
    except GeneratorExit:
        for key in list(left):
            add(key)
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
    marks = [(frame, shown(label)) for frame, label in zip(frames, labels, strict=True)]
    for action, line in ref.find():
        there = [marker for marker, uid, _ in on_action(action) if uid == ref.uid]
        if _marks_of(line) == marks and sorted((m.frame, m.name) for m in there) == sorted(marks):
            continue
        clear_action(action, ref.uid)
        line.marks = json.dumps(marks)
        for frame, name in marks:
            _add(action.pose_markers, frame, name)


def clear_everywhere(uid: str) -> None:
    """Take the markers of a line off every timeline."""
    for scene in bpy.data.scenes:
        clear_scene(scene, uid)


def shift(ref: Ref, frames: int) -> None:
    """Move the markers of a line along with it, dragged ones too."""
    for action, line in ref.find():
        for marker in [marker for marker, uid, _ in on_action(action) if uid == ref.uid]:
            marker.frame += frames
        line.marks = json.dumps([(frame + frames, name) for frame, name in json.loads(line.marks or "[]")])
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


_MARKS = schema.ListOf(schema.ListOf(schema.Either((schema.Whole(-1e9, 1e9), schema.Text(1000))), 2, 2))


def clear_action(action: Any, uid: str) -> None:
    """Take the markers of a line off its action."""
    for marker in [marker for marker, owner, _ in on_action(action) if owner == uid]:
        action.pose_markers.remove(marker)


def on_action(action: Any) -> list[tuple[Any, str, int]]:
    """Our markers that are still on an action, each with the number of its line and the frame where it was put."""
    noted, uids = [], []
    for line in action.kmtalk_lines.lines:
        marks = _marks_of(line)
        noted += marks
        uids += [line.uid] * len(marks)
    listed = list(action.pose_markers)  # one is found by its number slowly
    pairs = _paired(noted, [(marker.frame, marker.name) for marker in listed])
    return [(listed[index], uids[number], noted[number][0]) for index, number in pairs]


def added_on_action(action: Any) -> list[Any]:
    """Markers on an action that are none of ours."""
    ours = {marker.as_pointer() for marker, _, _ in on_action(action)}
    return [marker for marker in action.pose_markers if marker.as_pointer() not in ours]


def moved(action: Any, uid: str) -> dict[int, int]:
    """Where markers of a line were dragged, by the frame where they were put."""
    on_scenes = [marker for scene in bpy.data.scenes for marker in scene.timeline_markers if marker.kmtalk == uid]
    pairs = [(marker.frame, marker.kmtalk_frame) for marker in on_scenes]
    pairs += [(marker.frame, put) for marker, owner, put in on_action(action) if owner == uid]
    return {put: frame for frame, put in pairs if frame != put}


def moved_on_scenes() -> dict[str, set[int]]:
    """The frames whose markers were dragged on any timeline, by line."""
    found: dict[str, set[int]] = {}
    for scene in bpy.data.scenes:
        for marker in scene.timeline_markers:
            if marker.kmtalk and marker.frame != marker.kmtalk_frame:
                found.setdefault(marker.kmtalk, set()).add(marker.kmtalk_frame)
    return found


def noted_places(line: Any) -> list[tuple[int, str]]:
    """Where the markers of a line were put, and what they are called."""
    return _marks_of(line)


def known_among(there: Sequence[Any], noted: Sequence[tuple[int, str]]) -> list[tuple[int, int]]:
    """Which of the markers `there` are which of `noted`: pairs of their numbers."""
    return _paired(noted, [(marker.frame, marker.name) for marker in there])


def noted_frames(line: Any) -> set[int]:
    """Where the markers of a line were put."""
    return {frame for frame, _ in _marks_of(line)}


def _marks_of(line: Any) -> list[tuple[int, str]]:
    """Where a line's markers were put, and what they are called; nothing where its note is none of ours."""
    return list(_noted_in(line.marks))


@lru_cache(maxsize=256)
def _noted_in(text: str) -> list[tuple[int, str]]:
    """What a note says: the same one is asked for many times, and checking it takes milliseconds."""
    try:
        noted = _MARKS.read(schema.loads(text or "[]", "The note of markers"), "The note of markers")
    except errors.KMTalkError:
        return []
    return [(mark[0], mark[1]) for mark in noted if isinstance(mark[0], int) and isinstance(mark[1], str)]


def _add(markers: Any, frame: int, label: str) -> Any:
    marker = markers.new(label)
    marker.frame, marker.select = frame, False  # else dragging one drags them all
    return marker


def _paired(noted: Sequence[tuple[int, str]], there: Sequence[tuple[int, str]]) -> list[tuple[int, int]]:
    """(index in `there`, index in `noted`) of markers that are the same: at rest first, then by name and order.

    Dragging keeps a marker's place in the list.
    """
    at: dict[tuple[int, str], list[int]] = {}
    for index, marker in enumerate(there):
        at.setdefault(marker, []).append(index)
    pairs: list[tuple[int, int]] = []
    missing: dict[str, list[int]] = {}
    for number, marker in enumerate(noted):
        if at.get(marker):
            pairs.append((at[marker].pop(0), number))
        else:
            missing.setdefault(marker[1], []).append(number)
    left = sorted(index for indices in at.values() for index in indices)
    for name, numbers in missing.items():
        found = [index for index in left if there[index][1] == name]
        while len(found) < len(numbers):  # some were deleted: the ones that lie farthest from any that is left
            numbers.remove(max(numbers, key=lambda n: min((abs(there[i][0] - noted[n][0]) for i in found), default=0)))
        pairs += zip(found, numbers, strict=False)
    return sorted(pairs)
