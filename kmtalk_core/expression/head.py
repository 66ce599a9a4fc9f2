"""The head: nods on stressed syllables, shifts at phrase ends and after pauses, and a sway that never stops.

Its sizes and speeds are those of seated talk at a liveliness of 1, and of a speaker to an audience at 2.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..events import Event
from .chance import Chance, ease, hashed, noises
from .script import Script, made, on_prominences

FloatArray: TypeAlias = npt.NDArray[np.float64]
Shape: TypeAlias = Callable[[Event, FloatArray], FloatArray]

_NOD_GAP, _NOD_SPREAD = 1.35, 0.45  # seconds (median)
_NOD_SIZE, _NOD_SIZES = 2.3, (1.3, 6.0)  # degrees
_LISTENING_GAP, _LISTENING_SIZE = 4.5, 2.4  # seconds and degrees (medians): nods of who listens, one to three in a row
_SHIFT_SIZES = (1.6, 2.6)  # degrees, at phrase ends and after long pauses
LONG_PAUSE = 0.5  # seconds
_SWAY = np.radians([[0.5, 0.5, 0.4], [0.25, 1.0, 0.6]])  # slow and quick; pitch, yaw, roll
_SWAY_HERTZ = ((0.42, 0.42, 0.42), (3.0, 4.4, 3.6))
_STILL_SHARE = (0.9, 0.5)  # of either sway while nobody speaks
_FOLLOW, _FOLLOW_FROM, _FOLLOW_LAG = 0.22, np.radians(8.0), 0.1  # share of the gaze; from so far on; seconds later
RISE, _FALL = 0.45, 0.55  # shares of a nod's duration before and after its peak


def scale(lively: float) -> float:
    """How large the head moves at a liveliness: as seated talk at 1, nearly three times that at 2."""
    return float(lively**1.5)


def plan(script: Script) -> list[Event]:
    """Nods and shifts of a line."""
    lively = script.settings.liveliness
    if lively < 0.05:
        return []
    listening = _listening(script) if script.settings.listening else []
    return [*_nods(script), *listening, *_shifts(script)]


def _nods(script: Script) -> list[Event]:
    chance = script.chance("nod")
    lively = script.settings.liveliness
    syllables = on_prominences(script, chance, lambda: nod_gap(chance, lively), lambda s: s.strength, 0.6)
    found = []
    for syllable in syllables:
        size = nod_size(chance, syllable.strength)
        time = syllable.time + chance.bounded(0.0, 0.03, -0.06, 0.06)
        length = nod_length(chance, size)
        if script.fits(time - RISE * length, time + _FALL * length):
            found.append((time, length, np.radians(size), nod_direction(chance), chance.seed()))
    return made("nod", "nod", found)


def nod_gap(chance: Chance, liveliness: float) -> float:
    """Seconds from one nod to the next."""
    return chance.log_normal(_NOD_GAP / (0.6 + 0.4 * min(liveliness, 2.0)), _NOD_SPREAD)


def nod_size(chance: Chance, strength: float) -> float:
    """Degrees of a nod on a syllable of that `strength`."""
    size = chance.log_normal(_NOD_SIZE * (0.75 + 0.2 * min(strength, 2.5)), 0.35)
    return min(max(size, _NOD_SIZES[0]), _NOD_SIZES[1])


def nod_length(chance: Chance, size: float) -> float:
    """Seconds of a nod; a large one takes longer."""
    return chance.uniform(0.36, 0.52) + 0.05 * size


def nod_direction(chance: Chance) -> float:
    """Degrees: about straight down."""
    return 270.0 + chance.bounded(0.0, 16.0, -40.0, 40.0)


def _listening(script: Script) -> list[Event]:
    """The nods of a listener: few, small, often several in a row that get smaller."""
    chance = script.chance("listening")
    pace = 0.6 + 0.4 * min(script.settings.liveliness, 2.0)
    found = []
    for start, end in script.silences:
        time = start + chance.uniform(0.6, 2.4)
        while time < end:
            size = min(max(chance.log_normal(_LISTENING_SIZE, 0.3), 1.3), 4.5)
            for _ in range(1 + chance.pick((4, 4, 2))):
                length = chance.uniform(0.4, 0.52)
                if script.fits(time - RISE * length, time + _FALL * length) and time + _FALL * length < end:
                    direction = 270.0 + chance.bounded(0.0, 8.0, -20.0, 20.0)
                    found.append((time, length, np.radians(size), direction, chance.seed()))
                time += 0.9 * length
                size *= chance.uniform(0.6, 0.85)
            time += chance.log_normal(_LISTENING_GAP / pace, 0.45)
    return made("nod", "listen", found)


def _shifts(script: Script) -> list[Event]:
    """The head takes another place where a phrase begins, farther and slower after a long pause."""
    chance = script.chance("shift")
    found: list[tuple[float, float, float, float, int]] = []
    for start, end in script.prosody.pauses:
        is_long = end - start >= LONG_PAUSE
        if not shift_happens(chance, is_long):
            continue
        time = max(start, end - chance.uniform(0.2, 0.6)) if is_long else start + chance.uniform(0.0, 0.1)
        size, length = shift_shape(chance, is_long)
        if script.fits(time, time + length) and not (found and time < found[-1][0] + 1.2):
            found.append((time, length, np.radians(size), shift_direction(chance), chance.seed()))
    return made("shift", "shift", found)


def shift_happens(chance: Chance, is_long: bool) -> bool:
    """Whether the head takes another place in a pause, which may be a long one."""
    return chance.happens(0.85 if is_long else 0.45)


def shift_shape(chance: Chance, is_long: bool) -> tuple[float, float]:
    """Degrees and seconds of a shift."""
    size = chance.log_normal(_SHIFT_SIZES[is_long], 0.4)
    return min(size, 6.0), chance.uniform(2.2, 4.5) if is_long else chance.uniform(1.4, 3.0)


def shift_direction(chance: Chance) -> float:
    """Degrees: anywhere."""
    return (chance.pick((1, 1, 1, 1, 1, 1, 1, 1)) * 45.0 + chance.uniform(-20.0, 20.0)) % 360


def track(
    events: Sequence[Event],
    times: FloatArray,
    seed: int,
    movement: FloatArray,
    speaking: FloatArray,
) -> FloatArray:
    """Pitch, yaw and roll (n, 3) in radians at `times`, rising; pitch is positive chin down, yaw to the left.

    `movement` (n,) scales nods, shifts and sway together; `speaking` (n,) is 1 where somebody speaks.
    """
    turned = np.zeros((len(times), 3))
    for row, (sizes, hertz, still) in enumerate(zip(_SWAY, _SWAY_HERTZ, _STILL_SHARE, strict=True)):
        share = (still + (1 - still) * speaking)[:, None]
        streams = range(701 + 3 * row, 704 + 3 * row)
        turned += share * sizes * noises(seed, streams, times, hertz).T
    for event in events:
        if event.kind == "nod":
            _add(turned, times, event, -RISE * event.duration, _FALL * event.duration, _nodding)
        elif event.kind == "shift":
            _add(turned, times, event, 0.0, event.duration, _shifting)
    turned *= movement[:, None]
    for event in events:
        if event.kind == "glance" and event.size > _FOLLOW_FROM:
            _add(turned, times, event, _FOLLOW_LAG, event.duration + _FOLLOW_LAG + 0.7, _following)
    return turned


def _add(turned: FloatArray, times: FloatArray, event: Event, before: float, after: float, shape: Shape) -> None:
    """Add the event's turn, from `before` to `after` its time, in place."""
    first, last = np.searchsorted(times, [event.time + before, event.time + after])
    if first == last:
        return
    amount = event.size * shape(event, times[first:last] - event.time)
    angle = np.radians(event.direction)
    left, up = np.cos(angle), np.sin(angle)
    tilt = 0.6 * (2 * float(hashed(event.seed, 3, np.zeros(1, np.int64))[0]) - 1)
    turned[first:last] += amount[:, None] * np.array([-up, left, tilt])


def _nodding(event: Event, t: FloatArray) -> FloatArray:
    before, after = RISE * event.duration, _FALL * event.duration
    return np.where(t < 0, ease(1 + t / before), ease(1 - t / after))


def _shifting(event: Event, t: FloatArray) -> FloatArray:
    rise = min(0.9, 0.35 * event.duration)
    return ease(t / rise) * ease((event.duration - t) / (1.4 * rise))


def _following(event: Event, t: FloatArray) -> FloatArray:
    later = t - _FOLLOW_LAG
    rise = min(0.35, 0.6 * event.duration)
    return _FOLLOW * ease(later / rise) * ease((event.duration + 0.7 - later) / 0.7)
