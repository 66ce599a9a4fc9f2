"""Motion as mixtures of a few shapes."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]


def mixture(motion: FloatArray, shapes: FloatArray) -> FloatArray:
    """The weights (frames, K) with which `shapes` (K, channels) come nearest to `motion` (frames, channels)."""
    if not len(shapes):
        return np.zeros((len(motion), 0), np.float32)
    products = (shapes @ shapes.T).astype(np.float64)
    return np.asarray(np.linalg.lstsq(products, shapes @ motion.T, rcond=1e-9)[0].T, np.float32)  # shapes may repeat
