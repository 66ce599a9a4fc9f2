"""The face that goes with the articulators: ARKit coefficients by rule, posed as a performer's would be.

The visible opening, max(0, jawOpen - mouthClose) + 0.3 mean mouthLowerDown + 0.2 mean mouthUpperUp, follows the
opening rule, mildly wider where speech is loud; which coefficients share it, and what else moves with them, is made to
look natural.
"""

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion.arkit import ARKIT_INDEX
from ..motion.spaces import ARKIT
from .articulation import RATE, Tracks

FloatArray: TypeAlias = npt.NDArray[np.float32]

WIDEST = 0.75
"""Visible opening of a fully open vowel; its jaw is then open by .55, which is as wide as people speak."""

_LOWER_LIP, _UPPER_LIP = 0.3, 0.2  # what a lip coefficient of 1 adds to the visible opening
_JAW_OF_APERTURE = 0.55
_EFFORT, _EFFORT_WIDTH = 0.5, 0.3  # wider by so much for 40 dB more, over so many seconds
_USUAL_LOUDNESS = 0.75  # of speech, beside the clip's loudest: pauses are left out
_JAW_KEPT_IN_CLOSURE = 0.3  # the jaw rests a little open behind sealed lips


def arkit_motion(tracks: Tracks, loudness: FloatArray) -> FloatArray:
    """Motion (frames, 52) at 30 fps of `tracks` and the clip's relative `loudness`, both at 100 Hz.

    The eyes do not blink: when people do cannot be heard, and a network taught it lets the lids droop in between.
    """
    return at_motion_rate(_pose(tracks, loudness))


def at_motion_rate(values: FloatArray) -> FloatArray:
    """(frames at 100 Hz, …) sampled at the exact times of the frames of 30 fps."""
    frames = max(1, round((len(values) - 1) / RATE * ARKIT.fps))
    position = np.minimum(np.arange(frames) / ARKIT.fps * RATE, len(values) - 1)
    below = np.minimum(position.astype(int), len(values) - 2)
    share = (position - below)[:, None].astype(np.float32)
    return values[below] * (1 - share) + values[below + 1] * share


def _pose(tracks: Tracks, loudness: FloatArray) -> FloatArray:
    motion = np.zeros((len(loudness), ARKIT.width), np.float32)

    def put(value: FloatArray, *names: str) -> None:
        for name in names:
            motion[:, ARKIT_INDEX[name]] = np.clip(value, 0, 1)

    def pair(value: FloatArray, name: str) -> None:
        put(value, f"{name}Left", f"{name}Right")

    tracks = replace(tracks, aperture=tracks.aperture * _effort(tracks.speech, loudness))
    opening, closure, labiodental = tracks.opening, tracks.closure, tracks.labiodental
    visible = WIDEST * opening
    lower = 0.5 * opening * (1 - 0.8 * labiodental)
    upper = 0.25 * opening + 0.12 * labiodental * (1 - closure) * np.minimum(1, opening / 0.1)
    clear = np.maximum(visible - _LOWER_LIP * lower - _UPPER_LIP * upper, 0)
    sealed = _JAW_OF_APERTURE * tracks.aperture * _JAW_KEPT_IN_CLOSURE * closure
    put(clear + sealed, "jawOpen")
    put(sealed, "mouthClose")
    pair(lower, "mouthLowerDown")
    pair(upper, "mouthUpperUp")
    pair(0.3 * closure, "mouthPress")
    put(0.12 * closure, "mouthRollUpper")
    put(0.12 * closure + 0.5 * labiodental, "mouthRollLower")

    spread = tracks.spread * (1 - tracks.round)
    put(0.75 * tracks.round * (1 - tracks.funnel), "mouthPucker")
    put(0.75 * tracks.round * tracks.funnel, "mouthFunnel")
    put(0.15 * tracks.round * tracks.funnel, "jawForward")
    pair(0.3 * spread, "mouthStretch")
    pair(0.22 * spread, "mouthSmile")
    pair(0.12 * spread, "mouthDimple")
    pair(0.1 * spread, "cheekSquint")
    put(0.35 * tracks.tongue, "tongueOut")

    emphasis = _emphasis(loudness)
    put(0.45 * emphasis, "browInnerUp")
    pair(0.3 * emphasis, "browOuterUp")
    pair(0.12 * emphasis, "eyeWide")
    pair(0.08 * spread, "eyeSquint")
    return motion


def _effort(speech: FloatArray, loudness: FloatArray) -> FloatArray:
    """How wide a mouth of this loudness opens beside the rule's; slow, for a syllable's loudness is its vowel's."""
    from scipy.ndimage import gaussian_filter1d

    width = _EFFORT_WIDTH * RATE
    present = gaussian_filter1d(speech, width, mode="nearest")
    level = gaussian_filter1d(speech * loudness, width, mode="nearest") / np.maximum(present, 1e-2)
    credible = np.minimum(1, 10 * present)
    return np.clip(1 + _EFFORT * credible * (level - _USUAL_LOUDNESS), 0.8, 1.2)


def _emphasis(loudness: FloatArray) -> FloatArray:
    """How far syllables stand out of their phrase, from 0 to 1: what brows follow."""
    from scipy.ndimage import gaussian_filter1d

    syllable = gaussian_filter1d(loudness, 0.15 * RATE, mode="nearest")
    phrase = gaussian_filter1d(loudness, 1.0 * RATE, mode="nearest")
    return np.clip(2.5 * (syllable - phrase - 0.1), 0, 1)
