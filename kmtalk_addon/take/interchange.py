"""Takes as files of others: Live Link Face CSV and plain JSON, both ways.  No bpy here."""

import csv
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..core import arkit, errors
from ..core import take as takes

if TYPE_CHECKING:
    from kmtalk_core.take import Take

LAYOUTS = (
    ("CSV", "Live Link Face CSV", "Timecode, count and the ARKit coefficients, frame by frame"),
    ("JSON", "JSON", "Keys, phones and motion as plain text"),
    ("NPZ", "KMTalk Take", "All of it, for another file or the command line"),
)
SIZE_LIMIT = 512 << 20  # of text
_DEFAULT_FPS = 60.0  # of Live Link Face, whose timecodes may be missing
_RATES = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0)
_LARGEST_STRETCH = 50
"""How many times its rows a recording may last: timecodes beyond that are of two recordings."""


def export(take: "Take", path: Path) -> None:
    """Write `take` in the layout that the ending of `path` names.  Raises TakeError."""
    ending = path.suffix.lower()
    if ending == ".csv":
        takes.export_csv(take, path)
    elif ending == ".npz":
        takes.save_take(take, path)
    else:
        _export_json(take, path)


def load(path: Path) -> "Take":
    """The take in a .npz, .json or Live Link Face .csv file.  Raises TakeError."""
    try:
        if path.suffix.lower() == ".npz":
            return takes.load_take(path)
        if path.stat().st_size > SIZE_LIMIT:
            raise errors.TakeError(f"{path.name} is larger than {SIZE_LIMIT >> 20} MB: cut it into parts.")
        if path.suffix.lower() == ".json":
            return _load_json(path)
        return _load_csv(path)
    except OSError as error:
        raise errors.TakeError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, csv.Error) as error:
        raise errors.TakeError(f"{path.name} is no take that KMTalk knows: choose a Live Link Face CSV.") from error


def _export_json(take: "Take", path: Path) -> None:
    content = {
        "space": take.space,
        "fps": take.fps,
        "channels": list(take.channels),
        "text": take.text,
        "phones": [vars(phone) for phone in take.phones],
        "keys": [
            {"frame": k.frame, "time": k.time, "label": k.label, "confidence": k.confidence, "state": k.state}
            for k in take.keys
        ],
        "motion": np.round(take.motion.astype(float), 5).tolist(),
    }
    try:
        with takes.replacing(path) as file:
            file.write(json.dumps(content, ensure_ascii=False).encode())
    except OSError as error:
        raise errors.TakeError(f"{path} cannot be written ({error.strerror}): choose another folder.") from error


def _load_json(path: Path) -> "Take":
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    if content["space"] != "arkit":
        raise ValueError("another space")
    columns = [content["channels"].index(name) for name in arkit.ARKIT_NAMES]
    motion = _checked(np.array(content["motion"], float)[:, columns])
    fps = float(content["fps"])
    phones = tuple(takes.Phone(p["start"], p["end"], p["label"], p["confidence"]) for p in content.get("phones", ()))
    keys = tuple(
        takes.Key(k["frame"], k["time"], k["label"], k["confidence"], motion[k["frame"]], k["state"])
        for k in content["keys"]
    )
    made = takes.Take("arkit", fps, motion, keys, phones, content.get("text"), audio={"name": path.name})
    return _as_saved(made, path.name)


def _load_csv(path: Path) -> "Take":
    """A Live Link Face recording; the frames at its ends become keys.

    Rows stand where their timecodes say: phones drop frames when they get hot, and what is between is drawn straight.
    """
    rows = _rows(path)
    columns = {name.strip().lower(): index for index, name in enumerate(rows[0])}
    found = [
        (channel, columns[name.lower()]) for channel, name in enumerate(arkit.ARKIT_NAMES) if name.lower() in columns
    ]
    body = [row for row in rows[1:] if len(row) >= len(rows[0])]
    if not found or not body:
        raise ValueError("no coefficients")
    motion = np.zeros((len(body), len(arkit.ARKIT_NAMES)))
    for channel, column in found:
        motion[:, channel] = [float(row[column].replace(",", ".") or 0) for row in body]
    motion = _checked(motion)
    codes = [_timecode(row[columns["timecode"]]) for row in body] if "timecode" in columns else []
    fps, frames = _frames(codes, len(body))
    if frames is not None:
        grid = np.arange(round(frames[-1]) + 1)
        motion = np.stack([np.interp(grid, frames, column) for column in motion.T], 1).astype(np.float32)
    ends = sorted({0, len(motion) - 1})
    keys = tuple(takes.Key(frame, frame / fps, "", 1.0, motion[frame]) for frame in ends)
    return takes.Take(space="arkit", fps=fps, motion=motion, keys=keys, audio={"name": path.name})


def _rows(path: Path) -> list[list[str]]:
    """The cells of a table, however a spreadsheet has saved it again."""
    data = path.read_bytes()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    lines = text.splitlines()
    return list(csv.reader(lines, delimiter=max(",;\t", key=lines[0].count)))


def _timecode(cell: str) -> tuple[int, float]:
    """Whole seconds, and the frame (with its fraction) within the second, of `hh:mm:ss:ff.fff`."""
    hours, minutes, seconds, frame = cell.replace(";", ":").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frame)


def _frames(codes: Sequence[tuple[int, float]], count: int) -> tuple[float, "np.ndarray | None"]:  # type: ignore[type-arg]
    """Frames a second of a recording, and the frame of each row where rows are missing (None: one after another)."""
    if len(codes) < 2:
        return _DEFAULT_FPS, None
    seconds, within = (np.array(column, float) for column in zip(*codes, strict=True))
    seconds += 86400.0 * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -43200)  # past midnight
    rates = [rate for rate in _RATES if rate > np.floor(within.max())]
    if seconds[-1] - seconds[0] < 2:  # too short to have seen the last frame of a second
        rates = [rate for rate in rates if rate in (30.0, 60.0)]
    if not rates or not (within >= 0).all():
        return _DEFAULT_FPS, None
    times = seconds + within / rates[0]
    steps = np.diff(times)
    if steps.min() <= 0:
        return _DEFAULT_FPS, None
    fps = min(_RATES, key=lambda rate: abs(rate - 1 / np.median(steps)))
    frames = (times - times[0]) * fps
    if abs(frames - np.arange(count)).max() < 0.75 or frames[-1] > _LARGEST_STRETCH * count:
        return fps, None
    return fps, frames


def _checked(motion: "np.ndarray") -> "np.ndarray":  # type: ignore[type-arg]
    if motion.ndim != 2 or not np.isfinite(motion).all():
        raise ValueError("no motion")
    return np.clip(motion, -10, 10).astype(np.float32)


def _as_saved(take: "Take", name: str) -> "Take":
    """`take`, out of the file `name`, through a file of our own, whose reader trusts nothing.  Raises TakeError."""
    with tempfile.TemporaryDirectory(prefix="kmtalk_") as folder:
        path = Path(folder) / "take.npz"
        takes.save_take(take, path)
        try:
            return takes.load_take(path)
        except errors.TakeError as error:
            raise errors.TakeError(str(error).replace(str(path), name)) from error
