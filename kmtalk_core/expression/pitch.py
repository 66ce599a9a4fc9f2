"""The pitch of a voice (F0) in NumPy alone.

Boersma's method (Proceedings of the Institute of Phonetic Sciences 17, 1993), as Praat has it: the autocorrelation of
a windowed frame over that of its window, several candidates a frame, and the path through them that costs least.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]

RATE = 50
"""Frames a second; frame i is centred on i / RATE."""

SAMPLE_RATE = 8000
LOWEST, HIGHEST = 65.0, 500.0  # Hz
HALF_WINDOW = 256
"""Samples at SAMPLE_RATE that a frame hears on each side of its centre."""

_FFT = 1024
_CANDIDATES = 5
_SILENCE, _VOICING = 0.03, 0.45  # share of the loudest frame, and correlation, below which a frame has no pitch
_OCTAVE, _JUMP, _TURN = 0.04, 0.35, 0.14  # costs: of a low pitch, of an octave's jump, of turning the voice on or off


def halved(samples: npt.NDArray[np.float32]) -> FloatArray:
    """Samples at 16 kHz → at 8 kHz (a windowed sinc of 15 taps); the first lies on the first."""
    taps = np.arange(-7, 8)
    kernel = np.sinc(taps / 2) * np.hamming(15)
    return np.convolve(samples.astype(np.float64), kernel / kernel.sum(), "same")[::2]


def candidates(samples: FloatArray, count: int, loudest: float) -> tuple[FloatArray, FloatArray]:
    """Pitches (count, k) in Hz, 0 for none, and their strengths, of frames that start each at 160 samples more.

    `samples` are at 8 kHz, the first 256 of which lie before the centre of frame 0; `loudest` is the sound's peak.
    """
    hop = SAMPLE_RATE // RATE
    frames = np.lib.stride_tricks.sliding_window_view(samples, 2 * HALF_WINDOW)[::hop][:count]
    frames = frames - frames.mean(axis=1, keepdims=True)
    window = np.hanning(2 * HALF_WINDOW)
    power = np.abs(np.fft.rfft(frames * window, _FFT)) ** 2
    correlation = np.fft.irfft(power)[:, : HALF_WINDOW // 2 + 32]
    own = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2)[: HALF_WINDOW // 2 + 32]
    correlation = correlation / np.maximum(correlation[:, :1], 1e-12) / (own / own[0])
    first, last = int(SAMPLE_RATE / HIGHEST), int(SAMPLE_RATE / LOWEST) + 1
    left, middle, right = (correlation[:, first + k : last + k] for k in (-1, 0, 1))
    bend = np.minimum(left - 2 * middle + right, -1e-9)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    height = middle - 0.25 * (left - right) * shift
    hertz = SAMPLE_RATE / (np.arange(first, last) + shift)
    strength = np.where(
        (middle >= left) & (middle > right), np.minimum(height, 1.0) + _OCTAVE * np.log2(hertz / LOWEST), -1.0
    )
    best = np.argsort(-strength, axis=1, kind="stable")[:, : _CANDIDATES - 1]
    rows = np.arange(len(frames))[:, None]
    peaks = np.abs(frames).max(axis=1) / max(loudest, 1e-9)
    silent = _VOICING + np.maximum(0, 2 - peaks / (_SILENCE / (1 + _VOICING)))
    return (
        np.concatenate([hertz[rows, best], np.zeros((len(frames), 1))], axis=1),
        np.concatenate([strength[rows, best], silent[:, None]], axis=1),
    )


def best_path(hertz: FloatArray, strength: FloatArray) -> FloatArray:
    """The pitch (frames,) in Hz, 0 where there is no voice, along the cheapest path through the candidates."""
    if not len(hertz):
        return np.zeros(0)
    octaves = np.log2(np.maximum(hertz, 1.0))
    voiced = hertz > 0
    score = strength[0].copy()
    back = np.zeros(hertz.shape, np.int8)
    columns = np.arange(hertz.shape[1])
    jumps = _JUMP * np.abs(octaves[1:, :, None] - octaves[:-1, None, :])
    both = voiced[1:, :, None] & voiced[:-1, None, :]
    costs = np.where(both, jumps, _TURN * (voiced[1:, :, None] != voiced[:-1, None, :]))
    for frame in range(1, len(hertz)):
        paths = score - costs[frame - 1]
        back[frame] = paths.argmax(axis=1)
        score = paths[columns, back[frame]] + strength[frame]
    found = np.zeros(len(hertz))
    place = int(score.argmax())
    for frame in range(len(hertz) - 1, -1, -1):
        found[frame] = hertz[frame, place]
        place = back[frame, place]
    return found
