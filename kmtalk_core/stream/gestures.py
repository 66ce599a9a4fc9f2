"""What a face does beside its lips while somebody speaks: the same gestures as in a take, decided as time goes on.

Their sizes, lengths and intervals are drawn from the distributions of `expression`; where those look for the best
moment of a whole line, here the first that serves is taken.
"""

from collections.abc import Callable

import numpy as np

from ..events import Event
from ..expression import blinks, breath, brows, gaze, head
from ..expression.chance import Chance
from ..expression.mood import Mood
from ..expression.prosody import Prominence, Prosody
from ..settings import Settings

_KEPT = 8.0  # seconds: no gesture lasts longer
_WAITS = (0.5, 0.5, 1.2)  # how many blinks wait for a phrase's end: share, for what part of their interval, and seconds
_LISTENS = 1.5  # seconds of silence, from which on a face listens


class Gestures:
    """Decides on events as the shown moment passes; `events` holds those of the last seconds and those to come."""

    def __init__(self, settings: Settings, mood: Callable[[float], Mood]) -> None:
        self._settings, self._mood = settings, mood
        self.events: list[Event] = []
        self._count = 0
        self._chance = {
            topic: Chance(settings.seed, f"live {topic}")
            for topic in ("glance", "blink", "nod", "shift", "breath", *brows.KINDS)
        }
        self._lively = min(settings.liveliness, 2.0)
        self._blinked = 0.0
        self._interval = self._blink_interval(0.0) * self._chance["blink"].uniform(0.2, 1.0)
        self._waits = 0.0
        eyes = self._chance["glance"]
        self._glances_at = eyes.uniform(0.15, 0.7) * gaze.stay(eyes, 1.0, False, 1.0)
        self._syllable = -1.0  # time of the last that was thought of
        self._next = {kind: self._gap(kind) * self._chance[kind].uniform() for kind in ("nod", *brows.KINDS)}
        self._pause, self._phrase = -1.0, -1.0  # beginnings of the last ones that were thought of
        self._long_pause = -1.0

    def decide(self, voice: Prosody, shown: float) -> None:
        """Think of all that is heard and not yet shown, now that the moment `shown` (seconds) is."""
        self.events = [event for event in self.events if event.time + event.duration > shown - _KEPT]
        settings = self._settings
        pause = voice.pauses[-1] if voice.pauses else (-1.0, -1.0)
        is_new_pause, is_new_phrase = pause[0] > self._pause + 0.05, False
        phrase = voice.phrases[-1][0] if voice.phrases else -1.0
        if phrase > self._phrase + 0.05 and phrase >= shown - 0.3:
            is_new_phrase, self._phrase = True, phrase
        if settings.has("eyes"):
            if self._lively >= 0.05:
                listens = pause[1] >= shown and shown - pause[0] > _LISTENS
                self._glance(shown, phrase if is_new_phrase else None, listens)
            if settings.blinks:
                self._blink(shown, pause[0] if is_new_pause and pause[0] > 0 else None)
        if settings.has("head") and self._lively >= 0.05:
            self._shift(shown, pause, is_new_pause)
        if is_new_pause:
            self._pause = pause[0]
        for syllable in voice.prominences:
            if syllable.time > self._syllable:
                self._syllable = syllable.time
                self._stress(syllable, shown)
        if settings.has("mouth") and settings.breath and is_new_phrase:
            self._breathe(shown, phrase, pause)

    def _add(self, kind: str, time: float, duration: float, size: float, direction: float, seed: int) -> None:
        self._count += 1
        event = Event(f"live{self._count}", kind, round(time, 3), duration, size, direction, seed)
        self.events = sorted([*self.events, event], key=lambda e: (e.time, e.id))

    def _glance(self, shown: float, phrase: float | None, listens: bool) -> None:
        chance = self._chance["glance"]
        if phrase is not None and 0 < self._glances_at - shown < 0.5 and chance.happens(0.5):
            self._glances_at = phrase - gaze.LEAD + chance.normal(0.0, 0.05)
        if shown < self._glances_at - 0.05:
            return
        time = max(self._glances_at, shown + 0.01)
        size, direction, hold = gaze.away(chance, listens)
        size = float(np.radians(size * min(1.0, 0.4 + 0.6 * self._lively)))
        self._add("glance", time, hold, size, direction, chance.seed())
        if self._settings.blinks and size > blinks.LARGE_SHIFT and chance.happens(0.9):
            self._shut(time + 0.03, shown)
        self._glances_at = time + hold + gaze.stay(chance, self._mood(shown).away, listens, self._lively)

    def _blink_interval(self, time: float) -> float:
        return blinks.interval(self._chance["blink"], self._mood(time).blinks)

    def _blink(self, shown: float, pause: float | None) -> None:
        chance = self._chance["blink"]
        wanted = self._blinked + self._interval
        is_near = pause is not None and abs(pause - wanted) < max(blinks.REACH * self._interval, 0.5)
        if pause is not None and is_near and self._interval > 0.6 < pause - self._blinked:
            if chance.happens(blinks.DRAWN):
                self._shut(max(pause + chance.normal(0.06, 0.09), shown + 0.05), shown)
            return
        share, part, most = _WAITS
        if self._waits == 0.0:
            wait = chance.happens(share) and self._interval > 0.6
            self._waits = min(part * self._interval, most) if wait else 1e-6
        if shown + 0.12 >= wanted + self._waits:
            self._shut(wanted + self._waits, shown)

    def _shut(self, time: float, shown: float) -> None:
        """Blink, as soon as the lids can be closed."""
        chance = self._chance["blink"]
        duration, depth, seed = blinks.shape(chance)
        time = max(time, shown + blinks.closing(duration, seed))
        if time - self._blinked > blinks.SHORTEST:
            self._add("blink", time, duration, depth, 0.0, seed)
        self._blinked = time
        self._interval, self._waits = self._blink_interval(time), 0.0

    def _gap(self, kind: str) -> float:
        chance, lively = self._chance[kind], self._settings.liveliness
        return head.nod_gap(chance, lively) if kind == "nod" else brows.gap(chance, kind, lively)

    def _stress(self, syllable: Prominence, shown: float) -> None:
        if self._lively < 0.05:
            return
        for kind in ("nod", *brows.KINDS):
            if syllable.time < self._next[kind] or not self._settings.has("head" if kind == "nod" else "upper"):
                continue
            chance = self._chance[kind]
            if kind == "nod":
                size = head.nod_size(chance, syllable.strength)
                length = head.nod_length(chance, size)
                time = max(syllable.time + chance.bounded(0.0, 0.03, -0.06, 0.06), shown + head.RISE * length)
                self._add("nod", time, length, float(np.radians(size)), head.nod_direction(chance), chance.seed())
            elif all(abs(syllable.time - e.time) > 0.6 for e in self.events if e.kind in brows.KINDS):
                hold, size = brows.gesture(chance, kind)
                time = max(syllable.time, shown + brows.RISE)
                self._add(kind, time, brows.RISE + hold + brows.FALL, size, 0.0, chance.seed())
            self._next[kind] = syllable.time + self._gap(kind)

    def _shift(self, shown: float, pause: tuple[float, float], is_new: bool) -> None:
        is_long = pause[1] - pause[0] >= head.LONG_PAUSE and pause[0] > self._long_pause + 0.05
        if not is_long and not is_new:
            return
        if is_long:
            self._long_pause = pause[0]
        chance = self._chance["shift"]
        last = max((event.time for event in self.events if event.kind == "shift"), default=-9.0)
        if head.shift_happens(chance, is_long) and shown - last >= 1.2:
            size, length = head.shift_shape(chance, is_long)
            direction = head.shift_direction(chance)
            self._add("shift", shown + 0.03, length, float(np.radians(size)), direction, chance.seed())

    def _breathe(self, shown: float, phrase: float, pause: tuple[float, float]) -> None:
        is_first = pause[0] <= 0.0
        if pause[1] < phrase - 0.05 or not (is_first or pause[1] - pause[0] >= breath.PAUSE):
            return
        middle, width = breath.span(phrase, shown)
        if width > breath.SHORTEST:
            chance = self._chance["breath"]
            self._add("breath", middle, width, breath.height(chance), 0.0, chance.seed())
