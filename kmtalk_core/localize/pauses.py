"""Where nobody speaks, however loud the sound: measured against the clip's own noise and its own speech."""

import numpy as np
import numpy.typing as npt

from ..audio import RATE, Sound
from ..progress import Job, Progress

_FRAME = RATE // 100
_BLOCK = 30 * RATE
_SMOOTH = 5  # frames
_QUIET, _LOUD = 5, 95  # percentiles of the level: background and speech
_LEAST_RANGE = 10.0  # dB between them; with less there is nothing to tell apart
_WIDEST_RANGE = 60.0  # dB; digital silence lies infinitely low
_THRESHOLD = 0.35  # share of the range, in dB, below which a frame counts as background


def pauses_job(sound: Sound, shortest: float = 0.2) -> Job[tuple[tuple[float, float], ...] | None]:
    """Pauses of at least `shortest` seconds as (start, end) in seconds, in order.

    None where speech does not stand out from the background, so that nothing can be told.
    """
    levels: list[npt.NDArray[np.float64]] = []
    for first in range(0, sound.length, _BLOCK):
        samples = sound.read(first, min(first + _BLOCK, sound.length + _FRAME - 1) // _FRAME * _FRAME)
        levels.append(np.square(samples.reshape(-1, _FRAME), dtype=np.float64).mean(axis=1))
        yield Progress("finding pauses", first / sound.length)
    power = np.concatenate(levels)
    level = 10 * np.log10(np.convolve(power, np.full(_SMOOTH, 1 / _SMOOTH), "same") + 1e-30)
    loud = float(np.percentile(level, _LOUD))
    quiet = max(float(np.percentile(level, _QUIET)), loud - _WIDEST_RANGE)
    if loud - quiet < _LEAST_RANGE:
        return None
    silent = level < quiet + _THRESHOLD * (loud - quiet)
    turns = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    spans = turns.reshape(-1, 2) * _FRAME / RATE
    return tuple((float(a), min(float(b), sound.duration)) for a, b in spans if b - a >= shortest)
