"""Paths for C libraries that open files by themselves."""

import ctypes
import sys
from pathlib import Path


def native_path(path: Path) -> str | None:
    """`path` in letters that a C library's fopen understands; None where Windows offers no such name.

    There fopen reads the code page of the system, so that a name outside ASCII has to be replaced by its short one.
    """
    if sys.platform != "win32":
        return str(path)
    short = ctypes.create_unicode_buffer(1024)
    ctypes.windll.kernel32.GetShortPathNameW(str(path), short, len(short))
    for name in (str(path), short.value):
        if name and name.encode("mbcs", "replace") == name.encode("utf-8", "replace"):
            return name
    return None
