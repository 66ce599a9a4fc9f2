"""Films and the sounds that only FFmpeg reads, through PyAV where it is installed: its wheels carry FFmpeg.

A file is opened as the one kind that its first bytes show, and may name no other file or address: playlists and their
like are no sounds.
"""

import os
from importlib import util
from typing import BinaryIO

import numpy as np

from ..errors import AudioError
from .slices import Slice
from .sound import BLOCK_VALUES, Blocks, check_layout

_LONGEST_LOSS = 600  # seconds of silence that one jump of a file's clock may make
_SMALLEST_LOSS = 0.05  # seconds; less is how containers round
_OPTIONS = {"protocol_whitelist": "pipe"}


def is_there() -> bool:
    """Whether PyAV is installed."""
    return util.find_spec("av") is not None


class FFmpegDecoder:
    """The best sound track of a file of the `kind` that FFmpeg calls so, `what` to people.

    Raises AudioError where there is none.
    """

    def __init__(self, file: BinaryIO, name: str, kind: str, what: str) -> None:
        self._file, self._name, self._kind, self._what = file, name, kind, what
        self.notes: tuple[str, ...] = ()
        with self._opened() as container:
            track = _track(container, name)
            if track.codec_context is None:  # no decoder of FFmpeg's knows what is in it
                raise self._unreadable()
            check_layout(name, track.rate or 0, track.codec_context.channels)
            self.rate = int(track.rate)
            length = float(track.duration * track.time_base) if track.duration and track.time_base else 0.0
            self.frames = max(round(length * self.rate), 0)

    def blocks(self) -> Blocks:
        import av

        damaged, begin, position, losses = 0, None, 0.0, 0.0
        with self._opened() as container:
            track = _track(container, self._name)
            packets = container.demux(track)
            while True:
                try:
                    packet = next(packets)
                except StopIteration:
                    break
                except av.FFmpegError:
                    damaged += 1
                    break
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    damaged += 1
                    continue
                for frame in frames:
                    rate = frame.sample_rate
                    check_layout(self._name, rate, frame.layout.nb_channels)
                    begin = frame.time if begin is None and frame.time is not None else begin
                    late = frame.time - begin - position if frame.time is not None and begin is not None else 0.0
                    if _SMALLEST_LOSS < late < _LONGEST_LOSS:
                        yield from _silence(rate, frame.layout.nb_channels, round(late * rate))
                        losses, position = losses + late, position + late
                    position += frame.samples / rate
                    yield rate, _values(frame)
        self.notes = ()
        if losses:
            self.notes = (f"{losses:.2f} s of it are missing or damaged: taken as silence.",)
        elif damaged:
            self.notes = ("Some of it is damaged and could not be read.",)

    def _opened(self):  # type: ignore[no-untyped-def]  # PyAV's container, which mypy need not know
        try:
            import av
        except (ImportError, OSError) as error:
            raise AudioError(f"“{self._name}” cannot be read, as PyAV does not run here; convert it to WAV.") from error
        whole = Slice(self._file, b"", 0, self._file.seek(0, os.SEEK_END))
        try:
            return av.open(whole, format=self._kind, container_options=_OPTIONS, **_words(av.__version__))
        except (av.FFmpegError, ValueError) as error:
            raise self._unreadable() from error

    def _unreadable(self) -> AudioError:
        return AudioError(
            f"“{self._name}” is {self._what}, damaged or without sound; choose another file or convert it to WAV."
        )


def _words(version: str) -> dict[str, str]:
    """What lets titles and names be of any encoding; PyAV 19 asks for nothing any more."""
    return {"metadata_errors": "replace"} if int(version.split(".")[0]) < 19 else {}


def _track(container, name: str):  # type: ignore[no-untyped-def]
    track = container.streams.best("audio")
    if track is None:
        raise AudioError(f"“{name}” has no sound track; choose another file.")
    return track


def _values(frame) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Samples (n, channels) of a decoded frame, planar or packed, with full scale at 1."""
    channels = frame.layout.nb_channels
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, channels)
    if values.dtype.kind == "f":
        return np.ascontiguousarray(values, np.float32)
    scale = 2.0 ** (8 * values.dtype.itemsize - 1)
    offset = scale if values.dtype.kind == "u" else 0.0
    found: np.ndarray = ((values.astype(np.float64) - offset) / scale).astype(np.float32)
    return found


def _silence(rate: int, channels: int, frames: int) -> Blocks:
    while frames > 0:
        count = min(frames, max(BLOCK_VALUES // channels, 1))
        yield rate, np.zeros((count, channels), np.float32)
        frames -= count
