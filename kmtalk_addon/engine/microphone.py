"""What hears a microphone: three wheels of the engine's lock beside Blender's own Python, a megabyte without PyTorch.

It runs in a process of its own, as the engine does: nothing is loaded into Blender.
"""

import os
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from ..core import progress
from . import commands, environment, locked
from .process import lines_of
from .python import Engine, EngineError, data_folder, module_folder

NAMES = ("sounddevice", "cffi", "pycparser")
PORTAUDIO = "install your system's PortAudio too (Debian and Ubuntu: sudo apt install libportaudio2)"


def folder() -> Path:
    """Where it lies, for this Blender's Python: other Blenders bring others."""
    tag = f"{sys.version_info[0]}.{sys.version_info[1]}-{sysconfig.get_platform()}"
    return data_folder() / "microphone" / tag


def found() -> Engine | None:
    """What hears; None where it is not installed."""
    if not (folder() / "sounddevice.py").exists():
        return None
    arrays = module_folder("numpy")
    return Engine(Path(sys.executable), "microphone", (folder(), *([arrays] if arrays else [])))


def fetch(wheels: Path | None = None, lock: Path = locked.LOCK) -> progress.Job[str]:
    """Install it, from the network or from a folder of `wheels`; returns what is to be told.  Raises EngineError."""
    new = folder().with_name(folder().name + "-new")
    try:
        data_folder().mkdir(parents=True, exist_ok=True)
        with environment.alone(data_folder()) as is_mine:
            if not is_mine:
                raise EngineError("Another Blender is installing: wait until it is done.")
            environment.discard(new)
            new.mkdir(parents=True)
            wanted = new / "wanted.txt"
            wanted.write_text("\n".join(_pins(lock)) + "\n", encoding="utf-8")
            source: list[str | Path] = ["--no-index", "--find-links", wheels] if wheels else ["--retries", "1"]
            command = [*_pip(), "install", "--target", new, "--no-deps", "--require-hashes", "--only-binary", ":all:"]
            command += ["--no-cache-dir", "--no-compile", *source, "-r", wanted]
            yield from commands.run(command, "fetching what hears a microphone", 0.0, 0.9)
            wanted.unlink()
            environment.discard(folder())
            new.rename(folder())
    except OSError as error:
        raise EngineError(f"{folder()} cannot be written ({error.strerror}): check room and permissions.") from error
    last = yield from _tried()
    if "PortAudio" in last:
        return f"Nearly done: {PORTAUDIO}."
    if last:
        raise EngineError(f"What hears a microphone does not start ({last[:120]}): see install.log.")
    return "A microphone can be heard now"


def _pins(lock: Path) -> list[str]:
    """The lock's lines of what is needed, with their hashes."""
    hashes = locked.hashes(lock)
    lines = []
    for name, pins in locked.pins(lock).items():
        if name not in NAMES:
            continue
        for pin in pins:
            version = pin.split("==")[1].split(";")[0].strip()
            lines.append(" ".join([pin, *(f"--hash=sha256:{digest}" for digest in sorted(hashes[name, version]))]))
    return lines


def _pip() -> Sequence[str | Path]:
    """A pip of this Python: the one that it brings to begin with, which nothing has to be installed for."""
    import ensurepip  # where a system leaves it out, this says so

    own = sorted(Path(ensurepip.__file__).with_name("_bundled").glob("pip-*.whl"))
    pip = [sys.executable, own[-1] / "pip"] if own else [sys.executable, "-m", "pip"]
    return [*pip, "--disable-pip-version-check"]


def _tried() -> progress.Job[str]:
    """The last line of what goes wrong when it is imported, "" for nothing."""
    last = ""
    lines = lines_of([sys.executable, "-c", "import sounddevice"], {"PYTHONPATH": os.fspath(folder())})
    while True:
        try:
            line = next(lines)
        except StopIteration as stop:
            return last if stop.value else ""
        last = line or last
        yield progress.Progress("listening", 0.95)
