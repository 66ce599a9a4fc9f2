"""Speakers' styles and chance: what makes a synthetic data set ill-posed, as captured ones are.

One sound then has as many right faces as there are styles, and no face follows from its sound alone: how far a mouth
opens, rounds and spreads is the speaker's, and so is how early it moves; the size of every phone and the time of every
boundary are chance's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Phone
from ..motion.spaces import ARKIT

FloatArray: TypeAlias = npt.NDArray[np.float32]

_ARTICULATORS: Sequence[tuple[tuple[str, ...], float, float]] = (
    (("jawOpen", "mouthClose", "mouthLowerDownLeft", "mouthLowerDownRight"), 0.6, 1.4),
    (("mouthUpperUpLeft", "mouthUpperUpRight"), 0.3, 1.8),
    (("mouthPucker", "mouthFunnel", "jawForward"), 0.4, 1.6),
    (("mouthStretchLeft", "mouthStretchRight", "mouthDimpleLeft", "mouthDimpleRight"), 0.3, 1.7),
    (("mouthSmileLeft", "mouthSmileRight", "cheekSquintLeft", "cheekSquintRight"), 0.0, 2.0),
)
"""Channels that a speaker moves together, and between what shares of the rule's size."""

_LEAD = 0.05  # seconds by which a style is early or late at most
_TIMING = 0.02  # seconds: deviation of a boundary of the face from the sound's
_SIZE = 0.25  # deviation of a phone's size, as a share
_SHORTEST = 0.015  # seconds


@dataclass(frozen=True, eq=False)
class Style:
    """`gains` (52,) on the rule's coefficients; the face is `lead` seconds before its sound."""

    gains: FloatArray
    lead: float


def style(number: int, seed: int) -> Style:
    """The style `number` of a data set: always the same for one `seed`."""
    rng = np.random.default_rng([seed, number, 7])
    gains = np.ones(ARKIT.width, np.float32)
    for names, low, high in _ARTICULATORS:
        gains[ARKIT.indices_of(names)] = rng.uniform(low, high)
    return Style(gains, float(rng.uniform(-_LEAD, _LEAD)))


def shown(phones: Sequence[Phone], speaker: Style, rng: np.random.Generator) -> list[Phone]:
    """`phones` as the face shows them: early or late by style and chance, in their order, none of them lost."""
    edges = [phones[0].start, *(b.start for _, b in pairwise(phones)), phones[-1].end]
    moved = np.array(edges) - speaker.lead + rng.normal(0, _TIMING, len(edges))
    moved[0], moved[-1] = edges[0], edges[-1]
    for index in range(1, len(moved)):
        moved[index] = max(moved[index], moved[index - 1] + _SHORTEST)
    moved = np.minimum(moved, edges[-1] - _SHORTEST * np.arange(len(moved))[::-1])
    return [replace(p, start=float(a), end=float(b)) for p, (a, b) in zip(phones, pairwise(moved), strict=True)]


def sized(motion: FloatArray, phones: Sequence[Phone], speaker: Style, rng: np.random.Generator) -> FloatArray:
    """`motion` (frames, 52) at 30 fps by the rule, in the size that style and chance give every phone of it."""
    middles = [(phone.start + phone.end) / 2 for phone in phones]
    sizes = rng.normal(1, _SIZE, len(phones)).clip(0.4, 1.6)
    curve = np.interp(np.arange(len(motion)) / ARKIT.fps, middles, sizes).astype(np.float32)
    result = motion * speaker.gains
    mouth = ARKIT.in_region("mouth")
    result[:, mouth] *= curve[:, None]
    return np.clip(result, ARKIT.low, ARKIT.high).astype(np.float32)
