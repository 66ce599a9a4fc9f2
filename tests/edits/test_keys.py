"""What a list of edits asks for, and what is wrong with one that makes no sense."""

from typing import Any

import numpy as np
import pytest

from kmtalk_core.edits import Span, changed_spans, plan_keys, read_edits
from kmtalk_core.errors import TakeError
from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Key, Take, Track

FRAMES = (0, 10, 20, 30, 40, 59)
JAW = ARKIT_INDEX["jawOpen"]


@pytest.fixture
def take() -> Take:
    motion = np.random.default_rng(0).random((60, 52)).astype(np.float32)
    return Take((Track(ARKIT, motion),), tuple(Key(f, f / 30, "a", 0.5, motion[f]) for f in FRAMES), fps=30.0)


def plan(take: Take, *entries: dict[str, Any]) -> tuple:
    return plan_keys(take, read_edits(entries, take).keys)


def spans(take: Take, *entries: dict[str, Any]) -> list[tuple[int, int]]:
    return [(span.first, span.last) for span in changed_spans(take, plan(take, *entries))]


def test_a_pose_changes_the_channels_it_names(take: Take) -> None:
    key = plan(take, {"frame": 20, "pose": {"jawOpen": 0.6}})[2]
    assert (key.frame, key.state, key.is_changed) == (20, "edited", True)
    assert key.pose[JAW] == np.float32(0.6)
    others = np.arange(52) != JAW
    np.testing.assert_array_equal(key.pose[others], take.motion[20, others])


def test_a_pose_may_be_all_channels_at_once(take: Take) -> None:
    key = plan(take, {"frame": 20, "pose": [0.25] * 52, "state": "locked"})[2]
    assert key.state == "locked"
    np.testing.assert_array_equal(key.pose, np.float32(0.25))


def test_a_state_alone_changes_no_motion(take: Take) -> None:
    keys = plan(take, {"frame": 20, "state": "locked"})
    assert keys[2].state == "locked"
    np.testing.assert_array_equal(keys[2].pose, take.motion[20])
    assert spans(take, {"frame": 20, "state": "locked"}) == []


def test_a_pose_as_it_is_changes_no_motion(take: Take) -> None:
    assert spans(take, {"frame": 20, "pose": {"jawOpen": float(take.motion[20, JAW])}}) == []


def test_a_moved_key_keeps_its_pose_and_its_moment(take: Take) -> None:
    key = plan(take, {"frame": 20, "move_to": 24})[2]
    assert (key.frame, key.state) == (24, "edited")
    assert key.time == pytest.approx(20 / 30)
    np.testing.assert_array_equal(key.pose, take.motion[20])


def test_an_added_key_shows_what_was_there(take: Take) -> None:
    key = plan(take, {"frame": 25, "add": True})[3]
    assert (key.frame, key.state, key.label) == (25, "added", "a")
    assert key.time == pytest.approx(25 / 30)
    np.testing.assert_array_equal(key.pose, take.motion[25])


def test_a_key_given_back_is_the_networks_again(take: Take) -> None:
    locked = Key(20, 15 / 30, "a", 0.5, take.motion[20], "locked")
    edited = Take((Track(ARKIT, take.motion),), (*take.keys[:2], locked, *take.keys[3:]), fps=30.0)
    key = plan(edited, {"frame": 20, "state": "generated"})[2]
    assert key.pose is None
    assert key.is_changed
    assert key.time == pytest.approx(20 / 30)


def test_spans_reach_from_a_changed_key_to_its_neighbours(take: Take) -> None:
    assert spans(take, {"frame": 20, "pose": {"jawOpen": 1}}) == [(10, 30)]
    assert spans(take, {"frame": 20, "delete": True}) == [(10, 30)]
    assert spans(take, {"frame": 25, "add": True}) == [(20, 30)]
    assert spans(take, {"frame": 20, "move_to": 29}) == [(10, 30)]
    assert spans(take, {"frame": 10, "pose": {"jawOpen": 1}}, {"frame": 40, "delete": True}) == [(0, 20), (30, 59)]
    assert spans(take, {"frame": 20, "delete": True}, {"frame": 30, "pose": {"jawOpen": 1}}) == [(10, 40)]


def test_the_ends_of_the_take_can_be_posed(take: Take) -> None:
    found = changed_spans(take, plan(take, {"frame": 0, "pose": {"jawOpen": 1}}))
    assert found == (Span(0, 10, holds_first=False, holds_last=True),)


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"frame": 20}, "list"),
        (["frame"], "Edit 1"),
        ([{"frame": 20, "pose": np.zeros(51)}], "list of 52 values"),
        ([{"frame": 20, "pose": np.full(52, np.nan)}], "list of 52 values"),
        ([{}], "frame is missing"),
        ([{"frame": -1}], "from 0 to 59"),
        ([{"frame": 60}], "from 0 to 59"),
        ([{"frame": 1.5}], "whole number"),
        ([{"frame": True}], "whole number"),
        ([{"frame": float("nan")}], "whole number"),
        ([{"frame": 10**400}], "whole number"),
        ([{"frame": "20"}], "whole number"),
        ([{"frame": 20, "poze": {}}], "no field 'poze'"),
        ([{"frame": 20, "pose": {"jaw": 1}}], "no channel 'jaw'"),
        ([{"frame": 20, "pose": {"jawOpen": "wide"}}], "number from -1000 to 1000"),
        ([{"frame": 20, "pose": {"jawOpen": float("nan")}}], "number from -1000 to 1000"),
        ([{"frame": 20, "pose": {"jawOpen": 1e9}}], "number from -1000 to 1000"),
        ([{"frame": 20, "pose": [1, 2]}], "list of 52 values"),
        ([{"frame": 20, "pose": 7}], "pose must be"),
        ([{"frame": 20, "state": "frozen"}], "state must be"),
        ([{"frame": 20, "state": ["locked"]}], "state must be"),
        ([{"frame": 20, "delete": 1}], "true or false"),
        ([{"frame": 20, "delete": True, "pose": {}}], "choose one"),
        ([{"frame": 20, "state": "generated", "pose": {}}], "choose one"),
        ([{"frame": 25, "add": True, "move_to": 26}], "where it belongs"),
        ([{"frame": 20, "move_to": 99}], "move_to"),
        ([{"frame": 20}, {"frame": 20}], "two edits of frame 20"),
        ([{"frame": 21, "pose": {}}], "no key at frame 21 .*20 and 30"),
        ([{"frame": 20, "add": True}], "already"),
        ([{"frame": 0, "delete": True}], "first or last"),
        ([{"frame": 59, "move_to": 50}], "first or last"),
        ([{"frame": 20, "move_to": 30}], "Two keys would stand"),
        ([{"frame": 20, "move_to": 35}], "pass its neighbour"),
        ([{"frame": 25, "add": True}, {"frame": 20, "move_to": 25}], "Two keys would stand"),
    ],
)
def test_edits_that_make_no_sense_are_named(take: Take, entries: Any, complaint: str) -> None:
    with pytest.raises(TakeError, match=complaint):
        plan_keys(take, read_edits(entries, take).keys)
