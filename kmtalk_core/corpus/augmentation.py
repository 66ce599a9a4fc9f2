"""What a room, a microphone and a street do to a voice: the difference between a synthesiser and a recording."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .utterance import RATE

Wave: TypeAlias = npt.NDArray[np.float64]

_EQUALISER_BANDS = (60, 150, 400, 900, 1800, 3200, 5000, 8000)  # Hz
_QUIETEST_NOISE = 32.0  # dB below the speech


def augment(wave: Wave, rng: np.random.Generator, babble: Sequence[npt.NDArray[np.int16]]) -> Wave:
    """`wave` through a random microphone, room and noise; `babble` are other voices to mix from."""
    if rng.random() < 0.8:
        wave = equalise(wave, rng)
    if rng.random() < 0.5:
        wave = reverberate(wave, rng)
    if rng.random() < 0.15:
        wave = np.tanh(wave / np.abs(wave).max() * rng.uniform(1.5, 5))
    if rng.random() < 0.75:
        speech = wave[np.abs(wave) > 0.02 * np.abs(wave).max()]
        level = np.sqrt(np.mean(speech**2)) * 10 ** (-rng.uniform(0, _QUIETEST_NOISE) / 20)
        wave = wave + level * noise(len(wave), rng, babble)
    return wave


def equalise(wave: Wave, rng: np.random.Generator, depth: float = 10.0) -> Wave:
    """A random tilt and eight random bands of up to `depth` dB; sometimes a telephone's or a phone's band limits."""
    spectrum = np.fft.rfft(wave)
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE)
    gains = rng.uniform(-depth, depth, len(_EQUALISER_BANDS)) * 0.6 + np.linspace(
        0, rng.uniform(-10, 8), len(_EQUALISER_BANDS)
    )
    response = 10 ** (np.interp(np.log2(hertz + 1), np.log2(_EQUALISER_BANDS), gains) / 20)
    if rng.random() < 0.2:
        response /= 1 + (hertz / rng.uniform(3000, 6500)) ** 12
    if rng.random() < 0.25:
        response *= 1 - 1 / (1 + (hertz / rng.uniform(100, 350)) ** 8)
    return np.fft.irfft(spectrum * response, len(wave))


def reverberate(wave: Wave, rng: np.random.Generator) -> Wave:
    """A room of 0.08 to 0.7 s: exponentially decaying noise behind the direct sound."""
    from scipy.signal import fftconvolve

    length = int(rng.uniform(0.08, 0.7) * RATE)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail[: int(0.002 * RATE)] = 0
    tail *= 10 ** (rng.uniform(-16, 0) / 20) / np.sqrt((tail**2).sum() + 1e-9)
    tail[0] = 1
    return fftconvolve(wave, tail)[: len(wave)]


def noise(length: int, rng: np.random.Generator, babble: Sequence[npt.NDArray[np.int16]]) -> Wave:
    """Babble, street, hum or coloured noise of unit power."""
    kind = rng.integers(5)
    if kind <= 1 and len(babble):
        wave = _babble(length, rng, babble)
    elif kind == 2:
        swell = 1 + 0.8 * _slow(length, rng, 12000)
        wave = _coloured(length, rng, 1.6) * swell + 0.4 * _coloured(length, rng, 0.5) * np.maximum(
            0, _slow(length, rng, 5000)
        )
    elif kind == 3:
        hum = np.sin(2 * np.pi * rng.choice([50, 60, 100, 120]) * np.arange(length) / RATE)
        wave = _coloured(length, rng, rng.uniform(0.3, 2)) + 0.3 * hum
    else:
        wave = _coloured(length, rng, rng.uniform(0, 1.5))
    return wave / (wave.std() + 1e-9)


def _babble(length: int, rng: np.random.Generator, voices: Sequence[npt.NDArray[np.int16]]) -> Wave:
    wave = np.zeros(length)
    for _ in range(rng.integers(3, 9)):
        voice = np.resize(voices[rng.integers(len(voices))].astype(np.float64), length)
        wave += np.roll(voice / (voice.std() + 1e-9), rng.integers(length)) * rng.uniform(0.5, 1)
    return wave


def _coloured(length: int, rng: np.random.Generator, slope: float) -> Wave:
    """Noise whose power falls as frequency to the `slope`."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    wave = np.fft.irfft(spectrum * np.arange(1, len(spectrum) + 1) ** (-slope / 2), length)
    return wave / (wave.std() + 1e-9)


def _slow(length: int, rng: np.random.Generator, samples_a_knot: int) -> Wave:
    knots = max(3, length // samples_a_knot)
    return np.interp(np.arange(length), np.linspace(0, length, knots), rng.standard_normal(knots))
