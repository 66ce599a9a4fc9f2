"""Test poses that show at a glance whether a face can speak: what every set of shapes has to be able to do."""

import numpy as np
import numpy.typing as npt

from ..motion.arkit import ARKIT_INDEX, ARKIT_NAMES

_BOTH = ("Left", "Right")


def _sides(stem: str, value: float) -> dict[str, float]:
    return {stem + side: value for side in _BOTH}


TEST_POSES: dict[str, dict[str, float]] = {
    "rest": {},
    "p b m": {"jawOpen": 0.25, "mouthClose": 0.25, **_sides("mouthPress", 0.3)},
    "f v": {"jawOpen": 0.12, "mouthRollLower": 0.55, **_sides("mouthUpperUp", 0.25)},
    "th": {"jawOpen": 0.22, "tongueOut": 0.6},
    "s": {"jawOpen": 0.08, **_sides("mouthStretch", 0.35), **_sides("mouthLowerDown", 0.35)},
    "sh": {"jawOpen": 0.14, "mouthFunnel": 0.55, "mouthShrugUpper": 0.2},
    "a": {"jawOpen": 0.7},
    "i": {"jawOpen": 0.15, **_sides("mouthStretch", 0.5), **_sides("mouthSmile", 0.35)},
    "u": {"jawOpen": 0.12, "mouthPucker": 0.8},
    "o": {"jawOpen": 0.35, "mouthFunnel": 0.6, "mouthPucker": 0.2},
    "blink": _sides("eyeBlink", 1.0),
    "brows up": {"browInnerUp": 0.8, **_sides("browOuterUp", 0.8), **_sides("eyeWide", 0.4)},
}
"""Pose → ARKit channel → coefficient."""

CLOSED = "p b m"
OPEN = "a"


def test_motion() -> npt.NDArray[np.float32]:
    """(poses, 52) the test poses as frames, in their order."""
    motion = np.zeros((len(TEST_POSES), len(ARKIT_NAMES)), np.float32)
    for row, pose in zip(motion, TEST_POSES.values(), strict=True):
        for channel, value in pose.items():
            row[ARKIT_INDEX[channel]] = value
    return motion
