"""Sound and motion that do not start together are heard, said and put right."""

from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.animate import Animator
from kmtalk_core.datasets.captures import Capture, find
from kmtalk_core.datasets.captures.lag import lag_job
from kmtalk_core.progress import finish
from kmtalk_core.take import Take, export_csv

from .conftest import late


def capture(take: Take, speech: Path, folder: Path) -> Capture:
    export_csv(take, folder / f"{speech.stem}.csv")
    (found,) = find(folder, speech.parent).takes
    return found


@pytest.mark.parametrize(("frames", "seconds"), [(0, 0.0), (6, 0.2), (-4, -4 / 30)])
def test_a_lag_is_found_to_the_frame(
    animator: Animator, spoken: Take, speech: Path, tmp_path: Path, frames: int, seconds: float
) -> None:
    found = finish(lag_job(capture(late(spoken, frames), speech, tmp_path), animator))
    assert found is not None and found.is_sure
    assert found.seconds == pytest.approx(seconds, abs=1 / 60)
    assert found.is_off == (frames != 0)


def test_a_take_that_is_moved_shows_what_it_showed_in_time(spoken: Take, speech: Path, tmp_path: Path) -> None:
    moved = capture(late(spoken, 6), speech, tmp_path).late(0.2)
    times = np.arange(10, 30) / 30
    np.testing.assert_allclose(moved.at(times), spoken.motion[10:30], atol=1e-4)


def test_another_sound_is_not_taken_for_a_lag(animator: Animator, spoken: Take, speech: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(5).random(spoken.motion.shape).astype(np.float32)
    found = finish(lag_job(capture(spoken.with_motion(noise), speech, tmp_path), animator))
    assert found is not None and not found.is_sure and "is it this take's sound" in found.sentence()
