"""Blinks: when lids close, and how.

Intervals are log-normal (ln of seconds about N(.25, 1.03), so that doubles and long stares both happen); blinks gather
at phrase ends (Nakano & Kitazawa 2010) and come with large shifts of the gaze (Evinger 1994).  Lids close faster than
they open (VanderWerf 2003, Trutoiu 2011), seldom all the way.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..events import Event
from .chance import Chance, hashed
from .script import Script, made

FloatArray: TypeAlias = npt.NDArray[np.float64]

_MEDIAN, _SPREAD = 1.9, 1.0  # seconds, and deviation of ln: of the intervals before pauses draw them
SHORTEST, _LONGEST = 0.34, 14.0  # seconds
DRAWN, REACH = 0.9, 0.8  # share of blinks that a phrase end draws, within this part of the interval
_OPENING = (1.3, 2.2)  # how many times longer lids open than they close, from event to event
_CLOSED, _CLOSED_SPREAD = 0.26, 0.2  # seconds of a whole blink (median), and deviation of its ln
_DEPTH = (0.77, 0.13, 0.45, 1.0)  # mean, deviation and limits of how far lids close
LARGE_SHIFT = np.radians(24.0)  # of the gaze, from which on lids close with it
_EXPECTED = 2.5  # seconds: a line this long has a blink, as a listener expects


def plan(script: Script, glances: Sequence[Event]) -> list[Event]:
    """The blinks of a line, those included that go with its `glances`."""
    if not script.settings.blinks:
        return []
    chance = script.chance("blink")
    with_gaze = [g.time + 0.03 for g in glances if g.size > LARGE_SHIFT and chance.happens(0.9)]
    ends = list(script.phrase_ends)
    times: list[float] = []
    time = script.start
    while True:
        pause = interval(chance, script.mood.at(time).blinks)
        if not times:
            pause *= chance.uniform(0.2, 1.0)  # the line begins somewhere between two blinks
        wanted = time + pause
        if wanted > script.end:
            break
        near = [end for end in ends if abs(end - wanted) < max(REACH * pause, 0.5) and end - time > 0.6]
        if pause > 0.6 and near and chance.happens(DRAWN):
            end = min(near, key=lambda e: abs(np.log((e - time) / pause)))
            wanted = end + chance.normal(0.06, 0.09)
            ends.remove(end)
        times.append(wanted)
        time = max(wanted, time + SHORTEST)
    apart = [t for t in times if all(abs(t - shift) > 0.35 for shift in with_gaze)]
    drawn = sorted([*apart, *with_gaze])
    found: list[tuple[float, float, float, float, int]] = []
    for moment in drawn:
        _append(script, found, moment, chance)
    if not found and script.end - script.start >= _EXPECTED:
        _append(script, found, _likeliest(script, chance.uniform()), chance)
    return made("blink", "blink", found)


def interval(chance: Chance, rate: float) -> float:
    """Seconds to the next blink where lids close `rate` times as often as usual, before a pause draws it."""
    return min(max(chance.log_normal(_MEDIAN / rate, _SPREAD), SHORTEST), _LONGEST)


def shape(chance: Chance) -> tuple[float, float, int]:
    """Duration, depth and seed of a blink."""
    duration = min(max(chance.log_normal(_CLOSED, _CLOSED_SPREAD), 0.16), 0.5)
    return duration, chance.bounded(*_DEPTH), chance.seed()


def _append(script: Script, found: list[tuple[float, float, float, float, int]], time: float, chance: Chance) -> None:
    """Add the blink that is closed at `time`, if it fits into the line and behind the blink before."""
    duration, depth, seed = shape(chance)
    shutting = closing(duration, seed)
    opening = duration - shutting
    if not script.fits(time - shutting - 0.02, time + opening + 0.04):
        return
    if found and time - shutting < found[-1][0] + 0.6 * found[-1][1]:
        return
    found.append((time, duration, depth, 0.0, seed))


def closing(duration: float, seed: int) -> float:
    """Seconds of a blink's duration in which lids close: a share drawn from the event's seed."""
    share = float(hashed(seed, 1, np.zeros(1, np.int64))[0])
    return duration / (1 + _OPENING[0] + (_OPENING[1] - _OPENING[0]) * share)


def _likeliest(script: Script, share: float) -> float:
    """Where a short line has its one blink: at the last phrase end that leaves room, else anywhere but at its ends."""
    fitting = [end for end in script.phrase_ends if script.fits(end - 0.2, end + 0.45)]
    if fitting:
        return fitting[-1] + 0.02 + 0.08 * share
    return script.start + (0.3 + 0.4 * share) * (script.end - script.start)


def lids(events: Sequence[Event], times: FloatArray) -> FloatArray:
    """How far blinks have the lids down (0 to 1) at `times`, rising."""
    down = np.zeros(len(times))
    for event in events:
        if event.kind != "blink":
            continue
        shutting = closing(event.duration, event.seed)
        opening = event.duration - shutting
        first, last = np.searchsorted(times, [event.time - shutting, event.time + opening])
        if first == last:
            continue
        t = times[first:last] - event.time
        shut = 0.5 + 0.5 * np.cos(np.pi * np.clip(-t / shutting, 0, 1))
        back = np.clip(1 - t / opening, 0, 1)
        shape = np.where(t < 0, shut, back**2 * (3 - 2 * back))
        down[first:last] = np.maximum(down[first:last], event.size * shape)
    return down
