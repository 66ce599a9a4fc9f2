"""The pitch of a voice (F0) in NumPy alone.

Boersma's method (Proceedings of the Institute of Phonetic Sciences 17, 1993), as Praat has it: the autocorrelation of
a windowed frame over that of its window, several candidates a frame, and the path through them that costs least.

Why no library: it has to run inside Blender, where every binary is one too many.  On 14 recordings of speech, judged by
what the other trackers agree on (`evaluate-pitch`, 75 s, clean and in pink noise at 20, 10 and 0 dB), this one misses
.000, .000, .018 and .180 of the frames with a voice and is a fifth or more off in .023 at most; Praat's own
(parselmouth, a wheel that unpacks to 36 MB) misses .018, .018, .061 and .251, librosa's pYIN .101 to .733 at fifty
times the cost.  swift-f0 is steadiest in noise (.103 to .130) and needs onnxruntime, 78 MB.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]

RATE = 25
"""Frames a second; frame i is centred on i / RATE."""

SAMPLE_RATE = 4000
LOWEST, HIGHEST = 65.0, 500.0  # Hz
HALF_WINDOW = 128
"""Samples at SAMPLE_RATE that a frame hears on each side of its centre."""

_FFT = 360
_STEP = 1000  # frames whose costs are in memory together
CANDIDATES = 5
"""A frame, no voice among them."""

_TAPS, _CUTOFF = 31, 1300.0  # Hz: what is above tells little of pitch, and a smooth correlation is one to read
_SILENCE, _VOICING = 0.03, 0.45  # share of the loudest frame, and correlation, below which a frame has no pitch
_OCTAVE, _JUMP, _TURN = 0.04, 0.35, 0.14  # costs: of a low pitch, of an octave's jump, of turning the voice on or off


def slowed(samples: npt.NDArray[np.float32]) -> FloatArray:
    """Samples at 16 kHz → at 4 kHz (a windowed sinc); the first lies on the first."""
    taps = np.arange(_TAPS) - _TAPS // 2
    kernel = np.sinc(taps * 2 * _CUTOFF / 16000) * np.hamming(_TAPS)
    padded = np.pad(samples, (_TAPS // 2, _TAPS // 2))
    framed = np.lib.stride_tricks.sliding_window_view(padded, _TAPS)[::4]
    return framed.astype(np.float64) @ (kernel / kernel.sum())


def candidates(samples: FloatArray, count: int, loudest: float) -> tuple[FloatArray, FloatArray]:
    """Pitches (count, k) in Hz, 0 for none, and their strengths, of frames 160 samples apart.

    `samples` are at 4 kHz, the first 128 of which lie before the centre of frame 0; `loudest` is the sound's peak.
    """
    hop = SAMPLE_RATE // RATE
    frames = np.lib.stride_tricks.sliding_window_view(samples, 2 * HALF_WINDOW)[::hop][:count]
    frames = frames - frames.mean(axis=1, keepdims=True)
    window = np.hanning(2 * HALF_WINDOW)
    power = np.abs(np.fft.rfft(frames * window, _FFT)) ** 2
    correlation = np.fft.irfft(power, _FFT)[:, : HALF_WINDOW // 2 + 32]
    own = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2, _FFT)[: HALF_WINDOW // 2 + 32]
    correlation *= own[0] / np.maximum(correlation[:, :1], 1e-12) / own
    first, last = int(SAMPLE_RATE / HIGHEST), int(SAMPLE_RATE / LOWEST) + 1
    middle = correlation[:, first:last]
    is_peak = (middle >= correlation[:, first - 1 : last - 1]) & (middle > correlation[:, first + 1 : last + 1])
    favour = _OCTAVE * np.log2(SAMPLE_RATE / LOWEST / np.arange(first, last))
    ranked = np.argsort(np.where(is_peak, -middle - favour, 1.0), axis=1, kind="stable")  # alike in every NumPy
    best = ranked[:, : CANDIDATES - 1]
    rows = np.arange(len(frames))[:, None]
    left, middle, right = (correlation[rows, best + first + k] for k in (-1, 0, 1))
    shift = np.clip(0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-9), -0.5, 0.5)
    hertz = SAMPLE_RATE / (best + first + shift)
    height = np.minimum(middle - 0.25 * (left - right) * shift, 1.0) + _OCTAVE * np.log2(hertz / LOWEST)
    strength = np.where(is_peak[rows, best], height, -1.0)
    peaks = np.abs(frames).max(axis=1) / max(loudest, 1e-9)
    silent = _VOICING + np.maximum(0, 2 - peaks / (_SILENCE / (1 + _VOICING)))
    return (
        np.concatenate([hertz, np.zeros((len(frames), 1))], axis=1),
        np.concatenate([strength, silent[:, None]], axis=1),
    )


def best_path(hertz: FloatArray, strength: FloatArray) -> FloatArray:
    """The pitch (frames,) in Hz, 0 where there is no voice, along the cheapest path through the candidates."""
    if not len(hertz):
        return np.zeros(0)
    score = strength[0].copy()
    back = np.zeros(hertz.shape, np.int8)
    columns = np.arange(hertz.shape[1])
    for first in range(1, len(hertz), _STEP):
        costs = _costs(hertz[first - 1 : first + _STEP])
        for frame in range(first, min(first + _STEP, len(hertz))):
            paths = score - costs[frame - first]
            back[frame] = paths.argmax(axis=1)
            score = paths[columns, back[frame]] + strength[frame]
    found = np.zeros(len(hertz))
    place = int(score.argmax())
    for frame in range(len(hertz) - 1, -1, -1):
        found[frame] = hertz[frame, place]
        place = back[frame, place]
    return found


def _costs(hertz: FloatArray) -> FloatArray:
    """(n - 1, k, k) what it costs to go from each candidate of a frame (the last axis) to each of the next."""
    octaves, voiced = np.log2(np.maximum(hertz, 1.0)), hertz > 0
    jumps = _JUMP * np.abs(octaves[1:, :, None] - octaves[:-1, None, :])
    both = voiced[1:, :, None] & voiced[:-1, None, :]
    result: FloatArray = np.where(both, jumps, _TURN * (voiced[1:, :, None] != voiced[:-1, None, :]))
    return result
