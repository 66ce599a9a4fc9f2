"""Vertex motion as few shape keys: the fewest whose weighted sum stays within an error of every vertex in every frame,
and what lies between the motion and the weights of such shapes.

The motion is read in slices, so that a minute of BIWI (1,500 frames of 70,110 values) costs no second copy of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import FaceError
from ..motion.mixture import mixture
from ..motion.spaces import MotionSpace
from ..progress import Job, Progress

FloatArray: TypeAlias = npt.NDArray[np.float32]

MILLIMETRES = {"metre": 1000.0, "head": 188.0}
"""Millimetres to a unit of a motion space.  A BIWI head has an area of 1, which makes 175 to 200 of them."""

_SKETCHES = (64, 160, 320)  # directions that are looked for: more only where fewer do not hold the motion
_FRAMES_AT_ONCE = 48  # 13 MB of BIWI
_COLUMNS_AT_ONCE = 4096
_TRIED_FIRST = 48  # frames on which the number of shapes is found before all are looked at
_FAILED_ENOUGH = 16  # frames, after which the number is found anew


@dataclass(frozen=True, eq=False)
class VertexDrive:
    """The vertices of a motion space as weights of shapes (K, 3 V), which are fitted to each take."""

    space: MotionSpace
    shapes: FloatArray

    @cached_property
    def curves(self) -> tuple[str, ...]:
        return tuple(f"{self.space.name} {number + 1:03}" for number in range(len(self.shapes)))

    def __call__(self, motion: FloatArray) -> FloatArray:
        """(frames, 3 V) as the weights (frames, K) that come nearest."""
        return mixture(motion, self.shapes)

    def back(self, pose: FloatArray, changed: Mapping[int, float]) -> list[float]:
        """The vertices of a pose in which the weights `changed` are what they say."""
        shown = self(pose[None])[0]
        moved = np.asarray(pose, np.float64)
        for index, value in changed.items():
            moved = moved + (value - shown[index]) * self.shapes[index]
        return [round(float(value), 7) for value in moved]


@dataclass(frozen=True)
class ShapeBasis:
    """`shapes` (K, 3 V) offsets and `weights` (frames, K) of which motion is the product; `error` is the largest
    distance between a vertex and its captured place, in the unit of the motion."""

    shapes: FloatArray
    weights: FloatArray
    error: float

    def motion(self) -> FloatArray:
        """(frames, 3 V)."""
        return self.weights @ self.shapes


def shape_basis_job(motion: FloatArray, error: float, most: int = 256) -> Job[ShapeBasis]:
    """The fewest shapes (at most `most`) whose sum stays within `error` of `motion` (frames, 3 V) everywhere.

    `error` is in the unit of the motion: 0.0005 for half a millimetre in metres.  Each weight spans -1 to 1, so that a
    shape key's value says how much of its largest movement is seen.  Raises FaceError for motion that is not finite
    or where more shapes than `most` are needed.
    """
    if motion.ndim != 2 or motion.shape[1] % 3 or not error > 0:
        raise FaceError("Shapes are made from motion (frames, 3 × vertices) and an error above zero.")
    limit = min(most, len(motion))
    for number, size in enumerate(_SKETCHES):
        stages = (number / len(_SKETCHES), (number + 1) / len(_SKETCHES))
        weights, directions = yield from _decomposed_job(motion, min(size, len(motion)), *stages)
        found = yield from _fewest_job(motion, weights[:, :limit], directions[:limit], error, stages[1])
        if found is not None:
            yield Progress("making shapes", 1.0)
            return _scaled(weights[:, : found[0]], directions[: found[0]], found[1])
        if len(directions) >= limit:
            break
    raise FaceError(
        f"More than {limit} shape keys are needed for an error this small; allow a larger one, or use a point cache."
    )


def _decomposed_job(motion: FloatArray, size: int, first: float, last: float) -> Job[tuple[FloatArray, FloatArray]]:
    """Weights (frames, K) and orthonormal rows (K, 3 V), the most important first, whose product is nearly the motion.

    K is `size` or less.  Randomized subspace iteration (Halko, Martinsson and Tropp 2011): the motion is read four
    times and meets a few mixtures of its frames, where comparing every frame with every other takes several times as
    long for a minute.
    """
    mixtures = np.random.default_rng(0).standard_normal((len(motion), size))
    for turn in range(2):
        directions = _orthonormal(mixtures.T.astype(np.float32) @ motion)
        yield Progress("comparing frames", first + (last - first) * (0.2 + 0.4 * turn))
        weights = motion @ directions.T
        yield Progress("comparing frames", first + (last - first) * (0.4 + 0.4 * turn))
        mixtures, strength, rotation = np.linalg.svd(weights.astype(np.float64), full_matrices=False)
    return (mixtures * strength).astype(np.float32), rotation.astype(np.float32) @ directions


def _orthonormal(rows: FloatArray) -> FloatArray:
    """Orthonormal rows (K, n) that span `rows`.  Raises FaceError where they are not finite.

    By the rows' products in 64 bits, which is faster than a QR decomposition; twice, for rows of unlike length.
    """
    for _ in range(2):
        products = np.zeros((len(rows), len(rows)))
        for first in range(0, rows.shape[1], _COLUMNS_AT_ONCE):
            part = rows[:, first : first + _COLUMNS_AT_ONCE].astype(np.float64)
            products += part @ part.T
        if not np.isfinite(products).all():
            raise FaceError("The motion holds numbers that are not finite; animate the sound again.")
        strength, vectors = np.linalg.eigh(products)
        kept = strength > max(strength.max(initial=0.0), 1e-30) * 1e-12
        rows = (vectors[:, kept] / np.sqrt(strength[kept])).T.astype(np.float32) @ rows
    return rows


def _fewest_job(
    motion: FloatArray, weights: FloatArray, directions: FloatArray, error: float, stage: float
) -> Job[tuple[int, float] | None]:
    """The smallest number of directions that keeps within `error` and what it leaves; None where all do not.

    The number is found on a few frames, those that lose most among them, and holds when it does for all frames; those
    that fail are tried too.
    """
    lost = np.square(weights, dtype=np.float64)[:, ::-1].cumsum(axis=1)[:, ::-1]  # (frames, K) by leaving out K and on
    tried = set(np.linspace(0, len(motion) - 1, _TRIED_FIRST).astype(int).tolist())
    for column in range(lost.shape[1]):
        tried.add(int(lost[:, column].argmax()))
    low = 0
    while True:
        rows = sorted(tried)
        low = _fewest_of(motion[rows], weights[rows], directions, error, low)
        if low > len(directions):
            return None
        largest, failed = 0.0, list[int]()
        for first in range(0, len(motion), _FRAMES_AT_ONCE):
            part = slice(first, first + _FRAMES_AT_ONCE)
            left = _distances(motion[part], weights[part, :low], directions[:low])
            largest = max(largest, float(left.max()))
            failed += (first + np.flatnonzero(left > error)).tolist()
            if len(failed) >= _FAILED_ENOUGH:
                break
        if not failed:
            return low, largest
        if tried.issuperset(failed):  # by the rounding of 32 bits alone
            low += 1
        tried.update(failed)
        yield Progress("finding the fewest shapes", stage)


def _fewest_of(motion: FloatArray, weights: FloatArray, directions: FloatArray, error: float, low: int) -> int:
    """The smallest number from `low` on that keeps within `error`, by halving; len(directions) + 1 where none does."""
    high = len(directions) + 1
    while low < high:
        middle = (low + high) // 2
        if _distances(motion, weights[:, :middle], directions[:middle]).max() <= error:
            high = middle
        else:
            low = middle + 1
    return high


def _distances(motion: FloatArray, weights: FloatArray, directions: FloatArray) -> FloatArray:
    """(frames,) the largest distance of a vertex that `weights` @ `directions` leave."""
    left = weights @ directions
    np.subtract(motion, left, out=left)
    np.square(left, out=left)
    squares = left[:, 0::3] + left[:, 1::3]
    squares += left[:, 2::3]
    return np.asarray(np.sqrt(squares.max(axis=1, initial=0.0)))


def _scaled(weights: FloatArray, directions: FloatArray, error: float) -> ShapeBasis:
    """Shapes of full size and weights between -1 and 1."""
    size = np.maximum(np.abs(weights).max(axis=0), 1e-12) if len(directions) else np.ones(0, np.float32)
    signs = np.where(weights.sum(axis=0) < 0, -1, 1).astype(np.float32)
    shapes = directions * (size * signs)[:, None].astype(np.float32)
    return ShapeBasis(shapes, (weights / (size * signs)).astype(np.float32), error)
