"""Where nobody speaks, however loud the sound: measured against its own background and its own speech."""

import numpy as np
import numpy.typing as npt

from ..audio import RATE, Sound
from ..progress import Job, Progress

_FRAME = RATE // 100
_BLOCK = 30 * RATE
_SMOOTH = 5  # frames
_STEP, _MARGIN = 1000, 500  # frames with one threshold, and how far around them it looks
_QUIET = 5  # percentile of the level that is background
_LOUD_FRAMES = 50  # as many lie above what counts as speech
_SOFTEST_SPEECH = 10.0  # dB below the loudest of the sound
_LEAST_RANGE = 10.0  # dB between background and speech; with less there is nothing to tell apart
_WIDEST_RANGE = 60.0  # dB; digital silence lies infinitely low
_THRESHOLD = 0.35  # share of the range, in dB, below which a frame counts as background


def pauses_job(sound: Sound, shortest: float = 0.2) -> Job[tuple[tuple[float, float], ...] | None]:
    """Pauses of at least `shortest` seconds as (start, end) in seconds, in order.

    None where speech does not stand out from the background, so that nothing can be told.
    """
    power: list[npt.NDArray[np.float64]] = []
    for first in range(0, sound.length, _BLOCK):
        samples = sound.read(first, min(first + _BLOCK, sound.length + _FRAME - 1) // _FRAME * _FRAME)
        power.append(np.square(samples.reshape(-1, _FRAME), dtype=np.float64).mean(axis=1))
        yield Progress("finding pauses", first / sound.length)
    level = 10 * np.log10(np.convolve(np.concatenate(power), np.full(_SMOOTH, 1 / _SMOOTH), "same") + 1e-30)
    silent = _background(level)
    if silent is None:
        return None
    turns = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    spans = turns.reshape(-1, 2) * _FRAME / RATE
    return tuple((float(a), min(float(b), sound.duration)) for a, b in spans if b - a >= shortest)


def _background(level: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_] | None:
    """Which frames of the `level` (frames,) in dB are background, by thresholds that follow it; None if it is flat."""
    starts = range(0, len(level), _STEP)
    around = [level[max(start - _MARGIN, 0) : start + _STEP + _MARGIN] for start in starts]
    loud = np.array([np.sort(part)[-min(_LOUD_FRAMES, len(part))] for part in around])
    loud = np.maximum(loud, loud.max() - _SOFTEST_SPEECH)
    quiet = np.maximum([np.percentile(part, _QUIET) for part in around], loud - _WIDEST_RANGE)
    span = np.where(loud - quiet < _LEAST_RANGE, loud.max() - quiet, loud - quiet)
    told = span >= _LEAST_RANGE
    if not told.any():
        return None
    threshold = np.where(told, quiet + _THRESHOLD * span, -np.inf)
    return level < np.repeat(threshold, _STEP)[: len(level)]
