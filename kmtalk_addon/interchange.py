"""Takes as files of others: Live Link Face CSV and plain JSON, both ways.  No bpy here."""

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .core import arkit, errors
from .core import take as takes

if TYPE_CHECKING:
    from kmtalk_core.take import Take

LAYOUTS = (
    ("CSV", "Live Link Face CSV", "Timecode, count and the ARKit coefficients, frame by frame"),
    ("JSON", "JSON", "Keys, phones and motion as plain text"),
    ("NPZ", "KMTalk Take", "All of it, for another file or the command line"),
)
SIZE_LIMIT = 512 << 20
_DEFAULT_FPS = 60.0  # of Live Link Face, whose timecodes may be missing


def export(take: "Take", path: Path) -> None:
    """Write `take` in the layout that the ending of `path` names.  Raises TakeError."""
    if path.suffix == ".csv":
        takes.export_csv(take, path)
    elif path.suffix == ".npz":
        takes.save_take(take, path)
    else:
        _export_json(take, path)


def load(path: Path) -> "Take":
    """The take in a .npz, .json or Live Link Face .csv file.  Raises TakeError."""
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise errors.TakeError(f"{path.name} is larger than {SIZE_LIMIT >> 20} MB: cut it into parts.")
        if path.suffix.lower() == ".npz":
            return takes.load_take(path)
        if path.suffix.lower() == ".json":
            return _load_json(path)
        return _load_csv(path)
    except OSError as error:
        raise errors.TakeError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
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
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise errors.TakeError(f"{path} cannot be written ({error.strerror}): choose another folder.") from error


def _load_json(path: Path) -> "Take":
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    if content["space"] != "arkit":
        raise ValueError("another space")
    motion = _finite(np.array(content["motion"], np.float32))
    keys = [(int(k["frame"]), str(k["label"]), float(k["confidence"]), str(k["state"])) for k in content["keys"]]
    return _take(motion, float(content["fps"]), keys, path.name)


def _load_csv(path: Path) -> "Take":
    """A Live Link Face recording; every frame is read, the two at the ends become keys."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    columns = {name.strip().lower(): index for index, name in enumerate(rows[0])}
    found = [
        (channel, columns[name.lower()]) for channel, name in enumerate(arkit.ARKIT_NAMES) if name.lower() in columns
    ]
    body = [row for row in rows[1:] if len(row) >= len(rows[0])]
    if not found or not body:
        raise ValueError("no coefficients")
    motion = np.zeros((len(body), len(arkit.ARKIT_NAMES)), np.float32)
    for channel, column in found:
        motion[:, channel] = [float(row[column] or 0) for row in body]
    times = [_seconds(row[columns["timecode"]]) for row in body] if "timecode" in columns else []
    return _take(_finite(motion), _rate(times), [], path.name)


def _seconds(timecode: str) -> tuple[int, float]:
    """Whole seconds, and the frame (with its fraction) within the second, of `hh:mm:ss:ff.fff`."""
    hours, minutes, seconds, frame = timecode.replace(";", ":").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frame)


def _rate(times: list[tuple[int, float]]) -> float:
    """Frames a second: as many as a full second of timecodes counts, 30 or 60 as Live Link Face records."""
    if len(times) < 2:
        return _DEFAULT_FPS
    base = 60.0 if max(frame for _, frame in times) >= 30 else 30.0
    length = (times[-1][0] - times[0][0]) + (times[-1][1] - times[0][1]) / base
    measured = (len(times) - 1) / length if length > 0 else base
    return min((24.0, 25.0, 30.0, 60.0, base), key=lambda rate: abs(rate - measured))


def _take(motion: "np.ndarray", fps: float, keys: list[tuple[int, str, float, str]], name: str) -> "Take":  # type: ignore[type-arg]
    last = len(motion) - 1
    marks = keys or [(frame, "", 1.0, "generated") for frame in sorted({0, last})]
    made = tuple(
        takes.Key(frame, frame / fps, label, sure, motion[frame], state) for frame, label, sure, state in marks
    )
    return takes.Take(space="arkit", fps=fps, motion=motion, keys=made, audio={"name": name})


def _finite(motion: "np.ndarray") -> "np.ndarray":  # type: ignore[type-arg]
    if motion.ndim != 2 or motion.shape[1] != len(arkit.ARKIT_NAMES) or not np.isfinite(motion).all():
        raise ValueError("no motion")
    return np.clip(motion, -10, 10)
