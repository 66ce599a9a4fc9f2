"""Breath: people open the mouth before they speak, at the start of a line and after pauses of a second and more."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..events import Event
from ..motion.spaces import ARKIT
from .chance import Chance
from .script import Script, made

FloatArray: TypeAlias = npt.NDArray[np.float64]

_BEFORE, _DEVIATION = 0.25, 0.15  # seconds: the bump's middle before the first sound, and its width
_REACH = 2.6  # deviations from the middle to where it is over
_HEIGHT = 0.3  # of the visible opening: about as wide as it is on average in speech
SHORTEST = 0.1  # seconds: a shorter breath is none
PAUSE = 1.0  # seconds: after shorter ones people do not inhale visibly
_PARTS = (
    ("jawOpen", 0.75),
    ("mouthLowerDownLeft", 0.5),
    ("mouthLowerDownRight", 0.5),
    ("mouthUpperUpLeft", 0.5),
    ("mouthUpperUpRight", 0.5),
)
"""What opens, so that the visible opening (jaw + .3 lower lip + .2 upper lip) is the bump's height."""


def plan(script: Script) -> list[Event]:
    """A breath before each phrase that follows a long enough pause or begins the line."""
    if not script.settings.breath or not script.prosody.phrases:
        return []
    chance = script.chance("breath")
    found = []
    for number, (start, _) in enumerate(script.prosody.phrases):
        pause = start - (script.prosody.phrases[number - 1][1] if number else script.start)
        size = height(chance)
        if number and pause < PAUSE:
            continue
        middle, width = span(start, script.start)
        if width > SHORTEST:
            found.append((middle, width, size, 0.0, chance.seed()))
    return made("breath", "breath", found)


def height(chance: Chance) -> float:
    """How large a breath is."""
    return _HEIGHT * chance.bounded(1.0, 0.12, 0.75, 1.25)


def span(phrase: float, earliest: float) -> tuple[float, float]:
    """The peak and the duration, in seconds, of the breath before a `phrase`, which begins at the `earliest` there."""
    middle = phrase - min(_BEFORE, 0.5 * (phrase - earliest))
    return middle, 2 * _REACH * min(_DEVIATION, (middle - earliest) / _REACH)


def pose(events: Sequence[Event], times: FloatArray) -> FloatArray:
    """Coefficients (n, 52) that breaths add at `times`, rising."""
    face = np.zeros((len(times), ARKIT.width))
    for event in events:
        half = 0.5 * event.duration
        first, last = np.searchsorted(times, [event.time - half, event.time + half])
        if event.kind != "breath" or first == last:
            continue
        t = (times[first:last] - event.time) / half
        bump = event.size * np.exp(-0.5 * (_REACH * t) ** 2) * (1 - t**8)
        for name, share in _PARTS:
            face[first:last, ARKIT.index_of(name)] += share * bump
    return face
