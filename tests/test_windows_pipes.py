"""Windows' rule for pipes, on Linux: whatever reads its input in a thread must still be able to load libraries."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import windows_pipes

from kmtalk_core.client import PACKAGE_FOLDER, Worker
from kmtalk_core.take import load_take

PATIENCE = 120.0


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return windows_pipes.build(tmp_path_factory.mktemp("pipes"))


def test_the_rule_holds_here(variables: dict[str, str]) -> None:
    code = (
        "import os, threading, time\n"
        "came = []\n"
        "threading.Thread(target=lambda: (os.read(0, 1), came.append(time.monotonic())), daemon=True).start()\n"
        "time.sleep(0.2)\n"
        "print('reading', flush=True)\n"
        "os.fstat(0)\n"
        "time.sleep(0.2)\n"
        "print(len(came), flush=True)\n"
    )
    for extra, expected in ((variables, b"1\n"), ({}, b"0\n")):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **extra}
        )
        assert process.stdin and process.stdout and process.stdout.readline() == b"reading\n"
        if extra:
            time.sleep(1)
            process.stdin.write(b".")
            process.stdin.flush()
        assert process.stdout.readline() == expected
        process.communicate(timeout=PATIENCE)


def test_a_worker_answers_its_first_request(variables: dict[str, str], speech: Path, tmp_path: Path) -> None:
    worker = Worker(arguments=["--device", "cpu"], variables=variables)
    worker.send("animate", audio=str(speech), out=str(tmp_path / "take.npz"), text="Bob made a map of the moon.")
    until = time.monotonic() + PATIENCE
    message = None
    while time.monotonic() < until and not (message and "stage" not in message):
        message = worker.poll(0.5)
    worker.close()
    assert message and "take" in message, (message, list(worker.log))
    assert load_take(tmp_path / "take.npz").text


def test_a_batch_comes_to_its_end(variables: dict[str, str], speech: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kmtalk_core", "batch", speech.parent, "--out", tmp_path / "out"],
        cwd=PACKAGE_FOLDER,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "sentence.npz").exists()


def test_the_engines_download_leaves_its_input_to_no_library(variables: dict[str, str], tmp_path: Path) -> None:
    """`fetch.py` watches its input in a thread: whoever asks about descriptor 0 beside it is answered."""
    report = tmp_path / "report.json"
    report.write_text('{"install": []}')
    code = (
        "import os, pathlib, sys; sys.path.insert(0, 'kmtalk_addon/engine'); import fetch; "
        "status = fetch.main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])); os.fstat(0); "
        "print(status, flush=True); os._exit(0)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, report, tmp_path],
        cwd=PACKAGE_FOLDER,
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin and process.stdout
    try:
        assert process.wait(PATIENCE) == 0 and process.stdout.read() == b"0\n"
    finally:
        process.kill()
