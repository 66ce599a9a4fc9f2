"""What a voice that goes on is measured against: running statistics in place of those of a whole clip.

The definition is `log_mel`'s, taken over the last seconds in which somebody spoke; what has been silent for an hour
still knows the voice.  Before much has been heard, speech in general stands in for it.
"""

import numpy as np

from ..model import log_mel
from ..model.log_mel import FRAME_RATE, MEL_BANDS, FloatArray, MelStatistics

_KEPT = 20 * FRAME_RATE  # frames of speech that are remembered
_NOISE_KEPT = 5 * FRAME_RATE  # frames of whatever is heard, by which its noise is known
_EVERY = 20  # frames from one measurement to the next
_RANGE = 3.0  # log10 of power: what is 30 dB below the voice is none
_ABOVE_NOISE, _CLEARLY_ABOVE = (
    0.6,
    1.5,
)  # how far speech stands out, and what is quieter than before
_ENOUGH = 10  # frames by which the level of a voice is known
_STAND_IN = 100  # frames of speech in general; they give way as three times as many are heard
_USUAL_LEVEL, _USUAL_NOISE = 3.0, -1.0  # log10 of mel energy: its 95th percentile, and of a room

_BANDS = (0, 10, 20, 40, 60, 79)
_USUAL_MEAN = (-3.6, -3.0, -4.3, -5.1, -4.5, -5.5)
_USUAL_DEVIATION = 1.4
"""Long-term mean of speech in those mel bands, in log10 of power beside its level, and its deviation: of forty
sentences by eSpeak NG in ten voices and languages."""


class RunningStatistics:
    """Statistics of the voice up to now; `heard` takes raw log-mel frames in their order.

    They change every twentieth frame, whatever the stretches in which these come.
    """

    def __init__(self) -> None:
        bands = np.interp(np.arange(MEL_BANDS), _BANDS, _USUAL_MEAN)
        spread = np.linspace(-1.6, 1.6, _STAND_IN)[:, None]
        usual = (bands + _USUAL_DEVIATION * spread).astype(np.float32)
        self._usual = usual - np.float32(np.percentile(log_mel.energy_of(usual), 95))
        self._usual_energies, self._usual_peaks = log_mel.energy_of(self._usual), self._usual.max(axis=1)
        self._speech = np.zeros((_KEPT, MEL_BANDS), np.float32)
        self._energies, self._peaks = np.full(_KEPT, _USUAL_LEVEL, np.float32), np.zeros(_KEPT, np.float32)
        self._spoken = 0  # frames of speech all in all
        self._recent = np.full(_NOISE_KEPT, np.float32(_USUAL_NOISE - 2))
        self._frames = 0
        self._noise, self._level = _USUAL_NOISE - 2.0, _USUAL_LEVEL
        self._measured = self._measure()

    def heard(self, raw: FloatArray, energy: float) -> MelStatistics:
        """What raw log-mel (80,) of that energy, the next frame, is measured against; its `loudness` means nothing.

        The same object as long as nothing is measured anew.
        """
        self._recent[self._frames % _NOISE_KEPT] = energy
        self._frames += 1
        stands_out = energy > self._noise + _ABOVE_NOISE and energy > self._level - _RANGE
        if stands_out or energy > max(self._noise + _CLEARLY_ABOVE, log_mel.QUIETEST_PEAK / 10):
            place = self._spoken % _KEPT
            self._speech[place], self._energies[place], self._peaks[place] = raw, energy, raw.max()
            self._spoken += 1
        if self._frames % _EVERY == 0:
            self._noise = float(np.percentile(self._recent, 10))
            self._measured = self._measure()
        return self._measured

    def _measure(self) -> MelStatistics:
        known = min(self._spoken, _KEPT)
        energies = self._energies[:known]
        self._level = float(np.percentile(energies, 95)) if known >= _ENOUGH else _USUAL_LEVEL
        stand_ins = max(_STAND_IN - self._spoken // 3, 0)
        which = slice(None, None, -(-_STAND_IN // stand_ins)) if stand_ins else slice(0)
        level = np.float32(self._level)
        return log_mel.statistics_with(
            np.concatenate([self._speech[:known], self._usual[which] + level]),
            np.concatenate([energies, self._usual_energies[which] + level]),
            np.concatenate([self._peaks[:known], self._usual_peaks[which] + level]),
        )
