"""Every strip of a scene, each on its character: one job, one undo step."""

from collections.abc import Sequence
from typing import Any

from .. import compat, pairing
from ..core import errors, progress
from . import animate


def animate_all(context: Any, settings: Any, way: str) -> progress.Job[str]:
    """The job that animates every strip that has a character.  Raises KMTalkError where none has."""
    scene = context.scene
    home = scene.kmtalk.strip_scene or compat.sequencer_scene(context)
    asked, notes = [], []
    for pair in pairing.pairs(scene, home, way):
        if not pair.objects:
            why = "is muted" if pair.is_muted else "fits no character"
            notes.append(f"“{pair.strip.name}” {why} and was left alone")
            continue
        try:
            asked.append(animate.request(context, settings, objects=pair.objects, found=(home, pair.strip)))
        except errors.KMTalkError as error:
            notes.append(f"“{pair.strip.name}”: {error}")
    if not asked:
        raise errors.FaceError(notes[0] if notes else "Add sounds to the sequencer first.")
    return _run(asked, notes)


def _run(asked: Sequence[animate.Request], notes: list[str]) -> progress.Job[str]:
    done = 0
    for number, one in enumerate(asked):
        share, said = 1 / len(asked), f"line {number + 1} of {len(asked)}, "
        try:
            yield from progress.within(animate.animate(one), number * share, (number + 1) * share, said)
            done += 1
        except errors.Cancelled:
            raise
        except errors.KMTalkError as error:
            notes.append(f"“{one.story.name}”: {error}")
    return ". ".join([f"{done} of {len(asked)} lines animated", *(note.rstrip(".") for note in notes)])
