"""Paths for C libraries that open files by themselves."""

import ctypes
import os
import sys
from pathlib import Path


def native_path(path: Path) -> str | None:
    """`path` in letters that a C library's fopen understands; None where Windows offers no such name.

    There fopen reads the code page of the system, so that a name outside ASCII has to be replaced: by its short one, or
    by the way to it from the current folder, which leaves out a user's name above both.
    """
    if sys.platform != "win32":
        return str(path)
    return next((name for name in (str(path), _short(path), _from_here(path)) if name and _is_plain(name)), None)


def _is_plain(name: str) -> bool:
    return name.isascii()


def _short(path: Path) -> str:
    if sys.platform != "win32":
        return ""
    short = ctypes.create_unicode_buffer(1024)
    ctypes.windll.kernel32.GetShortPathNameW(str(path), short, len(short))
    return short.value


def _from_here(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive
        return ""
