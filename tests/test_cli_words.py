"""Words and alignments on the command line: whatever file they come in, they are used, and told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kmtalk_core.client import PACKAGE_FOLDER
from kmtalk_core.take import load_take

SAID = "Bob made a map of the moon."


def kmtalk(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "kmtalk_core", *map(str, arguments)]
    return subprocess.run(command, cwd=PACKAGE_FOLDER, capture_output=True, text=True, encoding="utf-8", timeout=120)


def test_subtitles_in_a_code_page_become_words_and_marks_of_a_take(speech: Path, tmp_path: Path) -> None:
    subtitles = f"1\r\n00:00:00,000 --> 00:00:02,500\r\n(très gai 40%) {SAID}\r\n"
    (tmp_path / "a.srt").write_bytes(subtitles.encode("cp1252"))
    done = kmtalk("animate", speech, "--transcript", tmp_path / "a.srt", "--out", tmp_path / "t.npz")
    assert done.returncode == 0, done.stderr
    assert "note: The transcript is in no Unicode encoding; it was read as Windows-1252" in done.stderr
    take = load_take(tmp_path / "t.npz")
    assert take.settings["method"] == "transcript" and take.text == subtitles.replace("\r\n", "\n").strip()
    assert [(mark.name, mark.strength) for mark in take.marks] == [("très gai", 0.4)]
    assert any("Windows-1252" in note for note in take.notes)


def test_localize_tells_the_marks(speech: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(f"[whispering] {SAID}".encode("utf-16"))
    done = kmtalk("localize", speech, "--transcript", tmp_path / "a.txt", "--json", tmp_path / "l.json")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    assert found["method"] == "transcript" and found["marks"][0]["name"] == "whispering"
    assert "Unicode" not in done.stderr


@pytest.mark.parametrize("content", [b"\x00\x01\x02\x03" * 100, b""])
def test_a_transcript_that_is_none_is_refused_or_told(content: bytes, speech: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    done = kmtalk("animate", speech, "--transcript", tmp_path / "a.txt", "--out", tmp_path / "t.npz")
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if content else 0)
    assert (tmp_path / "t.npz").exists() == (done.returncode == 0)


def test_a_take_is_not_written_over_its_transcript(speech: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SAID, encoding="utf-8")
    done = kmtalk("animate", speech, "--transcript", tmp_path / "a.txt", "--out", tmp_path / "a.txt")
    assert done.returncode == 2 and (tmp_path / "a.txt").read_text(encoding="utf-8") == SAID


GRID = (
    '"ooTextFile" "TextGrid" 0 {end} <exists> 1 "IntervalTier" "phones" 0 {end} '
    '3 0 .3 "B_B" .29 .6 "AA1_I" .6 {end} "B_E"'
)


def test_a_textgrid_says_how_it_was_read(speech: Path, tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_text(GRID.format(end=1.95), encoding="utf-8")
    done = kmtalk("animate", speech, "--textgrid", tmp_path / "a.TextGrid", "--out", tmp_path / "t.npz")
    assert done.returncode == 0, done.stderr
    assert "note: The labels are read as ARPAbet." in done.stderr
    assert "One label overlaps the next by up to 10 ms" in done.stderr
    assert [phone.label for phone in load_take(tmp_path / "t.npz").phones if not phone.is_silence] == ["B", "AA1", "B"]
