"""Noise to animate, and what two takes of it differ in."""

from typing import Any

import numpy as np

from kmtalk_core import audio
from kmtalk_core.audio import RATE, Sound
from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.take import Take

JAW = ARKIT_INDEX["jawOpen"]


QUIET = {"regions": "mouth", "breath": False, "liveliness": 0.0}


def noise(seconds: float, seed: int = 0) -> Sound:
    """Bursts of noise, a few to the second: no speech, but never twice the same."""
    chance = np.random.default_rng(seed)
    count = int(seconds * RATE)
    loudness = np.repeat(chance.random(int(seconds * 8) + 1), RATE // 8)[:count]
    return audio.from_samples((0.1 * chance.standard_normal(count) * loudness).astype(np.float32), RATE)


def by_frame(take: Take) -> dict[int, Any]:
    return {key.frame: key for key in take.keys}


def changed_rows(before: Take, after: Take) -> list[int]:
    return np.flatnonzero((before.motion != after.motion).any(axis=1)).tolist()
