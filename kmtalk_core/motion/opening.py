"""How far lips are apart, by coefficients alone."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .arkit import ARKIT_INDEX

FloatArray: TypeAlias = npt.NDArray[np.float32]

LOWER_LIP, UPPER_LIP = 0.15, 0.1
"""What a half of a lip opens beside what a whole jaw does."""


def visible_opening(motion: FloatArray) -> FloatArray:
    """How far the lips are apart (frames,) in `motion` (frames, 52): jaw less closing, and both lips."""

    def channel(name: str) -> FloatArray:
        return motion[..., ARKIT_INDEX[name]]

    lower = channel("mouthLowerDownLeft") + channel("mouthLowerDownRight")
    upper = channel("mouthUpperUpLeft") + channel("mouthUpperUpRight")
    jaw = np.maximum(channel("jawOpen") - channel("mouthClose"), 0)
    opening: FloatArray = jaw + LOWER_LIP * lower + UPPER_LIP * upper
    return opening
