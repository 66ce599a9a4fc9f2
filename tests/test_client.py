"""Engines that do not answer: each is ended, in seconds, with a sentence; a request of any size is answered."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core import client
from kmtalk_core.client import Worker

LIMIT = 120.0

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs scripts that start by their first line, and signals")


def end_of(worker: Worker, number: int | None = None) -> dict[str, Any]:
    """The message that ends the job `number`, or the worker."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        message = worker.poll(0.1)
        if message and ("died" in message or (message.get("id") == number and "stage" not in message)):
            return message
    raise AssertionError(f"no end in {LIMIT} s; log: {list(worker.log)}")


def impostor(folder: Path, code: str) -> Path:
    """A "Python" that runs `code` whatever it is asked."""
    script = folder / "python"
    script.write_text(f"#!{sys.executable}\nimport sys, time\n{code}\n")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(1000)",
        "print('Welcome!', flush=True); time.sleep(1000)",
        "print('[' * 100_000, flush=True); time.sleep(1000)",
        "print('[[[[', end='', flush=True); time.sleep(1000)",
        "print('{}', flush=True); time.sleep(1000)",
        "while True: print('y')",
        "while True: print('[[[[', end='')",
    ],
    ids=["silent", "chatty", "deep JSON", "half a line", "empty message", "endless", "endless without a line's end"],
)
def test_an_engine_that_never_says_hello_is_ended(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "START_SECONDS", 1.0)
    worker = Worker(python=impostor(tmp_path, code))
    worker.send("hello", filling="x" * 300_000)  # more than a pipe holds: asking waits for nobody
    message = end_of(worker)
    assert not worker.has_greeted and message["died"]
    worker.close()
    assert worker.process.poll() is not None


def test_a_worker_that_falls_silent_in_the_middle_is_ended_and_one_at_work_is_not(
    long_speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SILENCE_SECONDS", 7.0)
    worker = Worker(arguments=["--device", "cpu"])
    number = worker.send("animate", audio=str(long_speech), out=str(tmp_path / "take.npz"))
    while not (message := worker.poll(1.0)):
        pass
    assert message["id"] == number and "stage" in message
    os.kill(worker.process.pid, signal.SIGSTOP)
    assert "did not answer for 7 s" in end_of(worker, number)["died"]
    worker.close()
    assert worker.poll() is None


def test_a_step_that_takes_for_ever_is_ended_though_the_worker_repeats_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STANDSTILL_SECONDS", 2.0)
    code = (
        'import json\nprint(json.dumps({"id": 0, "hello": {}}), flush=True)\n'
        'while True: print(json.dumps({"id": 1, "stage": "loading", "progress": 0}), flush=True); time.sleep(0.2)'
    )
    worker = Worker(python=impostor(tmp_path, code))
    assert "stood still" in end_of(worker, worker.send("animate"))["died"]
    worker.close()


def test_a_request_of_any_size_is_answered(speech: Path, tmp_path: Path) -> None:
    worker = Worker(arguments=["--device", "cpu"])
    first = worker.send("animate", audio=str(speech), out=str(tmp_path / "a.npz"))
    assert "take" in end_of(worker, first)
    request = {"take": str(tmp_path / "a.npz"), "audio": str(speech), "out": str(tmp_path / "b.npz")}
    edits = [{"frame": 0, "pose": {f"{'x' * 1000}{number}": 0.0 for number in range(20_000)}}]
    answer = end_of(worker, worker.send("complete", edits=edits, **request))  # a line of 20 MB
    assert "no channel" in answer["error"]["message"]
    long = [{"frame": frame, "pose": np.zeros(70_110).tolist(), "state": "edited"} for frame in range(13)]
    answer = end_of(worker, worker.send("complete", edits=long, **request))
    assert "a list of 52 values" in answer["error"]["message"]
    worker.close()


def test_long_poses_go_by_file_unrounded_and_the_file_goes(tmp_path: Path) -> None:
    code = (
        'import json\nprint(json.dumps({"id": 0, "hello": {}}), flush=True)\n'
        "for line in sys.stdin.buffer:\n"
        "    asked = json.loads(line)\n"
        '    if asked["do"] != "hello": print(json.dumps({"id": asked["id"], "asked": asked}), flush=True)'
    )
    worker = Worker(python=impostor(tmp_path, code))
    poses = np.random.default_rng(0).normal(size=(2, 300)).astype(np.float32)
    edits = [
        {"frame": 3, "pose": poses[0]},
        {"frame": 5, "pose": {"jawOpen": 0.5}},
        {"frame": 7, "pose": poses[1].tolist()},
    ]
    number = worker.send("complete", edits=edits)
    (path,) = worker._open[number]
    np.testing.assert_array_equal(np.load(path), poses)
    asked = end_of(worker, number)["asked"]
    assert asked["poses"] == str(path)
    assert [edit.get("pose_row") for edit in asked["edits"]] == [0, None, 1]
    assert asked["edits"][1] == edits[1]
    assert not path.exists()
    worker.close()
