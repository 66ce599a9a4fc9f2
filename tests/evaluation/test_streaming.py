"""What look-ahead is worth is printed beside the whole sound."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.animate import Animator
from kmtalk_core.audio import load
from kmtalk_core.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def index(speech: Path, tmp_path: Path) -> Path:
    """One clip whose true motion is its take's."""
    take = Animator.load().animate(load(speech))
    np.savez(
        tmp_path / "true.npz",
        t=np.arange(take.frame_count) / take.fps,
        opening=take.motion[:, take.space.index_of("jawOpen")],
    )
    clip = {"name": "set_one", "audio": str(speech), "motion": "true.npz"}
    (tmp_path / "index.json").write_text(json.dumps([clip]), encoding="utf-8")
    return tmp_path / "index.json"


def evaluated(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kmtalk_core", "evaluate-stream", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)


def test_a_table_of_look_aheads(index: Path) -> None:
    done = evaluated(index, "--look-ahead", 0, 0.2)
    assert done.returncode == 0, done.stderr
    head, none, some, whole = done.stdout.splitlines()
    assert head.split()[:3] == ["look-ahead", "r", "mean"]
    assert none.startswith("0 ms") and some.startswith("200 ms") and whole.startswith("whole sound")
    r = [float(line[12:].split()[0]) for line in (none, some, whole)]
    assert r[2] > 0.95 and r[1] > 0.8 and r[1] >= r[0] - 0.05


def test_what_cannot_be_is_one_line(index: Path) -> None:
    for arguments in (["--look-ahead", 2], ["--endure", 0], ["--rate", 0]):
        done = evaluated(index, *arguments)
        assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_how_long_it_endures_is_told(index: Path) -> None:
    done = evaluated(index, "--endure", 0.002)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0 and rows[0][:2] == ["hours", "MB"] and len(rows) > 3


@pytest.mark.parametrize(("clips", "said"), [("[]", "lists no clips"), ('[{"name": "a"}]', "must be a JSON list")])
@pytest.mark.parametrize(
    "command", [["evaluate-stream"], ["evaluate-stream", "--endure", "0.001"], ["evaluate-speech"]]
)
def test_an_index_without_clips_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], clips: str, said: str
) -> None:
    (tmp_path / "index.json").write_text(clips, encoding="utf-8")
    assert main([command[0], str(tmp_path / "index.json"), *command[1:]]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line]
    assert said in line
