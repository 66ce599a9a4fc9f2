"""Any sample rate to any other by the Fourier transform, block by block, with NumPy alone: inside Blender too.

Blocks last a whole number of samples at both rates and overlap by far more than the filter rings, so that they join
as if the sound had been transformed in one piece, however it came in.
"""

import math

import numpy as np

from .store import FloatArray

_BLOCK, _MARGIN = 1.0, 0.1  # seconds
_PASSED = 0.9125
"""Share of the lower Nyquist frequency up to which nothing is lost; from there a cosine falls to it."""


class Resampler:
    """A stream of samples (n,) float32 from one rate to another, both in whole samples a second.

    A sample comes out at most `block` and twice `margin` seconds after it came in, or more at odd rates: both last a
    whole number of samples at either rate.
    """

    def __init__(self, rate: int, wanted: int, block: float = _BLOCK, margin: float = _MARGIN) -> None:
        self._rate, self._wanted = rate, wanted
        common = math.gcd(rate, wanted)
        beside, whole = math.ceil(margin * common), math.ceil(block * common)
        self._periods = whole, beside
        self._period_in, self._period_out = rate // common, wanted // common
        self._window = (whole + 2 * beside) * self._period_in
        self._waiting = [np.zeros(beside * self._period_in, np.float32)]
        self._ready = beside * self._period_in
        self._taken = self._given = 0
        self._gain = self._filter((whole + 2 * beside) * self._period_out)

    def __call__(self, samples: FloatArray) -> FloatArray:
        """What is ready at the new rate, now that `samples` have come."""
        self._taken += len(samples)
        return self._transformed(samples)

    def finish(self) -> FloatArray:
        """What is left at the new rate; all in all as long as what came in."""
        rest = round(self._taken * self._wanted / self._rate) - self._given
        if rest <= 0:
            return np.zeros(0, np.float32)
        blocks = -(-rest // (self._periods[0] * self._period_out))
        silence = np.zeros(self._window + blocks * self._periods[0] * self._period_in, np.float32)
        return self._transformed(silence)[:rest]

    def _transformed(self, samples: FloatArray) -> FloatArray:
        if self._rate == self._wanted:
            self._given += len(samples)
            return samples
        self._waiting.append(samples)
        self._ready += len(samples)
        if self._ready < self._window:
            return np.zeros(0, np.float32)
        block, margin = self._periods
        signal, found, at = np.concatenate(self._waiting), [], 0
        while len(signal) - at >= self._window:
            spectrum = np.fft.rfft(signal[at : at + self._window].astype(np.float64))[: len(self._gain)]
            whole = np.fft.irfft(spectrum * self._gain, (block + 2 * margin) * self._period_out)
            found.append(whole[margin * self._period_out : (margin + block) * self._period_out].astype(np.float32))
            at += block * self._period_in
        self._waiting, self._ready = [signal[at:].copy()], len(signal) - at
        result = np.concatenate(found)
        self._given += len(result)
        return result

    def _filter(self, length: int) -> np.ndarray:
        """What each frequency is multiplied by, for windows of `length` at the new rate."""
        count = min(self._window, length) // 2 + 1
        share = np.arange(count) / (min(self._window, length) / 2)
        fall = ((share - _PASSED) / (1 - _PASSED)).clip(0, 1)
        gain: np.ndarray = (0.5 + 0.5 * np.cos(np.pi * fall)) * (length / self._window)
        return gain
