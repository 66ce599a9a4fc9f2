"""Takes as Live Link Face records them: CSV, both ways."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import TakeError
from ..files import replacing
from ..motion.arkit import ARKIT_NAMES, EYE_TURNS
from ..motion.spaces import ARKIT, HEAD
from .record import Key, Take, Track

FloatArray: TypeAlias = npt.NDArray[np.float32]
Columns: TypeAlias = Mapping[str, FloatArray]

ROTATIONS = tuple(part + axis for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll"))
"""Columns after the 52 coefficients, in radians, all with the signs of the head's track."""

SIZE_LIMIT = 512 << 20  # bytes of text

_DOWN, _UP, _IN, _OUT = (EYE_TURNS[way] for way in ("Down", "Up", "In", "Out"))
_WRITTEN_RATES = (30, 60)
_READ_RATES = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0)
_DEFAULT_FPS = 60.0  # of recordings whose timecodes are missing
_LARGEST_STRETCH = 50
"""How many times its rows a recording may last: timecodes beyond that are of two recordings."""
_LARGEST_VALUE = 10.0


def export_csv(take: Take, path: str | Path) -> None:
    """Write the coefficients of a take as Live Link Face records them, timecodes starting at zero.

    The eyes' rotations are what their coefficients say; the head's are its track's, zero where the take has none.
    Importers tell 30 from 60 frames a second by the timecodes, so takes at any other rate get timecodes of 30.
    Raises TakeError for a take without these coefficients, or where the file cannot be written.
    """
    path = Path(path)
    if not set(ARKIT_NAMES) <= set(take.space.names):
        raise TakeError(f"A Live Link Face CSV holds ARKit coefficients; this take moves {take.space.name}.")
    coefficients = take.motion[:, take.space.indices_of(ARKIT_NAMES)]
    head = take.track(HEAD.name)
    turns = np.zeros((take.frame_count, 3), np.float32) if head is None else head.motion
    values = np.concatenate([coefficients, turns, *(_eye_rotation(coefficients, s) for s in ("Left", "Right"))], axis=1)
    names = [name[0].upper() + name[1:] for name in ARKIT_NAMES] + list(ROTATIONS)
    base = int(take.fps) if take.fps in _WRITTEN_RATES else _WRITTEN_RATES[0]
    out = io.StringIO(newline="")
    out.write(",".join(["Timecode", "BlendshapeCount", *names]) + "\n")
    for frame, row in enumerate(values):
        out.write(f"{_timecode(frame / take.fps, base)},{len(names)},{','.join(f'{v:.6g}' for v in row.tolist())}\n")
    try:
        with replacing(path) as file:
            file.write(out.getvalue().encode("ascii"))
    except OSError as error:
        raise TakeError(f"{path} cannot be written ({error.strerror}); choose a folder you may write to.") from error


def import_csv(path: str | Path) -> Take:
    """The take in a Live Link Face recording; the frames at its ends become keys.

    Rows stand where their timecodes say: phones drop frames when they get hot, and what is between is drawn straight.
    Where the head turns the take has its track; eyes whose coefficients are missing are read from their rotations.
    Raises TakeError for anything else.
    """
    path = Path(path)
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise TakeError(f"{path.name} is larger than {SIZE_LIMIT >> 20} MB; cut it into parts.")
        return _read(path)
    except OSError as error:
        raise TakeError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, csv.Error) as error:
        raise TakeError(f"{path.name} is no take that KMTalk knows; choose a Live Link Face CSV.") from error


def _read(path: Path) -> Take:
    rows = _rows(path)
    places = {name.strip().lower(): index for index, name in enumerate(rows[0])}
    body = [row for row in rows[1:] if len(row) >= len(rows[0])]
    found = [name for name in (*ARKIT_NAMES, *ROTATIONS) if name.lower() in places]
    if not body or not ARKIT.indices_of(found).size:
        raise ValueError("no coefficients")
    columns = {name: _column([row[places[name.lower()]] for row in body]) for name in found}
    codes = [_clock(row[places["timecode"]]) for row in body] if "timecode" in places else []
    fps, frames = _frames(codes, len(body))
    if frames is not None:
        grid = np.arange(round(frames[-1]) + 1)
        columns = {name: np.interp(grid, frames, column).astype(np.float32) for name, column in columns.items()}
    motion = _coefficients(columns)
    tracks = [Track(ARKIT, motion)]
    head = np.stack([columns.get(name, np.zeros(len(motion), np.float32)) for name in ROTATIONS[:3]], axis=1)
    if head.any():
        tracks.append(Track(HEAD, np.clip(head, HEAD.low, HEAD.high)))
    keys = tuple(Key(frame, frame / fps, "", 1.0, motion[frame]) for frame in sorted({0, len(motion) - 1}))
    return Take(tuple(tracks), keys, audio={"name": path.name}, fps=fps)


def _eye_rotation(coefficients: FloatArray, side: str) -> FloatArray:
    """(frames, 3) yaw, pitch and roll of an eye."""
    down, up, inwards, outwards = (
        coefficients[:, ARKIT.index_of(f"eyeLook{way}{side}")] for way in ("Down", "Up", "In", "Out")
    )
    leftwards = 1.0 if side == "Left" else -1.0  # an eye that looks out looks to its own side
    yaw, pitch = leftwards * (_OUT * outwards - _IN * inwards), _DOWN * down - _UP * up
    return np.stack([yaw, pitch, np.zeros_like(yaw)], axis=1).astype(np.float32)


def _coefficients(columns: Columns) -> FloatArray:
    """(frames, 52) the coefficients of a recording, those of the eyes by their rotations where need be."""
    count = len(next(iter(columns.values())))
    found = dict(columns)
    for side, leftwards in (("Left", 1.0), ("Right", -1.0)):
        yaw, pitch = columns.get(f"{side}EyeYaw"), columns.get(f"{side}EyePitch")
        looks = {f"eyeLook{way}{side}" for way in ("Down", "Up", "In", "Out")}
        if yaw is None or pitch is None or looks & columns.keys():
            continue
        sideways = leftwards * yaw
        shares = (("Down", pitch / _DOWN), ("Up", -pitch / _UP), ("In", -sideways / _IN), ("Out", sideways / _OUT))
        found |= {f"eyeLook{way}{side}": np.clip(share, 0, 1) for way, share in shares}
    return np.stack([found.get(name, np.zeros(count)) for name in ARKIT_NAMES], axis=1).astype(np.float32)


def _column(cells: Sequence[str]) -> FloatArray:
    values = np.array([float(cell.replace(",", ".") or 0) for cell in cells])
    if not np.isfinite(values).all():
        raise ValueError("not finite")
    return np.clip(values, -_LARGEST_VALUE, _LARGEST_VALUE).astype(np.float32)


def _rows(path: Path) -> list[list[str]]:
    """The cells of a table, however a spreadsheet has saved it again."""
    data = path.read_bytes()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    lines = text.splitlines()
    return list(csv.reader(lines, delimiter=max(",;\t", key=lines[0].count)))


def _timecode(seconds: float, base: int) -> str:
    """hh:mm:ss:ff.sss, with `base` frames to the second."""
    ticks = round(seconds * base * 1000)
    whole, frame = divmod(ticks, base * 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{frame // 1000:02d}.{frame % 1000:03d}"


def _clock(cell: str) -> tuple[int, float]:
    """Whole seconds, and the frame (with its fraction) within the second, of `hh:mm:ss:ff.fff`."""
    hours, minutes, seconds, frame = cell.replace(";", ":").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frame)


def _frames(codes: Sequence[tuple[int, float]], count: int) -> tuple[float, npt.NDArray[np.float64] | None]:
    """Frames a second of a recording, and the frame of each row where rows are missing (None: one after another)."""
    if len(codes) < 2:
        return _DEFAULT_FPS, None
    seconds, within = (np.array(column, float) for column in zip(*codes, strict=True))
    seconds += 86400.0 * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -43200)  # past midnight
    rates = [rate for rate in _READ_RATES if rate > np.floor(within.max())]
    if seconds[-1] - seconds[0] < 2:  # too short to have seen the last frame of a second
        rates = [rate for rate in rates if rate in _WRITTEN_RATES]
    if not rates or not (within >= 0).all():
        return _DEFAULT_FPS, None
    times = seconds + within / rates[0]
    steps = np.diff(times)
    if steps.min() <= 0:
        return _DEFAULT_FPS, None
    fps = min(_READ_RATES, key=lambda rate: abs(rate - 1 / np.median(steps)))
    frames = (times - times[0]) * fps
    if abs(frames - np.arange(count)).max() < 0.75 or frames[-1] > _LARGEST_STRETCH * count:
        return fps, None
    return fps, frames
