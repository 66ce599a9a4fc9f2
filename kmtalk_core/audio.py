"""Sound in: any file or buffer becomes mono float32 at 16 kHz, block by block, so that an hour never sits in memory."""

import hashlib
import stat
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import AudioError
from .progress import Job, Progress, finish

if TYPE_CHECKING:
    import soundfile

FloatArray: TypeAlias = npt.NDArray[np.float32]

RATE = 16000
"""Samples a second of every `Sound`."""

_IN_MEMORY = 5 * 60 * RATE  # samples; 19 MB
_LOWEST_RATE, _HIGHEST_RATE = 2000, 768_000
_MOST_CHANNELS = 64
_LONGEST = 24 * 3600  # seconds; a few kilobytes of FLAC can claim years
_LOUDEST = 1e6  # where 1 is full scale: nothing that a microphone, or a forgotten scale factor, makes
_BLOCK_VALUES = 1 << 17
_FORMATS = "WAV, AIFF, FLAC, OGG, Opus and MP3"
_SIGNATURES = (
    (4, b"ftyp", "an MP4, M4A or MOV file"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (8, b"AVI ", "an AVI video"),
    (0, b"\x30\x26\xb2\x75", "a Windows Media file"),
    (0, b"#!AMR", "an AMR file"),
    (0, b"\xff\xf1", "an AAC file"),
    (0, b"\xff\xf9", "an AAC file"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"%PDF", "a PDF"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
)


class _Store(Protocol):
    """Where samples lie: appended in order while a sound is read, then read back by position."""

    def append(self, samples: FloatArray) -> None: ...
    def read(self, start: int, stop: int) -> FloatArray: ...
    def close(self) -> None: ...


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
    _store: _Store = field(repr=False)

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


def load(path: str | Path) -> Sound:
    """Read a sound file; see `load_job`."""
    return finish(load_job(path))


def load_job(path: str | Path) -> Job[Sound]:
    """Read a sound file of any rate, depth and channel count (channels are averaged).

    Raises AudioError where there is no such file, it is no sound, or it is empty.
    """
    path = Path(path)
    with _opened(path) as sound:
        return (yield from _collect(path.name, sound.samplerate, sound.frames, _file_blocks(sound)))


def from_samples(samples: npt.ArrayLike, rate: int, name: str = "buffer") -> Sound:
    """Sound of an array (n,) or (n, channels); integers span their type's range, floats -1 to 1.

    Raises AudioError for an empty array, another shape or type, or an absurd rate.
    """
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
        raise AudioError(f"Samples must be numbers of shape (n,) or (n, channels), not {array.dtype} {array.shape}.")
    array = array[:, None] if array.ndim == 1 else array
    _check_layout(name, rate, array.shape[1])
    return finish(_collect(name, int(rate), len(array), _array_blocks(array)))


@contextmanager
def _opened(path: Path) -> Iterator["soundfile.SoundFile"]:
    """`path` opened for reading: a Python file beneath, so that any name the system allows works on Windows too."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise AudioError("Sound files cannot be read here; install the package soundfile.") from error
    with _opened_bytes(path) as raw:
        head = raw.read(16)
        raw.seek(0)
        if not head:
            raise AudioError(f"“{path.name}” is empty; choose a sound file.")
        try:
            sound = soundfile.SoundFile(_Patient(raw))
        except soundfile.LibsndfileError as error:
            what = next((name for at, mark, name in _SIGNATURES if head[at : at + len(mark)] == mark), None)
            what = f"{what}, which cannot be read" if what else "damaged or no sound that can be read"
            raise AudioError(
                f"“{path.name}” is {what}; choose another file or convert it to one of {_FORMATS}."
            ) from error
        with sound:
            _check_layout(path.name, sound.samplerate, sound.channels)
            yield sound


class _Patient:
    """A file for libsndfile, whose callbacks must not raise: what a damaged header asks for beyond it is not there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, count: int) -> bytes:
        try:
            return self._file.read(count)
        except OSError:
            return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        with suppress(OSError, OverflowError):
            self._file.seek(offset, whence)
        return self._file.tell()

    def tell(self) -> int:
        return self._file.tell()


def _opened_bytes(path: Path) -> BinaryIO:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise AudioError(f"“{path}” is a folder; choose a sound file in it.")
        if not stat.S_ISREG(mode):
            raise AudioError(f"“{path}” is no file; choose a sound file.")
        return path.open("rb")
    except FileNotFoundError as error:
        raise AudioError(f"There is no file “{path}”; check the path.") from error
    except PermissionError as error:
        raise AudioError(f"“{path}” may not be read; change its permissions or copy it elsewhere.") from error
    except (OSError, ValueError) as error:
        raise AudioError(
            f"“{path}” cannot be opened ({getattr(error, 'strerror', error)}); copy it to a local folder and try again."
        ) from error


def _check_layout(name: str, rate: float, channels: int) -> None:
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise AudioError(
            f"“{name}” claims {rate} samples a second; sound of {_LOWEST_RATE} to {_HIGHEST_RATE} Hz can be read."
        )
    if not 1 <= channels <= _MOST_CHANNELS:
        raise AudioError(f"“{name}” has {channels} channels; sound of 1 to {_MOST_CHANNELS} channels can be read.")


def _file_blocks(sound: "soundfile.SoundFile") -> Iterator[FloatArray]:
    """Blocks (n, channels) of an open file; a damaged file ends where its damage begins."""
    import soundfile

    frames, position, damaged = max(_BLOCK_VALUES // sound.channels, 1), 0, False
    while frames > 8:
        try:
            if damaged:
                sound.seek(position)
            block = sound.read(frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            frames //= 8  # the error takes its whole block with it: come near it with smaller ones
            damaged = True
            continue
        if not len(block):
            return
        position += len(block)
        yield block


def _array_blocks(array: npt.NDArray[Any]) -> Iterator[FloatArray]:
    """Blocks (n, channels) of an array of numbers, as float32 with full scale at 1."""
    frames = max(_BLOCK_VALUES // array.shape[1], 1)
    scale, offset = 1.0, 0.0
    if array.dtype.kind in "iu":
        scale = 2.0 ** (8 * array.dtype.itemsize - 1)
        offset = scale if array.dtype.kind == "u" else 0.0
    for start in range(0, len(array), frames):
        yield ((array[start : start + frames].astype(np.float64) - offset) / scale).astype(np.float32)


def _collect(name: str, rate: int, frames: int, blocks: Iterator[FloatArray]) -> Job[Sound]:
    """Mix, clean, resample and store `blocks` (n, channels) of which about `frames` rows are to come."""
    expected = min(frames, _LONGEST * rate)
    store: _Store = _FileStore() if expected * RATE > _IN_MEMORY * rate else _MemoryStore()
    try:
        writer = _Writer(store)
        resampler = _resampler(rate)
        seen = 0
        for block in blocks:
            seen += len(block)
            if seen > _LONGEST * rate:
                raise AudioError(f"“{name}” is longer than {_LONGEST // 3600} hours; cut it into shorter files.")
            writer.write(resampler(writer.clean(block), False))
            yield Progress("reading", min(seen / max(expected, 1), 1.0))
        if not seen:
            raise AudioError(f"“{name}” holds no sound; choose another file.")
        writer.write(resampler(np.zeros(0, np.float32), True))
        notes = writer.notes()
        if seen < 0.98 * expected:
            notes += (f"The sound ends after {seen / rate:.1f} s, earlier than it claims; the file may be damaged.",)
        if writer.length == 0:  # fewer samples than one at 16 kHz
            writer.write(np.zeros(1, np.float32))
        return Sound(name, writer.length, writer.digest.hexdigest(), writer.peak, notes, store)
    except BaseException:
        store.close()
        raise


def _resampler(rate: int) -> Callable[[FloatArray, bool], FloatArray]:
    """Function of (block, whether it is the last) that returns what is ready at 16 kHz."""
    if rate == RATE:
        return lambda block, last: block
    import soxr

    stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")
    return lambda block, last: stream.resample_chunk(block, last=last)


class _Writer:
    """Cleans what comes in, and measures and stores what goes out."""

    def __init__(self, store: _Store) -> None:
        self._store = store
        self._unusable = 0
        self.length = 0
        self.peak = 0.0
        self.digest = hashlib.sha256()

    def clean(self, block: FloatArray) -> FloatArray:
        """Mean over the channels of (n, channels); values that are no sound become zero."""
        unusable = ~(np.abs(block) <= _LOUDEST)  # true for NaN as well
        if unusable.any():
            self._unusable += int(unusable.sum())
            block = np.where(unusable, np.float32(0), block)
        return np.asarray(block.mean(axis=1), np.float32)

    def write(self, samples: FloatArray) -> None:
        if not len(samples):
            return
        self.length += len(samples)
        self.peak = max(self.peak, float(np.abs(samples).max()))
        self.digest.update(np.ascontiguousarray(samples, "<f4").tobytes())
        self._store.append(samples)

    def notes(self) -> tuple[str, ...]:
        if not self._unusable:
            return ()
        return (f"{self._unusable} samples were no numbers (NaN or infinite) and are taken as silence.",)


class _MemoryStore:
    def __init__(self) -> None:
        self._blocks: list[FloatArray] = []

    def append(self, samples: FloatArray) -> None:
        self._blocks.append(samples)

    def read(self, start: int, stop: int) -> FloatArray:
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return self._blocks[0][start:stop]

    def close(self) -> None:
        self._blocks = []


class _FileStore:
    """Samples in a temporary file that has no name, or loses it when closed; it is closed with its last user."""

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile(prefix="kmtalk-")  # noqa: SIM115 - it lives as long as the store
        except OSError as error:
            raise AudioError(_no_room(error)) from error
        self._lock = threading.Lock()
        self.close = weakref.finalize(self, self._file.close)

    def append(self, samples: FloatArray) -> None:
        try:
            self._file.write(np.ascontiguousarray(samples, np.float32).data)
        except OSError as error:
            raise AudioError(_no_room(error)) from error

    def read(self, start: int, stop: int) -> FloatArray:
        with self._lock:
            self._file.seek(4 * start)
            return np.frombuffer(self._file.read(4 * (stop - start)), np.float32)


def _no_room(error: OSError) -> str:
    return f"The temporary folder {tempfile.gettempdir()} takes no more ({error.strerror}); free some space there."
