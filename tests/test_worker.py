"""The worker process, spoken to over its real pipe."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kmtalk_core.client import PACKAGE_FOLDER, Worker
from kmtalk_core.take import load_take

LIMIT = 120.0


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(arguments=["--device", "cpu"])
    yield worker
    worker.close()


def last(worker: Worker, number: int | None) -> dict[str, Any]:
    """The message that ends the job `number` (or the worker)."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        message = worker.poll(0.5)
        if message and ("died" in message or (message["id"] == number and "stage" not in message)):
            return message
    raise AssertionError(f"no answer in {LIMIT} s; log: {list(worker.log)}")


def test_hello_names_the_version_and_once_loaded_the_device(worker: Worker) -> None:
    assert last(worker, worker.send("hello"))["hello"]["device"] is None
    assert last(worker, worker.send("hello", load=True))["hello"]["device"] == "cpu"


def test_animate_reports_progress_and_writes_the_take(worker: Worker, speech: Path, tmp_path: Path) -> None:
    out = tmp_path / "größe 音.npz"
    number = worker.send("animate", audio=str(speech), out=str(out))
    stages = []
    while "stage" in (message := worker.poll(LIMIT) or {}):
        stages.append(message["progress"])
    assert message == {"id": number, "take": str(out), "notes": []}
    assert stages and all(0 <= fraction <= 1 for fraction in stages)
    assert load_take(out).motion.shape[1] == 52


def test_an_edit_is_completed_from_the_saved_take(worker: Worker, speech: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    last(worker, worker.send("animate", audio=str(speech), out=str(first)))
    key = load_take(first).keys[5]
    edits = [{"frame": key.frame, "pose": {"jawOpen": 0.9}, "state": "edited"}]
    number = worker.send("complete", take=str(first), audio=str(speech), edits=edits, out=str(second))
    assert last(worker, number)["take"] == str(second)
    take = load_take(second)
    assert take.motion[key.frame, take.space.index_of("jawOpen")] == pytest.approx(0.9)


def test_localize_answers_with_phones_and_keys(worker: Worker, speech: Path) -> None:
    found = last(worker, worker.send("localize", audio=str(speech), method="uniform"))["localization"]
    assert found["method"] == "uniform" and found["phones"] and found["keys"][0]["frame"] == 0


def test_mistakes_are_answered_and_the_worker_lives_on(worker: Worker, speech: Path, tmp_path: Path) -> None:
    missing = last(worker, worker.send("animate", audio=str(tmp_path / "no.wav"), out=str(tmp_path / "x.npz")))
    assert missing["error"]["kind"] == "audio" and "no.wav" in missing["error"]["message"]
    assert last(worker, worker.send("animate", audio=str(speech)))["error"]["kind"] == "request"
    assert last(worker, worker.send("dance"))["error"]["kind"] == "error"
    worker.process.stdin.write(b"not json\n[1]\n")  # type: ignore[union-attr]
    worker.process.stdin.flush()  # type: ignore[union-attr]
    assert last(worker, None)["error"]["kind"] == "request"
    assert "hello" in last(worker, worker.send("hello"))
    assert not list(tmp_path.iterdir())
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe")
        asked = {"audio": str(speech), "out": str(tmp_path / "x.npz"), "keep": str(tmp_path / "pipe")}
        assert last(worker, worker.send("animate", **asked))["error"]["kind"] == "take"
        asked = {"take": "t.npz", "audio": str(speech), "out": "x.npz", "edits": [], "poses": str(tmp_path / "pipe")}
        assert "holds no poses" in last(worker, worker.send("complete", **asked))["error"]["message"]


def test_cancel_stops_a_job_within_a_second_and_leaves_nothing(
    worker: Worker, long_speech: Path, tmp_path: Path
) -> None:
    last(worker, worker.send("hello", load=True))
    number = worker.send("animate", audio=str(long_speech), out=str(tmp_path / "take.npz"))
    queued = worker.send("animate", audio=str(long_speech), out=str(tmp_path / "queued.npz"))
    assert "stage" in (worker.poll(LIMIT) or {})
    worker.cancel(queued)
    worker.cancel(number)
    for job in (number, queued):
        assert last(worker, job)["error"]["kind"] == "cancelled"
    assert not list(tmp_path.iterdir())


def test_closing_its_input_ends_the_process_even_in_the_middle_of_a_job(long_speech: Path, tmp_path: Path) -> None:
    worker = Worker(arguments=["--device", "cpu"])
    worker.send("animate", audio=str(long_speech), out=str(tmp_path / "take.npz"))
    assert "stage" in (worker.poll(LIMIT) or {})
    worker.close(patience=10.0)
    assert worker.process.returncode == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_worker_is_reported_and_leaves_no_half_file(long_speech: Path, tmp_path: Path) -> None:
    worker = Worker(arguments=["--device", "cpu"])
    worker.send("animate", audio=str(long_speech), out=str(tmp_path / "take.npz"))
    assert "stage" in (worker.poll(LIMIT) or {})
    os.kill(worker.process.pid, signal.SIGKILL)
    assert last(worker, 1)["code"] == -signal.SIGKILL
    worker.send("hello")  # to the dead: no exception
    worker.close()
    assert not list(tmp_path.glob("*.npz"))


def test_nothing_but_messages_reaches_stdout(speech: Path, tmp_path: Path) -> None:
    requests = [
        {
            "id": 1,
            "do": "animate",
            "audio": str(speech),
            "out": str(tmp_path / "t.npz"),
            "text": "Bob made a map of the moon.",
        },
        {"id": 2, "do": "quit"},
    ]
    # `quit` ends the worker in the middle of a job, so it is sent only when the answer is there.
    process = subprocess.Popen(
        [sys.executable, "-m", "kmtalk_core", "worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PACKAGE_FOLDER,
    )
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(requests[0]).encode() + b"\n")
    process.stdin.flush()
    messages = []
    while not messages or "take" not in messages[-1]:
        messages.append(json.loads(process.stdout.readline()))
        assert "error" not in messages[-1]
    process.stdin.write(json.dumps(requests[1]).encode() + b"\n")
    process.stdin.flush()
    assert process.wait(10) == 0 and process.stdout.read() == b""
