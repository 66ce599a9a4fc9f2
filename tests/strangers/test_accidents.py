"""What is no file where one is asked for, and programs that are started with less than usual."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kmtalk_core.batch import read_list
from kmtalk_core.calibration import Calibration
from kmtalk_core.client import PACKAGE_FOLDER
from kmtalk_core.datasets.ply import read_ply
from kmtalk_core.datasets.templates import load_templates
from kmtalk_core.errors import KMTalkError
from kmtalk_core.jobs import read_json
from kmtalk_core.take import import_csv, load_take, read_header
from kmtalk_core.textgrid import read_textgrid
from kmtalk_core.transcript import read_file

pytestmark = pytest.mark.skipif(os.name == "nt", reason="has neither such pipes nor such devices")

READERS: dict[str, Callable[[Path], object]] = {
    "transcript": read_file,
    "textgrid": read_textgrid,
    "edits": read_json,
    "calibration": Calibration.load,
    "take": load_take,
    "header": read_header,
    "csv": import_csv,
    "ply": read_ply,
    "templates": load_templates,
    "list": lambda path: read_list(path, Path("out")),
}


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_that_nobody_writes_to_and_a_device_without_end_are_refused(name: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        said: list[str] = []

        def read(path: Path = path, said: list[str] = said) -> None:
            with pytest.raises(KMTalkError) as caught:
                READERS[name](path)
            said.append(str(caught.value))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        thread.join(20)
        assert said and "a device or a pipe" in said[0], name


def test_a_pipe_that_a_shell_hands_over_is_read() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"Hello there.")
    os.close(writer)
    try:
        assert read_file(f"/dev/fd/{reader}") == ("Hello there.", ())
    finally:
        os.close(reader)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_streams_that_are_closed_or_full_change_no_result(closed: str, speech: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.json"
    localize = f"'{sys.executable}' -m kmtalk_core localize '{{}}' --json '{out}' --method uniform {closed}"
    run = {"shell": True, "cwd": PACKAGE_FOLDER, "timeout": 120}
    assert subprocess.run(localize.format(speech), **run).returncode == 0  # type: ignore[call-overload]
    assert out.read_text(encoding="utf-8").startswith("{")
    out.unlink()
    assert subprocess.run(localize.format(tmp_path / "none.wav"), **run).returncode == 2  # type: ignore[call-overload]
    assert not out.exists()


def test_output_that_is_closed_is_no_place_to_write_to(speech: Path) -> None:
    command = f"'{sys.executable}' -m kmtalk_core localize '{speech}' --json /dev/stdout --method uniform >&-"
    done = subprocess.run(command, shell=True, cwd=PACKAGE_FOLDER, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "/dev/stdout cannot be written" in done.stderr


def test_a_name_with_a_line_break_stays_on_the_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kmtalk_core", "animate", "no\nsuch.wav", "--out", str(tmp_path / "t.npz")]
    done = subprocess.run(command, cwd=PACKAGE_FOLDER, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_a_list_goes_on_behind_names_that_no_system_allows(speech: Path, tmp_path: Path) -> None:
    lines = tmp_path / "list.txt"
    lines.write_text(f"{'x' * 300}.wav\n{speech}\n{speech}/below.wav\n", encoding="utf-8")
    assert [item.source.name for item in read_list(lines, tmp_path).items][1] == speech.name
    lines.write_bytes(b"\x7fELF\0\0\1\2" * 20)
    with pytest.raises(KMTalkError, match="holds no text"):
        read_list(lines, tmp_path)
