"""Batches through the real command line."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kmtalk_core.client import PACKAGE_FOLDER
from kmtalk_core.take import load_take


def batch(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "kmtalk_core", "batch", *map(str, arguments)]
    return subprocess.run(command, cwd=PACKAGE_FOLDER, capture_output=True, text=True, timeout=300)


@pytest.fixture
def folder(speech: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    folder.mkdir()
    shutil.copy(speech, folder / "one.wav")
    shutil.copy(speech, folder / "deux é.wav")
    return folder


def test_a_folder_becomes_takes_and_csv_and_a_bad_file_stops_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.wav").write_text("this is no sound")
    (folder / "one.txt").write_text("Bob made a map of the moon.")
    done = batch(folder, "--out", tmp_path / "out", "--csv", "--jobs", 2)
    assert done.returncode == 1, done.stderr
    assert "bad.wav" in done.stderr and "Traceback" not in done.stderr
    assert "2 done, 0 already there, 1 failed" in done.stderr
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["deux é.csv", "deux é.npz", "one.csv", "one.npz"]
    assert load_take(tmp_path / "out" / "one.npz").text == "Bob made a map of the moon."


def test_a_second_run_skips_what_is_done_and_redoes_what_changed_or_broke(folder: Path, tmp_path: Path) -> None:
    lines = tmp_path / "list.txt"
    lines.write_text("sounds/one.wav\tBob made a map of the moon.\nsounds/deux é.wav\n", encoding="utf-8")
    out = tmp_path / "out"
    assert batch(lines, "--out", out).returncode == 0
    untouched = (out / "one.npz").stat().st_mtime_ns
    (out / "deux é.npz").write_bytes(b"half a take")
    again = batch(lines, "--out", out)
    assert again.returncode == 0 and "1 done, 1 already there, 0 failed" in again.stderr
    assert (out / "one.npz").stat().st_mtime_ns == untouched
    lines.write_text("sounds/one.wav\tBob made a map.\n", encoding="utf-8")
    assert "1 done" in batch(lines, "--out", out).stderr
    quiet = batch(lines, "--out", out, "--set", "strength_lower=0.5")
    assert "1 done" in quiet.stderr and load_take(out / "one.npz").settings["strength_lower"] == 0.5
    assert "1 already there" in batch(lines, "--out", out, "--set", "strength_lower=0.5").stderr


def test_two_sounds_of_one_name_do_not_overwrite_each_other(folder: Path, tmp_path: Path) -> None:
    (folder / "more").mkdir()
    shutil.copy(folder / "one.wav", folder / "more" / "one.wav")
    lines = tmp_path / "list.txt"
    lines.write_text("sounds/one.wav\nsounds/more/one.wav\n")
    done = batch(lines, "--out", tmp_path / "out")
    assert done.returncode == 1 and "rename one of the two" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_batch_keeps_what_was_finished_and_leaves_no_orphan(
    folder: Path, long_speech: Path, tmp_path: Path
) -> None:
    shutil.copy(long_speech, folder / "z long.wav")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "kmtalk_core", "batch", str(folder), "--out", str(out)]
    process = subprocess.Popen(command, cwd=PACKAGE_FOLDER, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not (out / "one.npz").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(4)  # the worker sees its input close and goes by itself
    assert load_take(out / "one.npz").motion.size and load_take(out / "deux é.npz").motion.size
    assert {p.suffix for p in out.iterdir()} == {".npz"}
    before = {p.name: p.stat().st_mtime_ns for p in out.iterdir()}
    time.sleep(1)
    assert before == {p.name: p.stat().st_mtime_ns for p in out.iterdir()}


@pytest.mark.parametrize(("make", "says"), [("missing", "cannot be read"), ("empty folder", "holds no sounds")])
def test_a_source_that_names_no_sounds_is_one_sentence(make: str, says: str, tmp_path: Path) -> None:
    source = tmp_path / make
    if make == "empty folder":
        source.mkdir()
    done = batch(source, "--out", tmp_path / "out")
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1
