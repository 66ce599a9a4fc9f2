"""Properties go from rest to their end; drawings follow the strongest viseme, hold, and never leave out closed lips."""

import numpy as np
import pytest

from kmtalk_core.drives.keys import KeyDrive
from kmtalk_core.drives.properties import PropertyDrive, StepDrive
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from kmtalk_core.naming.retarget import retarget

MOUTHS = ("AI", "O", "MBP", "FV")


def motion(*poses: dict[str, float]) -> np.ndarray:
    rows = np.zeros((len(poses), len(ARKIT_NAMES)), np.float32)
    for row, pose in zip(rows, poses, strict=True):
        for name, value in pose.items():
            row[ARKIT_INDEX[name]] = value
    return rows


A, M, REST = {"jawOpen": 0.7}, {"jawOpen": 0.2, "mouthClose": 0.2, "mouthPressLeft": 0.4, "mouthPressRight": 0.4}, {}


@pytest.fixture
def card() -> StepDrive:
    """A card whose frames 1 to 4 are mouths, and 0 its rest."""
    visemes = KeyDrive(retarget("preston_blair", MOUTHS))
    return StepDrive(visemes, "frame", [(number, number + 1.0) for number in range(4)], 0.0, closing=frozenset({2}))


def test_a_property_takes_its_own_range() -> None:
    drive = PropertyDrive(
        KeyDrive(retarget("arkit", ("jawOpen", "mouthPucker"))),
        ("open", "round"), (0, 1), np.array([10.0, 0.0], np.float32), np.array([20.0, 1.0], np.float32),
    )  # fmt: skip
    assert drive(motion({"jawOpen": 0.5}, REST))[:, 0] == pytest.approx([20.0, 10.0])
    assert drive.back(motion(REST)[0], {0: 20.0})["jawOpen"] == pytest.approx(0.5, abs=0.02)


def test_the_strongest_viseme_is_drawn(card: StepDrive) -> None:
    assert card(motion(A, M, REST))[:, 0].tolist() == [1.0, 3.0, 0.0]


def test_a_drawing_stays_and_closed_lips_are_never_left_out(card: StepDrive) -> None:
    weights = card.base(motion(A, A, A, M, A, A, REST, REST))
    shown = card.stepped(weights)[:, 0]
    changes = np.flatnonzero(np.diff(shown)) + 1
    assert 3.0 in shown and np.all(np.diff([0, *changes]) >= 2)
    assert set(shown) <= {0.0, 1.0, 3.0}


def test_on_twos_drawings_change_on_every_second_frame(card: StepDrive) -> None:
    twos = StepDrive(card.base, card.name, card.steps, card.rest, 2, True, card.closing)
    rng = np.random.default_rng(0)
    shown = twos.stepped(rng.random((41, 4)).astype(np.float32))[:, 0]
    assert not (np.flatnonzero(np.diff(shown)) + 1).tolist() or np.all((np.flatnonzero(np.diff(shown)) + 1) % 2 == 0)


def test_a_drawing_chosen_by_hand_is_a_pose(card: StepDrive) -> None:
    pose = motion(A)[0]
    back = card.back(pose, {0: 3.0})
    edited = pose.copy()
    for name, value in back.items():
        edited[ARKIT_INDEX[name]] = value
    assert card(edited[None])[0, 0] == 3.0
