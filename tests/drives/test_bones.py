"""What a bone shows is read back as the channels that show it, whatever way its rotation is kept."""

from collections.abc import Mapping

import numpy as np
import pytest

from kmtalk_core.drives import BoneDrive, signature
from kmtalk_core.drives.bones import EYE_LEFT, EYE_RIGHT, HEAD, JAW, BoneMotion, bone_motion
from kmtalk_core.motion import spaces
from kmtalk_core.motion.spaces import MotionSpace

AXES = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


def bone(part: str, mode: str = "QUATERNION") -> BoneMotion:
    return bone_motion(part, AXES, 0.1, 0.35, mode)


def pose(space: MotionSpace, shown: Mapping[str, float]) -> np.ndarray:
    row = np.zeros(space.width, np.float32)
    for name, value in shown.items():
        row[space.index_of(name)] = value
    return row


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (JAW, {"jawOpen": 0.6, "jawLeft": 0.3, "jawForward": 0.4}),
        (JAW, {"jawOpen": 0.2, "jawRight": 0.5}),
        (EYE_LEFT, {"eyeLookUpLeft": 0.7, "eyeLookOutLeft": 0.2}),
        (EYE_RIGHT, {"eyeLookDownRight": 0.7, "eyeLookInRight": 0.5}),
        (HEAD, {"yaw": -0.4, "pitch": 0.3, "roll": -0.2}),
    ],
)
def test_what_the_curves_show_is_read_back(part: str, mode: str, shown: dict[str, float]) -> None:
    drive = BoneDrive({"bone": bone(part, mode)})
    values = drive(pose(drive.space, shown)[None])[0]
    assert len(values) == len(drive.curves) == len(drive.places)
    found = drive.back(np.zeros(drive.space.width, np.float32), dict(enumerate(values.tolist())))
    assert set(found) == set(bone(part).turns) | set(bone(part).shifts)
    for name, value in found.items():
        assert value == pytest.approx(shown.get(name, 0.0), abs=1e-5)


@pytest.mark.parametrize(
    ("shown", "point", "goes"),
    [
        ({"yaw": 0.3}, "nose", (1, 0, 0)),  # to the character's left
        ({"pitch": 0.3}, "nose", (0, -1, 0)),  # chin down
        ({"roll": 0.3}, "crown", (-1, 0, 0)),  # to the right shoulder
    ],
)
def test_a_head_turns_to_its_left_chin_down_and_to_its_right_shoulder(
    shown: dict[str, float], point: str, goes: tuple[int, int, int]
) -> None:
    left, up, forward = np.eye(3)
    motion = bone_motion(HEAD, np.stack([left, up, forward], axis=1), 1.0, 0.0, "AXIS_ANGLE")
    angle, *axis = motion.values(pose(spaces.HEAD, shown)[None])[0].astype(np.float64)
    moved = np.cross(axis, forward if point == "nose" else up) * angle
    assert moved @ np.array(goes) == pytest.approx(0.3, abs=1e-6)


def test_only_bones_with_an_edited_curve_say_something() -> None:
    drive = BoneDrive({"jaw": bone(JAW), "eye": bone(EYE_LEFT)})
    rest = np.zeros(52, np.float32)
    wide = drive(pose(spaces.ARKIT, {"jawOpen": 0.5})[None])[0]
    first = {index: float(wide[index]) for index, place in enumerate(drive.places) if place.bone == "jaw"}
    assert drive.back(rest, first)["jawOpen"] == pytest.approx(0.5, abs=1e-5)
    assert not any(name.startswith("eye") for name in drive.back(rest, first))
    assert {place.attribute for place in drive.places if place.bone == "eye"} == {"rotation_quaternion"}


def test_a_jaw_alone_closes_the_lips_and_says_so_on_the_way_back() -> None:
    drive, sealed = BoneDrive({"jaw": bone(JAW)}, closes=False), pose(spaces.ARKIT, {"jawOpen": 0.3, "mouthClose": 0.3})
    shown = drive(sealed[None])[0]
    np.testing.assert_allclose(shown[:4], (1, 0, 0, 0), atol=1e-6)
    assert drive.back(sealed, {0: float(shown[0])})["jawOpen"] == pytest.approx(0.3, abs=1e-5)


def test_a_signature_tells_other_settings_and_nothing_else() -> None:
    one, same = (BoneDrive({"jaw": bone(JAW)}) for _ in range(2))
    assert signature(one) == signature(same)
    wider = BoneDrive({"jaw": bone_motion(JAW, AXES, 0.1, 0.5, "QUATERNION")})
    assert len({signature(one), signature(wider), signature(BoneDrive({"jaw": bone(JAW, "XYZ")}))}) == 3
