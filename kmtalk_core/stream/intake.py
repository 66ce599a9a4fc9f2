"""Blocks of sound as a device, a file or a network hands them over, to one steady stream at 16 kHz."""

import numpy as np
import numpy.typing as npt

from ..audio import RATE
from ..audio.channels import Channels
from ..audio.resample import Resampler
from ..audio.sound import check_layout
from ..model.log_mel import FloatArray

_BLOCK, _MARGIN = 0.01, 0.006  # seconds by which another rate delays the sound, twice the margin beside
_LONGEST_GAP = 1.0  # seconds that are made up with silence; what was lost beyond never happened
_LOUDEST = 4.0  # times full scale: more is a fault of the driver's


class Intake:
    """Mixes, cleans and resamples blocks; counts the samples that were `lost` and those that came `doubled` or late."""

    def __init__(self, rate: int, channels: int = 1, name: str = "microphone") -> None:
        """Raises AudioError for a rate or a number of channels that no sound has."""
        check_layout(name, rate, channels)
        self._rate, self._channels = rate, channels
        self._mixer = Channels()
        self._resampler = Resampler(rate, RATE, _BLOCK, _MARGIN)
        self._expected = 0
        self.lost = self.doubled = 0

    def __call__(self, block: npt.NDArray[np.floating], at: int | None = None) -> FloatArray:
        """What is ready at 16 kHz now that `block` (n,) or (n, channels) has come.

        `at` is the number of its first sample where whoever hands it over counts them: what is missing before it
        becomes silence, what was there already is left out.
        """
        samples = np.asarray(block, np.float32).reshape(-1, self._channels)
        if at is not None:
            samples = self._in_place(samples, at)
        self._expected += len(samples)
        if not len(samples):
            return np.zeros(0, np.float32)
        return np.clip(self._resampler(self._mixer.mix(samples)), -_LOUDEST, _LOUDEST)

    def finish(self) -> FloatArray:
        """What is left when nothing more comes."""
        return self._resampler.finish()

    def _in_place(self, samples: FloatArray, at: int) -> FloatArray:
        early = self._expected - at
        if early > 0:
            self.doubled += min(early, len(samples))
            return samples[early:]
        if early < 0:
            self.lost -= early
            gap = min(-early, round(_LONGEST_GAP * self._rate))
            self._expected -= early + gap
            samples = np.concatenate([np.zeros((gap, self._channels), np.float32), samples])
        return samples
