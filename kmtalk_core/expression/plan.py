"""From a sound to its performer: listen, plan the events, keep those that a hand has set."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from ..alignment import Alignment, Mark
from ..audio import Sound
from ..events import Event
from ..progress import Job
from ..settings import Settings
from . import blinks, breath, brows, gaze, head
from .chance import hashed
from .mood import MoodTrack, marks_of_no_strength, unknown_marks
from .performer import Performer
from .prosody import Prosody, Voice, prosody_job
from .script import Script, keep

_REST = 0.05  # seconds: the last frame lies up to this long before the sound's end, and is at rest

Listen: TypeAlias = Callable[[Sound], Job[Voice]]
"""What measures the voice of a sound: `prosody.voice_job`, which None stands for, or whoever remembers it."""


def perform_job(
    sound: Sound,
    alignment: Alignment,
    settings: Settings,
    *,
    kept: Sequence[Event] = (),
    listen: Listen | None = None,
) -> Job[Performer]:
    """The Performer of a sound that is animated for the first time, or with another seed.

    `kept` events, which a hand has set, stay as they are.
    """
    script = script_of((yield from prosody_job(sound, alignment, listen)), alignment.marks, settings)
    return Performer(script, keep(planned(script), kept))


def remember_job(
    sound: Sound,
    alignment: Alignment,
    settings: Settings,
    events: Sequence[Event],
    seed: int,
    listen: Listen | None = None,
) -> Job[Performer]:
    """The Performer that makes a take of these `events`, as one with this `seed` made it."""
    prosody = yield from prosody_job(sound, alignment, listen)
    return Performer(script_of(prosody, alignment.marks, settings, seed), events)


def seed_of(settings: Settings, duration: float) -> int:
    """What a line is drawn from: the seed that was set, and the sound's length in milliseconds.

    Else all lines of a scene would begin with the same looks and the same sway.
    """
    return int(hashed(settings.seed, 7, np.array([round(1000 * duration)], np.int64))[0] * 2**31)


def script_of(prosody: Prosody, marks: Sequence[Mark], settings: Settings, seed: int | None = None) -> Script:
    """What a line's planners know; a face that moves later than the sound has less of it at the end."""
    seed = seed_of(settings, prosody.duration) if seed is None else seed
    mood = MoodTrack(settings.mood, settings.mood_strength, marks, prosody, seed)
    start, end = max(0.0, -settings.delay), prosody.duration - max(settings.delay, 0.0) - _REST
    return Script(prosody, mood, settings, start, max(start, end), seed)


def planned(script: Script) -> list[Event]:
    """All events of a line; none where the region that they move is left alone."""
    settings = script.settings
    glances = gaze.plan(script) if settings.has("eyes") else []
    found = [*glances, *(blinks.plan(script, glances) if settings.has("eyes") else [])]
    found += head.plan(script) if settings.has("head") else []
    found += brows.plan(script) if settings.has("upper") else []
    found += breath.plan(script) if settings.has("mouth") else []
    return sorted(found, key=lambda event: (event.time, event.id))


def notes_of(alignment: Alignment) -> tuple[str, ...]:
    """What the user should know of marks that name no mood, or no strength."""
    unknown, odd = unknown_marks(alignment.marks), marks_of_no_strength(alignment.marks)
    notes = []
    if unknown:
        notes.append(f"The transcript's marks {_listed(unknown)} name no mood and do nothing.")
    if odd:
        notes.append(f"The transcript's marks {_listed(odd)} end in no strength from 0 to 1 or from 0% to 100%.")
    return tuple(notes)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"({name:.40})" for name in names[:5])
