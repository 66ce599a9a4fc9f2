"""WAV with NumPy alone: what Blender's Python can read too, and whatever its header claims.

Recorders that were cut off, streams and careless programs leave lengths of 0 or far too much, chunks too short for
their kind and odd sizes without padding; players read such files, so they are read here.
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ..errors import AudioError
from ..progress import Job, Progress
from .sound import BLOCK_VALUES, RATE, Blocks, Sound
from .store import FloatArray

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_UNKNOWN_LENGTH = 0x7FFFF000
"""Lengths from here on are what programs write that do not know it yet."""

_MOST_CHUNKS = 10_000


@dataclass(frozen=True)
class WavDecoder:
    """The samples of a WAV file: `start` and `stop` are where they lie in it, in bytes; `frames` what it claims."""

    file: BinaryIO
    rate: int
    channels: int
    frames: int
    start: int
    stop: int
    width: int
    convert: Callable[[bytes], FloatArray]
    notes: tuple[str, ...] = ()

    def blocks(self) -> Blocks:
        align = self.channels * self.width
        step = max(BLOCK_VALUES // self.channels, 1) * align
        position = self.start
        while position < self.stop:
            self.file.seek(position)
            content = self.file.read(min(step, self.stop - position))
            position += step
            content = content[: len(content) // align * align]
            if not content:
                return
            yield self.rate, self.convert(content).reshape(-1, self.channels)


@dataclass(frozen=True)
class _Format:
    tag: int
    channels: int
    rate: int
    align: int


def wav_decoder(file: BinaryIO) -> WavDecoder | None:
    """The decoder of an open WAV file; None where it is none, or compressed in a way that others must read."""
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:12] != b"WAVE":
        return None
    size = file.seek(0, os.SEEK_END)
    found, data, long_size, position = None, None, 0, 12
    for _ in range(_MOST_CHUNKS):
        chunk = _chunk_at(file, position) if position < size else None
        if chunk is None or (found and data):
            break
        kind, length = chunk
        if kind == b"fmt ":
            found = _read_format(file.read(min(length, 40)))
        elif kind == b"ds64":
            sizes = file.read(16)
            long_size = struct.unpack("<Q", sizes[8:])[0] if len(sizes) == 16 else 0
        elif kind == b"data":
            claimed = long_size if long_size and length == 0xFFFFFFFF else length
            data = position + 8, claimed
            length = claimed
        position = _after(file, position + 8, length)
    if found is None or data is None or not found.channels or found.align % found.channels or not found.rate:
        return None
    width = found.align // found.channels
    convert = _converter(found.tag, width)
    if convert is None:
        return None
    start, claimed = data
    start = min(start, size)
    stop = min(start + claimed, size)
    if claimed >= _UNKNOWN_LENGTH and claimed > size - start:
        claimed = size - start
    elif claimed == 0 and not _is_chunk(file, start, size):
        stop, claimed = size, size - start
    frames = claimed // found.align
    return WavDecoder(file, found.rate, found.channels, frames, start, stop, width, convert)


def write_wav_job(sound: Sound, path: Path) -> Job[None]:
    """Write `sound` as a WAV of float32.  Raises AudioError where there is no room."""
    data = min(4 * sound.length, 0xFFFFFFFF - 36)
    try:
        with path.open("wb") as file:
            file.write(struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", data + 36, b"WAVE", b"fmt ", 16, _FLOAT, 1, RATE,
                                   4 * RATE, 4, 32, b"data", data))  # fmt: skip
            for start in range(0, sound.length, BLOCK_VALUES):
                file.write(sound.read(start, min(start + BLOCK_VALUES, sound.length)).astype("<f4").tobytes())
                yield Progress("writing the sound", start / sound.length)
    except OSError as error:
        raise AudioError(f"{path} cannot be written ({error.strerror}); free some space there.") from error


def _chunk_at(file: BinaryIO, position: int) -> tuple[bytes, int] | None:
    file.seek(position)
    head = file.read(8)
    return (head[:4], struct.unpack("<I", head[4:])[0]) if len(head) == 8 else None


def _after(file: BinaryIO, start: int, length: int) -> int:
    """Where the next chunk begins: chunks are padded to an even length, but for those of some programs."""
    if length % 2 and length < 1 << 32:
        file.seek(start + length)
        if _is_name(file.read(4)):
            return start + length
    return start + length + length % 2


def _is_chunk(file: BinaryIO, position: int, size: int) -> bool:
    """Whether a whole chunk lies there, or nothing, rather than samples."""
    chunk = _chunk_at(file, position)
    return chunk is None or (_is_name(chunk[0]) and position + 8 + chunk[1] <= size)


def _is_name(kind: bytes) -> bool:
    return len(kind) == 4 and kind.isascii() and kind.decode().isprintable() and kind.strip() != b""


def _read_format(content: bytes) -> _Format | None:
    if len(content) < 16:
        return None
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", content[:16])
    if tag == _EXTENSIBLE and len(content) >= 26:
        tag = struct.unpack("<H", content[24:26])[0]
    if not align:
        align = channels * -(-bits // 8)
    return _Format(tag, channels, rate, align)


def _converter(tag: int, width: int) -> Callable[[bytes], FloatArray] | None:
    """What makes float32 with full scale at 1 of the bytes of samples, `width` bytes each."""
    if tag == _PCM and width in (1, 2, 3, 4):
        return (_from_8_bits, _from_16_bits, _from_24_bits, _from_32_bits)[width - 1]
    if tag == _FLOAT and width in (4, 8):
        return lambda content: _as_floats(np.frombuffer(content, f"<f{width}"))
    if tag in (_ALAW, _MULAW) and width == 1:
        table = _alaw() if tag == _ALAW else _mulaw()
        return lambda content: table[np.frombuffer(content, np.uint8)]
    return None


def _as_floats(values: npt.NDArray[np.floating]) -> FloatArray:
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large becomes infinite and is told later
        return values.astype(np.float32)


def _from_8_bits(content: bytes) -> FloatArray:
    return (np.frombuffer(content, np.uint8).astype(np.float32) - 128) / 128


def _from_16_bits(content: bytes) -> FloatArray:
    return np.frombuffer(content, "<i2").astype(np.float32) / 2**15


def _from_24_bits(content: bytes) -> FloatArray:
    padded = np.zeros((len(content) // 3, 4), np.uint8)
    padded[:, 1:] = np.frombuffer(content, np.uint8).reshape(-1, 3)
    return padded.view("<i4")[:, 0].astype(np.float32) / 2**31


def _from_32_bits(content: bytes) -> FloatArray:
    return (np.frombuffer(content, "<i4").astype(np.float64) / 2**31).astype(np.float32)


def _mulaw() -> FloatArray:
    """ITU-T G.711, µ-law: sign, three bits of exponent, four of mantissa, all inverted."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    size = ((2 * mantissa + 33) << exponent) - 33
    return (np.where(code & 128, -size, size) / 2**13).astype(np.float32)


def _alaw() -> FloatArray:
    """ITU-T G.711, A-law: sign, three bits of exponent, four of mantissa, every other bit inverted."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = ((code >> 4) & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = np.where(exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << (exponent - 1).clip(0))
    return (np.where(code & 128, size, -size) / 2**12).astype(np.float32)
