"""A take with all that one may have, and its file."""

from pathlib import Path

import numpy as np
import pytest
from take_files import FRAMES

from kmtalk_core.alignment import Phone
from kmtalk_core.events import Event
from kmtalk_core.motion.spaces import ARKIT, HEAD
from kmtalk_core.take import Key, Take, Track, save_take


@pytest.fixture
def take() -> Take:
    motion = np.random.default_rng(0).random((FRAMES, 52)).astype(np.float32)
    keys = tuple(Key(f, f / 30, "ʃ", 0.5, motion[f], "locked" if f == 9 else "generated") for f in range(0, FRAMES, 3))
    turns = np.linspace(-0.2, 0.2, 3 * FRAMES, dtype=np.float32).reshape(FRAMES, 3)
    return Take(
        (Track(ARKIT, motion), Track(HEAD, turns)),
        keys,
        events=(Event("e1", "blink", 0.5, 0.2, 0.66), Event("e2", "nod", 1.5, 0.4, 0.05, 270.0, 7, "locked")),
        phones=(Phone(0.0, 1.25, "sil"), Phone(1.25, 3.0, "ʃ", 0.75)),
        text="Zürich, “quoted”\n日本",
        settings={"smoothing": 0.1, "method": "transcript"},
        model={"name": "starter", "hash": "0123"},
        audio={"name": "a.wav", "digest": "4567", "duration": 3.0},
        notes=("A note.",),
        fps=30.0,
    )


@pytest.fixture
def saved(take: Take, tmp_path: Path) -> Path:
    save_take(take, tmp_path / "take.npz")
    return tmp_path / "take.npz"
