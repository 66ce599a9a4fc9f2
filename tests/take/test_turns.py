"""Turns that a hand has set travel with a take, and what makes no sense of them is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core.errors import TakeError
from kmtalk_core.motion.spaces import ARKIT, HEAD
from kmtalk_core.take import Take, Track, Turn, load_take, read_header, save_take

TURN = Turn(20, 10, 30, {"yaw": 0.25})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    tracks = (Track(ARKIT, np.zeros((60, 52), np.float32)), Track(HEAD, np.zeros((60, 3), np.float32)))
    save_take(Take(tracks, (), turns=(TURN,), fps=30.0), tmp_path / "take.npz")
    return tmp_path / "take.npz"


def with_turns(path: Path, turns: Any) -> Path:
    return with_header(path, {**read_header(path), "turns": turns})


def with_header(path: Path, header: dict[str, Any]) -> Path:
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    np.savez(path, **{**arrays, "header": np.array(json.dumps(header))})
    return path


def test_turns_come_back_as_they_were_saved(saved: Path) -> None:
    assert load_take(saved).turns == (TURN,)


@pytest.mark.parametrize("name", ["turns", "words"])
def test_a_take_from_before_there_were_turns_and_words_has_none(saved: Path, name: str) -> None:
    header = read_header(saved)
    header.pop(name)
    assert getattr(load_take(with_header(saved, header)), name) == ()


@pytest.mark.parametrize(
    "turns",
    [
        "yaw", 3, {}, ["yaw"], [{}], [{"frame": 20, "first": 10, "last": 30}],
        [{"frame": 20, "first": 25, "last": 30, "offsets": {}}], [{"frame": 20, "first": 0, "last": 60, "offsets": {}}],
        [{"frame": -1, "first": -1, "last": 3, "offsets": {}}], [{"frame": 2.5, "first": 1, "last": 3, "offsets": {}}],
        [{"frame": 2, "first": 1, "last": 3, "offsets": {"jawOpen": 1.0}}],
        [{"frame": 2, "first": 1, "last": 3, "offsets": {"yaw": float("nan")}}],
        [{"frame": 2, "first": 1, "last": 3, "offsets": {"yaw": 1e300}}],
        [{"frame": 2, "first": 1, "last": 3, "offsets": [1, 2, 3]}],
    ],
)  # fmt: skip
def test_turns_that_make_no_sense_are_refused(saved: Path, turns: Any) -> None:
    with pytest.raises(TakeError, match="turn"):
        load_take(with_turns(saved, turns))
