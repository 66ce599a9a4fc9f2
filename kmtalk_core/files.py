"""Writing files whole or not at all, never over what they were made from, and names as other systems have them."""

import errno
import io
import os
import shutil
import stat
import sys
import tempfile
import time
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import IO, TYPE_CHECKING

from .errors import KMTalkError

if TYPE_CHECKING:
    import numpy.typing as npt

_OUTPUTS = frozenset({"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
_GIVEN = frozenset({"/dev/fd", "/proc/self/fd"})
"""Folders of the pipes that a shell hands over."""
_PIECE = 1 << 20  # bytes
_PATIENCE = 1.0  # seconds for a scanner, an indexer or a cloud's client to let a name go
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(10)]
)


class OutputError(KMTalkError):
    """A place where nothing may be written, or that is held by another program."""

    kind = "output"


def opened(path: Path) -> IO[bytes]:
    """`path` to be read, also a pipe that was handed to this program (`/dev/stdin`, `/dev/fd/63`).

    Raises OSError for other pipes and for devices, which may never end, and where there is no such file.
    """
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        raise OSError(errno.EINVAL, "no file has such a name") from error
    is_given = stat.S_ISFIFO(mode) and (str(path) == "/dev/stdin" or str(path.parent) in _GIVEN)
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or is_given):
        raise OSError(errno.EINVAL, "it is a device or a pipe and no file")
    return path.open("rb")


def read_at_most(path: Path, limit: int) -> bytes:
    """The content of what `opened` opens.  Raises OSError as it does, and where there are more than `limit` bytes."""
    content = io.BytesIO()
    with opened(path) as file:
        while piece := file.read(min(_PIECE, limit + 1 - content.tell())):  # one large read would take all its room
            content.write(piece)
    if content.tell() > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit >> 20} MB")
    return content.getvalue()


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file for what belongs at `path`; it takes that place only when the block ends without an error.

    The program's own output (`/dev/stdout`) is written to then.  Raises OutputError for a place that `require_free`
    refuses, or that another program holds for long; OSError where the system does not write.
    """
    if str(path) in _OUTPUTS:
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            with os.fdopen(os.dup(1), "wb") as out:
                shutil.copyfileobj(file, out)
        return
    require_free(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        if os.name != "nt":
            Path(beside).chmod(0o666 & ~_umask())
        put_in_place(Path(beside), path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def write_npz(path: Path, **arrays: "npt.ArrayLike") -> None:
    """Write arrays as `numpy.savez` does, whole or not at all; raises as `replacing` does."""
    import numpy as np

    with replacing(path) as file:
        archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        try:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.close()
        except BaseException:
            archive.fp = None  # else its end would write the rest, into a file that is closed by then
            raise


def put_in_place(beside: Path, path: Path) -> None:
    """Rename `beside` to `path`, again for about a second where another program holds the name.

    Raises OutputError where it goes on holding it.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            beside.replace(path)
        except PermissionError as error:
            if time.monotonic() > until:
                raise OutputError(
                    f"{path} is open in another program, or may not be replaced; close it there, or give another name."
                ) from error
            time.sleep(0.05)
        else:
            return


def require_free(path: Path, *sources: "Path | None") -> None:
    """Raise OutputError where writing to `path` would destroy one of `sources`, or something that is no plain file."""
    if str(path) in _OUTPUTS:
        return
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):
        return  # not there: free; unreadable: whoever writes will hear of it
    if stat.S_ISLNK(mode):
        raise OutputError(f"{path} is a link to {_target(path)}; give the file itself, or another name, to write to.")
    if stat.S_ISDIR(mode):
        raise OutputError(f"{path} is a folder; give the name of a file to write.")
    if not stat.S_ISREG(mode):
        raise OutputError(f"{path} is a device or a pipe and no file; give the name of a file to write.")
    for source in sources:
        if source is not None and is_same(path, source):
            raise OutputError(f"{path} would be written over {source}, which is read; give another name.")


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, however they are spelt; both must be there."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def spelt(path: Path) -> Path:
    """`path`, or its name in the other form of its accents where only that is there.

    A Mac writes é as e and an accent, most others as one letter; a list made on one names files of the other.
    """
    if is_there(path):
        return path
    for form in ("NFC", "NFD"):
        other = path.with_name(unicodedata.normalize(form, path.name)) if path.name else path
        if other != path and is_there(other):
            return other
        whole = Path(unicodedata.normalize(form, str(path)))
        if is_there(whole):
            return whole
    return path


def is_there(path: Path) -> bool:
    """Whether there is such a file; a name that no system allows, or may not be asked for, is of none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def folded(names: Iterable[str], folder: Path) -> list[str]:
    """`names` such that two are equal where they are one file in `folder`: on many disks case or accents' form is none.

    What cannot be found out, for want of a folder to try it in, counts as told apart.
    """
    names = list(names)
    folds_case, folds_form = _folds(folder)
    if folds_form:
        names = [unicodedata.normalize("NFC", name) for name in names]
    return [name.casefold() for name in names] if folds_case else names


def _folds(folder: Path) -> tuple[bool, bool]:
    """Whether names in `folder` that differ in case, and in the form of accents, are one file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".kmtalk-é-", dir=folder) as file:
            path = Path(file.name)
            swapped = path.with_name(path.name.swapcase())
            decomposed = path.with_name(unicodedata.normalize("NFD", path.name))
            return swapped.exists(), decomposed.exists()
    except (OSError, ValueError):
        return sys.platform in ("win32", "darwin"), sys.platform == "darwin"


def safe_name(name: str) -> str:
    """`name` as the name of a file on every system: Windows opens devices called con, aux or com1, whatever follows."""
    stem = PureWindowsPath(name).name.split(".")[0].strip().casefold()
    return f"_{name}" if stem in _RESERVED else name


def typed_path(text: str) -> Path:
    """The path that somebody typed or pasted: quotes around it, as Windows copies them, and `~` are understood."""
    text = text.strip()
    for quote in "\"'":
        if len(text) > 1 and text[0] == text[-1] == quote:
            text = text[1:-1]
    try:
        return Path(text).expanduser()
    except (RuntimeError, ValueError):  # of a user who is not known here
        return Path(text)


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return "another"


def _umask() -> int:
    """The process's mask for new files, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
