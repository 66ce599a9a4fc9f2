"""The metrics as the field computes them, one sequence at a time and pooled as each is defined.

Motion is offsets from the neutral head, (frames, 3 V), in the unit of its space.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment
from ..datasets.regions import IndexArray, Regions
from ..motion.errors import lip_errors, offsets_at, squared
from ..phones import BILABIALS, classes_of

FloatArray: TypeAlias = npt.NDArray[np.floating]
Closure: TypeAlias = tuple[float, float, float, float]

_FRAMES_AT_ONCE = 64  # bounds the memory of a mean over all vertices
_CLOSED = 0.15  # of the range of captured opening: how far from the captured closure still counts as closed
_REALLY_CLOSES = 0.25  # of that range above its floor: captured lips further apart than this do not close
_SWING = 0.1  # of that range: lips that move less within a tenth of a second do not close, they are shut or frozen
_AROUND = 0.1  # seconds


@dataclass(frozen=True)
class SequenceScore:
    """One sequence's share of every metric.

    `lip_error` (frames,): maximum over the lips of the squared L2 error; `vertex_error` mean Euclidean error;
    `truth_dynamics` and `predicted_dynamics` the upper face's mean deviation, whose difference is the FDD;
    `closures` has for each p, b, m the smallest opening and the swing around it, captured and then predicted;
    `opening` (frames,) is captured.
    """

    name: str
    subject: str
    lip_error: npt.NDArray[np.float64]
    vertex_error: float
    truth_dynamics: float
    predicted_dynamics: float
    closures: tuple[Closure, ...]
    opening: npt.NDArray[np.float64]

    @property
    def frames(self) -> int:
        return len(self.lip_error)


@dataclass(frozen=True)
class Scores:
    """LVE, FDD signed and absolute, MVE over `sequences` and `frames`; closure over `closures` p, b, m.

    `closed` is the share of captured closures that the prediction reaches, `gap` how much wider it stays on average;
    both are None where no phones or no lip vertices are known.
    """

    lve: float
    fdd: float
    fdd_absolute: float
    mve: float
    sequences: int
    frames: int
    closures: int = 0
    closed: float | None = None
    gap: float | None = None


def dynamics(motion: FloatArray, upper: IndexArray) -> float:
    """Deviation over time (population form) of the squared offset from the neutral head, mean over `upper`."""
    return float(squared(offsets_at(motion, upper)).std(axis=0).mean())


def vertex_error(predicted: FloatArray, truth: FloatArray) -> float:
    """Mean over frames and vertices of the Euclidean error."""
    total = 0.0
    for first in range(0, len(truth), _FRAMES_AT_ONCE):
        part = slice(first, first + _FRAMES_AT_ONCE)
        difference = np.subtract(predicted[part], truth[part], dtype=np.float64)
        total += float(np.sqrt(squared(difference.reshape(len(difference), -1, 3))).sum(dtype=np.float64))
    return total / (truth.shape[0] * truth.shape[1] // 3)


def opening(motion: FloatArray, regions: Regions) -> npt.NDArray[np.float64]:
    """(frames,): how much higher the middle of the upper lip is over the lower one than on the neutral head (y up)."""
    upper, lower = (offsets_at(motion, side)[:, :, 1].mean(axis=1) for side in (regions.upper_lip, regions.lower_lip))
    return np.asarray(upper - lower, np.float64)


def score(
    name: str,
    subject: str,
    predicted: FloatArray,
    truth: FloatArray,
    regions: Regions,
    fps: float = 30.0,
    phones: Alignment | None = None,
) -> SequenceScore:
    """Score one prediction; both motions must be of one shape (trim them to the shorter first)."""
    closures: tuple[Closure, ...] = ()
    captured = np.zeros(0)
    if len(regions.upper_lip) and len(regions.lower_lip):
        captured = opening(truth, regions)
        if phones is not None:
            closures = tuple(_closures(captured, opening(predicted, regions), phones, fps))
    return SequenceScore(
        name=name,
        subject=subject,
        lip_error=lip_errors(predicted, truth, regions.lips),
        vertex_error=vertex_error(predicted, truth),
        truth_dynamics=dynamics(truth, regions.upper),
        predicted_dynamics=dynamics(predicted, regions.upper),
        closures=closures,
        opening=captured,
    )


def pool(scores: Sequence[SequenceScore]) -> Scores:
    """Metrics over several sequences: LVE and MVE pool all frames, FDD is a mean over sequences."""
    frames = sum(item.frames for item in scores)
    differences = np.array([item.truth_dynamics - item.predicted_dynamics for item in scores])
    count, closed, gap = _pool_closures(scores)
    return Scores(
        lve=float(np.concatenate([item.lip_error for item in scores]).mean()),
        fdd=float(differences.mean()),
        fdd_absolute=float(np.abs(differences).mean()),
        mve=sum(item.vertex_error * item.frames for item in scores) / frames,
        sequences=len(scores),
        frames=frames,
        closures=count,
        closed=closed,
        gap=gap,
    )


def _closures(captured: FloatArray, predicted: FloatArray, phones: Alignment, fps: float) -> Iterable[Closure]:
    for phone in phones.phones:
        if not BILABIALS & set(classes_of(phone.label)):
            continue
        inside = slice(max(round(phone.start * fps) - 1, 0), round(phone.end * fps) + 2)
        around = slice(max(round((phone.start - _AROUND) * fps), 0), round((phone.end + _AROUND) * fps) + 1)
        if inside.start < len(captured):
            yield tuple(
                float(value)
                for track in (captured, predicted)
                for value in (track[inside].min(), track[around].max() - track[inside].min())
            )  # type: ignore[misc]  # four values


def _pool_closures(scores: Sequence[SequenceScore]) -> tuple[int, float | None, float | None]:
    found = np.array([closure for item in scores for closure in item.closures]).reshape(-1, 4)
    if not len(found):
        return 0, None, None
    low, high = np.percentile(np.concatenate([item.opening for item in scores]), [5, 95])
    span = high - low
    found = found[(found[:, 0] <= low + _REALLY_CLOSES * span) & (found[:, 1] >= _SWING * span)]
    if not len(found):
        return 0, None, None
    wider = found[:, 2] - found[:, 0]
    closed = (wider <= _CLOSED * span) & (found[:, 3] >= _SWING * span)
    return len(found), float(closed.mean()), float(np.maximum(wider, 0).mean())
