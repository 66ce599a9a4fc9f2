"""What needs NumPy alone works where no other library can be imported, in every process that is started."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.animate import Animator
from kmtalk_core.take import load_take

ABSENT = "torch,transformers,safetensors,accelerate,tensorboard,wordfreq,scipy,soundfile,soxr"
_ROOT = Path(__file__).resolve().parents[1]


def bare(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Python with these arguments, where none of `ABSENT` is there."""
    paths = os.pathsep.join((str(_ROOT / "tests" / "absent"), str(_ROOT)))
    variables = os.environ | {"KMTALK_ABSENT": ABSENT, "PYTHONPATH": paths}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=_ROOT, env=variables, capture_output=True, text=True, timeout=300)


def kmtalk(*arguments: object) -> "subprocess.CompletedProcess[str]":
    done = bare("-m", "kmtalk_core", *arguments)
    assert done.returncode == 0, done.stderr
    return done


def test_none_of_them_is_there() -> None:
    tried = "\n".join(
        f"try: import {name}; print({name!r})\nexcept ModuleNotFoundError: pass" for name in ABSENT.split(",")
    )
    done = bare("-c", tried)
    assert done.returncode == 0 and not done.stdout, done


def test_the_command_line_animates_edits_plays_and_does_folders(speech: Path, tmp_path: Path) -> None:
    made, edited = tmp_path / "take.npz", tmp_path / "edited.npz"
    kmtalk("animate", speech, "--out", made, "--csv", tmp_path / "take.csv")
    take = load_take(made)
    animator = Animator.load(None, "cpu")
    np.testing.assert_allclose(take.motion, animator.animate(audio.load(speech)).motion, atol=1e-5)
    assert (tmp_path / "take.csv").read_text(encoding="utf-8").count("\n") == take.frame_count + 1

    frame = take.keys[5].frame
    edits = [{"frame": frame, "pose": {"jawOpen": 0.7}}, {"frame": take.keys[9].frame, "delete": True}]
    (tmp_path / "edits.json").write_text(json.dumps(edits), encoding="utf-8")
    kmtalk("complete", made, "--audio", speech, "--edits", tmp_path / "edits.json", "--out", edited)
    completed = load_take(edited)
    jaw = take.space.index_of("jawOpen")
    assert completed.motion[frame, jaw] == pytest.approx(0.7) and len(completed.keys) == len(take.keys) - 1
    assert (completed.motion != take.motion).any(axis=1).sum() < 0.5 * take.frame_count

    (tmp_path / "lines").mkdir()
    for name in ("one.wav", "two.wav"):
        shutil.copy(speech, tmp_path / "lines" / name)
    kmtalk("batch", tmp_path / "lines", "--out", tmp_path / "takes", "--jobs", 2)
    for found in (tmp_path / "takes").glob("*.npz"):
        np.testing.assert_allclose(load_take(found).motion, take.motion, atol=1e-5)
    assert len(list((tmp_path / "takes").glob("*.npz"))) == 2

    frames = [json.loads(line) for line in kmtalk("stream", speech, "--fast").stdout.splitlines()]
    opened = [line["coefficients"]["jawOpen"] for line in frames if "coefficients" in line]
    assert len(opened) >= take.frame_count - 3 and max(opened) > 0.2


@pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="Blender is no module here")
def test_blender_animates_edits_and_answers(speech: Path) -> None:
    done = bare("-m", "kmtalk_addon.bench", speech)
    measured: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0 and measured, done.stderr
    assert {"first", "again", "regenerate", "live"} <= measured[0].keys()
