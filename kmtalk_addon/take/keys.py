"""Key motions as an artist sees them in the list: asked for, given back, taken out; Regenerate then does it."""

from collections.abc import Iterable
from typing import Any

from . import columns, fcurves, lines, marks, phones, store


def add_key(ref: lines.Ref, frame: int) -> None:
    """Ask for a new key motion at a scene frame; Regenerate makes it."""
    found = ref.find()
    marker = found[0][0].pose_markers.new("key")
    marker.frame = frame
    for _, line in found:
        index = sum(item.frame < frame for item in line.key_motions)
        item = line.key_motions.add()
        item.name, item.frame, item.confidence, item.state = "·", frame, 1.0, "added"
        item.time = store.story_of(line).timeline.time_at(frame)
        if index and line.key_motions[index - 1].word:
            item.word, item.goes_on = line.key_motions[index - 1].word, True
        line.key_motions.move(len(line.key_motions) - 1, index)
        line.picked = index


def delete_key(ref: lines.Ref, index: int) -> None:
    """Ask for a key motion to go; Regenerate lets the motion run through."""
    for action, line in ref.find():
        frame = line.key_motions[index].frame
        here = marks.Found.on(action)
        its = [marker for marker, put in here.of(ref.uid) if put == frame]
        for marker in its + [marker for marker in here.nobodys() if marker.frame == frame]:
            action.pose_markers.remove(marker)
        line.key_motions.remove(index)


def set_state(ref: lines.Ref, frame: int, state: str) -> None:
    for item in _at(ref, frame):
        item.state = state


def say_as(ref: lines.Ref, frame: int, phone: str) -> None:
    """Ask for another phone at a key motion; nothing takes the wish back."""
    for item in _at(ref, frame):
        item.say = phone


def reset_key(ref: lines.Ref, frame: int) -> None:
    """Give a key motion back: its curves have what they were written with, its marker lies where it was put."""
    for action, line in ref.find():
        noted = store.noted_curves(line)
        for name, curve in lines.curves_by_name(action).items():
            here = fcurves.read(curve, frame, frame) if name in noted else columns.empty()
            if columns.count_of(here):
                fcurves.write(curve, frame, frame, columns.restored(here, *noted[name], frame))
        for marker, put in marks.Found.on(action).of(ref.uid):
            if put == frame:
                marker.frame = put
    for item in _at(ref, frame):
        item.state, item.say = "generated", ""
    phones.forget(ref, frame)


def _at(ref: lines.Ref, frame: int) -> Iterable[Any]:
    return [item for _, line in ref.find() for item in line.key_motions if item.frame == frame]
