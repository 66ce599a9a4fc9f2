"""Where the command line writes: never over what it reads, to a pipe as well, and through any code page."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.client import PACKAGE_FOLDER

EDITS = '[{"frame": 0, "pose": {"jawOpen": 0.5}}]'


def kmtalk(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "kmtalk_core", *map(str, arguments)]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=PACKAGE_FOLDER, env=environment, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def folder(speech: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound, its take and edits of it."""
    folder = tmp_path_factory.mktemp("outputs")
    (folder / "line.wav").write_bytes(speech.read_bytes())
    (folder / "edits.json").write_text(EDITS)
    (folder / "x").mkdir()
    assert kmtalk("animate", folder / "line.wav", "--out", folder / "take.npz").returncode == 0
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("animate", "line.wav", "--out", "line.wav"),
        ("animate", "line.wav", "--out", "x/../line.wav"),
        ("animate", "line.wav", "--out", "new.npz", "--csv", "line.wav"),
        ("animate", "line.wav", "--out", "new.npz", "--csv", "new.npz"),
        ("animate", "line.wav", "--out", "x"),
        ("localize", "line.wav", "--method", "uniform", "--json", "line.wav"),
        ("complete", "take.npz", "--audio", "line.wav", "--edits", "edits.json", "--out", "take.npz"),
        ("complete", "take.npz", "--audio", "line.wav", "--edits", "edits.json", "--out", "edits.json"),
        ("complete", "take.npz", "--audio", "line.wav", "--edits", "edits.json", "--out", "line.wav"),
    ],
)
def test_nothing_that_is_read_is_written_over(arguments: tuple[str, ...], folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    names = [folder / part if "." in part or part == "x" else part for part in arguments]
    done = kmtalk(*names)
    told = done.stderr.decode()
    assert done.returncode == 2 and "Traceback" not in told, told
    assert len([line for line in told.splitlines() if line.startswith("kmtalk: ")]) == 1
    assert before == {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.skipif(os.name == "nt", reason="has no such names")
def test_devices_pipes_and_links_stay_and_the_programs_own_output_is_written_to(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.wav").symlink_to(folder / "line.wav")
    before = (folder / "line.wav").read_bytes()
    for out in ("/dev/null", tmp_path / "pipe", tmp_path / "link.wav"):
        done = kmtalk("speak", "Hello.", "--out", out)
        assert done.returncode == 2 and b"kmtalk: " in done.stderr, done.stderr
    assert Path("/dev/null").is_char_device() and (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link.wav").is_symlink() and (folder / "line.wav").read_bytes() == before
    done = kmtalk("localize", folder / "line.wav", "--method", "uniform", "--json", "/dev/stdout")
    assert done.returncode == 0 and json.loads(done.stdout)["method"] == "uniform"
    done = kmtalk("animate", folder / "line.wav", "--out", "/dev/stdout")
    with np.load(io.BytesIO(done.stdout)) as file:
        assert file["motion"].shape[1] == 52


def test_a_pipe_of_an_old_code_page_gets_every_message(tmp_path: Path) -> None:
    (tmp_path / "音.txt").write_text("nothing.wav\n")
    for encoding in ("cp1252", "ascii", "cp932"):
        done = kmtalk("batch", tmp_path / "音.txt", "--out", tmp_path / "出", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        assert done.returncode == 1 and b"Traceback" not in done.stderr, done.stderr
        assert b"0 done, 0 already there, 1 failed" in done.stderr
