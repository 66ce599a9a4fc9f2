"""How far predicted vertices are from captured ones, frame by frame."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating]
IndexArray: TypeAlias = npt.NDArray[np.integer]


def lip_errors(predicted: FloatArray, truth: FloatArray, lips: IndexArray) -> npt.NDArray[np.float64]:
    """(frames,): the maximum over `lips` of the squared L2 error.  Its mean over all frames is the LVE."""
    return squared(offsets_at(predicted, lips) - offsets_at(truth, lips)).max(axis=1)


def offsets_at(motion: FloatArray, vertices: IndexArray) -> npt.NDArray[np.float64]:
    """Offsets (frames, n, 3) of some vertices of a motion (frames, 3 V), in double precision."""
    return np.asarray(motion.reshape(len(motion), -1, 3)[:, vertices], np.float64)


def squared(offsets: FloatArray) -> npt.NDArray[np.float64]:
    """(frames, n) squared lengths of offsets (frames, n, 3)."""
    squares: npt.NDArray[np.float64] = np.einsum("fvc,fvc->fv", offsets, offsets)
    return squares
