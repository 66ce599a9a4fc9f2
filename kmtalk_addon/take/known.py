"""Which line a sound has on a face already."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from ..audio import strips
from ..face import Face
from . import earlier, lines, store

_NEAR = 0.5  # frames


def line_of(
    face: Face, strip: str, path: str, name: str = "", frame_of: Callable[[float], float] | None = None
) -> lines.Ref | None:
    """The line of a face that came from a strip, by the strip's number, or else from a file; None for a new one.

    A line of an earlier version knows its strip by the `name` alone; one whose strip is nowhere, as of an appended
    character, by its file and its place.  frame_of: the scene frame at which the strip plays a second of its sound.
    """
    listed = [(action, line) for action in lines.actions_of(face.objects) for line in action.kmtalk_lines.lines]
    said_of_file = json.dumps(Path(path).name)[1:-1]
    said = strip or said_of_file  # a story that does not say so need not be read
    for action, line in listed:
        if said not in line.story:
            continue
        story = store.story_of(line)
        is_of_file = not story.strip and any(_is_same(own, path, story.stamp) for own in (story.audio, story.source))
        if (story.strip == strip) if strip else is_of_file:
            return lines.ref_of(action, line)
    for action, line in listed if strip else ():
        if line.uid.startswith(earlier.MARK) and not store.story_of(line).strip and store.story_of(line).name == name:
            return lines.ref_of(action, line)
    if not strip or frame_of is None:
        return None
    for action, line in listed:
        if said_of_file not in line.story:
            continue
        story = store.story_of(line)
        is_lost = story.strip and strips.find(story.strip) is None
        if is_lost and _is_same(story.audio, path, story.stamp) and abs(frame_of(story.begin) - story.start) < _NEAR:
            return lines.ref_of(action, line)
    return None


def _is_same(own: str, path: str, stamp: str) -> bool:
    """Whether a line's file is the one at `path`: it, or one of its name and size where its own is gone, as when a
    project was moved."""
    if not own or Path(own) == Path(path):
        return bool(own)
    if re.split(r"[/\\]", own)[-1] != Path(path).name or store.stamp_of(own):
        return False
    return not stamp or stamp.split()[0] == store.stamp_of(path).partition(" ")[0]
