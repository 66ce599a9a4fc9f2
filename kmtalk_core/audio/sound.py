"""Mono sound at 16 kHz, made of blocks from any decoder, so that an hour never sits in memory."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import AudioError
from ..progress import Job, Progress, finish
from .channels import Channels
from .resample import Resampler
from .store import FileStore, FloatArray, MemoryStore, Store

RATE = 16000
"""Samples a second of every `Sound`."""

BLOCK_VALUES = 1 << 15
"""About as many values a decoder gives at once."""

_IN_MEMORY = 5 * 60 * RATE  # samples; 19 MB
SILENT = "The sound is silent from beginning to end: nothing is said in it, and the mouth rests."
_OF_SPEECH = 8000  # samples a second of a telephone; below, s, f and t are lost
_LOWEST_RATE, _HIGHEST_RATE = 2000, 768_000
_MOST_CHANNELS = 64
_LONGEST = 24 * 3600  # seconds; a few kilobytes of FLAC can claim years
_ROUNDED = 0.2  # seconds by which compressed files and their players differ about a length
_SILENCE = 1e-4  # of full scale (-80 dB), beside a constant offset: three steps of a 16-bit file

Blocks: TypeAlias = Iterator[tuple[int, FloatArray]]
"""(rate, samples (n, channels) float32) in order; rate and channels may change where files were joined."""


class Decoder(Protocol):
    """What reads one kind of file.

    `rate` and `frames` are those it claims to have (frames: 0 where it does not say), `notes` what the user should know
    once all `blocks()` have been read, which may be done twice.
    """

    @property
    def rate(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    def blocks(self) -> Blocks: ...


@dataclass(frozen=True, eq=False)
class Sound:
    """Mono sound at 16 kHz.

    `length` is in samples, `digest` the SHA-256 (hex) of the float32 samples, `peak` the largest magnitude,
    `notes` what the user should know of how it was read.
    """

    name: str
    length: int
    digest: str
    peak: float
    notes: tuple[str, ...]
    _store: Store = field(repr=False)

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.length / RATE

    def read(self, start: int, stop: int) -> FloatArray:
        """Samples (stop - start,) float32, with zeros outside the sound."""
        window = np.zeros(max(stop - start, 0), np.float32)
        first, last = max(start, 0), min(stop, self.length)
        if first < last:
            window[first - start : last - start] = self._store.read(first, last)
        return window


def from_samples(samples: npt.ArrayLike, rate: int, name: str = "buffer") -> Sound:
    """Sound of an array (n,) or (n, channels); integers span their type's range, floats -1 to 1.  NumPy alone does it.

    Raises AudioError for an empty array, another shape or type, or an absurd rate.
    """
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
        raise AudioError(f"Samples must be numbers of shape (n,) or (n, channels), not {array.dtype} {array.shape}.")
    array = array[:, None] if array.ndim == 1 else array
    check_layout(name, rate, array.shape[1])
    return finish(collect_job(name, _Array(array, int(rate))))


def part_job(sound: Sound, begin: float, end: float | None) -> Job[Sound]:
    """The part of `sound` from `begin` to `end` seconds (None: to its end), with its notes.

    Raises AudioError where it has ended before.
    """
    first = min(max(round(begin * RATE), 0), sound.length)
    last = sound.length if end is None else min(round(end * RATE), sound.length)
    if last <= first:
        raise AudioError(
            f"{sound.name} ends at {sound.duration:.2f} s, before the part to animate; choose another part."
        )
    if (first, last) == (0, sound.length):
        return sound
    return (yield from collect_job(sound.name, _Part(sound, first, last)))


def check_layout(name: str, rate: float, channels: int) -> None:
    """Raise AudioError for a rate or a number of channels that no sound has."""
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise AudioError(
            f"“{name}” claims {rate} samples a second; sound of {_LOWEST_RATE} to {_HIGHEST_RATE} Hz can be read."
        )
    if not 1 <= channels <= _MOST_CHANNELS:
        raise AudioError(f"“{name}” has {channels} channels; sound of 1 to {_MOST_CHANNELS} channels can be read.")


def collect_job(name: str, decoder: Decoder) -> Job[Sound]:
    """Mix, clean, resample and store all that `decoder` gives.

    Raises AudioError where that is nothing, or longer than a day.
    """
    channels = Channels()
    sound = yield from _collected(name, decoder, channels, "reading")
    better = channels.better()
    if better is None:
        return sound
    picked, why = better
    sound._store.close()
    return (yield from _collected(name, decoder, Channels(picked), "reading again", (why,)))


def _collected(name: str, decoder: Decoder, channels: Channels, stage: str, notes: tuple[str, ...] = ()) -> Job[Sound]:
    expected = min(decoder.frames / decoder.rate, float(_LONGEST))  # seconds
    store: Store = FileStore() if not decoder.frames or expected * RATE > _IN_MEMORY else MemoryStore()
    try:
        writer, rate, resampler, seconds = _Writer(store), 0, None, 0.0
        for block_rate, block in decoder.blocks():
            if block_rate != rate:
                if resampler is not None:
                    writer.write(resampler.finish())
                rate, resampler = block_rate, Resampler(block_rate, RATE)
            assert resampler is not None
            seconds += len(block) / rate
            if seconds > _LONGEST:
                raise AudioError(f"“{name}” is longer than {_LONGEST // 3600} hours; cut it into shorter files.")
            writer.write(resampler(channels.mix(block)))
            yield Progress(stage, min(seconds / expected, 1.0) if expected else 0.0)
        if resampler is None or not seconds:
            raise AudioError(f"“{name}” holds no sound; choose another file.")
        writer.write(resampler.finish())
        if writer.length == 0:  # fewer samples than one at 16 kHz
            writer.write(np.zeros(1, np.float32))
        notes = (*notes, *channels.notes(), *decoder.notes, *_about(seconds, expected, rate, writer))
        return Sound(name, writer.length, writer.digest.hexdigest(), writer.peak, notes, store)
    except BaseException:
        store.close()
        raise


def _about(seconds: float, expected: float, rate: int, writer: "_Writer") -> Iterator[str]:
    if seconds < min(0.98 * expected, expected - _ROUNDED):
        yield f"The sound ends after {seconds:.1f} s, earlier than it claims; the file may be damaged."
    if writer.is_silent:
        yield SILENT
    elif rate < _OF_SPEECH:
        yield f"With {rate} samples a second many consonants cannot be told apart; take the recording it was made from."


class _Writer:
    """Measures and stores what is written to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._least, self._most = np.inf, -np.inf
        self.length = 0
        self.digest = hashlib.sha256()

    @property
    def peak(self) -> float:
        return max(abs(self._least), abs(self._most))

    @property
    def is_silent(self) -> bool:
        return self._most - self._least < 2 * _SILENCE

    def write(self, samples: FloatArray) -> None:
        if not len(samples):
            return
        self.length += len(samples)
        self._least, self._most = min(self._least, float(samples.min())), max(self._most, float(samples.max()))
        self.digest.update(np.ascontiguousarray(samples, "<f4").tobytes())
        self._store.append(samples)


@dataclass(frozen=True)
class _Array:
    """An array (n, channels) of numbers as what a decoder gives: float32 with full scale at 1."""

    values: npt.NDArray[Any]
    rate: int
    notes: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return len(self.values)

    def blocks(self) -> Blocks:
        frames = max(BLOCK_VALUES // self.values.shape[1], 1)
        scale, offset = 1.0, 0.0
        if self.values.dtype.kind in "iu":
            scale = 2.0 ** (8 * self.values.dtype.itemsize - 1)
            offset = scale if self.values.dtype.kind == "u" else 0.0
        for start in range(0, len(self.values), frames):
            block = self.values[start : start + frames].astype(np.float64)
            yield self.rate, ((block - offset) / scale).astype(np.float32)


@dataclass(frozen=True)
class _Part:
    """Samples `first` to `last` of a sound."""

    sound: Sound
    first: int
    last: int
    rate: int = RATE

    @property
    def frames(self) -> int:
        return self.last - self.first

    @property
    def notes(self) -> tuple[str, ...]:
        return self.sound.notes

    def blocks(self) -> Blocks:
        for start in range(self.first, self.last, BLOCK_VALUES):
            yield RATE, self.sound.read(start, min(start + BLOCK_VALUES, self.last))[:, None]
