"""What the mouth does for each phone, by rule: dominance of neighbouring targets, then a face in ARKit's coefficients.

Every phone pulls the articulators to its target with its own weight; a Gaussian spreads each pull over its neighbours
and the weighted mean is the motion (after Cohen and Massaro's dominance model).  Lip closure is laid on top, so that
/p b m/ seal whatever stands around them.  The table was chosen for its agreement with captured motion of real speakers.
"""

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..phones import CLASS_INDEX, PHONE_CLASSES, SILENCE

FloatArray: TypeAlias = npt.NDArray[np.float32]

RATE = 100  # frames a second of everything here


@dataclass(frozen=True)
class Articulation:
    """Target of one phone class from 0 to 1, each with the weight of its pull."""

    opening: float
    opening_weight: float
    closure: float = 0.0
    labiodental: float = 0.0
    round: float = 0.0
    round_weight: float = 0.0
    spread: float = 0.0
    spread_weight: float = 0.0
    funnel: float = 0.3
    """How much of the rounding is a funnel (lips apart and forward) rather than a pucker."""
    tongue: float = 0.0
    """How far the tip of the tongue shows."""


_BILABIAL = Articulation(0.0, 3, closure=1, round_weight=0.1, spread_weight=0.1)

_TABLE = {
    "sil": Articulation(0.06, 0.6, round_weight=0.4, spread_weight=0.4),
    "p": _BILABIAL,
    "b": _BILABIAL,
    "m": _BILABIAL,
    "f": Articulation(0.10, 1.8, labiodental=1, round_weight=0.3, spread=0.1, spread_weight=0.3),
    "v": Articulation(0.10, 1.5, labiodental=1, round_weight=0.3, spread=0.1, spread_weight=0.3),
    "θ": Articulation(0.25, 0.7, round_weight=0.3, spread=0.2, spread_weight=0.3, tongue=1.0),
    "t": Articulation(0.25, 0.5, round_weight=0.15, spread=0.3, spread_weight=0.15),
    "d": Articulation(0.25, 0.45, round_weight=0.15, spread=0.3, spread_weight=0.15),
    "n": Articulation(0.28, 0.4, round_weight=0.15, spread=0.2, spread_weight=0.15),
    "s": Articulation(0.20, 0.9, round_weight=0.4, spread=0.5, spread_weight=0.5),
    "z": Articulation(0.20, 0.8, round_weight=0.4, spread=0.5, spread_weight=0.5),
    "ʃ": Articulation(0.25, 0.9, round=0.6, round_weight=0.9, spread_weight=0.8, funnel=0.8),
    "tʃ": Articulation(0.22, 0.9, round=0.5, round_weight=0.8, spread_weight=0.6, funnel=0.8),
    "k": Articulation(0.35, 0.3, round_weight=0.1, spread=0.1, spread_weight=0.1),
    "ɡ": Articulation(0.35, 0.3, round_weight=0.1, spread=0.1, spread_weight=0.1),
    "ŋ": Articulation(0.33, 0.3, round_weight=0.1, spread=0.1, spread_weight=0.1),
    "h": Articulation(0.50, 0.1, round_weight=0.05, spread_weight=0.05),
    "x": Articulation(0.40, 0.3, round_weight=0.2, spread_weight=0.2),
    "l": Articulation(0.40, 0.4, round=0.05, round_weight=0.2, spread=0.2, spread_weight=0.2, tongue=0.3),
    "ɹ": Articulation(0.22, 0.5, round=0.45, round_weight=0.5, spread_weight=0.3, funnel=0.7),
    "r": Articulation(0.35, 0.35, round_weight=0.15, spread=0.1, spread_weight=0.15),
    "j": Articulation(0.30, 0.5, round_weight=0.5, spread=0.8, spread_weight=0.6),
    "w": Articulation(0.10, 1.2, round=1, round_weight=1.2, spread_weight=1, funnel=0.15),
    "i": Articulation(0.35, 1, round_weight=1, spread=1, spread_weight=1),
    "ɪ": Articulation(0.50, 0.8, round_weight=0.8, spread=0.6, spread_weight=0.8),
    "e": Articulation(0.65, 1, round_weight=1, spread=0.7, spread_weight=1),
    "ɛ": Articulation(0.68, 1, round_weight=1, spread=0.5, spread_weight=1),
    "æ": Articulation(0.88, 1.1, round_weight=1, spread=0.5, spread_weight=1),
    "a": Articulation(1.00, 1.2, round_weight=1, spread=0.1, spread_weight=1),
    "ʌ": Articulation(0.65, 0.9, round_weight=0.8, spread=0.1, spread_weight=0.8),
    "ə": Articulation(0.45, 0.45, round=0.05, round_weight=0.4, spread=0.15, spread_weight=0.4),
    "ɜ": Articulation(0.28, 0.8, round=0.35, round_weight=0.8, spread_weight=0.8, funnel=0.6),
    "ɔ": Articulation(0.50, 1, round=0.55, round_weight=1, spread_weight=1, funnel=0.7),
    "o": Articulation(0.35, 1, round=0.8, round_weight=1, spread_weight=1, funnel=0.4),
    "ʊ": Articulation(0.28, 0.9, round=0.7, round_weight=0.9, spread_weight=0.9, funnel=0.4),
    "u": Articulation(0.15, 1, round=1, round_weight=1, spread_weight=1, funnel=0.15),
    "y": Articulation(0.15, 1, round=0.95, round_weight=1, spread_weight=1, funnel=0.15),
    "ø": Articulation(0.30, 1, round=0.75, round_weight=1, spread_weight=1, funnel=0.4),
}

_OPENING_WIDTH = 0.038  # seconds: deviation of the Gaussians that spread the pulls
_CLOSURE_WIDTH = 0.018
_ROUND_WIDTH = 1.3 * _OPENING_WIDTH
_SPREAD_WIDTH = 1.1 * _OPENING_WIDTH
_CLOSURE_IN_DOUBT = 1.5  # lips meet from two thirds of certainty: a missed closure is seen at once
_CLOSURE_GAIN = 1.15  # lips meet before the sound stops, so that the closure lasts as long as the stop does


@dataclass(frozen=True)
class Tracks:
    """Articulators over time at 100 Hz, each (frames,) of 0 to 1.

    `aperture` is the opening before lips are closed, `speech` how sure it is that somebody speaks.
    """

    aperture: FloatArray
    closure: FloatArray
    labiodental: FloatArray
    round: FloatArray
    spread: FloatArray
    funnel: FloatArray
    tongue: FloatArray
    speech: FloatArray

    @property
    def opening(self) -> FloatArray:
        """The visible opening: the rule that everything is measured by."""
        return self.aperture * (1 - self.closure)

    def targets(self) -> FloatArray:
        """(frames, 5): opening, closure, labiodental, round, spread, as the encoder learns them."""
        return np.stack([self.opening, self.closure, self.labiodental, self.round, self.spread], axis=1)


@cache
def _column(name: str) -> FloatArray:
    return np.array([getattr(_TABLE[phone], name) for phone in PHONE_CLASSES], np.float32)


def one_hot(labels: npt.NDArray[np.integer]) -> FloatArray:
    """Class indices (frames,) → (frames, classes)."""
    return np.eye(len(PHONE_CLASSES), dtype=np.float32)[labels]


def articulate(phones: FloatArray) -> Tracks:
    """Tracks of phone posteriors or one-hot labels (frames, classes) at 100 Hz."""
    from scipy.ndimage import gaussian_filter1d

    def blur(values: FloatArray, width: float) -> FloatArray:
        return gaussian_filter1d(values, width * RATE, axis=0, mode="nearest", truncate=3.5)

    def dominance(target: str, weight: str, width: float) -> FloatArray:
        pull = _column(weight)
        return blur(phones @ (pull * _column(target)), width) / np.maximum(blur(phones @ pull, width), 1e-6)

    closed = np.minimum(_CLOSURE_IN_DOUBT * (phones @ _column("closure")), 1)
    closure = np.clip(_CLOSURE_GAIN * blur(closed, _CLOSURE_WIDTH), 0, 1)
    return Tracks(
        aperture=dominance("opening", "opening_weight", _OPENING_WIDTH),
        closure=closure,
        labiodental=np.clip(blur(phones @ _column("labiodental"), _CLOSURE_WIDTH), 0, 1),
        round=dominance("round", "round_weight", _ROUND_WIDTH),
        spread=dominance("spread", "spread_weight", _SPREAD_WIDTH),
        funnel=dominance("funnel", "round_weight", _ROUND_WIDTH),
        tongue=np.clip(blur(phones @ _column("tongue"), _CLOSURE_WIDTH), 0, 1),
        speech=1 - phones[:, CLASS_INDEX[SILENCE]],
    )
