"""What a transcript says of how something is said stays with the take."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core.alignment import Mark
from kmtalk_core.errors import TakeError
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Take, Track, load_take, read_header, save_take

MARKS = (Mark(0.5, "happy"), Mark(1.25, "whispering, very softly", 0.4))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    take = Take((Track(ARKIT, np.zeros((60, 52), np.float32)),), (), marks=MARKS, fps=30.0)
    save_take(take, tmp_path / "take.npz")
    return tmp_path / "take.npz"


def with_marks(path: Path, marks: Any) -> Path:
    header = read_header(path)
    header["marks"] = marks
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    np.savez(path, **{**arrays, "header": np.array(json.dumps(header))})
    return path


def test_marks_come_back_as_they_were_saved(saved: Path) -> None:
    assert load_take(saved).marks == MARKS


def test_a_take_from_before_there_were_marks_has_none(saved: Path) -> None:
    header = read_header(saved)
    del header["marks"]
    with np.load(saved) as stored:
        arrays = {name: stored[name] for name in stored.files}
    np.savez(saved, **{**arrays, "header": np.array(json.dumps(header))})
    assert load_take(saved).marks == ()


@pytest.mark.parametrize(
    "marks",
    [
        "happy", 3, {}, ["happy"], [{"time": 1.0}], [{"time": "x", "name": "a", "strength": None}],
        [{"time": 1e300, "name": "a", "strength": None}], [{"time": 1.0, "name": 5, "strength": None}],
        [{"time": 1.0, "name": "a", "strength": 7}], [{"time": float("nan"), "name": "a", "strength": None}],
    ],
)  # fmt: skip
def test_marks_that_make_no_sense_are_refused(saved: Path, marks: Any) -> None:
    with pytest.raises(TakeError, match="mark"):
        load_take(with_marks(saved, marks))
