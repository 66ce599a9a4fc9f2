"""What a bone shows is read back as the coefficients that show it."""

import numpy as np
import pytest

from kmtalk_core.drives.bones import EYE_LEFT, EYE_RIGHT, JAW, bone_motion
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (JAW, {"jawOpen": 0.6, "jawLeft": 0.3, "jawForward": 0.4}),
        (JAW, {"jawOpen": 0.2, "jawRight": 0.5}),
        (EYE_LEFT, {"eyeLookUpLeft": 0.7, "eyeLookOutLeft": 0.2}),
        (EYE_RIGHT, {"eyeLookDownRight": 0.7, "eyeLookInRight": 0.5}),
    ],
)
def test_the_way_back(part: str, shown: dict[str, float]) -> None:
    motion = np.zeros((1, len(ARKIT_NAMES)), np.float32)
    for name, value in shown.items():
        motion[0, ARKIT_INDEX[name]] = value
    axes = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    way = bone_motion(part, axes, 0.1, 0.35, "AXIS_ANGLE")
    turned = way.rotation(motion)[0].astype(np.float64)
    found = way.coefficients(turned[0] * turned[1:], way.location(motion)[0].astype(np.float64))
    assert set(found) == set(way.turns) | set(way.shifts)
    for name, value in found.items():
        assert value == pytest.approx(shown.get(name, 0.0), abs=1e-6)
