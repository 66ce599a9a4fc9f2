"""What the planners of events know, and the few things all of them do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..events import Event, beside
from ..settings import Settings
from .chance import Chance
from .mood import MoodTrack
from .prosody import Prominence, Prosody

_LONG_PAUSE = 1.5  # seconds: in longer ones a face listens


@dataclass(frozen=True, eq=False)
class Script:
    """One line to be played: how it sounds, the mood, the settings, what may move (seconds), and the seed."""

    prosody: Prosody
    mood: MoodTrack
    settings: Settings
    start: float
    end: float
    seed: int

    def chance(self, topic: str) -> Chance:
        return Chance(self.seed, topic)

    def fits(self, first: float, last: float) -> bool:
        """Whether a gesture from `first` to `last` begins and ends within the line."""
        return self.start <= first and last <= self.end

    @property
    def phrase_ends(self) -> list[float]:
        """Where pauses begin, in seconds."""
        return [start for start, _ in self.prosody.pauses if start > self.start + 0.05]

    @property
    def silences(self) -> list[tuple[float, float]]:
        """Where nobody speaks for so long that the face listens: (start, end) in seconds."""
        pauses = ((max(start, self.start), min(end, self.end)) for start, end in self.prosody.pauses)
        return [(start, end) for start, end in pauses if end - start > _LONG_PAUSE]

    def listens(self, time: float) -> bool:
        """Whether the face listens at `time`."""
        return any(start + 0.3 < time < end for start, end in self.silences)


def made(kind: str, topic: str, events: Sequence[tuple[float, float, float, float, int]]) -> list[Event]:
    """Events of (time, duration, size, direction, seed), rounded so that they are alike on every system."""
    return [
        Event(f"{topic}{number}", kind, round(time, 3), round(duration, 3), round(size, 4), round(direction, 1), seed)
        for number, (time, duration, size, direction, seed) in enumerate(events)
    ]


def on_prominences(
    script: Script, chance: Chance, gap: Callable[[], float], score: Callable[[Prominence], float], reach: float
) -> list[Prominence]:
    """Stressed syllables for gestures about `gap()` seconds apart: each time the best within `reach` seconds."""
    syllables = script.prosody.prominences
    found: list[Prominence] = []
    time, place = script.start + chance.uniform(0.0, 1.0) * gap(), 0
    while time < script.end:
        least = found[-1].time + 0.3 if found else -1.0
        while place < len(syllables) and syllables[place].time < max(time - reach, least):
            place += 1
        near = []
        for syllable in syllables[place:]:
            if syllable.time > time + reach:
                break
            near.append(syllable)
        if near:
            found.append(max(near, key=lambda s: score(s) + chance.uniform(0.0, 0.8)))
            time = found[-1].time
        time += gap()
    return found


def keep(planned: Sequence[Event], kept: Sequence[Event], distance: float = 0.25) -> list[Event]:
    """`planned` without what would stand on an event of its kind that a hand has touched, and those `kept`."""
    free = [event for event in planned if not any(_meets(event, other, distance) for other in kept)]
    return beside(kept, free)


def _meets(event: Event, other: Event, distance: float) -> bool:
    return event.kind == other.kind and abs(event.time - other.time) <= distance + 0.5 * other.duration
