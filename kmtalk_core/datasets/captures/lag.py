"""Whether a captured face moves when its sound is heard: the lag at which it fits best what the sound makes expect."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ...audio import load_job, part_job
from ...motion.opening import visible_opening
from ...progress import Job
from .capture import Capture

if TYPE_CHECKING:
    from ...animate import Animator

Doubles: TypeAlias = npt.NDArray[np.float64]

LONGEST_LAG = 0.5  # seconds
TOLERATED = 0.06
"""Lags of fewer seconds are within what the check can tell, and what viewers forgive."""

PLAIN: dict[str, object] = {
    "mood": "neutral", "liveliness": 0.0, "blinks": False, "breath": False, "regions": "mouth,upper,eyes",
}  # fmt: skip
"""Settings of takes that are compared with captured ones: what is said, and nothing that is drawn by chance."""

_GRID = 60.0  # samples a second
_LISTENED = 60.0  # seconds of a take that are enough
_LEAST = 0.3  # correlation from which on a lag can be believed
_BY_CHANCE = 0.85  # over the root of the seconds: what noise may reach at the best of all lags
_BETTER = 0.05  # by which the best lag must beat none


@dataclass(frozen=True)
class Lag:
    """By how many `seconds` the motion is late against its sound (negative: early), how well its opening fits there
    what the sound makes expect (`correlation`), and how well `as_it_is`; over `duration` seconds."""

    seconds: float
    correlation: float
    as_it_is: float
    duration: float

    @property
    def is_sure(self) -> bool:
        return self.correlation >= max(_LEAST, float(_BY_CHANCE / np.sqrt(max(self.duration, 0.1))))

    @property
    def is_off(self) -> bool:
        """Whether the motion should be moved."""
        return self.is_sure and abs(self.seconds) > TOLERATED and self.correlation - self.as_it_is > _BETTER

    def sentence(self) -> str:
        if not self.is_sure:
            return f"sound and motion do not fit at any lag (r {self.correlation:.2f}): is it this take's sound?"
        if not self.is_off:
            return f"in time with its sound (r {self.as_it_is:.2f})"
        way = "late" if self.seconds > 0 else "early"
        return f"{abs(self.seconds) * 1000:.0f} ms {way} (r {self.correlation:.2f} there, {self.as_it_is:.2f} as it is)"


def lag_job(take: Capture, animator: "Animator") -> Job[Lag | None]:
    """The lag of a take, by the opening that `animator` makes of its sound; None without a sound or a moving jaw."""
    if take.sound is None or not take.has_opening:
        return None
    sound = yield from load_job(take.sound)
    if sound.duration > _LISTENED:
        sound = yield from part_job(sound, 0.0, _LISTENED)
    made = yield from animator.animate_job(sound, settings=PLAIN)
    times = np.arange(made.frame_count) / made.fps
    grid = np.arange(0, min(times[-1], take.duration), 1 / _GRID)
    heard = np.interp(grid, times, visible_opening(made.motion))
    seen = visible_opening(take.at(grid)).astype(np.float64)
    return best_lag(seen, heard)


def best_lag(seen: Doubles, heard: Doubles) -> Lag:
    """The lag of `seen` against `heard`, both at 60 a second."""
    steps = np.arange(-round(LONGEST_LAG * _GRID), round(LONGEST_LAG * _GRID) + 1)
    scores = np.array([correlation(*_shifted(seen, heard, step)) for step in steps])
    best = int(scores.argmax())
    return Lag(float(steps[best] / _GRID), float(scores[best]), float(scores[len(steps) // 2]), len(seen) / _GRID)


def correlation(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    """Pearson's r; 0 where one of them does not move."""
    if len(a) < 2:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 1e-9 else 0.0


def _shifted(seen: Doubles, heard: Doubles, late: int) -> tuple[Doubles, Doubles]:
    return (seen[late:], heard[: len(heard) - late]) if late >= 0 else (seen[:late], heard[-late:])
