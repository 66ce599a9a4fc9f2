"""uv finds a Python that this system keeps out of the way, or fetches one (https://docs.astral.sh/uv/).

Its wheel carries the program, so it comes from where all other libraries do.
"""

import shutil
import sys
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ..core import progress
from .commands import pip_variables, run
from .faults import EngineError, UnreachableError
from .interpreters import Version, fits, names, needs
from .process import WINDOWS, lines_of
from .python import data_folder

LOCK = Path(__file__).with_name("uv.lock")
PROGRAM = "uv.exe" if WINDOWS else "uv"


def folder() -> Path:
    """Where the program lies, and the Pythons that it fetched."""
    return data_folder() / "uv"


def python(wanted: Sequence[Version]) -> progress.Job[Path]:
    """One of `wanted`, the first that this system has anywhere, else fetched.  Raises EngineError."""
    uv = yield from _program()
    for version in wanted:
        found = yield from _answer([uv, "python", "find", *_asked(version)], UV_PYTHON_DOWNLOADS="never")
        if found is not None and fits(found, wanted):
            return found
    newest = wanted[0]
    try:
        yield from run(
            [uv, "python", "install", "--no-bin", "{}.{}".format(*newest)],
            f"fetching Python {names([newest])}",
            0.02,
            0.03,
            variables=_variables(),
        )
    except UnreachableError as error:
        raise UnreachableError(
            f"{needs(wanted)}, and none could be fetched, for there is no connection to {error.host}: install Python "
            f"{names([newest])} and press Resume, or name one in the preferences.",
            error.host,
        ) from error
    found = yield from _answer([uv, "python", "find", *_asked(newest)], UV_PYTHON_PREFERENCE="only-managed")
    if found is None or not fits(found, wanted):
        raise EngineError(f"{needs(wanted)}: install one of these and press Resume, or name it in the preferences.")
    return found


def _asked(version: Version) -> list[str]:
    return ["--no-project", "--system", "{}.{}".format(*version)]


def _variables() -> dict[str, str]:
    """What uv does here is no matter of the user's other projects; how it reaches its server is."""
    return {
        "UV_PYTHON_INSTALL_DIR": str(folder() / "pythons"),
        "UV_CACHE_DIR": str(folder() / "cache"),
        "UV_NO_CONFIG": "1",
        "UV_SYSTEM_CERTS": "1",
    }


def _answer(command: Sequence[str | Path], **variables: str) -> progress.Job[Path | None]:
    """The path that uv prints last; None where it prints none."""
    path = None
    for line in lines_of(command, {**_variables(), **variables}):
        if line and Path(line).is_file():
            path = Path(line)
        yield progress.Progress("looking for a Python", 0.02)
    return path


def _program() -> progress.Job[Path]:
    """uv itself: the user's, ours, or fetched now.  Raises EngineError."""
    own = folder() / PROGRAM
    there = shutil.which("uv")
    if there is not None or own.exists():
        return Path(there or own)
    folder().mkdir(parents=True, exist_ok=True)
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--no-cache-dir", "--retries", "1"]
    command = [*_own_pip(), "--disable-pip-version-check", "download", *options, "--dest", folder(), "-r", LOCK]
    yield from run(command, "fetching uv, which finds Pythons", 0.0, 0.02, variables=pip_variables())
    wheel = next(folder().glob("uv-*.whl"))
    part = own.with_name(f"{PROGRAM}.part")
    with zipfile.ZipFile(wheel) as file:
        inside = next(name for name in file.namelist() if name.endswith(f".data/scripts/{PROGRAM}"))
        part.write_bytes(file.read(inside))
    part.chmod(0o755)
    part.replace(own)
    wheel.unlink()
    return own


def _own_pip() -> list[str | Path]:
    """The pip that lies in Blender's Python, run where it lies: nothing is installed there.  Raises EngineError."""
    spec = find_spec("ensurepip")
    bundled = sorted(Path(spec.origin).parent.glob("_bundled/pip-*.whl")) if spec and spec.origin else []
    if bundled:
        return [sys.executable, bundled[-1] / "pip"]
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    raise EngineError("Blender's Python has no pip: install Python 3.13 beside it, and name it in the preferences.")
