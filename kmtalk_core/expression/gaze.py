"""Gaze: where the eyes look, after *Eyes Alive* (Lee, Badler & Badler 2002).

Away from the listener and back in glances (events); at the listener from eye to eye to mouth, and never quite still.
Eyes turn against the head, so that what is looked at stays looked at; lids follow them up and down.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..events import Event
from ..motion.arkit import EYE_TURNS
from ..motion.spaces import ARKIT
from .chance import Chance, hashed, noises
from .script import Script, made

FloatArray: TypeAlias = npt.NDArray[np.float64]

LIDS = ("eyeBlinkLeft", "eyeBlinkRight")
WIDE = ("eyeWideLeft", "eyeWideRight")
LOOKS = tuple(f"eyeLook{way}{side}" for side in ("Left", "Right") for way in EYE_TURNS)
_LID_PLACES, _WIDE_PLACES = ARKIT.indices_of(LIDS), ARKIT.indices_of(WIDE)
_TURNED = (
    "eyeLookOutLeft", "eyeLookInRight", "eyeLookOutRight", "eyeLookInLeft",
    "eyeLookUpLeft", "eyeLookUpRight", "eyeLookDownLeft", "eyeLookDownRight",
)  # fmt: skip
"""By turns to the left, to the right, up and down, two each."""
_TURNED_PLACES = ARKIT.indices_of(_TURNED)
_TURNED_BY = np.array([EYE_TURNS[next(way for way in EYE_TURNS if f"Look{way}" in name)] for name in _TURNED])
_SIZE, _RARITY, _MOST = 6.9, 15.7, 15.0  # degrees and per cent: size = -6.9 ln(P / 15.7), P uniform below 15
_LARGEST, _LARGEST_LISTENING = 27.5, 22.7  # degrees
_DIRECTIONS = (15.5, 6.5, 17.7, 7.4, 16.8, 7.9, 20.4, 7.8)  # per cent, every 45 degrees from 0
_AT, _AT_SPREAD, _AWAY, _AWAY_SPREAD = 2.0, 0.8, 0.75, 0.55  # seconds (medians) at the listener and away, speaking
_LISTENING_AT, _LISTENING_AWAY = 7.7, 0.38
LEAD = 0.15  # seconds before a phrase at which eyes like to leave the listener
_CELL = 0.95  # seconds: eyes that look at a face turn to another part of it about as often
_FACE = np.array([(3.0, 1.8), (-3.0, 1.8), (0.3, -4.0)])  # degrees: its eyes and mouth
_LID_LOWERED, _LID_RAISED = 0.4, 0.3  # coefficients of lids that follow the eyes, a radian down or up
_HOLD = np.radians([38.0, 30.0])  # an eye turns no farther aside, or up and down


def plan(script: Script) -> list[Event]:
    """The glances of a line: each looks away at its time and back at the listener when it is over."""
    lively = min(script.settings.liveliness, 2.0)
    if lively < 0.05:
        return []
    chance = script.chance("glance")
    starts = [start - LEAD for start, _ in script.prosody.phrases]
    found: list[tuple[float, float, float, float, int]] = []
    time = script.start + chance.uniform(0.15, 0.7) * chance.log_normal(_AT, _AT_SPREAD)
    while time < script.end:
        listens = script.listens(time)
        near = [start for start in starts if abs(start - time) < 0.5]
        if near and chance.happens(0.5):
            time = min(near, key=lambda start: abs(start - time)) + chance.normal(0.0, 0.05)
        size, direction, hold = away(chance, listens)
        follows = not found or time > found[-1][0] + found[-1][1] + 0.25
        if follows and script.fits(time - 0.05, time + hold + 0.15):
            found.append((time, hold, np.radians(size * min(1.0, 0.4 + 0.6 * lively)), direction, chance.seed()))
        time += hold + stay(chance, script.mood.at(time).away, listens, lively)
    return made("glance", "glance", found)


def away(chance: Chance, listens: bool) -> tuple[float, float, float]:
    """Size and direction in degrees of a glance, and for how many seconds it lasts."""
    size = -_SIZE * np.log(max(chance.uniform(0.0, _MOST), 1e-6) / _RARITY)
    direction = 45.0 * chance.pick(_DIRECTIONS) + chance.uniform(-15.0, 15.0)
    size = min(
        max(1.1 * size, 1.6), _LARGEST_LISTENING if listens else _LARGEST
    )  # 1.1: a glance is more than one saccade
    if abs(np.sin(np.radians(direction))) > 0.8:
        size *= 0.95  # up and down eyes turn less far
    hold = chance.log_normal(_LISTENING_AWAY if listens else _AWAY, _AWAY_SPREAD)
    return float(size), direction % 360, min(max(hold, 0.2), 4.0)


def stay(chance: Chance, rate: float, listens: bool, lively: float) -> float:
    """Seconds that the eyes stay at the listener, whom they leave `rate` times as often as usual."""
    drawn = chance.log_normal(_LISTENING_AT if listens else _AT / rate, _AT_SPREAD)
    return min(max(drawn / (0.5 + 0.5 * lively), 0.4), 12.0)


def duration(size: FloatArray | float) -> FloatArray | float:
    """Seconds that a saccade of `size` degrees takes."""
    return 0.025 + 0.0024 * size


def target(events: Sequence[Event], times: FloatArray, seed: int, lively: float) -> FloatArray:
    """What is looked at, (n, 2) radians to the left and up of straight ahead, at `times`, rising."""
    looked = _about_the_face(times, seed) * min(1.0, 0.35 + 0.65 * lively)
    for event in events:
        if event.kind != "glance":
            continue
        took = float(duration(np.degrees(event.size)))
        first, last = np.searchsorted(times, [event.time, event.time + event.duration + took])
        if first == last:
            continue
        t = times[first:last] - event.time
        share = np.minimum(np.clip(t / took, 0, 1), np.clip((event.duration + took - t) / took, 0, 1))[:, None]
        angle = np.radians(event.direction)
        there = event.size * np.array([np.cos(angle), np.sin(angle)])
        looked[first:last] = looked[first:last] * (1 - 0.7 * share) + share * there
    drift = noises(seed, (801, 802), times, (1.7, 1.7)).T
    result: FloatArray = looked + np.radians(0.12) * drift
    return result


def _about_the_face(times: FloatArray, seed: int) -> FloatArray:
    """Radians (n, 2) beside the middle of the listener's face: from part to part in saccades."""
    cell = np.floor(times / _CELL).astype(np.int64)
    turn = (cell + 0.15 + 0.7 * hashed(seed, 811, cell)) * _CELL
    before, after = _part(cell - 1, seed), _part(cell, seed)
    size = np.degrees(np.hypot(*(after - before).T))
    share = np.clip((times - turn) / np.asarray(duration(size)), 0, 1)[:, None]
    return before * (1 - share) + after * share


def _part(cells: npt.NDArray[np.int64], seed: int) -> FloatArray:
    """Which part of the face is looked at in each of `cells`, (n, 2) radians."""
    which = np.minimum((hashed(seed, 812, cells) * len(_FACE)).astype(int), len(_FACE) - 1)
    spread = np.stack([hashed(seed, 813, cells), hashed(seed, 814, cells)], axis=1) - 0.5
    result: FloatArray = np.radians(_FACE[which] + 1.2 * spread)
    return result


def pose(eyes: FloatArray) -> FloatArray:
    """Coefficients (n, 52) of eyes turned by `eyes` (n, 2) radians to the left and up in the head, lids following."""
    face = np.zeros((len(eyes), ARKIT.width))
    aside, up = np.clip(eyes, -_HOLD, _HOLD).T
    left, right, above, below = (np.maximum(turn, 0) for turn in (aside, -aside, up, -up))
    turns = np.stack([left, left, right, right, above, above, below, below], axis=1)
    face[:, _TURNED_PLACES] = turns / _TURNED_BY
    face[:, _LID_PLACES] = _LID_LOWERED * below[:, None]
    face[:, _WIDE_PLACES] = _LID_RAISED * above[:, None]
    return face
