"""A chest that breathes while somebody speaks: what `expression.chest` plans for a whole line, as it goes on."""

import numpy as np

from ..expression import chest
from ..expression.chance import Chance
from ..expression.chest import Breathing
from ..expression.prosody import Prosody

_PHRASE = 2.5  # seconds: nobody knows how long a phrase will be that begins
_CATCH = 0.3  # seconds, at least, in which a chest rises that learns late of a phrase
_CALM = 0.2 * chest.REST  # seconds of silence, after which one breathes as at rest
_OUT = 1.5  # seconds in which all air would be let out before that


class StreamingChest:
    """Plans each breath when it is due; `breathing` holds the moment that was last thought of, and what comes."""

    def __init__(self, seed: int) -> None:
        self._chance = Chance(seed, "live chest")
        self.breathing = Breathing(np.array([0.0, 1.0]), np.zeros(2))
        self._shown = self._spoke = 0.0  # the moment that was last thought of, and the last one with speech
        self._phrase = -1.0  # beginning of the last phrase that was thought of
        self._spoken = chest.ENOUGH  # seconds of speech since a breath
        self._rests = False

    def breathe(self, voice: Prosody, shown: float) -> None:
        """Think of what is heard, now that the moment `shown` (seconds) is."""
        start, end = voice.phrases[-1] if voice.phrases else (-1.0, -1.0)
        if start > self._phrase + 0.05:
            self._phrase = start
            pause = max((b - a for a, b in voice.pauses if abs(b - start) < 0.05), default=0.0)
            if pause >= chest.PAUSE and (self._spoken >= chest.ENOUGH or pause >= 1.0):
                self._before_speech(start, shown)
        if start <= shown < end:
            self._spoken += shown - self._shown
            self._spoke, self._rests = shown, False
        elif shown >= self.breathing.times[-1] if self._rests else shown - self._spoke > _CALM:
            self._at_rest(shown)
        self._shown = shown

    def _before_speech(self, phrase: float, shown: float) -> None:
        depth = min(chest.DEEP + chest.DEEPER * _PHRASE, 1.0) * self._chance.uniform(0.85, 1.1)
        peak = max(phrase, shown + _CATCH)
        self._plan(shown, (peak, max(depth, self._level(shown))), (peak + chest.LONGEST, chest.LOW))
        self._spoken = 0.0

    def _at_rest(self, shown: float) -> None:
        length = self._chance.log_normal(chest.REST, chest.REST_SPREAD)
        begin = shown + max(_OUT * (self._level(shown) - chest.LOW), 0.0)
        knots = [(begin + chest.REST_IN * length, chest.REST_DEPTH), (begin + length, chest.LOW)]
        self._plan(shown, *([(begin, chest.LOW)] if begin > shown else []), *knots)
        self._rests = True

    def _level(self, time: float) -> float:
        return float(self.breathing.at(np.array([time]))[0])

    def _plan(self, shown: float, *knots: tuple[float, float]) -> None:
        """Go on from where the chest is through levels at times."""
        times, levels = np.array([(shown, self._level(shown)), *knots]).T
        self.breathing = Breathing(times, levels)
