"""Vertex motion as few shape keys: the fewest whose weighted sum stays within an error of every vertex in every frame.

The motion is read in slices, so that a minute of BIWI (1,500 frames of 70,110 values) costs no second copy of it.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import FaceError
from ..progress import Job, Progress

FloatArray: TypeAlias = npt.NDArray[np.float32]

MILLIMETRES = {"metre": 1000.0, "head": 188.0}
"""Millimetres to a unit of a motion space.  A BIWI head has an area of 1, which makes 175 to 200 of them."""

_FRAMES_AT_ONCE = 256
_FIRST_TRY = 8  # shapes
_MOST_EXACT = 2400  # frames whose correlations are decomposed as they are; more are summed up by a sketch
_SKETCH = 320  # directions that stand for a longer motion: more shapes than any face needs


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
    directions = yield from _directions_job(motion)
    count = yield from _fewest_job(motion, directions, error, most)
    basis = _scaled(motion, directions[:count])
    yield Progress("making shapes", 1.0)
    return basis


def _directions_job(motion: FloatArray) -> Job[FloatArray]:
    """Orthonormal rows (K, 3 V), the most important first, that span the motion."""
    frames = len(motion)
    if frames > _MOST_EXACT:
        motion = yield from _sketch_job(motion)
    gram = np.empty((len(motion), len(motion)), np.float64)
    for first in range(0, len(motion), _FRAMES_AT_ONCE):
        rows = motion[first : first + _FRAMES_AT_ONCE]
        later = rows @ motion[first:].T
        gram[first : first + len(rows), first:] = later
        gram[first:, first : first + len(rows)] = later.T
        yield Progress("comparing frames", 0.4 * min((first + _FRAMES_AT_ONCE) / len(motion), 1.0))
    if not np.isfinite(gram).all():
        raise FaceError("The motion holds numbers that are not finite; animate the sound again.")
    strength, vectors = np.linalg.eigh(gram)
    order = np.argsort(strength)[::-1]
    strength, vectors = strength[order], vectors[:, order]
    kept = strength > max(strength[0], 1e-30) * 1e-7  # what is weaker drowns in the rounding of 32 bits
    vectors = vectors[:, kept][:, :_SKETCH]
    yield Progress("comparing frames", 0.5)
    directions = vectors.T.astype(np.float32) @ motion
    orthonormal: FloatArray = np.linalg.qr(directions.T)[0].T  # weak ones are not, in 32 bits; the order stays
    return np.ascontiguousarray(orthonormal)


def _sketch_job(motion: FloatArray) -> Job[FloatArray]:
    """A few hundred mixtures (K, 3 V) of all frames that span nearly what they span."""
    rng = np.random.default_rng(0)
    sketch = np.zeros((_SKETCH, motion.shape[1]), np.float32)
    for first in range(0, len(motion), _FRAMES_AT_ONCE):
        rows = motion[first : first + _FRAMES_AT_ONCE]
        sketch += rng.standard_normal((_SKETCH, len(rows))).astype(np.float32) @ rows
        yield Progress("comparing frames", 0.3 * min((first + _FRAMES_AT_ONCE) / len(motion), 1.0))
    return sketch / np.sqrt(len(motion), dtype=np.float32)


def _fewest_job(motion: FloatArray, directions: FloatArray, error: float, most: int) -> Job[int]:
    """The smallest number of directions that keeps within `error`: doubling until it is enough, then halving."""
    limit = min(len(directions), most)
    low, high, steps = 0, min(_FIRST_TRY, limit), 0
    while _largest_error(motion, directions[:high], error) > error:
        if high == limit:
            raise FaceError(
                f"More than {limit} shape keys are needed for an error this small; allow a larger one, or use a point "
                "cache."
            )
        low, high, steps = high + 1, min(2 * high, limit), steps + 1
        yield Progress("finding the fewest shapes", min(0.5 + 0.05 * steps, 0.95))
    while low < high:
        middle = (low + high) // 2
        if _largest_error(motion, directions[:middle], error) <= error:
            high = middle
        else:
            low = middle + 1
        steps += 1
        yield Progress("finding the fewest shapes", min(0.5 + 0.05 * steps, 0.95))
    return high


def _largest_error(motion: FloatArray, directions: FloatArray, enough: float = np.inf) -> float:
    """The largest distance that `directions` (K, 3 V) leave, or the first one found beyond `enough`."""
    largest = 0.0
    for first in range(0, len(motion), _FRAMES_AT_ONCE):
        rows = motion[first : first + _FRAMES_AT_ONCE]
        left = rows - (rows @ directions.T) @ directions
        squares = np.square(left, out=left).reshape(len(rows), -1, 3).sum(axis=2)
        largest = max(largest, float(np.sqrt(squares.max())))
        if largest > enough:
            return largest
    return largest


def _scaled(motion: FloatArray, directions: FloatArray) -> ShapeBasis:
    """Shapes of full size and weights between -1 and 1."""
    weights = np.concatenate(
        [motion[first : first + _FRAMES_AT_ONCE] @ directions.T for first in range(0, len(motion), _FRAMES_AT_ONCE)]
    )
    size = np.maximum(np.abs(weights).max(axis=0), 1e-12) if len(directions) else np.ones(0, np.float32)
    signs = np.where(weights.sum(axis=0) < 0, -1, 1).astype(np.float32)
    shapes = directions * (size * signs)[:, None].astype(np.float32)
    return ShapeBasis(shapes, (weights / (size * signs)).astype(np.float32), _largest_error(motion, directions))
