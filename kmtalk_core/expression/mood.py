"""Moods: their poses, how they move, and which holds when.

A mood has several poses from mild to strong.  How aroused the voice is, and slow chance, choose among them, so that a
mood is never one frozen face.  Sizes follow what captured performers and the literature show for joy, anger, sadness,
fear, surprise and disgust; the other moods are taste.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Mark
from ..motion.spaces import ARKIT
from ..transcript.feelings import is_low, mood_of
from .chance import ease, noise
from .prosody import Prosody

FloatArray: TypeAlias = npt.NDArray[np.float64]
Pose: TypeAlias = Mapping[str, float]

_FADE = 0.6  # seconds in which one mood gives way to another
_TURNS = ("headPitch", "headYaw", "headRoll", "gazeUp")


@dataclass(frozen=True)
class Mood:
    """How a face shows and moves in one mood.

    `poses` from mild to strong: coefficients by name (without Left or Right: both sides), and `headPitch`, `headYaw`,
    `headRoll`, `gazeUp` in degrees.  `movement` and `blinks` scale head and brows, and how often lids close; `away` how
    often the eyes leave the listener.
    """

    poses: tuple[Pose, ...]
    movement: float = 1.0
    blinks: float = 1.0
    away: float = 1.0


MOODS: dict[str, Mood] = {
    "neutral": Mood(({},)),
    "happy": Mood(
        (
            {"mouthSmile": 0.75, "cheekSquint": 0.6, "eyeSquint": 0.5, "mouthDimple": 0.15, "headPitch": -2},
            {"mouthSmile": 0.85, "cheekSquint": 0.7, "eyeSquint": 0.55, "mouthDimple": 0.2, "browOuterUp": 0.15,
             "headPitch": -3},
            {"mouthSmile": 0.95, "cheekSquint": 0.8, "eyeSquint": 0.65, "mouthDimple": 0.25, "browInnerUp": 0.2,
             "browOuterUp": 0.3, "headPitch": -4},
        ),
        1.15, 1.0, 0.9,
    ),
    "sad": Mood(
        (
            {"browInnerUp": 0.65, "mouthFrown": 0.45, "mouthShrugLower": 0.15, "eyeBlink": 0.16, "headPitch": 4,
             "gazeUp": -5},
            {"browInnerUp": 0.8, "browDown": 0.08, "mouthFrown": 0.6, "mouthShrugLower": 0.25, "eyeBlink": 0.2,
             "eyeSquint": 0.15, "headPitch": 6, "headRoll": 3, "gazeUp": -8},
            {"browInnerUp": 0.95, "browDown": 0.12, "mouthFrown": 0.75, "mouthShrugLower": 0.35, "cheekSquint": 0.2,
             "eyeBlink": 0.16, "eyeSquint": 0.3, "headPitch": 4, "headRoll": 2, "gazeUp": -5},
        ),
        0.7, 1.4, 1.3,
    ),
    "angry": Mood(
        (
            {"browDown": 0.65, "eyeSquint": 0.35, "noseSneer": 0.2, "mouthPress": 0.25, "headPitch": 3},
            {"browDown": 0.8, "eyeSquint": 0.42, "noseSneer": 0.3, "mouthPress": 0.35, "mouthFrown": 0.15,
             "jawForward": 0.15, "headPitch": 5},
            {"browDown": 0.95, "eyeSquint": 0.35, "eyeWide": 0.2, "noseSneer": 0.42, "mouthPress": 0.3,
             "mouthFrown": 0.25, "jawForward": 0.2, "headPitch": 4},
        ),
        1.3, 1.3, 0.5,
    ),
    "afraid": Mood(
        (
            {"browInnerUp": 0.6, "browOuterUp": 0.1, "eyeWide": 0.5, "mouthStretch": 0.25, "headPitch": -2},
            {"browInnerUp": 0.75, "browOuterUp": 0.12, "browDown": 0.15, "eyeWide": 0.65, "mouthStretch": 0.4,
             "mouthFrown": 0.2, "headPitch": -4},
            {"browInnerUp": 0.9, "browOuterUp": 0.15, "browDown": 0.2, "eyeWide": 0.8, "mouthStretch": 0.5,
             "mouthFrown": 0.3, "headPitch": -6},
        ),
        1.0, 0.5, 2.0,
    ),
    "disgusted": Mood(
        (
            {"noseSneer": 0.7, "mouthUpperUp": 0.2, "cheekSquint": 0.4, "browDown": 0.35, "eyeSquint": 0.3,
             "mouthFrown": 0.2, "headPitch": -2, "headYaw": 4},
            {"noseSneer": 0.85, "mouthUpperUp": 0.3, "cheekSquint": 0.5, "browDown": 0.5, "eyeSquint": 0.42,
             "mouthFrown": 0.35, "mouthShrugLower": 0.15, "headPitch": -4, "headYaw": 6},
            {"noseSneer": 1.0, "mouthUpperUp": 0.4, "cheekSquint": 0.6, "browDown": 0.6, "eyeSquint": 0.5,
             "mouthFrown": 0.45, "mouthShrugLower": 0.25, "headPitch": -5, "headYaw": 7},
        ),
        0.9, 1.1, 1.2,
    ),
    "surprised": Mood(
        (
            {"browInnerUp": 0.65, "browOuterUp": 0.75, "eyeWide": 0.65, "headPitch": -2},
            {"browInnerUp": 0.8, "browOuterUp": 0.9, "eyeWide": 0.8, "headPitch": -4},
            {"browInnerUp": 0.9, "browOuterUp": 1.0, "eyeWide": 0.9, "headPitch": -6},
        ),
        1.1, 0.8, 0.6,
    ),
    "confident": Mood(
        (
            {"mouthSmileLeft": 0.45, "mouthSmileRight": 0.2, "eyeSquint": 0.25, "mouthDimple": 0.2,
             "browOuterUpLeft": 0.2, "headPitch": -5, "headRoll": -2},
            {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.3, "cheekSquint": 0.2, "eyeSquint": 0.35,
             "mouthDimple": 0.25, "browOuterUpLeft": 0.4, "browDownRight": 0.15, "headPitch": -7, "headRoll": -3},
        ),
        1.1, 0.8, 0.5,
    ),
    "excited": Mood(
        (
            {"browInnerUp": 0.4, "browOuterUp": 0.5, "eyeWide": 0.4, "mouthSmile": 0.6, "cheekSquint": 0.3},
            {"browInnerUp": 0.5, "browOuterUp": 0.65, "eyeWide": 0.5, "mouthSmile": 0.75, "cheekSquint": 0.4,
             "headPitch": -3},
            {"browInnerUp": 0.55, "browOuterUp": 0.75, "eyeWide": 0.55, "mouthSmile": 0.9, "cheekSquint": 0.5,
             "headPitch": -4},
        ),
        1.6, 1.2, 0.8,
    ),
    "bored": Mood(
        (
            {"eyeBlink": 0.32, "browOuterUp": 0.14, "mouthFrown": 0.25, "mouthShrugLower": 0.15, "headPitch": 2,
             "headRoll": 4, "gazeUp": -3},
            {"eyeBlink": 0.42, "browOuterUp": 0.15, "mouthFrown": 0.35, "mouthShrugLower": 0.25, "mouthPress": 0.15,
             "headPitch": 4, "headRoll": 7, "gazeUp": -4},
        ),
        0.5, 0.8, 1.8,
    ),
    "playful": Mood(
        (
            {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.4, "cheekSquint": 0.3, "eyeSquint": 0.25,
             "browOuterUpLeft": 0.5, "browDownRight": 0.2, "headRoll": 6},
            {"mouthSmileLeft": 0.85, "mouthSmileRight": 0.5, "cheekSquintLeft": 0.5, "cheekSquintRight": 0.3,
             "eyeSquint": 0.3, "mouthDimple": 0.2, "browOuterUpLeft": 0.8, "browInnerUp": 0.1, "browDownRight": 0.25,
             "headRoll": 8, "headYaw": 3},
            {"mouthSmile": 0.8, "cheekSquint": 0.5, "eyeSquint": 0.25, "browOuterUp": 0.65, "browInnerUp": 0.3,
             "headRoll": -6},
        ),
        1.3, 1.1, 1.2,
    ),
    "confused": Mood(
        (
            {"browDownLeft": 0.6, "browInnerUp": 0.15, "browOuterUpRight": 0.6, "eyeSquintLeft": 0.45,
             "mouthFrown": 0.2, "mouthLeft": 0.12, "headRoll": 5},
            {"browDownLeft": 0.75, "browInnerUp": 0.2, "browOuterUpRight": 0.8, "eyeSquintLeft": 0.55,
             "eyeSquintRight": 0.1, "mouthFrown": 0.3, "mouthPress": 0.15, "mouthLeft": 0.18, "headRoll": 8,
             "headPitch": 2},
            {"browDown": 0.65, "browInnerUp": 0.35, "eyeSquint": 0.5, "noseSneer": 0.2, "mouthFrown": 0.3,
             "mouthShrugLower": 0.3, "headRoll": -7},
        ),
        0.9, 1.2, 1.5,
    ),
}  # fmt: skip
"""What `mood` may be beside `auto`."""

AUTO = "auto"

_NUMBER = re.compile(r"(?:^|[\s,:;])(?:[-+]?\d\S*|[-+]?\.\d\S*|nan|inf)$")


@dataclass(frozen=True)
class Span:
    """A mood from `start` (seconds) to the next span; `calm` scales all movement meanwhile (whispering)."""

    start: float
    mood: str
    strength: float
    calm: float = 1.0


class MoodTrack:
    """Which mood holds when, and the pose and movement that come with it."""

    def __init__(self, mood: str, strength: float, marks: Sequence[Mark], prosody: Prosody, seed: int) -> None:
        self._auto, self._prosody, self._seed = mood == AUTO, prosody, seed
        base = Span(-np.inf, "neutral" if mood == AUTO else mood, strength)
        self.spans = [base]
        for mark in marks:
            span = _of_mark(mark, base)
            if span is not None:
                self.spans.append(span)

    def pose(self, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients (n, 52), and (n, 4) degrees of head pitch, yaw, roll and of the gaze upwards, at `times`."""
        face, turns = np.zeros((len(times), ARKIT.width)), np.zeros((len(times), 4))
        arousal = self._prosody.arousal_at(times)
        drift = noise(self._seed, 901, times, 0.3)
        if self._auto:
            face += _arousal_shown(arousal)
        for index, span in enumerate(self.spans):
            poses, ways = _arrays(span.mood)
            share = self._share(index, times) * span.strength
            if not share.any() or not (poses.any() or ways.any()):
                continue
            place = np.clip((len(poses) - 1) * (0.5 + 1.2 * (arousal - 0.5) + 0.22 * drift), 0, len(poses) - 1)
            below = np.minimum(place.astype(int), max(len(poses) - 2, 0))
            above, part = np.minimum(below + 1, len(poses) - 1), (place - below)[:, None]
            face += share[:, None] * (poses[below] * (1 - part) + poses[above] * part)
            turns += share[:, None] * (ways[below] * (1 - part) + ways[above] * part)
        return face, turns

    def movement(self, times: FloatArray) -> FloatArray:
        """How large head and brows move at `times`, 1 in everyday talk: by the mood and by how aroused the voice is."""
        total = np.zeros(len(times))
        for index, span in enumerate(self.spans):
            total += self._share(index, times) * span.calm * (1 + (MOODS[span.mood].movement - 1) * span.strength)
        return total * (0.7 + 0.6 * self._prosody.arousal_at(times))

    def at(self, time: float) -> Mood:
        """The mood that holds at `time`."""
        return MOODS[[span for span in self.spans if span.start <= time][-1].mood]

    def _share(self, index: int, times: FloatArray) -> FloatArray:
        """How much of the span of this index is on at `times`: all of them together are 1."""
        share = np.ones(len(times))
        if index:
            share = ease((times - self.spans[index].start + _FADE / 2) / _FADE)
        if index + 1 < len(self.spans):
            share = share * (1 - ease((times - self.spans[index + 1].start + _FADE / 2) / _FADE))
        return share


def unknown_marks(marks: Sequence[Mark]) -> tuple[str, ...]:
    """Names of the marks that name no mood."""
    return tuple(dict.fromkeys(mark.name for mark in marks if not (mood_of(mark.name) or is_low(mark.name))))


def marks_of_no_strength(marks: Sequence[Mark]) -> tuple[str, ...]:
    """Names of the marks of a mood that end in a number which is no strength."""
    known = (mark.name for mark in marks if mood_of(mark.name) or is_low(mark.name))
    return tuple(dict.fromkeys(name for name in known if _NUMBER.search(name)))


def _of_mark(mark: Mark, base: Span) -> Span | None:
    mood, is_quiet = mood_of(mark.name), is_low(mark.name)
    if mood is None and not is_quiet:
        return None
    strength = base.strength if mark.strength is None else mark.strength
    return Span(mark.time, mood or base.mood, strength, 0.6 if is_quiet else 1.0)


def _arousal_shown(arousal: FloatArray) -> FloatArray:
    """What arousal alone does to a face: eyes and brows open with it, lids sink without."""
    face = np.zeros((len(arousal), ARKIT.width))
    high, low = np.clip(arousal - 0.55, 0, 1), np.clip(0.35 - arousal, 0, 1)
    for names, values in (
        (("eyeWideLeft", "eyeWideRight"), 0.6 * high),
        (("browOuterUpLeft", "browOuterUpRight", "browInnerUp"), 0.5 * high),
        (("eyeBlinkLeft", "eyeBlinkRight"), 0.3 * low),
    ):
        for name in names:
            face[:, ARKIT.index_of(name)] += values
    return face


@cache
def _arrays(mood: str) -> tuple[FloatArray, FloatArray]:
    """The mood's poses as coefficients (n, 52) and degrees (n, 4)."""
    poses = MOODS[mood].poses
    face, turns = np.zeros((len(poses), ARKIT.width)), np.zeros((len(poses), len(_TURNS)))
    for row, pose in enumerate(poses):
        for name, value in pose.items():
            if name in _TURNS:
                turns[row, _TURNS.index(name)] = value
                continue
            for full in (name, name + "Left", name + "Right"):
                if full in ARKIT.names:
                    face[row, ARKIT.index_of(full)] = value
    return face, turns
