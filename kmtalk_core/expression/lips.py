"""How much room lips that are busy speaking leave to a smile, a frown or any other feeling drawn on them."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..motion.spaces import MotionSpace
from .chance import ease

FloatArray: TypeAlias = npt.NDArray[np.float64]

_RELAXED, _ROUNDED, _BITING = 0.2, 0.6, 0.3  # coefficients: hardly rounded lips, round ones, and a lip at the teeth
_ROUND_TAKES, _BITE_TAKES = 0.85, 0.6  # of the room
_HOLD, _FADE = 0.067, 0.17  # seconds: lips stay free beside a busy moment, and a feeling takes to leave them and return


def reach(fps: float) -> int:
    """Frames on each side that `room` of a frame depends on."""
    return round(_HOLD * fps) + round(_FADE * fps)


def wanted(motion: npt.NDArray[np.floating], space: MotionSpace) -> FloatArray:
    """(n,) the room that the lips of each frame of `motion` (n, channels) leave by themselves, 0 to 1."""
    rounded, biting = (
        sum((motion[:, space.index_of(name)].astype(np.float64) for name in names if name in space.names), np.zeros(1))
        for names in (("mouthPucker", "mouthFunnel"), ("mouthRollLower",))
    )
    free = (1 - _ROUND_TAKES * ease((rounded - _RELAXED) / (_ROUNDED - _RELAXED))) * (
        1 - _BITE_TAKES * ease(biting / _BITING)
    )
    return np.broadcast_to(free, len(motion))


def room(motion: npt.NDArray[np.floating], space: MotionSpace, before: int, after: int) -> FloatArray:
    """The room of frames that follow each other, but for `before` and `after` of them at the ends.

    Lips round in a frame or two, but nobody's smile comes and goes so quickly: it leaves before and returns after.
    Where fewer than `reach` frames are beside, the outermost are held.
    """
    far = reach(space.fps)
    free = np.pad(wanted(motion, space), (far - before, far - after), mode="edge")
    hold = round(_HOLD * space.fps)
    least = np.min([free[i : len(free) - 2 * hold + i] for i in range(2 * hold + 1)], axis=0)
    weights = np.hanning(2 * (far - hold) + 3)[1:-1]
    count = len(motion) - before - after
    total: FloatArray = sum((w * least[i : i + count] for i, w in enumerate(weights)), np.zeros(count))
    return total / weights.sum()
