"""Where sound comes from: a microphone, a file played at its speed, or samples on standard input."""

import queue
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from .. import audio
from ..audio import RATE
from ..errors import AudioError, KMTalkError
from .intake import Intake

FloatArray = npt.NDArray[np.float32]

_BLOCK = 0.01  # seconds
_PATIENCE = 3.0  # seconds without sound after which a device is lost
_MOST_WAITING = 400  # blocks that may wait while the machine is busy: four seconds
_PCM: dict[str, tuple[str, float]] = {"s16le": ("<i2", 1 / 32768), "s32le": ("<i4", 1 / 2**31), "f32le": ("<f4", 1.0)}

PCM_FORMATS = tuple(_PCM)
"""How samples on standard input may be written."""


def file_blocks(path: Path, *, fast: bool) -> Iterator[FloatArray]:
    """A sound file in blocks at 16 kHz, at the speed it is spoken at, or as fast as they are taken.

    Raises AudioError for what is no sound.
    """
    sound = audio.load(path)
    step = round(_BLOCK * RATE)
    begun = time.monotonic()
    for start in range(0, sound.length, step):
        stop = min(start + step, sound.length)
        if not fast:
            time.sleep(max(begun + stop / RATE - time.monotonic(), 0.0))
        yield sound.read(start, stop)


def pcm_blocks(file: IO[bytes], kind: str, rate: int, channels: int) -> Iterator[FloatArray]:
    """Samples as they arrive on `file`, to 16 kHz; ends where it ends.

    Raises AudioError for a rate or a number of channels that no sound has.
    """
    intake = Intake(rate, channels, "standard input")
    dtype, scale = _PCM[kind]
    width = np.dtype(dtype).itemsize * channels
    read = getattr(file, "read1", file.read)  # what is there, without waiting for more
    rest = b""
    while content := read(max(round(_BLOCK * rate), 1) * width):
        content = rest + content
        whole = len(content) // width * width
        rest = content[whole:]
        yield intake(np.frombuffer(content[:whole], dtype).astype(np.float32) * np.float32(scale))
    yield intake.finish()


def devices() -> str:
    """The microphones there are, one a line.  Raises KMTalkError where none can be used."""
    found = [device for device in _library().query_devices() if device["max_input_channels"] > 0]
    if not found:
        raise KMTalkError("No microphone was found; connect one, or allow this program to use it.")
    return "\n".join(f"{device['index']}: {device['name']}" for device in found)


class Waiting:
    """Blocks that a device's own thread hands over, until somebody has time for them."""

    def __init__(self, most: int = _MOST_WAITING) -> None:
        self._blocks: queue.Queue[tuple[int, bytes]] = queue.Queue(most)
        self._frames = 0

    def take(self, block: bytes, frames: int) -> None:
        """Keep a block of so many frames; it falls out where too many wait, as the numbers of those after it tell."""
        with suppress(queue.Full):  # the machine is too busy for seconds: nobody would wait for what is left out now
            self._blocks.put_nowait((self._frames, block))
        self._frames += frames

    def next(self, timeout: float) -> tuple[int, bytes]:
        """The number of its first frame, and the next block.  Raises queue.Empty where none comes in `timeout` s."""
        return self._blocks.get(timeout=timeout)


def microphone_blocks(device: str | int | None = None) -> Iterator[FloatArray]:
    """What a microphone hears, at 16 kHz: the system's own choice, or `device` by number or a part of its name.

    Raises KMTalkError where there is none, where it is taken, or when it is lost.
    """
    library = _library()
    try:
        found = library.query_devices(device, "input")
    except (ValueError, library.PortAudioError) as error:
        wanted = "No microphone was found" if device is None else f"There is no microphone {str(device)!r:.60}"
        raise KMTalkError(f"{wanted}; `--devices` lists those there are.") from error
    rate = int(found["default_samplerate"])
    intake = Intake(rate, 1)
    waiting = Waiting()

    def take(data: Any, frames: int, when: Any, status: Any) -> None:
        waiting.take(bytes(data), frames)

    try:
        stream = library.RawInputStream(
            samplerate=rate, blocksize=round(_BLOCK * rate), device=found["index"], channels=1, dtype="float32",
            callback=take,
        )  # fmt: skip
        with stream:
            while True:
                try:
                    at, block = waiting.next(_PATIENCE)
                except queue.Empty as error:
                    raise KMTalkError(
                        f"The microphone “{found['name']}” was lost; connect it and start again."
                    ) from error
                yield intake(np.frombuffer(block, np.float32), at)
    except library.PortAudioError as error:
        raise KMTalkError(
            f"The microphone “{found['name']}” cannot be used ({error.args[0]}); close what else uses it, or allow it."
        ) from error


def _library() -> Any:
    """sounddevice.  Raises KMTalkError where it, or PortAudio beneath it, is missing."""
    try:
        import sounddevice
    except ImportError as error:
        raise KMTalkError("A microphone needs sounddevice: install kmtalk[stream].") from error
    except OSError as error:
        raise KMTalkError("A microphone needs PortAudio: install your system's package, as libportaudio2.") from error
    return sounddevice


def sound_source(source: str, options: Any, stdin: IO[bytes]) -> Iterator[FloatArray]:
    """The blocks of `source`: `mic`, `-` for standard input, or the path of a sound file.

    Raises AudioError for a file that is none.
    """
    if source == "mic":
        return microphone_blocks(int(options.device) if (options.device or "").isdigit() else options.device)
    if source == "-":
        return pcm_blocks(stdin, options.pcm, options.pcm_rate, options.pcm_channels)
    if not Path(source).exists():
        raise AudioError(f"{source} is not there; give a sound file, mic, or - for standard input.")
    return file_blocks(Path(source), fast=options.fast)
