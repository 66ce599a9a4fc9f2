"""Where a live face hears from: a microphone, or a sound played as if somebody spoke."""

import contextlib
import importlib.util
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import compat, engine
from ..core import audio, client, errors, live

if TYPE_CHECKING:
    from kmtalk_core.audio import Sound

FloatArray = npt.NDArray[np.float32]

_BLOCK = 160  # samples: 10 ms
GET = "Get Microphone"
_HOW = f"press {GET} (In Real Time ▸ {GET}; 1 MB)"


def played(sound: "Sound", *, speed: float = 1.0, aloud_after: float | None = None) -> Iterator[FloatArray]:
    """A sound in blocks, at the speed it is spoken at times `speed`; 0 for as fast as they are taken.

    It is heard too, `aloud_after` seconds late, which is when the face shows it; None for silence.
    """
    with contextlib.ExitStack() as playing:
        if aloud_after is not None:
            playing.enter_context(_aloud(sound, aloud_after))
        begun = time.monotonic()
        for start in range(0, sound.length, _BLOCK):
            stop = min(start + _BLOCK, sound.length)
            if speed:
                time.sleep(max(begun + stop / audio.RATE / speed - time.monotonic(), 0.0))
            yield sound.read(start, stop)
        if aloud_after is not None:
            time.sleep(aloud_after)  # its end is still to be heard


@contextlib.contextmanager
def _aloud(sound: "Sound", delay: float) -> Iterator[None]:
    """A sound from the loudspeakers, `delay` seconds late, where there are any."""
    handle: Any = None
    if compat.HAS_AUDIO:
        import aud

        no_loudspeakers: Any = aud.error  # the stubs take it for no exception
        with contextlib.suppress(no_loudspeakers):  # the face moves all the same
            wave = aud.Sound.buffer(sound.read(0, sound.length)[:, np.newaxis], audio.RATE)
            handle = aud.Device().play(wave.delay(delay))
    try:
        yield
    finally:
        if handle is not None:
            handle.stop()


def can_hear(preferred: str) -> bool:
    """Whether something is there that hears a microphone, as far as a look tells; `preferred` as in `microphone`."""
    if importlib.util.find_spec("sounddevice") is not None or engine.microphone.found() is not None:
        return True
    return bool(preferred or os.environ.get(engine.VARIABLE) or engine.is_installed())


def microphone(preferred: str) -> Iterator[FloatArray]:
    """What the system's microphone hears, at 16 kHz.

    By Blender's own Python where it can, else by what was got for it, else by the engine's, where `preferred` is the
    Python that the preferences name.  Raises KMTalkError, which says what to do, where none can.
    """
    if live.has_microphone():
        return live.microphone_blocks()
    hears = engine.microphone.found()
    if hears is None:
        try:
            hears = engine.find(preferred)
        except engine.EngineError as error:
            raise errors.KMTalkError(f"Blender hears no microphone by itself: {_HOW}.") from error
        if hears.wheels is not None:  # which are not unpacked yet
            raise errors.KMTalkError(f"Blender hears no microphone by itself: {_HOW}.")
    return _of_engine(hears)


def _of_engine(found: "engine.Engine") -> Iterator[FloatArray]:
    """The engine's Python listens in a process of its own, which ends with this generator."""
    with tempfile.TemporaryFile() as log:  # a pipe that nobody reads would fill, and the microphone stall
        yield from _pcm(found, log)
        log.seek(0)
        told = log.read().decode(errors="replace").strip().removeprefix("kmtalk: ")
        told = told.splitlines()[-1] if told else "The microphone was lost; connect it and start again."
        if "sounddevice" in told:
            told = f"{found.python} hears no microphone: {_HOW}."
        if "PortAudio" in told:
            told = f"A microphone needs PortAudio: {engine.microphone.PORTAUDIO}."
        raise errors.KMTalkError(told)


def _pcm(found: "engine.Engine", log: IO[bytes]) -> Iterator[FloatArray]:
    """What a process of the engine's hears until it ends; what it tells goes to `log`."""
    process: Any = subprocess.Popen(
        [str(found.python), "-m", "kmtalk_core", "stream", "mic", "--to", "pcm"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env=client.environment(found.module_path, found.variables),
        cwd=client.PACKAGE_FOLDER,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        while content := process.stdout.read(4 * _BLOCK):
            yield np.frombuffer(content[: len(content) // 4 * 4], "<f4")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
