"""Pitch trackers are judged by what the others agree on."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import cli
from kmtalk_core.evaluation.pitch_trackers import _judged


def test_frames_are_counted_where_the_others_agree() -> None:
    others = np.array([[100.0, 100, 100, 0, 0], [102.0, 150, 101, 0, 0]])
    found = np.array([101.0, 100, 220, 0, 90])
    assert _judged(found, others).tolist() == [2, 0, 1, 2, 1]  # the second frame is disputed


def test_without_other_trackers_the_command_says_what_to_install(
    speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = [name for name in ("parselmouth", "librosa", "swift_f0") if importlib.util.find_spec(name)]
    status = cli.main(["evaluate-pitch", str(speech.parent), "--noise"])
    told = capsys.readouterr()
    assert (status, "| ours | clean |" in told.out) == ((0, True) if len(installed) > 1 else (2, False))
    assert len(installed) > 1 or "praat-parselmouth" in told.err
