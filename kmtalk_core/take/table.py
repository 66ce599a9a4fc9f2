"""Tables of captured values as text: whatever columns they have, and when each row was."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..files import read_at_most

Doubles: TypeAlias = npt.NDArray[np.float64]

SIZE_LIMIT = 512 << 20  # bytes of text
READ_RATES = (15.0, 24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 100.0, 120.0)
WRITTEN_RATES = (30, 60)
DEFAULT_FPS = 60.0  # of recordings whose timecodes are missing

_LARGEST_STRETCH = 50
"""How many times its rows a recording may last: timecodes beyond that are of two recordings."""
_DROPPED = {30.0: 2, 60.0: 4}
"""Numbers that drop-frame timecode leaves out at the start of every minute but each tenth."""
_NTSC = 1000 / 1001


@dataclass(frozen=True)
class Table:
    """Rows of text under `names`; `codes` are their cells of timecode, none where there is no such column."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    codes: tuple[str, ...]

    def column(self, name: str) -> Sequence[str]:
        """The cells under a name.  Raises ValueError where there is none."""
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    @property
    def is_drop_frame(self) -> bool:
        return any(";" in code for code in self.codes)

    def pace(self) -> tuple[float, Doubles | None]:
        """Frames a second, and the frame of each row where rows are missing (None: one after another)."""
        return self._told() or (DEFAULT_FPS, None)

    @property
    def tells_time(self) -> bool:
        """Whether the timecodes say when the rows were; else they are taken for `DEFAULT_FPS` a second."""
        return self._told() is not None

    def _told(self) -> tuple[float, Doubles | None] | None:
        return _pace([_clock(code) for code in self.codes], len(self.rows), self.is_drop_frame)


def read_table(path: Path) -> Table:
    """The table in a file, however a spreadsheet has saved it again.

    Rows that break off, hold nothing or repeat the names (a recording that was paused) are left out.

    Raises ValueError, IndexError, csv.Error or OSError for what is none.
    """
    data = read_at_most(path, SIZE_LIMIT)
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    lines = [line for line in text.splitlines() if line.strip(" ,;\t")]
    head, *body = csv.reader(lines, delimiter=max(",;\t", key=lines[0].count))
    names = tuple(name.strip() for name in head)
    rows = [row for row in body if len(row) >= len(names) and row != head]
    place = next((i for i, name in enumerate(names) if name.lower() == "timecode"), None)
    return Table(names, rows, () if place is None else tuple(row[place] for row in rows))


def number(cell: str) -> float:
    """The number in a cell, its decimals after a point or a comma.  Raises ValueError."""
    return float(cell.replace(",", "."))


def _clock(cell: str) -> tuple[int, float]:
    """Whole seconds, and the frame (with its fraction) within the second, of `hh:mm:ss:ff.fff`."""
    hours, minutes, seconds, frame = re.split(r"[:;]", cell.strip().replace(",", "."))
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frame)


def _pace(codes: Sequence[tuple[int, float]], count: int, is_drop_frame: bool) -> tuple[float, Doubles | None] | None:
    """Frames a second and the frame of each row; None where the codes do not tell."""
    if len(codes) < 2:
        return None
    seconds, within = (np.array(column, float) for column in zip(*codes, strict=True))
    seconds += 86400.0 * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -43200)  # past midnight
    rates = [rate for rate in READ_RATES if rate > np.floor(within.max())]
    if seconds[-1] - seconds[0] < 2 or is_drop_frame:  # too short to have seen the last frame of a second
        rates = [rate for rate in rates if rate in WRITTEN_RATES]
    if not rates or not (within >= 0).all():
        return None
    times = seconds + within / rates[0]
    if is_drop_frame:
        minutes = np.floor(seconds / 60)
        times = (times * rates[0] - _DROPPED[rates[0]] * (minutes - np.floor(minutes / 10))) / (rates[0] * _NTSC)
    steps = np.diff(times)
    if steps.min() <= 0:
        return None
    fps = min(READ_RATES, key=lambda rate: abs(rate - 1 / np.median(steps)))
    if is_drop_frame:
        fps *= _NTSC
    frames = (times - times[0]) * fps
    if abs(frames - np.arange(count)).max() < 0.75 or frames[-1] > _LARGEST_STRETCH * count:
        return fps, None
    return fps, frames
