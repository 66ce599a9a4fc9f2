"""Markers of key motions: on an action, where artists drag them, and on a scene's timeline.

The scene's markers carry what they are as properties.  An action's must not: up to Blender 4.3 such properties are
not read back from a file, and touching them crashes.  So an action notes where its markers were put and what they are
called; they are known again by that, moved ones by their name and order.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core import progress
from . import drafts

_NOTE = "kmtalk_markers"


def write_on_scene(scene: Any, take: str, frames: Iterable[int], labels: Iterable[str]) -> None:
    """Put a marker on each frame of the timeline, in place of those of the same take and of no others."""
    markers = scene.timeline_markers
    for marker in [marker for marker in markers if marker.kmtalk == take]:
        markers.remove(marker)
    for frame, label in zip(frames, labels, strict=True):
        marker = _add(markers, frame, label)
        marker.kmtalk, marker.kmtalk_frame = take, frame


def write_on_action(
    find: Callable[[], Any], frames: Sequence[int], labels: Sequence[str], pace: drafts.Pace
) -> progress.Job[None]:
    """Put a marker on each frame of the action that `find` gives, in place of those that were put there before."""
    action = find()
    for marker in [marker for marker, _ in on_action(action)]:
        action.pose_markers.remove(marker)
    marks = list(zip(frames, labels, strict=True))
    action[_NOTE] = json.dumps(marks)
    yield from pace.each(marks, lambda mark: _add(find().pose_markers, *mark), "marking keys")


def on_action(action: Any) -> list[tuple[Any, int]]:
    """Our markers that are still on an action, each with the frame where it was put."""
    noted = [(int(frame), str(name)) for frame, name in json.loads(action.get(_NOTE, "[]"))]
    there = [(marker.frame, marker.name) for marker in action.pose_markers]
    return [(action.pose_markers[index], frame) for index, frame in _paired(noted, there)]


def added_on_action(action: Any) -> list[Any]:
    """Markers on an action that are none of ours."""
    ours = {marker.as_pointer() for marker, _ in on_action(action)}
    return [marker for marker in action.pose_markers if marker.as_pointer() not in ours]


def moved(action: Any, scene: Any, take: str) -> dict[int, int]:
    """Where markers of a take were dragged, by the frame where they were put."""
    pairs = [(marker.frame, marker.kmtalk_frame) for marker in scene.timeline_markers if marker.kmtalk == take]
    pairs += [(marker.frame, put) for marker, put in on_action(action)]
    return {put: frame for frame, put in pairs if frame != put}


def _add(markers: Any, frame: int, label: str) -> Any:
    marker = markers.new(label)
    marker.frame, marker.select = frame, False  # else dragging one drags them all
    return marker


def _paired(noted: Sequence[tuple[int, str]], there: Sequence[tuple[int, str]]) -> list[tuple[int, int]]:
    """(index in `there`, frame in `noted`) of markers that are the same: at rest first, then by name and order.

    Dragging keeps a marker's place in the list.
    """
    at: dict[tuple[int, str], list[int]] = {}
    for index, marker in enumerate(there):
        at.setdefault(marker, []).append(index)
    pairs, missing = [], []
    for marker in noted:
        if at.get(marker):
            pairs.append((at[marker].pop(0), marker[0]))
        else:
            missing.append(marker)
    left = sorted(index for indices in at.values() for index in indices)
    for name in dict.fromkeys(name for _, name in missing):
        frames = [frame for frame, other in missing if other == name]
        found = [index for index in left if there[index][1] == name]
        while len(found) < len(frames):  # some were deleted: the ones that lie farthest from any that is left
            frames.remove(max(frames, key=lambda f: min((abs(there[i][0] - f) for i in found), default=0)))
        pairs += zip(found, frames, strict=False)
    return sorted(pairs)
