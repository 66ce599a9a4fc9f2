"""A Python that the engine's libraries are made for: Blender's own where it is one, else one of this system."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from ..core import files
from .faults import EngineError

SUPPORTED = ((3, 11), (3, 13))
"""The first and the last Python that the libraries are used with."""

Version = tuple[int, int]

_ASK = "import sys, venv, ensurepip; print('KMTALK', *sys.version_info[:2], int(sys.maxsize > 1 << 32))"
_SECONDS = 20.0
_PLACES = ("/opt/homebrew/bin", "/usr/local/bin", "/Library/Frameworks/Python.framework/Versions/{0}.{1}/bin")
"""Where a Mac has them, whose windows are started with a poor path."""


def versions(wheels: Path | None = None) -> list[Version]:
    """The Pythons that the libraries are made for, or those that the folder `wheels` holds PyTorch for, newest first.

    Raises EngineError where it holds none.
    """
    if wheels is None:
        first, last = SUPPORTED
        return [(first[0], minor) for minor in range(last[1], first[1] - 1, -1)]
    tags = (re.search(r"-cp(\d)(\d+)-", path.name) for path in wheels.glob("torch-*.whl"))
    found = {(int(tag[1]), int(tag[2])) for tag in tags if tag}
    if not found:
        raise EngineError(f"{wheels} holds no wheel of PyTorch (torch-….whl): choose the folder that does.")
    return sorted(found, reverse=True)


def blenders_own() -> Version:
    """The version of Blender's own Python."""
    return sys.version_info[:2]


def has_own_python() -> bool:
    """Whether Blender's own Python is one that the libraries are made for."""
    return blenders_own() in versions()


def names(wanted: Sequence[Version]) -> str:
    """`wanted` for people: "3.11, 3.12 or 3.13"."""
    *others, last = [f"{major}.{minor}" for major, minor in sorted(wanted)]
    return f"{', '.join(others)} or {last}" if others else last


def base_python(wheels: Path | None = None, named: str = "") -> Path:
    """What the engine's environment is made from: Blender's own Python, or another one where that is too new.

    Of others the one that is `named` counts, or else one on the path; with `wheels`, one that these are for.  Raises
    EngineError.
    """
    wanted = versions(wheels)
    if blenders_own() in wanted:
        return Path(sys.executable)
    python = find_named(named, wanted) or find_here(wanted)
    if python is None:
        raise EngineError(
            f"{needs(wanted)}: install one of these beside it and try again, or choose a Python that has PyTorch."
        )
    return python


def needs(wanted: Sequence[Version]) -> str:
    """What Blender's Python is, and what the engine needs."""
    major, minor = blenders_own()
    return f"Blender's Python is {major}.{minor} where the engine needs {names(wanted)}"


def find_named(named: str, wanted: Sequence[Version]) -> Path | None:
    """The Python that somebody wrote down, None for an empty text.  Raises EngineError for one that does not fit."""
    if not named.strip():
        return None
    python = files.typed_path(named)
    if not fits(python, wanted):
        raise EngineError(f"{python} is no Python {names(wanted)} that can make environments: choose another.")
    return python


def find_here(wanted: Sequence[Version]) -> Path | None:
    """The first of `wanted` on the path, or where this system keeps them, that can make environments."""
    return next((python for version in wanted for python in _candidates(version) if fits(python, wanted)), None)


def fits(python: Path, wanted: Sequence[Version]) -> bool:
    """Whether `python` starts, is one of `wanted` for 64 bits, and can make environments with pip."""
    try:
        return _version(str(python), python.stat().st_mtime) in wanted
    except OSError:
        return False


def _candidates(version: Version) -> Iterator[Path]:
    places = [*os.get_exec_path(), *(place.format(*version) for place in _PLACES if sys.platform == "darwin")]
    for place in places:  # the first of a name may be a stand-in that starts nothing
        found = shutil.which("python{}.{}".format(*version), path=place)
        if found:
            yield Path(found)


@lru_cache(maxsize=32)
def _version(python: str, changed: float) -> Version | None:
    """What the executable `python` says that it is; None for what is no Python, or lacks parts."""
    try:
        done = subprocess.run(
            [python, "-I", "-c", _ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(rb"^KMTALK (\d+) (\d+) 1\b", done.stdout, re.MULTILINE)
    return (int(said[1]), int(said[2])) if said else None
