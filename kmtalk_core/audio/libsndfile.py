"""AIFF, FLAC, Ogg, Opus, MP3 and the rarer WAVs, through libsndfile: all that can be read of them."""

from typing import BinaryIO

import numpy as np
import soundfile

from . import flac
from .joined import parts_of
from .slices import Slice
from .sound import BLOCK_VALUES, Blocks, check_layout

_LARGEST_CLAIM = 1 << 60  # frames: libsndfile says more where it does not know
_NEAR = 256  # frames: an error takes its whole block with it, so that one comes near it with small ones
_LONGEST_LOSS = 600  # seconds that one piece of damage may take from a file


class _Stream(soundfile.SoundFile):
    """Read from beginning to end without a seek, which streams of unknown length do not allow."""

    def seekable(self) -> bool:
        return False


class SndfileDecoder:
    """All parts of a file that libsndfile reads.  Raises LibsndfileError where it does not."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self._parts = parts_of(file)
        self.notes: tuple[str, ...] = ()
        frames = []
        for number, (start, stop) in enumerate(self._parts):
            try:
                with _Stream(Slice(file, b"", start, stop)) as stream:
                    if number == 0:
                        check_layout(name, stream.samplerate, stream.channels)
                        self.rate: int = stream.samplerate
                    frames.append(stream.frames * self.rate // stream.samplerate)
            except soundfile.LibsndfileError:
                if number == 0:
                    raise
        self.frames = sum(frames) if max(frames) < _LARGEST_CLAIM else 0

    def blocks(self) -> Blocks:
        notes = []
        for start, stop in self._parts:
            losses: list[tuple[int, int]] = []
            rate = self.rate
            try:
                for rate, block in _part_blocks(self._file, self._name, start, stop, losses):
                    yield rate, block
            except soundfile.LibsndfileError:
                notes.append("A part that was joined to the file cannot be read.")
            if losses:
                seconds = sum(length for _, length in losses) / rate
                notes.append(f"{seconds:.2f} s from second {losses[0][0] / rate:.1f} on are damaged: taken as silence.")
        self.notes = tuple(notes)


def _part_blocks(file: BinaryIO, name: str, start: int, stop: int, losses: list[tuple[int, int]]) -> Blocks:
    """Blocks of one part; behind damage to a FLAC it goes on, with silence as long as what was lost.

    `losses` takes (first, count) of the frames that were lost.
    """
    whole = Slice(file, b"", start, stop)
    head = flac.stream_head(whole)
    source, first, byte, step, rate = whole, 0, 0, BLOCK_VALUES, 1
    position = 0
    while True:
        here = first
        try:
            for rate, block in _decoded(source, name, step):
                fresh = block[max(position - here, 0) :]
                here += len(block)
                if not len(fresh):
                    continue
                lost = here - len(fresh) - position
                if lost > 0:
                    losses.append((position, lost))
                    yield from _silence(rate, block.shape[1], lost)
                position = here
                yield rate, fresh
            return
        except soundfile.LibsndfileError:
            if source is whole and not position and head is None:
                raise
        wanted = position
        if step != _NEAR:
            wanted, step = position - (head[1] if head else 0) + 1, _NEAR
            if head is None:
                continue
        elif head is None:
            return
        found = flac.next_frame(whole, byte + 1, head[1], wanted)
        while found is not None and found[1] > position + _LONGEST_LOSS * rate:
            found = flac.next_frame(whole, found[0] + 1, head[1], wanted)
        if found is None:
            return
        byte, first = found
        source = Slice(file, head[0], start + byte, stop)


def _decoded(source: Slice, name: str, values: int) -> Blocks:
    """(rate, block) up to the end of a stream or, with LibsndfileError, to its damage."""
    source.seek(0)
    with _Stream(source) as stream:
        check_layout(name, stream.samplerate, stream.channels)
        frames = values if values == _NEAR else max(values // stream.channels, 1)
        while True:
            block = stream.read(frames, dtype="float32", always_2d=True)
            if not len(block):
                return
            yield stream.samplerate, block


def _silence(rate: int, channels: int, frames: int) -> Blocks:
    while frames > 0:
        count = min(frames, max(BLOCK_VALUES // channels, 1))
        yield rate, np.zeros((count, channels), np.float32)
        frames -= count
