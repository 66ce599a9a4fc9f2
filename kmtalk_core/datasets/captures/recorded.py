"""Values that somebody recorded, by whatever names, out of CSV, JSON or NumPy files."""

import csv
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import DataSetError, KMTalkError
from ...schema import loads
from ...take import load_take
from ...take.table import DEFAULT_FPS, number, read_table

Doubles: TypeAlias = npt.NDArray[np.float64]

SIZE_LIMIT = 512 << 20  # bytes
LONGEST = 4 * 3600.0  # seconds

_TIMES = ("time", "timestamp", "t", "times")
_UNITS = ("", "s", "sec", "second", "seconds", "ms", "msec", "millisecond", "milliseconds", "us", "ns")
_NAMES = ("names", "facsNames", "blendShapeNames", "blendshapes_names", "channels", "blendshape_names")
_MATRIX = ("weightMat", "weights", "values", "motion", "blendShapes", "blendshapes", "data")
_RATES = ("fps", "exportFps", "frameRate", "frame_rate", "framerate")
_HIGHEST_RATE = 1000.0


@dataclass(frozen=True)
class Recorded:
    """Columns (rows,) by their names, NaN where a cell is empty; when each row was, in `times` (rows,) seconds from
    the first, rising; `fps` is the rate they were recorded at, or the usual one where it `is_guessed`."""

    columns: Mapping[str, Doubles]
    times: Doubles
    fps: float
    is_guessed: bool = False


def read(path: Path) -> Recorded | None:
    """What is recorded in a file; None for one that holds no frames of anything (logs, settings, other data).

    Raises DataSetError for a file that cannot be read or is damaged.
    """
    reader = READERS.get(path.suffix.lower())
    try:
        if reader is None or not path.stat().st_size:
            return None
        if path.stat().st_size > SIZE_LIMIT:
            raise DataSetError(f"{path} is larger than {SIZE_LIMIT >> 20} MB; cut it into takes.")
        return reader(path)
    except OSError as error:
        raise DataSetError(f"{path} cannot be read ({error.strerror}); check the file.") from error
    except KMTalkError as error:
        raise DataSetError(str(error)) from error
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        OverflowError,
        EOFError,
        csv.Error,
        zipfile.BadZipFile,
    ) as error:
        raise DataSetError(f"{path} is damaged ({error!s:.80}); record or export it again.") from error


def _read_text(path: Path) -> Recorded | None:
    table = read_table(path)
    columns: dict[str, Doubles] = {}
    for name in dict.fromkeys(table.names):
        if name.lower() in ("timecode", "blendshapecount"):
            continue
        values = _numbers(table.column(name))
        if values is not None:
            columns[name] = values
    if not table.rows or not columns:
        return None
    for name, values in columns.items():
        if _is_clock(name) and not table.codes:
            return _timed({n: v for n, v in columns.items() if n != name}, _seconds(values))
    fps, frames = table.pace()
    times = (np.arange(len(table.rows)) if frames is None else frames) / fps
    return Recorded(columns, times, fps, not table.tells_time)


def _numbers(cells: Sequence[str]) -> Doubles | None:
    """The numbers of a column, NaN where a cell is empty or damaged; None for words."""
    values = np.array([_number(cell) for cell in cells])
    is_empty = np.array([not cell.strip() for cell in cells])
    words = np.count_nonzero(np.isnan(values) & ~is_empty)
    return None if 2 * words > np.count_nonzero(~is_empty) else values


def _number(cell: str) -> float:
    try:
        return number(cell)
    except ValueError:
        return np.nan


def _read_json(path: Path) -> Recorded | None:
    content = loads(path.read_bytes(), str(path), DataSetError, room=2 << 30)
    if isinstance(content, list):
        content = {"frames": content}
    if not isinstance(content, dict):
        return None
    names = next((content[name] for name in _NAMES if isinstance(content.get(name), list)), None)
    fps = next((float(content[name]) for name in _RATES if isinstance(content.get(name), (int, float))), None)
    if fps is not None and not 1 <= fps <= _HIGHEST_RATE:
        raise ValueError(f"{fps:g} frames a second")
    frames = content.get("frames")
    if not (isinstance(frames, list) and frames and isinstance(frames[0], dict)):
        rows = next((content[name] for name in _MATRIX if isinstance(content.get(name), list)), frames)
        if names is None or not isinstance(rows, list) or not rows or not isinstance(rows[0], list):
            return None
        return _even(_columns(names, rows), fps)
    rows = [next((frame[name] for name in _MATRIX if name in frame), frame) for frame in frames]
    if isinstance(rows[0], dict):
        known = dict.fromkeys(name for row in rows for name, value in row.items() if _is_number(value))
        found = {name: np.array([_value(row.get(name)) for row in rows]) for name in known if not _is_clock(name)}
    elif names is not None:
        found = _columns(names, rows)
    else:
        return None
    if not found:
        return None
    clock = next((name for name in frames[0] if _is_clock(name) and _is_number(frames[0][name])), None)
    if clock is None:
        return _even(found, fps)
    return _timed(found, _seconds(np.array([float(frame[clock]) for frame in frames])))


def _columns(names: Sequence[Any], rows: Sequence[Any]) -> dict[str, Doubles]:
    values = np.array(rows, np.float64)
    if values.ndim != 2 or values.shape[1] != len(names):
        raise ValueError(f"{len(names)} names for rows of another length")
    return {str(name): values[:, place] for place, name in enumerate(names)}


def _read_npz(path: Path) -> Recorded | None:
    with zipfile.ZipFile(path) as archive:
        members = set(archive.namelist())
        if sum(info.file_size for info in archive.infolist()) > SIZE_LIMIT:
            raise DataSetError(f"{path} would take more than {SIZE_LIMIT >> 20} MB; cut it into takes.")
    if "header.npy" in members:
        take = load_take(path)
        columns = {n: column.astype(np.float64) for n, column in zip(take.space.names, take.motion.T, strict=False)}
        head = take.track("head")
        if head is not None:
            columns |= {f"Head{n.title()}": head.motion[:, i].astype(float) for i, n in enumerate(head.space.names)}
        return _even(columns, take.fps) if columns else None
    with np.load(path, allow_pickle=False) as arrays:
        names = next((arrays[name] for name in _NAMES if name in arrays), None)
        values = next((arrays[name] for name in _MATRIX if name in arrays and arrays[name].ndim == 2), None)
        if names is None or values is None:
            return None
        columns = _columns(names.tolist(), values)
        if "t" in arrays:
            return _timed(columns, arrays["t"].astype(np.float64).ravel())
        fps = next((float(arrays[name]) for name in _RATES if name in arrays), None)
        return _even(columns, fps)


def _even(columns: Mapping[str, Doubles], fps: float | None) -> Recorded:
    """Rows one after the other, at the usual rate where `fps` is None."""
    rate = DEFAULT_FPS if fps is None else fps
    if not 1 <= rate <= _HIGHEST_RATE:
        raise ValueError(f"{rate:g} frames a second")
    return Recorded(columns, np.arange(len(next(iter(columns.values())))) / rate, rate, fps is None)


def _timed(columns: Mapping[str, Doubles], times: Doubles) -> Recorded:
    """Rows that say when they were; those that do not come after the one before them are left out."""
    if len(times) != len(next(iter(columns.values()))) or not np.isfinite(times).all():
        raise ValueError("times that are missing or not finite")
    rising = np.concatenate([[True], times[1:] > np.maximum.accumulate(times)[:-1]])
    times = times[rising] - times[0]
    if len(times) < 2:
        return _even({name: column[rising] for name, column in columns.items()}, None)
    fps, mean = 1 / float(np.median(np.diff(times))), (len(times) - 1) / float(times[-1])
    fps = mean if abs(mean - fps) < 0.02 * fps else fps  # times are often rounded; their mean is not
    fps = round(fps) if abs(fps - round(fps)) < 0.02 else fps
    if times[-1] > LONGEST or not 1 <= fps <= _HIGHEST_RATE:
        raise ValueError(f"times that span {times[-1]:.0f} s at {fps:g} frames a second")
    return Recorded({name: column[rising] for name, column in columns.items()}, times, float(fps))


def _seconds(times: Doubles) -> Doubles:
    """Times in seconds, which some write in milli- or nanoseconds: no face is recorded less than once a second."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    for scale in (1.0, 1e3, 1e6, 1e9):
        if step <= scale:
            return times / scale
    return times


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _value(value: Any) -> float:
    return float(value) if _is_number(value) else np.nan


def _is_clock(name: str) -> bool:
    """Whether a column tells when its rows were: `time`, `Timestamp (ms)`, `seconds` …"""
    key = "".join(letter for letter in name.lower() if letter.isalnum())
    return key == "seconds" or any(key == time + unit for time in _TIMES for unit in _UNITS)


READERS: dict[str, Callable[[Path], Recorded | None]] = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".json": _read_json,
    ".npz": _read_npz,
}
"""What reads each kind of file, by its ending."""
