"""Log-mel features of a sound at 100 Hz, normalised by statistics of the whole clip, for any window of it.

Frame i is centred on i * 10 ms.  A frame's values depend on the clip's statistics and on 25 ms of sound, never on the
window it was asked for, so windows join without a seam.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..progress import Job, Progress

RATE = 16000  # samples a second
FRAME_RATE = 100
HOP = RATE // FRAME_RATE
MEL_BANDS = 80
FEATURES = MEL_BANDS + 1
"""Mel bands, then the loudness relative to the clip."""

_WINDOW = 400
_FFT = 512
_LOWEST, _HIGHEST = 40.0, 7800.0  # Hz
_POWER_FLOOR = 1e-9
_DYNAMIC_RANGE = 7.0  # log10 of power: 70 dB below the loud frames
_SPEECH_RANGE = 3.0  # frames within 30 dB of the loud ones count as speech
_FEWEST_SPEECH_FRAMES = 20
_DIGITAL_SILENCE = 0.1  # log10 of power above the floor: what is quieter holds nothing but zeros
_DEVIATION_FLOOR = 0.15
_LOUDNESS_RANGE = 40.0  # dB
_LOUDNESS_TOP = 1.3
LOUDNESS_SMOOTHING = 5  # frames
QUIETEST_PEAK = -35.0  # dB of mel energy; about -75 dB of full scale: a clip with nothing louder holds no speech
_BLOCK = 512  # frames computed together, aligned to the clip: the same arithmetic whatever the window
_FRAMES_A_STEP = 10 * FRAME_RATE
_MOST_KEPT = 300 * FRAME_RATE  # frames of raw log-mel, 320 bytes each

FloatArray: TypeAlias = npt.NDArray[np.float32]


class Readable(Protocol):
    """What features need of a sound: its length in samples at 16 kHz, and any stretch of it, zeros outside."""

    @property
    def length(self) -> int: ...

    def read(self, start: int, stop: int) -> FloatArray: ...


@dataclass(frozen=True)
class MelStatistics:
    """What a clip's features are measured against.

    `floor` is the lowest log10 power kept; `mean` and `deviation` (80,) are over speech frames; `loudness` (frames,) is
    the last feature, ready made.  `raw` (frames, 80) is what they were taken of, where the clip is short enough to keep
    it: nobody need work it out again.  `reference` is the level that loudness is relative to, in dB.
    """

    floor: float
    mean: FloatArray
    deviation: FloatArray
    loudness: FloatArray
    raw: FloatArray | None = None
    reference: float = 0.0

    @property
    def frames(self) -> int:
        """Feature frames of the clip at 100 Hz."""
        return len(self.loudness)

    def normalise(self, log_mel: FloatArray) -> FloatArray:
        """Raw log-mel (frames, 80) → normalised."""
        return (np.maximum(log_mel, self.floor) - self.mean) / self.deviation


def frame_count(length: int) -> int:
    """Feature frames of a clip of `length` samples."""
    return length // HOP + 1


def log_mel(samples: FloatArray) -> FloatArray:
    """Log10 mel power (frames, 80) of `samples`, of which 200 at each end are margin around a frame's centre."""
    count = (len(samples) - _WINDOW) // HOP + 1
    framed = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::HOP][:count]
    spectrum = np.fft.rfft(framed * _hann(), _FFT, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log10(power.astype(np.float32) @ _mel_bank() + np.float32(_POWER_FLOOR)).astype(np.float32)


@cache
def _hann() -> FloatArray:
    return np.hanning(_WINDOW).astype(np.float32)


@cache
def _mel_bank() -> FloatArray:
    """Triangular filters (257, 80)."""
    edges = np.linspace(2595 * np.log10(1 + _LOWEST / 700), 2595 * np.log10(1 + _HIGHEST / 700), MEL_BANDS + 2)
    centres = 700 * (10 ** (edges / 2595) - 1)
    hertz = np.arange(_FFT // 2 + 1) * RATE / _FFT
    rising = (hertz[None] - centres[:-2, None]) / (centres[1:-1] - centres[:-2])[:, None]
    falling = (centres[2:, None] - hertz[None]) / (centres[2:] - centres[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32).T


def raw_frames(sound: Readable, first: int, last: int) -> FloatArray:
    """Raw log-mel (last - first, 80) of the frames `first` to `last`, the same numbers whatever the range."""
    half = _WINDOW // 2
    blocks = []
    for block in range(first // _BLOCK, -(-last // _BLOCK)):
        start = block * _BLOCK * HOP - half
        blocks.append(log_mel(sound.read(start, start + (_BLOCK - 1) * HOP + _WINDOW)))
    if not blocks:
        return np.zeros((0, MEL_BANDS), np.float32)
    offset = first - first // _BLOCK * _BLOCK
    return np.concatenate(blocks)[offset : offset + last - first]


def features(sound: Readable, statistics: MelStatistics, first: int, last: int) -> FloatArray:
    """Features (last - first, 81) of the 100 Hz frames `first` to `last`, within 0 and `statistics.frames`."""
    raw = raw_frames(sound, first, last) if statistics.raw is None else statistics.raw[first:last]
    normalised = statistics.normalise(raw)
    return np.concatenate([normalised, statistics.loudness[first:last, None]], axis=1)


def _windows(sound: Readable, raw: FloatArray | None = None) -> Iterator[tuple[float, FloatArray]]:
    total = frame_count(sound.length)
    step = _FRAMES_A_STEP // _BLOCK * _BLOCK
    for first in range(0, total, step):
        last = min(first + step, total)
        yield last / total, raw_frames(sound, first, last) if raw is None else raw[first:last]


def statistics_job(sound: Readable) -> Job[MelStatistics]:
    """Read the sound and return its statistics; a long one twice, some seconds at a time, keeping 12 bytes a frame."""
    peaks, energies = [], []
    parts: list[FloatArray] | None = [] if frame_count(sound.length) <= _MOST_KEPT else None
    for fraction, raw in _windows(sound):
        if parts is not None:
            parts.append(raw)
        peaks.append(raw.max(axis=1))
        energies.append(energy_of(raw))
        yield Progress("listening", 0.5 * fraction)
    peak, energy = np.concatenate(peaks), np.concatenate(energies)
    floor = np.float32(np.percentile(_heard(peak, peak), 98) - _DYNAMIC_RANGE)
    speech = _speech_frames(energy, peak)
    whole = None if parts is None else np.concatenate(parts)
    count, total, squares, first = 0, np.zeros(MEL_BANDS), np.zeros(MEL_BANDS), 0
    for fraction, raw in _windows(sound, whole):
        kept = np.maximum(raw[speech[first : first + len(raw)]], floor).astype(np.float64)
        first += len(raw)
        count += len(kept)
        total += kept.sum(axis=0)
        squares += (kept**2).sum(axis=0)
        yield Progress("listening", 0.5 + 0.5 * fraction)
    mean = total / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, 0)) + _DEVIATION_FLOOR
    reference = _reference(energy, peak)
    return MelStatistics(
        float(floor), mean.astype(np.float32), spread.astype(np.float32), loudness(energy, reference), whole, reference
    )


def statistics_of(raw: FloatArray) -> MelStatistics:
    """Statistics of a clip whose raw log-mel (frames, 80) is at hand."""
    return statistics_with(raw, energy_of(raw), raw.max(axis=1))


def statistics_with(raw: FloatArray, energy: FloatArray, peak: FloatArray) -> MelStatistics:
    """The same where the energy and the greatest of each frame (frames,) are at hand too."""
    floor = np.float32(np.percentile(_heard(peak, peak), 98) - _DYNAMIC_RANGE)
    kept = np.maximum(raw[_speech_frames(energy, peak)], floor).astype(np.float64)
    deviation = (kept.std(axis=0) + _DEVIATION_FLOOR).astype(np.float32)
    reference = _reference(energy, peak)
    mean = kept.mean(axis=0).astype(np.float32)
    return MelStatistics(float(floor), mean, deviation, loudness(energy, reference), reference=reference)


def energy_of(raw: FloatArray) -> FloatArray:
    """Log10 of the power (frames,) of raw log-mel (frames, 80)."""
    return np.log10((10.0**raw).sum(axis=1)).astype(np.float32)


def _heard(values: FloatArray, peak: FloatArray) -> FloatArray:
    """Those `values` (frames,) that are not digital silence, where most are: a line is as loud as it is without.

    The network was trained with the pauses of usual speech, so those stay.
    """
    is_heard = peak > np.log10(_POWER_FLOOR) + _DIGITAL_SILENCE
    return values[is_heard] if _FEWEST_SPEECH_FRAMES <= is_heard.sum() < 0.5 * len(values) else values


def _speech_frames(energy: FloatArray, peak: FloatArray) -> npt.NDArray[np.bool_]:
    speech = energy > np.percentile(_heard(energy, peak), 95) - _SPEECH_RANGE
    return speech if speech.sum() >= _FEWEST_SPEECH_FRAMES else np.ones(len(energy), bool)


def loudness(energy: FloatArray, reference: float | npt.NDArray[np.float64]) -> FloatArray:
    """The last feature (frames,) of frames of that `energy`, relative to `reference` in dB, one or (frames,)."""
    return np.clip((_smooth(energy) - reference) / _LOUDNESS_RANGE + 1, 0, _LOUDNESS_TOP).astype(np.float32)


def _reference(energy: FloatArray, peak: FloatArray) -> float:
    return max(float(np.percentile(_heard(_smooth(energy), peak), 95)), QUIETEST_PEAK)


def _smooth(energy: FloatArray) -> FloatArray:
    half = LOUDNESS_SMOOTHING // 2
    padded = np.pad(10.0 * energy.astype(np.float64), half, mode="edge")
    smooth: FloatArray = np.convolve(padded, np.full(LOUDNESS_SMOOTHING, 1 / LOUDNESS_SMOOTHING), "valid")
    return smooth
