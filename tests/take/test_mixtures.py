"""Motion of vertices is kept as mixtures of shapes, which take far less room."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from take_files import FRAMES, rewrite

from kmtalk_core.errors import TakeError
from kmtalk_core.take import Take, load_take, save_take


@pytest.fixture
def mixed(take: Take, tmp_path: Path) -> tuple[Take, Path]:
    """A take whose motion is mixtures of five shapes, kept as such."""
    rng = np.random.default_rng(1)
    shapes = rng.standard_normal((5, 52)).astype(np.float32)
    motion = rng.random((FRAMES, 5)).astype(np.float32) @ shapes
    take = take.with_motion(motion, keys=tuple(replace(key, pose=motion[key.frame]) for key in take.keys))
    save_take(take, tmp_path / "mixed.npz", shapes)
    return take, tmp_path / "mixed.npz"


def test_motion_may_be_kept_as_mixtures_of_shapes(mixed: tuple[Take, Path], saved: Path) -> None:
    take, path = mixed
    again = load_take(path)
    np.testing.assert_allclose(again.motion, take.motion, atol=1e-5)
    assert [(key.frame, key.label, key.state) for key in again.keys] == [(k.frame, k.label, k.state) for k in take.keys]
    assert all(np.array_equal(key.pose, again.motion[key.frame]) for key in again.keys)
    assert path.stat().st_size < 0.5 * saved.stat().st_size


def test_shapes_may_repeat_each_other_and_show_nothing(mixed: tuple[Take, Path], tmp_path: Path) -> None:
    take, path = mixed
    with np.load(path) as stored:
        shapes = stored["shapes"]
    more = np.concatenate([shapes, shapes[:2], np.zeros((1, 52), np.float32)])
    save_take(take, tmp_path / "more.npz", more)
    np.testing.assert_allclose(load_take(tmp_path / "more.npz").motion, take.motion, atol=1e-5)


def test_a_still_take_has_no_shapes_at_all(take: Take, tmp_path: Path) -> None:
    save_take(replace(take, keys=()), tmp_path / "still.npz", np.zeros((0, 52), np.float32))
    again = load_take(tmp_path / "still.npz")
    assert again.motion.shape == (FRAMES, 52) and not again.motion.any()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", None),
        ("weights", np.zeros((FRAMES, 4), np.float32)),
        ("weights", np.full((FRAMES, 5), np.nan, np.float32)),
        ("weights", np.zeros((10, 5), np.float32)),
        ("shapes", np.zeros((5, 51), np.float32)),
    ],
)
def test_mixtures_that_do_not_fit_are_refused(mixed: tuple[Take, Path], name: str, value: Any) -> None:
    rewrite(mixed[1], **{name: value})
    with pytest.raises(TakeError):
        load_take(mixed[1])


def test_motion_too_large_to_be_mixed_again_is_kept_whole(
    mixed: tuple[Take, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, path = mixed
    with np.load(path) as stored:
        shapes = stored["shapes"]
    monkeypatch.setattr("kmtalk_core.take.file._LARGEST_MIXED", take.motion.nbytes - 1)
    save_take(take, tmp_path / "whole.npz", shapes)
    np.testing.assert_array_equal(load_take(tmp_path / "whole.npz").motion, take.motion)


def test_a_mixture_that_would_fill_the_memory_is_refused(
    mixed: tuple[Take, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kmtalk_core.take.file._LARGEST_MIXED", FRAMES * 52 * 4 - 1)
    with pytest.raises(TakeError, match="far too large"):
        load_take(mixed[1])
