"""One captured take: what of a face was recorded, where its sound is, and how the two lie in time."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import DataSetError
from ...motion.spaces import ARKIT, HEAD
from ...naming.schemes.arkit import ARKIT_MERGED, BLINKS
from ...naming.spelling import Readings, plain
from ...take.live_link import ROTATIONS, with_looks
from .recorded import LONGEST, Recorded

FloatArray: TypeAlias = npt.NDArray[np.float32]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

MOVES = 0.02
"""A channel that never passes this was not captured, or is never used by this face: which, nobody can tell."""

_LEAST_SHARE = 0.5  # of a column's cells that must be filled
_PERCENT = 10.0  # values beyond this are no coefficients but percent
_LARGEST = 2.0
_OPENING = ("jawOpen",)


@dataclass(frozen=True, eq=False)
class Capture:
    """`motion` (frames, 52) at `fps`, of which the channels in the mask `captured` (52,) were recorded; the others are
    zero there and mean nothing.  `head` (frames, 3) in radians where it was.  Second 0 is the sound's, less `lag`: how
    many seconds the motion is late against the sound.  `notes` are whole sentences."""

    name: str
    path: Path
    motion: FloatArray
    captured: BoolArray
    fps: float
    head: FloatArray | None = None
    sound: Path | None = None
    textgrid: Path | None = None
    notes: tuple[str, ...] = ()
    lag: float = 0.0

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.motion) / self.fps

    @property
    def moving(self) -> BoolArray:
        """(52,) the channels that were captured and move."""
        return self.captured & (np.abs(self.motion).max(axis=0) > MOVES)

    @property
    def has_opening(self) -> bool:
        return bool(self.moving[ARKIT.indices_of(_OPENING)].all())

    def at(self, times: npt.NDArray[np.float64]) -> FloatArray:
        """(n, 52) what is seen at `times` (n,) seconds of the sound; the outermost frames are held."""
        own = np.arange(len(self.motion)) / self.fps
        seen = [np.interp(times + self.lag, own, column) for column in self.motion.T]
        return np.stack(seen, axis=1).astype(np.float32)

    def late(self, lag: float) -> "Capture":
        """The same with a motion that is `lag` seconds late against its sound."""
        return replace(self, lag=lag)


def capture_of(recorded: Recorded, name: str, path: Path) -> Capture | None:
    """The coefficients in what was recorded, in any spelling and at an even rate; None where there are none.

    Raises DataSetError for a take of absurd length.
    """
    found, notes = _coefficients(recorded)
    if not found:
        return None
    turns = {name: _named(recorded, name) for name in ROTATIONS}
    known = {name: values for name, values in turns.items() if values is not None}
    if recorded.times[-1] > LONGEST:
        raise DataSetError(f"{path} lasts longer than {LONGEST / 3600:.0f} hours; cut it into takes.")
    if recorded.is_guessed:
        notes.append(f"It does not tell when its frames were: {recorded.fps:g} a second are assumed.")
    grid = np.arange(round(recorded.times[-1] * recorded.fps) + 1) / recorded.fps
    gap = float(np.diff(recorded.times, prepend=0.0).max(initial=0.0))
    if gap > max(0.25, 4 / recorded.fps):
        notes.append(f"Frames are missing for up to {gap:.1f} s; what is between is drawn straight.")
    columns = {}
    for channel, values in (found | known).items():
        filled = np.isfinite(values)
        if filled.mean() < _LEAST_SHARE:
            notes.append(f"{channel} is empty in most frames and counts as not captured.")
            continue
        columns[channel] = np.interp(grid, recorded.times[filled], values[filled]).astype(np.float32)
    columns = with_looks(columns)
    captured = np.array([channel in columns for channel in ARKIT.names])
    if not captured.any():
        return None
    nothing = np.zeros(len(grid), np.float32)
    motion = np.stack([columns.get(channel, nothing) for channel in ARKIT.names], axis=1)
    if (peak := float(np.abs(motion).max())) > _PERCENT:
        notes.append(f"Its values reach {peak:.0f}: they are read as percent.")
        motion = motion / 100
    motion = np.clip(motion, -_LARGEST, _LARGEST)
    head = None
    if all(channel in columns for channel in ROTATIONS[:3]):
        head = np.stack([columns[channel] for channel in ROTATIONS[:3]], axis=1)
        head = np.clip(head, HEAD.low, HEAD.high) if head.any() else None
    return Capture(name, path, motion, captured, float(recorded.fps), head, notes=tuple(notes))


def _coefficients(recorded: Recorded) -> tuple[dict[str, npt.NDArray[np.float64]], list[str]]:
    readings = Readings(list(recorded.columns))
    found = {}
    for channel in ARKIT.names:
        key = readings.key((channel, *BLINKS.get(channel, ())))
        if key is not None:
            found[channel] = recorded.columns[key]
    merged = []
    for both, sides in ARKIT_MERGED.items():
        key = readings.key((both,))
        if key is not None and not set(sides) & found.keys():
            found |= dict.fromkeys(sides, recorded.columns[key])
            merged.append(both)
    notes = [f"One value stands for both sides of {', '.join(merged)}."] if merged else []
    return found, notes


def _named(recorded: Recorded, name: str) -> npt.NDArray[np.float64] | None:
    """The column of a rotation, however it is spelt."""
    wanted = "".join(sorted(plain(name)))
    spelt = (values for column, values in recorded.columns.items() if "".join(sorted(plain(column))) == wanted)
    return next(spelt, None)
