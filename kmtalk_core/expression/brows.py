"""Brows, cheeks and the rest of the upper face: raised on stress, drawn together, and slowly moving in between.

A raise is up about 60 ms before the stressed syllable is loudest (Flecha-García 2010), mostly where pitch rises too
(Guaïtella); it rises in .2 to .3 s, holds for .5 to 1 and falls in .5.
"""

from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..events import Event
from ..motion.spaces import ARKIT
from .chance import Chance, ease, hashed, noises
from .script import Script, made, on_prominences

FloatArray: TypeAlias = npt.NDArray[np.float64]

KINDS = ("brow_raise", "frown", "squint")
_GAP = {"brow_raise": 3.6, "frown": 4.6, "squint": 8.0}  # seconds (median) from one to the next
_SIZE = {"brow_raise": 0.36, "frown": 0.38, "squint": 0.26}
_ATTENTION_GAP, _ATTENTION_SIZE = 7.0, 0.22  # seconds (median) from one gesture of who listens to the next
_LEAD = 0.01  # seconds before the syllable at which brows are all the way up
RISE, FALL = 0.26, 0.5  # seconds
_PARTS: dict[str, tuple[tuple[str, float, float], ...]] = {
    "brow_raise": (("browInnerUp", 0.7, 1.1), ("browOuterUp", 0.5, 1.1), ("eyeWide", 0.1, 0.5)),
    "frown": (
        ("browDown", 0.85, 1.15),
        ("eyeSquint", 0.1, 0.4),
        ("noseSneer", 0.05, 0.45),
        ("mouthFrown", 0.1, 0.4),
        ("mouthShrugLower", 0.05, 0.25),
        ("mouthShrugUpper", 0.05, 0.2),
    ),
    "squint": (("cheekSquint", 0.8, 1.1), ("eyeSquint", 0.4, 0.8), ("mouthSmile", 0.5, 1.0), ("noseSneer", 0.0, 0.2)),
}
"""Coefficients of each gesture, and between what shares of its size each lies."""

_DRIFT = (
    ("browInnerUp", 0.03, 0.3), ("browOuterUp", 0.025, 0.3), ("browDown", 0.03, 0.25), ("cheekSquint", 0.02, 0.3),
    ("eyeSquint", 0.04, 0.4), ("eyeWide", 0.03, 0.4), ("noseSneer", 0.015, 0.3), ("mouthSmile", 0.03, 0.2),
)  # fmt: skip
"""What moves slowly all the time: its deviation, and how often a second it turns."""


def plan(script: Script) -> list[Event]:
    """Raises, frowns and squints of a line."""
    lively = script.settings.liveliness
    if lively < 0.05:
        return []
    raises = _gestures(script, "brow_raise", [])
    frowns = _gestures(script, "frown", raises)
    spoken = [*raises, *frowns, *_gestures(script, "squint", [*raises, *frowns])]
    return [*spoken, *(_listening(script) if script.settings.listening else [])]


def _gestures(script: Script, kind: str, others: Sequence[Event]) -> list[Event]:
    chance = script.chance(kind)
    lively = script.settings.liveliness
    rise_counts = 0.8 if kind == "brow_raise" else -0.4
    syllables = on_prominences(
        script,
        chance,
        lambda: gap(chance, kind, lively),
        lambda s: s.strength + rise_counts * s.rises,
        1.2,
    )
    found = []
    for syllable in syllables:
        time = syllable.time - _LEAD + chance.bounded(0.0, 0.03, -0.06, 0.06)
        hold, size = gesture(chance, kind)
        clear = all(abs(time - other.time) > 0.6 for other in others)
        if clear and script.fits(time - RISE, time + hold + FALL):
            found.append((time, RISE + hold + FALL, size, 0.0, chance.seed()))
    return made(kind, kind, found)


def gap(chance: Chance, kind: str, liveliness: float) -> float:
    """Seconds from one gesture of a kind to the next."""
    return chance.log_normal(_GAP[kind] / (0.6 + 0.4 * min(liveliness, 2.0)), 0.5)


def gesture(chance: Chance, kind: str) -> tuple[float, float]:
    """Seconds for which a gesture holds, and its size."""
    return chance.uniform(0.25, 0.8), min(max(chance.log_normal(_SIZE[kind], 0.35), 0.12), 0.85)


def _listening(script: Script) -> list[Event]:
    """What a listener shows now and then: brows that go up a little, or a smile in the eyes."""
    chance = script.chance("attention")
    found: dict[str, list[tuple[float, float, float, float, int]]] = {"brow_raise": [], "squint": []}
    for start, end in script.silences:
        time = start + chance.uniform(1.5, 5.0)
        while time < end:
            kind = ("brow_raise", "squint")[chance.pick((3, 2))]
            hold, size = chance.uniform(0.4, 1.4), min(max(chance.log_normal(_ATTENTION_SIZE, 0.3), 0.1), 0.45)
            if script.fits(time - RISE, time + hold + FALL) and time + hold + FALL < end:
                found[kind].append((time, RISE + hold + FALL, size, 0.0, chance.seed()))
            time += hold + chance.log_normal(_ATTENTION_GAP, 0.4)
    return [event for kind, events in found.items() for event in made(kind, f"listen_{kind}", events)]


def pose(events: Sequence[Event], times: FloatArray, seed: int, movement: FloatArray) -> FloatArray:
    """Coefficients (n, 52) at `times`, rising; `movement` (n,) scales the gestures, and with them what drifts."""
    face = np.zeros((len(times), ARKIT.width))
    drifts = noises(seed, range(601, 601 + len(_DRIFT)), times, [hertz for _, _, hertz in _DRIFT])
    for drift, (name, deviation, _) in zip(drifts, _DRIFT, strict=True):
        values = deviation * np.maximum(drift + 0.3, 0)
        _put(face, slice(None), name, values, 1.0, 1.0)
    for event in events:
        if event.kind not in _PARTS:
            continue
        hold = max(event.duration - RISE - FALL, 0.0)
        first, last = np.searchsorted(times, [event.time - RISE, event.time - RISE + event.duration])
        if first == last:
            continue
        t = times[first:last] - event.time
        shape = event.size * ease(1 + t / RISE) * ease((hold + FALL - t) / FALL)
        shares = hashed(event.seed, 5, np.arange(len(_PARTS[event.kind]) + 1, dtype=np.int64))
        uneven = 0.12 * (2 * shares[-1] - 1)
        for share, (name, low, high) in zip(shares, _PARTS[event.kind], strict=False):
            _put(face, slice(first, last), name, (low + (high - low) * share) * shape, 1 + uneven, 1 - uneven)
    return face * movement[:, None]


def _put(face: FloatArray, rows: slice, name: str, values: FloatArray, left: float, right: float) -> None:
    for place, side in zip(_places(name), (1.0, left, right), strict=True):
        if place is not None:
            face[rows, place] += side * values


@cache
def _places(name: str) -> tuple[int | None, ...]:
    """Of what is in the middle, left and right; None for what there is not."""
    return tuple(
        ARKIT.index_of(full) if full in ARKIT.names else None for full in (name, f"{name}Left", f"{name}Right")
    )
