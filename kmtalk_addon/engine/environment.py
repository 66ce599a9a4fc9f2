"""The environment that the engine lives in: a copy of Blender's Python, or a virtual environment of another one."""

import contextlib
import os
import re
import shutil
import sys
import threading
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import IO

from ..core import progress
from .faults import EngineError
from .python import building_folder, engine_folder

_NOT_NEEDED = ("site-packages", "test", "tests", "idlelib", "turtledemo", "__pycache__")


def home_in_blender(python: Path) -> Path | None:
    """The folder of the Python that lies inside a Blender (`<version>/python`), where `python` is one; else None."""
    home = python.resolve().parent.parent
    return home if home.name == "python" and re.fullmatch(r"\d+\.\d+", home.parent.name) else None


def make(python: Path) -> Generator[progress.Progress, None, list[str | Path]]:
    """Make the folder that an engine is built in anew for `python`; return the command still to run, if any.

    A Blender may be removed any day, so its Python is copied, whole: on Windows it lacks the parts that a virtual
    environment starts with.  Nothing of an earlier installation stays, for one that was stopped in the middle leaves
    libraries that look whole.  Raises EngineError.
    """
    folder, home = building_folder(), home_in_blender(python)
    discard(folder)
    try:
        folder.mkdir(parents=True)
        if home is not None:
            yield from _copy(home, folder)
    except OSError as error:
        raise EngineError(f"{folder} cannot be written ({error.strerror}): make room, or check permissions.") from error
    return [] if home is not None else [python, "-m", "venv", "--without-pip", folder]


def swap_in() -> None:
    """Let the engine that was built take the place of the one that was there, which works until now.

    Raises EngineError where a running process holds that one: it stays.
    """
    new, folder = building_folder(), engine_folder()
    discard(folder)
    try:
        new.rename(folder)
    except OSError as error:
        raise EngineError(f"{new} is in use ({error.strerror}): close other Blenders and press Resume.") from error


def discard(folder: Path) -> None:
    """Put a folder out of the way and remove it beside the window, which gigabytes would hold up.

    Raises EngineError where a running process holds it.
    """
    try:
        if folder.exists():
            folder.rename(folder.with_name(f"old-{uuid.uuid4().hex}"))
    except OSError as error:
        raise EngineError(f"{folder} is in use ({error.strerror}): close other Blenders and try again.") from error
    for old in folder.parent.glob("old-*"):
        threading.Thread(target=shutil.rmtree, args=(old,), kwargs={"ignore_errors": True}, daemon=True).start()


def _copy(home: Path, folder: Path) -> progress.Job[None]:
    number = 0
    for place, folders, names in os.walk(home):
        folders[:] = [name for name in folders if name not in _NOT_NEEDED]
        target = folder / Path(place).relative_to(home)
        target.mkdir(exist_ok=True)
        for path in (Path(place, name) for name in names):
            if path.is_file():  # rather than a link to nothing
                shutil.copy2(path, target / path.name)
                number += 1
            if number % 10 == 0:
                yield progress.Progress("copying Blender's Python", 0.02)


@contextlib.contextmanager
def alone(folder: Path) -> Generator[bool, None, None]:
    """Whether this process may install into `folder` now: one at a time may, and one that dies makes way.

    Raises EngineError where the folder cannot be written.
    """
    try:
        file = (folder / "install.lock").open("a")
    except OSError as error:
        raise EngineError(f"{folder} cannot be written ({error.strerror}): check its permissions.") from error
    with file:
        yield _lock(file)


def _lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
