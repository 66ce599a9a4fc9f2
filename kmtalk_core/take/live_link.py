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
from .table import WRITTEN_RATES, number, read_table

FloatArray: TypeAlias = npt.NDArray[np.float32]
Columns: TypeAlias = Mapping[str, FloatArray]

ROTATIONS = tuple(part + axis for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll"))
"""Columns after the 52 coefficients, in radians: the head's with the signs of its track, the eyes' as phones
record them, yaw positive to the character's right: +33 degrees for a left eye turned in, -36 for a right one."""

_DOWN, _UP, _IN, _OUT = (EYE_TURNS[way] for way in ("Down", "Up", "In", "Out"))
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
    values = live_link_rows(coefficients, turns)
    names = [name[0].upper() + name[1:] for name in ARKIT_NAMES] + list(ROTATIONS)
    base = int(take.fps) if take.fps in WRITTEN_RATES else WRITTEN_RATES[0]
    out = io.StringIO(newline="")
    out.write(",".join(["Timecode", "BlendshapeCount", *names]) + "\n")
    for frame, row in enumerate(values):
        out.write(f"{_timecode(frame / take.fps, base)},{len(names)},{','.join(f'{v:.6g}' for v in row.tolist())}\n")
    try:
        with replacing(path) as file:
            file.write(out.getvalue().encode("ascii"))
    except OSError as error:
        raise TakeError(f"{path} cannot be written ({error.strerror}); choose a folder you may write to.") from error


def live_link_rows(coefficients: FloatArray, turns: FloatArray) -> FloatArray:
    """The 61 values a frame, (frames, 61), of ARKit's coefficients (frames, 52) and a head's turns (frames, 3)."""
    eyes = (_eye_rotation(coefficients, side) for side in ("Left", "Right"))
    return np.concatenate([coefficients, turns, *eyes], axis=1)


def import_csv(path: str | Path) -> Take:
    """The take in a Live Link Face recording; the frames at its ends become keys.

    Rows stand where their timecodes say: phones drop frames when they get hot, and what is between is drawn straight.
    Where the head turns the take has its track; eyes whose coefficients are missing are read from their rotations.
    Raises TakeError for anything else.
    """
    path = Path(path)
    try:
        return _read(path)
    except OSError as error:
        raise TakeError(f"{path} cannot be read ({error.strerror}); check the path, or give another file.") from error
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, csv.Error) as error:
        raise TakeError(f"{path.name} is no take that KMTalk knows; choose a Live Link Face CSV.") from error


def _read(path: Path) -> Take:
    table = read_table(path)
    places = {name.lower(): name for name in table.names}
    found = [name for name in (*ARKIT_NAMES, *ROTATIONS) if name.lower() in places]
    if not table.rows or not ARKIT.indices_of(found).size:
        raise ValueError("no coefficients")
    columns = {name: _column(table.column(places[name.lower()])) for name in found}
    fps, frames = table.pace()
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
    rightwards = 1.0 if side == "Left" else -1.0  # an eye that looks in looks to the other side
    yaw, pitch = rightwards * (_IN * inwards - _OUT * outwards), _DOWN * down - _UP * up
    return np.stack([yaw, pitch, np.zeros_like(yaw)], axis=1).astype(np.float32)


def _coefficients(columns: Columns) -> FloatArray:
    """(frames, 52) the coefficients of a recording, those of the eyes by their rotations where need be."""
    count, found = len(next(iter(columns.values()))), with_looks(columns)
    return np.stack([found.get(name, np.zeros(count)) for name in ARKIT_NAMES], axis=1).astype(np.float32)


def with_looks(columns: Columns) -> dict[str, FloatArray]:
    """`columns` and the eyes' coefficients by their rotations, where there are these and not those."""
    found = dict(columns)
    for side, rightwards in (("Left", 1.0), ("Right", -1.0)):
        yaw, pitch = columns.get(f"{side}EyeYaw"), columns.get(f"{side}EyePitch")
        looks = {f"eyeLook{way}{side}" for way in ("Down", "Up", "In", "Out")}
        if yaw is None or pitch is None or looks & columns.keys():
            continue
        inwards = rightwards * yaw
        shares = (("Down", pitch / _DOWN), ("Up", -pitch / _UP), ("In", inwards / _IN), ("Out", -inwards / _OUT))
        found |= {f"eyeLook{way}{side}": np.clip(share, 0, 1) for way, share in shares}
    return found


def _column(cells: Sequence[str]) -> FloatArray:
    values = np.array([number(cell or "0") for cell in cells])
    if not np.isfinite(values).all():
        raise ValueError("not finite")
    return np.clip(values, -_LARGEST_VALUE, _LARGEST_VALUE).astype(np.float32)


def _timecode(seconds: float, base: int) -> str:
    """hh:mm:ss:ff.sss, with `base` frames to the second."""
    ticks = round(seconds * base * 1000)
    whole, frame = divmod(ticks, base * 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{frame // 1000:02d}.{frame % 1000:03d}"
