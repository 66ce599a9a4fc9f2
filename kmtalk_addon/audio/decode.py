"""Whatever Blender can play, as a sound of the core: nothing but NumPy and Blender's own `aud`.

`aud` reads a file from its beginning or from any second, all at once, and holds Python's lock meanwhile.  So it is
asked for a slice at a time, short enough that a window stays alive, and each slice overlaps the one before it: there
a codec finds its feet again, and what both hold tells whether the file was entered where it was asked.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import bpy
import numpy as np
import numpy.typing as npt

from .. import compat
from ..core import audio, errors, progress

if TYPE_CHECKING:
    from kmtalk_core.audio import Decoder, Sound

FloatArray: TypeAlias = npt.NDArray[np.float32]

AVAILABLE = compat.HAS_AUDIO
"""Whether this Blender decodes sounds."""

_OVERLAP = 0.25  # seconds
_COMPARED = 0.15  # seconds at the end of the overlap
_FURTHER = 1.0  # seconds more around a slice that was not entered where it was asked
_FROM_THE_START = 60.0  # seconds up to which a part is read from the beginning of its file, where nothing is in doubt
_EQUAL = 1e-4
_SAME, _ALIKE = 0.99, 0.9  # correlation of what is the same, and of what a codec made of the same
_AS_GOOD, _NO_WORSE = 0.01, 1e-4
_SHORTEST, _LONGEST = 0.1, 30.0  # seconds of one slice
_PATIENCE = 0.008  # seconds that a slice may take in a window
_PATIENCE_WITHOUT = 0.5  # and where there is none


def sound_job(path: Path, begin: float = 0.0, end: float | None = None) -> "progress.Job[Sound]":
    """The sound of a file, or a film, from `begin` to `end` seconds (None: to its own end), mono at 16 kHz.

    Every step is short, so it may run beside a window; memory stays flat, however long the file is.  Raises AudioError
    where Blender cannot play it, or where it has ended before `begin`.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise errors.AudioError(f"The sound {path} cannot be opened: check the file, or choose another.") from error
    with file:
        wave = audio.wav_decoder(file)
        decoder: Decoder = _wave_part(wave, begin, end) if wave is not None else _AudDecoder.of(path, begin, end)
        try:
            return (yield from audio.collect_job(path.name, decoder))
        except errors.AudioError as error:
            if begin > 0 and "no sound" in str(error):
                raise errors.AudioError(f"{path.name} ends before second {begin:.2f}: choose another part.") from error
            raise


def is_plain(path: Path) -> bool:
    """Whether a file is a WAV that NumPy alone reads; one that cannot be opened is, too: its reader tells why."""
    try:
        with path.open("rb") as file:
            return audio.wav_decoder(file) is not None
    except OSError:
        return True


def _wave_part(wave: Any, begin: float, end: float | None) -> "Decoder":
    align = wave.channels * wave.width
    first = min(wave.start + round(begin * wave.rate) * align, wave.stop)
    last = wave.stop if end is None else min(wave.start + round(end * wave.rate) * align, wave.stop)
    frames = wave.frames - round(begin * wave.rate) if end is None else (last - first) // align
    part: Decoder = replace(wave, start=first, stop=max(first, last), frames=max(frames, 0))
    return part


@dataclass(frozen=True)
class _AudDecoder:
    """Frames `first` to `last` (None: to the end) of what `aud` reads."""

    path: Path
    rate: int
    frames: int
    first: int
    last: int | None
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(path: Path, begin: float, end: float | None) -> "_AudDecoder":
        if not AVAILABLE:
            raise errors.AudioError("This build of Blender has no audio: convert the sound to WAV.")
        import aud

        try:
            sound = aud.Sound(str(path))  # type: ignore[call-arg]  # its stubs know no constructor
            rate, length = round(sound.specs[0]), int(sound.length)
        except aud.error as error:  # type: ignore[misc]
            raise errors.AudioError(f"Blender cannot play {path.name}: convert it to WAV or FLAC.") from error
        first, last = round(begin * rate), None if end is None else round(end * rate)
        told = max((length if last is None else min(last, length)) - first, 0) if length > 0 else 0
        return _AudDecoder(path, rate, told, first, last)

    def blocks(self) -> Iterator[tuple[int, FloatArray]]:
        position = 0 if self.first <= _FROM_THE_START * self.rate else self.first
        for fresh in self._joined(position):
            wanted = fresh[max(self.first - position, 0) :]
            position += len(fresh)
            yield self.rate, wanted  # of no rows before the part begins

    def _joined(self, position: int) -> Iterator[FloatArray]:
        """Slices that follow each other, from frame `position` on."""
        pace = _Pace(self)
        tail: FloatArray | None = None
        while self.last is None or position < self.last:
            stop = position + round(pace.length(position) * self.rate)
            stop = stop if self.last is None else min(stop, self.last)
            begun = time.perf_counter()
            fresh = self._next(tail, position, stop)
            pace.took(time.perf_counter() - begun)
            if len(fresh):
                yield fresh
            position += len(fresh)
            ended = position >= self.first + self.frames and len(fresh) < stop - position + len(fresh)
            if ended or not len(fresh):
                return
            kept = fresh if tail is None else np.concatenate([tail, fresh])
            tail = kept[-round(_OVERLAP * self.rate) :]

    def _next(self, tail: FloatArray | None, position: int, stop: int) -> FloatArray:
        """Frames `position` to `stop`, which follow on `tail`."""
        if tail is None:
            return self.slice(position, stop)
        compared = min(round(_COMPARED * self.rate), len(tail))
        found = self.slice(position - len(tail), stop)
        begin = joint(tail, found, len(tail), compared)
        if begin is None and np.abs(tail).max() > _EQUAL:
            further = min(round(_FURTHER * self.rate), position - len(tail))
            wide = self.slice(position - len(tail) - further, stop + round(_FURTHER * self.rate))
            begin = joint(tail, wide, len(tail) + further, compared)
            found = found if begin is None else wide
        begin = len(tail) if begin is None else begin
        return found[begin : begin + stop - position]

    def slice(self, start: int, stop: int) -> FloatArray:
        """Frames `start` to `stop` as (n, channels), fewer where the file ends."""
        import aud

        begin = (start + 0.5) / self.rate if start > 0 else 0.0  # half a frame more, for aud cuts what is not whole
        try:
            whole = aud.Sound(str(self.path))  # type: ignore[call-arg]
            part = whole.limit(begin, (stop + 0.5) / self.rate).data()
        except aud.error as error:  # type: ignore[misc]
            raise errors.AudioError(f"Blender cannot read all of {self.path.name}: convert it to WAV.") from error
        values = np.asarray(part, np.float32)
        return values[:, None] if values.ndim == 1 else values


def joint(tail: FloatArray, found: FloatArray, lead: int, compared: int) -> int | None:
    """The row of `found` (n, channels) that follows on `tail` (m, channels): `lead`, if it was cut where it was asked.

    Elsewhere it is looked for, as far behind the lead as before it, by the last `compared` rows of the tail.  None
    where it is nowhere, as in silence, and in the noise that some codecs make up anew each time.
    """
    if compared < 2 or len(found) < compared:
        return None
    known = tail[-compared:].mean(axis=1).astype(np.float64)
    if len(found) >= lead and np.abs(found[lead - compared : lead].mean(axis=1) - known).max() < _EQUAL:
        return lead
    near = found[: 2 * lead + compared].mean(axis=1).astype(np.float64)
    size = 1 << (len(near) + compared - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(near, size) * np.conj(np.fft.rfft(known, size)), size)
    energy = np.concatenate([[0.0], np.cumsum(near**2)])
    power = (energy[compared:] - energy[:-compared]).clip(1e-12) * max(float((known**2).sum()), 1e-12)
    likeness = product[: len(power)] / np.sqrt(power)
    here = lead - compared
    alike = np.flatnonzero(likeness > likeness.max() - _NO_WORSE)  # a sound may repeat itself
    best = int(alike[np.abs(alike - here).argmin()])
    if likeness[best] < _SAME and here < len(likeness) and likeness[here] > max(likeness[best] - _AS_GOOD, _ALIKE):
        return lead
    return best + compared if likeness[best] > _ALIKE else None


class _Pace:
    """How long the next slice is: quick enough for a window, unless entering the file takes most of the time."""

    def __init__(self, decoder: _AudDecoder) -> None:
        self._decoder = decoder
        self._patience = _PATIENCE_WITHOUT if bpy.app.background else _PATIENCE
        self._seconds = 0.25
        self._entering, self._per_second = 0.0, 0.0
        self._count = 0

    def length(self, position: int) -> float:
        """Seconds of the slice at frame `position`."""
        self._count += 1
        if self._count > 1 and self._count & (self._count - 1) == 0:  # ever more rarely: it grows with the place
            begun = time.perf_counter()
            self._decoder.slice(position, position + 1)
            self._entering = time.perf_counter() - begun
        if self._per_second:
            patience = max(self._patience - self._entering, self._entering, self._patience / 4)
            wanted = patience / self._per_second - _OVERLAP
            self._seconds = float(np.clip(wanted, _SHORTEST, min(2 * self._seconds, _LONGEST)))
        return self._seconds

    def took(self, elapsed: float) -> None:
        """The slice took `elapsed` seconds."""
        cost = max(elapsed - self._entering, 1e-5) / (self._seconds + _OVERLAP)
        self._per_second = cost if not self._per_second else 0.5 * (self._per_second + cost)
