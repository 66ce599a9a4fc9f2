"""Which line a sound has on a face already."""

import json
import re
from pathlib import Path

from ..face import Face
from . import earlier, lines, store


def line_of(face: Face, strip: str, path: str, name: str = "") -> lines.Ref | None:
    """The line of a face that came from a strip, by the strip's number, or else from a file; None for a new one.

    A line of an earlier version knows its strip by the `name` alone.
    """
    listed = [(action, line) for action in lines.actions_of(face.objects) for line in action.kmtalk_lines.lines]
    said = strip or json.dumps(Path(path).name)[1:-1]  # a story that does not say so need not be read
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
    return None


def _is_same(own: str, path: str, stamp: str) -> bool:
    """Whether a line's file is the one at `path`: it, or one of its name and size where its own is gone, as when a
    project was moved."""
    if not own or Path(own) == Path(path):
        return bool(own)
    if re.split(r"[/\\]", own)[-1] != Path(path).name or store.stamp_of(own):
        return False
    return not stamp or stamp.split()[0] == store.stamp_of(path).partition(" ")[0]
