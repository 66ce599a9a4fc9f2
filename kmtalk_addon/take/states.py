"""What is not in order with a line: its strip, its sound, its settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..audio import sound
from ..core import errors
from . import store

NO_STRIP, MOVED, SOUND, SETTINGS = "no strip", "moved", "sound changed", "other settings"
WAYS_OUT = {
    NO_STRIP: "Its strip is gone: add the sound again and animate, or remove the line.",
    MOVED: "Its strip lies elsewhere: Follow Strip moves the line, edits and all.",
    SOUND: "Its sound is another file now: animate again; what you changed is kept.",
    SETTINGS: "It was made with other settings: Apply Settings, or animate again.",
}


def of_line(line: Any, scene: Any, marked: Mapping[str, tuple[Any, Any]], asked: Mapping[str, Any]) -> list[str]:
    """What is not in order.  marked: `strips.all_by_mark`; asked: the scene's settings as the engine knows them."""
    try:
        story = store.story_of(line)
    except errors.TakeError:
        return []
    found = []
    if story.strip and story.strip not in marked:
        found.append(NO_STRIP)
    elif story.strip:
        home, strip = marked[story.strip]
        if abs(sound.frame_of(scene, home, strip, story.begin) - story.start) > 0.5:
            found.append(MOVED)
        if strip.sound is not None and strip.sound.packed_file is None and story.stamp:
            now = store.stamp_of(str(sound.original_path(strip.sound)))
            if now and now != story.stamp:
                found.append(SOUND)
    elif story.audio and story.stamp and Path(story.audio).is_file() and store.stamp_of(story.audio) != story.stamp:
        found.append(SOUND)
    if any(_differ(story.asked[name], value) for name, value in asked.items() if name in story.asked):
        found.append(SETTINGS)
    return found


def _differ(was: Any, now: Any) -> bool:
    if isinstance(was, float) and isinstance(now, (int, float)):
        return abs(was - now) > 1e-6
    return bool(was != now)
