"""How near systems come to captured faces: every channel and region, the opening, closures, and p, b and m."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..datasets.captures import Capture
from ..datasets.captures.lag import correlation
from ..motion.closures import closures_met
from ..motion.opening import visible_opening
from ..motion.spaces import ARKIT, REGIONS

Doubles: TypeAlias = npt.NDArray[np.float64]

GRID = 60.0  # samples a second at which motions are compared
LONGEST_LAG = 0.2  # seconds


@dataclass(frozen=True)
class Score:
    """Of a channel or several: Pearson's r, mean absolute error, and the deviation beside the captured one."""

    r: float
    error: float
    amplitude: float


@dataclass
class System:
    """One system's scores: by channel, by region, of the opening, the `closures` met (of how many), and its lag."""

    name: str
    takes: int
    lag: float
    channels: dict[str, Score] = field(default_factory=dict)
    regions: dict[str, Score] = field(default_factory=dict)
    opening: Score | None = None
    closures: tuple[int, int] = (0, 0)


Shown: TypeAlias = Callable[[Doubles], npt.NDArray[np.float32]]
"""What a system shows (n, 52) at n seconds of the sound."""


@dataclass(frozen=True)
class Predicted:
    """A system's take: what it shows, for how many seconds, and which channels it has (52,)."""

    at: Shown
    duration: float
    has: npt.NDArray[np.bool_]


def score(name: str, truths: Sequence[Capture], predictions: Mapping[str, Predicted]) -> System:
    """Scores over the takes that `predictions` has by their names, all at the one lag that serves the opening best.

    A channel counts in a take where it was captured and moves, and where the system has it.
    """
    pairs = [(truth, predictions[truth.name]) for truth in truths if truth.name in predictions]
    lag = _lag(pairs)
    found = System(name, len(pairs), lag)
    kept: dict[str, list[tuple[Doubles, Doubles]]] = {}
    openings, hits = [], []
    for truth, prediction in pairs:
        times = _times(truth, prediction)
        seen, shown = truth.at(times).astype(float), prediction.at(times - lag).astype(float)
        for place in np.flatnonzero(truth.moving & prediction.has):
            kept.setdefault(ARKIT.names[place], []).append((seen[:, place], shown[:, place]))
        if truth.has_opening:
            opened = _opening(seen), _opening(shown)
            openings.append(opened)
            hits += closures_met(*opened, GRID)
    found.channels = {name: _score(kept[name]) for name in ARKIT.names if name in kept}
    for region in REGIONS:
        members = [ARKIT.names[i] for i in ARKIT.in_region(region) if ARKIT.names[i] in kept]
        if members:
            found.regions[region] = _mean([found.channels[name] for name in members])
    found.opening = _score(openings) if openings else None
    found.closures = sum(hits), len(hits)
    return found


def _lag(pairs: Sequence[tuple[Capture, Predicted]]) -> float:
    """By how many seconds the predictions are early."""
    steps = np.arange(-round(LONGEST_LAG * GRID), round(LONGEST_LAG * GRID) + 1) / GRID
    curves = []
    for truth, prediction in pairs:
        if truth.has_opening:
            times = _times(truth, prediction)
            seen = _opening(truth.at(times))
            curves.append([correlation(seen, _opening(prediction.at(times - lag))) for lag in steps])
    return float(steps[int(np.mean(curves, axis=0).argmax())]) if curves else 0.0


def _times(truth: Capture, prediction: Predicted) -> Doubles:
    return np.arange(max(0.0, -truth.lag), min(truth.duration - truth.lag, prediction.duration), 1 / GRID)


def _opening(motion: npt.NDArray[np.floating]) -> Doubles:
    return visible_opening(np.asarray(motion, np.float32)).astype(np.float64)


def _score(pairs: Sequence[tuple[Doubles, Doubles]]) -> Score:
    r = float(np.mean([correlation(seen, shown) for seen, shown in pairs]))
    error = float(np.mean([np.abs(seen - shown).mean() for seen, shown in pairs]))
    spread = [(seen.var(), shown.var()) for seen, shown in pairs]
    captured, own = np.sum(spread, axis=0)
    return Score(r, error, float(np.sqrt(own / captured)) if captured > 1e-12 else 0.0)


def _mean(scores: Sequence[Score]) -> Score:
    r, error = (float(np.mean([getattr(score, name) for score in scores])) for name in ("r", "error"))
    return Score(r, error, float(np.median([score.amplitude for score in scores])))
