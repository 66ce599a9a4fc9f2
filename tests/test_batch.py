"""Batches through the real command line."""

import os
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from kmtalk_core import audio
from kmtalk_core.batch import Work, _refusals, read_list, run_batch
from kmtalk_core.client import PACKAGE_FOLDER
from kmtalk_core.engines import STARTER_WEIGHTS
from kmtalk_core.model.folder import model_hash
from kmtalk_core.take import load_take, save_take


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
    content = bytearray((out / "one.npz").read_bytes())
    content[-3000:-2900] = bytes(100)  # behind the header
    (out / "one.npz").write_bytes(content)
    (out / "one.csv").touch()
    lines.write_text(f"{'x' * 300}.wav\nsounds/one.wav\tBob made a map.\n", encoding="utf-8")
    mended = batch(lines, "--out", out, "--csv", "--set", "strength_lower=0.5")
    assert mended.returncode == 1 and "1 done, 0 already there, 1 failed" in mended.stderr, mended.stderr
    assert load_take(out / "one.npz").motion.any()
    (out / "one.csv").write_bytes(b"")
    assert "1 done" in batch(lines, "--out", out, "--csv", "--set", "strength_lower=0.5").stderr
    assert (out / "one.csv").stat().st_size > 1000


def test_two_sounds_of_one_name_do_not_overwrite_each_other(folder: Path, tmp_path: Path) -> None:
    (folder / "more").mkdir()
    shutil.copy(folder / "one.wav", folder / "more" / "one.wav")
    lines = tmp_path / "list.txt"
    lines.write_text("sounds/one.wav\nsounds/more/one.wav\n")
    done = batch(lines, "--out", tmp_path / "out")
    assert done.returncode == 1 and "rename one of the two" in done.stderr


def test_resuming_means_the_same_work(folder: Path, speech: Path, tmp_path: Path) -> None:
    (folder / "deux é.wav").unlink()
    out = tmp_path / "out"
    weights = tmp_path / "weights"
    shutil.copytree(STARTER_WEIGHTS, weights)
    assert "1 done" in batch(folder, "--out", out).stderr
    made = (out / "one.npz").stat().st_mtime_ns
    assert "1 done" in batch(folder, "--out", out, "--csv").stderr  # the table of the take that is there
    assert (out / "one.npz").stat().st_mtime_ns == made
    assert len((out / "one.csv").read_text().splitlines()) == load_take(out / "one.npz").frame_count + 1
    assert "1 already there" in batch(folder, "--out", out, "--csv", "--weights", weights).stderr  # a copy of the same
    with (weights / "config.json").open("a") as file:
        file.write("\n")
    again = batch(folder, "--out", out, "--csv", "--weights", weights)
    assert "1 done" in again.stderr, again.stderr
    assert load_take(out / "one.npz").model["hash"] == model_hash(weights)
    assert (out / "one.csv").stat().st_mtime_ns >= (out / "one.npz").stat().st_mtime_ns
    take = load_take(out / "one.npz")
    save_take(replace(take, keys=(replace(take.keys[0], state="locked"), *take.keys[1:])), out / "one.npz")
    assert "1 already there" in batch(folder, "--out", out, "--weights", weights).stderr
    other = batch(folder, "--out", out)
    assert other.returncode == 1 and "holds keys edited by hand" in other.stderr
    assert load_take(out / "one.npz").keys[0].state == "locked"


def test_a_path_listed_twice_or_spelt_anew_is_one_job(folder: Path, tmp_path: Path) -> None:
    (folder / "x").mkdir()
    decomposed = unicodedata.normalize("NFD", "deux é.wav")
    lines = tmp_path / "list.txt"
    lines.write_text(
        f'sounds/one.wav\nsounds/one.wav\nsounds/x/../one.wav\n"{folder / "one.wav"}"\nsounds/{decomposed}\n',
        encoding="utf-8",
    )
    listing = read_list(lines, tmp_path / "out")
    assert [item.source.resolve() for item in listing.items] == [folder / "one.wav", folder / "deux é.wav"]
    assert len(listing.notes) == 3 and all("is listed twice" in note for note in listing.notes)
    lines.write_text("sounds/one.wav\tBob.\nsounds/one.wav\tAnna.\n")
    listing = read_list(lines, tmp_path / "out")
    assert len(listing.items) == 2
    assert [bool(why) for why in _refusals(listing, Work())] == [False, True]


def test_results_go_over_no_source(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    table = tmp_path / "one.csv"
    table.write_text(f"{folder / 'one.wav'}\n")
    (out / "deux é.npz").mkdir()
    for source, where, csv, says in (
        (table, tmp_path, True, "which is read"),
        (folder, out, False, "is a folder"),
    ):
        listing = read_list(source, where)
        refused = [step for step in run_batch(listing, Work(csv=csv), workers=1) if step.state == "failed"]
        assert says in refused[0].message
    assert table.read_text() == f"{folder / 'one.wav'}\n"


def test_names_that_are_one_file_on_that_disk_do_not_overwrite_each_other(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tmp_path / "list.txt"
    lines.write_text("a/line.wav\nb/LINE.wav\n")
    listing = read_list(lines, tmp_path / "out")
    for folds, refused in (((False, False), 0), ((True, True), 1)):
        monkeypatch.setattr("kmtalk_core.files._folds", lambda folder, folds=folds: folds)
        assert sum(map(bool, _refusals(listing, Work()))) == refused


def test_kinds_that_are_not_read_are_counted_and_told(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / "line.m4a").write_bytes(b"\0\0\0 ftypM4A " + bytes(100))
    (folder / "notes.docx").write_bytes(b"PK")
    done = batch(folder, "--out", tmp_path / "out")
    assert done.returncode == 1 and "line.m4a" in done.stderr and "0 done, 0 already there, 1 failed" in done.stderr


def test_a_transcript_that_cannot_be_read_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "one.txt").write_bytes(b"caf\xe9 au lait \xff\xfe\x00")
    (folder / unicodedata.normalize("NFD", "deux é.txt")).write_text("Bob.", encoding="utf-8")
    listing = read_list(folder, tmp_path / "out")
    assert {item.source.name: item.text for item in listing.items}["deux é.wav"] == "Bob."
    assert any("one.txt" in note for note in listing.notes)


GRID = """"ooTextFile" "TextGrid" 0 {end} <exists> 1
"IntervalTier" "{tier}" 0 {end} 4
0 0.2 ""
0.2 0.5 "{first}"
0.5 0.9 "AA1"
0.9 {end} ""
"""


def test_a_textgrid_beside_a_sound_is_used_and_said(folder: Path, speech: Path, tmp_path: Path) -> None:
    end = audio.load(speech).duration
    grid = folder / "one.TextGrid"
    grid.write_text(GRID.format(end=end, tier="phones", first="M"), encoding="utf-8")
    (folder / "deux é.TextGrid").write_text(GRID.format(end=end, tier="words", first="moonlight"), encoding="utf-8")
    out = tmp_path / "out"
    done = batch(folder, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "one.TextGrid beside it" in done.stderr
    assert "deux é.TextGrid" in done.stderr and "It was not used." in done.stderr
    take = load_take(out / "one.npz")
    assert take.settings["method"] == "textgrid"
    assert [phone.label for phone in take.phones if not phone.is_silence] == ["M", "AA1"]
    assert load_take(out / "deux é.npz").settings["method"] == "neural"
    assert "0 done, 2 already there" in batch(folder, "--out", out).stderr
    grid.write_text(GRID.format(end=end, tier="phones", first="F"), encoding="utf-8")
    os.utime(grid, (0, 0))  # as a copy that keeps its time, it is older than the take
    assert "1 done, 1 already there" in batch(folder, "--out", out).stderr
    assert [phone.label for phone in load_take(out / "one.npz").phones if not phone.is_silence] == ["F", "AA1"]
    grid.unlink()
    assert "1 done, 1 already there" in batch(folder, "--out", out).stderr
    assert load_take(out / "one.npz").settings["method"] == "neural"


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
