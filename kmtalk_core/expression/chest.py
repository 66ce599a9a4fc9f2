"""The chest: it rises with each breath in, quickly before speech, and sinks while somebody speaks.

A breath in before speech takes about half a second and is deeper before a long phrase; one at rest takes a second and a
half of about four (Hixon 1987, McFarland 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..events import Event
from .chance import Chance, ease
from .script import Script

FloatArray: TypeAlias = npt.NDArray[np.float64]

PAUSE = 0.25  # seconds: in shorter ones nobody breathes in
ENOUGH = 2.2  # seconds of speech before one breathes in again
INHALE, SHORTEST = 0.55, 0.2  # seconds of a breath in before speech: usual, and least
LOW, DEEP, DEEPER = 0.08, 0.5, 0.08  # of the whole: without air; breathed in, and more a second of the phrase
REST, REST_SPREAD, REST_IN, REST_DEPTH = 3.9, 0.12, 0.4, 0.35  # seconds of a breath at rest, deviation of ln, share
LONGEST = 7.0  # seconds for which air lasts
_BREATH_EVENT = 0.4  # seconds around its peak in which a breath of the mouth is that of the chest


@dataclass(frozen=True, eq=False)
class Breathing:
    """How far the chest is up: `levels` at `times` (seconds, rising), smooth between."""

    times: FloatArray
    levels: FloatArray

    def at(self, times: FloatArray) -> FloatArray:
        """(n,) how far the chest is up at `times`, 0 to 1."""
        after = np.searchsorted(self.times, times, "right").clip(1, len(self.times) - 1)
        before = after - 1
        length = np.maximum(self.times[after] - self.times[before], 1e-6)
        share = ease((times - self.times[before]) / length)
        result: FloatArray = self.levels[before] + share * (self.levels[after] - self.levels[before])
        return result


def breathing(script: Script, events: Sequence[Event]) -> Breathing:
    """The breathing of a line: before phrases that follow a pause, where `events` breathe, and quietly in silence."""
    chance = script.chance("chest")
    peaks: list[tuple[float, float, float]] = []  # when air is in, how much of it, seconds it took
    spoken_since = np.inf
    last_end = script.start
    for start, end in script.prosody.phrases:
        pause = start - last_end
        _quiet(peaks, last_end, start - INHALE, chance)
        if pause >= PAUSE and (spoken_since >= ENOUGH or pause >= 1.0):
            depth = min(DEEP + DEEPER * min(end - start, 5.0), 1.0) * chance.uniform(0.85, 1.1)
            took = min(max(0.8 * pause, SHORTEST), INHALE * chance.uniform(0.85, 1.2))
            peaks.append((start, depth, took))
            spoken_since = 0.0
        spoken_since += end - start
        last_end = end
    _quiet(peaks, last_end, script.end - 0.3, chance)
    for event in events:
        if event.kind == "breath" and all(abs(event.time + 0.2 - time) > _BREATH_EVENT for time, *_ in peaks):
            peaks.append((event.time + 0.2, min(DEEP + event.size, 1.0), INHALE))
    return _curve(sorted(peaks), script)


def _quiet(peaks: list[tuple[float, float, float]], start: float, end: float, chance: Chance) -> None:
    """Breaths at rest from `start` to `end`, where there is time for them."""
    time = start + 0.6 * REST
    while time < end - (1 - REST_IN) * REST:
        length = chance.log_normal(REST, REST_SPREAD)
        peaks.append((time, REST_DEPTH, REST_IN * length))
        time += length


def _curve(peaks: Sequence[tuple[float, float, float]], script: Script) -> Breathing:
    """Up to each peak, and down until the next breath in, or until the air is out."""
    times, levels = [script.start], [0.0]
    for number, (time, depth, took) in enumerate(peaks):
        begin = max(time - took, times[-1] + 0.05)
        if time - begin < 0.1:
            continue
        if begin > times[-1] + 0.05:
            times.append(begin)
            levels.append(LOW if number else 0.0)
        times.append(time)
        levels.append(depth)
        following = peaks[number + 1][0] - peaks[number + 1][2] if number + 1 < len(peaks) else script.end
        out = min(time + LONGEST, following)
        if out > time + 0.3:
            times.append(out)
            levels.append(LOW)
    if script.end > times[-1] + 0.05:
        times.append(script.end)
        levels.append(0.0)
    if len(times) == 1:
        times.append(times[0] + 1.0)
        levels.append(0.0)
    return Breathing(np.array(times), np.array(levels))
