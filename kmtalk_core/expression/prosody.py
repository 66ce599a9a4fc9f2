"""How a sentence is said: pitch, loudness, rate, stressed syllables, phrases, pauses and how aroused the voice is.

NumPy alone, so that it runs inside Blender; read a minute at a time, kept at 100 and 25 values a second.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment
from ..audio import RATE, Sound
from ..phones import VOWELS, classes_of
from ..progress import Job, Progress
from . import pitch

FloatArray: TypeAlias = npt.NDArray[np.float64]

FRAME_RATE = 100
_HOP = RATE // FRAME_RATE
_BLOCK = 20 * FRAME_RATE  # frames
_APART_FRAMES = FRAME_RATE // pitch.RATE
_FFT = 512
_BAND = slice(10, 97)  # bins of 31 Hz: 300 to 3000 Hz, where syllables are loudest
_ABOVE = 32  # bin: 1000 Hz, above which an effortful voice has more of its power
_COMPRESSION = 0.3  # loudness of power (Stevens)
_SMOOTH = 10  # frames on each side
_APART = 0.25  # seconds between stressed syllables
_SHORTEST_PAUSE = 0.2  # seconds
_PROMINENT = 0.4  # deviations of loudness above the mean of speech
_SLOW = 1.2  # seconds over which arousal is heard
_USUAL_RANGE = 2.5  # semitones: deviation of a calm voice's pitch
_USUAL_RATE = 4.5  # syllables a second
_MOST_REMEMBERED = 600 * FRAME_RATE  # frames in all; a single longer sound is remembered by itself


@dataclass(frozen=True)
class Prominence:
    """A syllable that stands out: its loudest moment in seconds, how much (about 0 to 3), and whether pitch rises."""

    time: float
    strength: float
    rises: bool


@dataclass(frozen=True, eq=False)
class Prosody:
    """What is heard of one sound beside its phones.

    `loudness` (frames at 100 Hz) in deviations from the mean of speech, `f0` (frames at 25 Hz) in Hz and 0 without
    voice, `arousal` (frames at 100 Hz) from 0 over .5 (everyday talk) to 1.  `pauses` and `phrases` are (start, end) in
    seconds and take turns; `rate` is in syllables a second of speech.
    """

    duration: float
    loudness: FloatArray
    f0: FloatArray
    arousal: FloatArray
    prominences: tuple[Prominence, ...]
    pauses: tuple[tuple[float, float], ...]
    phrases: tuple[tuple[float, float], ...]
    rate: float

    def arousal_at(self, times: FloatArray) -> FloatArray:
        """Arousal at `times` in seconds."""
        result: FloatArray = np.interp(times, np.arange(len(self.arousal)) / FRAME_RATE, self.arousal)
        return result


@dataclass(frozen=True)
class Voice:
    """What a sound has whatever is said in it, a frame each: power in the syllables' band, spectral tilt, pitch."""

    band: FloatArray
    tilt: FloatArray
    f0: FloatArray


def prosody_job(
    sound: Sound, alignment: Alignment, listen: Callable[[Sound], Job[Voice]] | None = None
) -> Job[Prosody]:
    """Listen to how `sound` is said; `alignment` tells where somebody speaks.

    `listen` is `voice_job`, or whoever remembers what it heard before.
    """
    voice = yield from (listen or voice_job)(sound)
    pauses, phrases = _turns(alignment)
    return _understood(voice.band, voice.tilt, voice.f0, alignment, pauses, phrases)


def voice_job(sound: Sound) -> Job[Voice]:
    """Measure the voice of a sound.  Memory: 10 kB a second at its peak, a quarter of it kept."""
    count = sound.length // _HOP + 1
    band, tilt = np.zeros(count), np.zeros(count)
    hertz, strength = np.empty((2, -(-count // _APART_FRAMES), pitch.CANDIDATES))
    half = pitch.HALF_WINDOW * RATE // pitch.SAMPLE_RATE
    for first in range(0, count, _BLOCK):
        last = min(first + _BLOCK, count)
        samples = sound.read(first * _HOP - half, last * _HOP + 2 * half)
        band[first:last], tilt[first:last] = _powers(samples[half - 200 :], last - first)
        slow = slice(first // _APART_FRAMES, -(-last // _APART_FRAMES))
        hertz[slow], strength[slow] = pitch.candidates(pitch.slowed(samples), slow.stop - slow.start, sound.peak)
        yield Progress("hearing the voice", last / count)
    return Voice(band, tilt, pitch.best_path(hertz, strength))


class Voices:
    """The voices that were heard last, so that an edit need not wait for its sound again: bounded, by their length."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Voice] = OrderedDict()

    def voice_job(self, sound: Sound) -> Job[Voice]:
        """The same as `voice_job`."""
        known = self._known.get(sound.digest)
        if known is None:
            known = self._known[sound.digest] = yield from voice_job(sound)
        self._known.move_to_end(sound.digest)
        while len(self._known) > 1 and sum(len(v.band) for v in self._known.values()) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return known


def _powers(samples: npt.NDArray[np.float32], count: int) -> tuple[FloatArray, FloatArray]:
    """Power in the syllables' band, and above 1 kHz over below in dB, of frames around every 160th sample from 200."""
    framed = np.lib.stride_tricks.sliding_window_view(samples, 400)[::_HOP][:count]
    spectrum = np.fft.rfft(framed * np.hanning(400), _FFT, axis=1)  # in double precision, whatever NumPy it is
    power = spectrum.real**2 + spectrum.imag**2
    high, low = power[:, _ABOVE:].sum(axis=1), power[:, 3:_ABOVE].sum(axis=1)
    return power[:, _BAND].sum(axis=1), 10 * np.log10((high + 1e-9) / (low + 1e-9))


def _turns(alignment: Alignment) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
    """Pauses of .2 s and more, and the phrases between them."""
    pauses = tuple((p.start, p.end) for p in alignment.phones if p.is_silence and p.end - p.start >= _SHORTEST_PAUSE)
    edges = [0.0, *(time for pause in pauses for time in pause), alignment.duration]
    phrases = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 0.05)
    spoken = [p for p in alignment.phones if not p.is_silence]
    return pauses, phrases if spoken else ()


def _understood(
    band: FloatArray,
    tilt: FloatArray,
    f0: FloatArray,
    alignment: Alignment,
    pauses: tuple[tuple[float, float], ...],
    phrases: tuple[tuple[float, float], ...],
) -> Prosody:
    count = len(band)
    times = np.arange(count) / FRAME_RATE
    speech = np.zeros(count, bool)
    for start, end in phrases:
        speech[round(start * FRAME_RATE) : round(end * FRAME_RATE) + 1] = True
    if not speech.any():
        calm = np.full(count, 0.3)
        return Prosody(alignment.duration, np.zeros(count), f0, calm, (), pauses, (), 0.0)
    window = np.hanning(2 * _SMOOTH + 3)[1:-1]
    loud = np.convolve(band, window / window.sum(), "same")[:count] ** _COMPRESSION
    loud = np.minimum(loud, 1.5 * np.percentile(loud[speech], 90))  # a knock is no stressed syllable
    loudness = (loud - loud[speech].mean()) / max(float(loud[speech].std()), 1e-9)
    semitones = _semitones(f0, times)
    prominences = _prominences(loudness, semitones, speech, alignment)
    spoken = max(sum(end - start for start, end in phrases), 0.1)
    vowels = sum(1 for p in alignment.phones if VOWELS.intersection(classes_of(p.label)))
    arousal = _arousal(loudness, semitones, tilt, speech, vowels / spoken)
    return Prosody(alignment.duration, loudness, f0, arousal, prominences, pauses, phrases, vowels / spoken)


def _semitones(f0: FloatArray, times: FloatArray) -> FloatArray:
    """Pitch at 100 Hz in semitones beside the voice's median, carried across what has no voice; zeros for none."""
    voiced = np.flatnonzero(f0)
    if len(voiced) < 5:
        return np.zeros(len(times))
    height = 12 * np.log2(f0[voiced] / np.median(f0[voiced]))
    result: FloatArray = np.interp(times, voiced / pitch.RATE, np.clip(height, -12, 12))
    return result


def _prominences(
    loudness: FloatArray, semitones: FloatArray, speech: npt.NDArray[np.bool_], alignment: Alignment
) -> tuple[Prominence, ...]:
    """Loud syllables, the loudest first to be taken, weighed by their pitch and by how long their phone is."""
    inner = loudness[1:-1]
    peaks = np.flatnonzero((inner >= loudness[:-2]) & (inner > loudness[2:]) & speech[1:-1]) + 1
    taken: list[int] = []
    for peak in peaks[np.argsort(-loudness[peaks], kind="stable")].tolist():
        if loudness[peak] < _PROMINENT:
            break
        if all(abs(peak - other) >= _APART * FRAME_RATE for other in _near(taken, peak)):
            taken.insert(int(np.searchsorted(taken, peak)), peak)
    starts = np.array([p.start for p in alignment.phones])
    slow = _slow(semitones, 0.8)
    found = []
    for peak in taken:
        phone = alignment.phones[max(int(np.searchsorted(starts, peak / FRAME_RATE, "right")) - 1, 0)]
        before, at = semitones[max(peak - 20, 0)], semitones[max(peak - 6, 0) : peak + 7].max()
        height = float(np.clip((semitones[peak] - slow[peak]) / 3, -0.5, 1))
        length = float(np.clip((phone.end - phone.start - 0.08) / 0.12, 0, 1))
        strength = float(loudness[peak]) + 0.5 * height + 0.3 * length
        found.append(Prominence(peak / FRAME_RATE, round(max(strength, 0.0), 3), bool(at - before > 1.0)))
    return tuple(found)


def _near(taken: list[int], peak: int) -> list[int]:
    place = int(np.searchsorted(taken, peak))
    return taken[max(place - 1, 0) : place + 1]


def _arousal(
    loudness: FloatArray, semitones: FloatArray, tilt: FloatArray, speech: npt.NDArray[np.bool_], rate: float
) -> FloatArray:
    """From what listeners hear it by: loudness, height and range of pitch, effort (spectral tilt), rate."""
    effort = (tilt - tilt[speech].mean()) / max(float(tilt[speech].std()), 1e-9)
    moment = 0.10 * loudness + 0.06 * np.clip(semitones / 3, -2, 2) + 0.04 * effort
    weight = _slow(speech.astype(float), _SLOW)
    slow = _slow(np.where(speech, moment, 0.0), _SLOW) / np.maximum(weight, 0.05)
    lively = 0.12 * np.clip(float(semitones[speech].std()) / _USUAL_RANGE - 1, -1, 1.5)
    fast = 0.10 * np.clip(rate / _USUAL_RATE - 1, -1, 1)
    level = np.clip(0.5 + lively + fast + 2.0 * slow, 0.05, 1.0)
    result: FloatArray = 0.3 + (level - 0.3) * np.clip(weight * 2, 0, 1)
    return result


def _slow(values: FloatArray, seconds: float) -> FloatArray:
    """`values` at 100 Hz under a window of `seconds` on each side, three times a mean: cheap at any length."""
    reach = max(int(seconds * FRAME_RATE / 3), 1)
    for _ in range(3):
        padded = np.concatenate([np.full(reach + 1, values[0]), values, np.full(reach, values[-1])])
        total = np.cumsum(padded)
        values = (total[2 * reach + 1 :] - total[: -2 * reach - 1]) / (2 * reach + 1)
    return values
