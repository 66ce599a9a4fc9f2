"""A disk that is full: one sentence, no traceback, and no file that is half or empty.

A limit on the size of files stands for it, which ends a write as a full disk does.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kmtalk_core.client import PACKAGE_FOLDER

resource = pytest.importorskip("resource", reason="this system has no limit on the size of files")

LIMITED = (
    "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY)); "
)
COMMAND = LIMITED + "from kmtalk_core.cli import main; sys.exit(main(sys.argv[2:]))"
TRAINING = LIMITED + (
    "import torch\nfrom dataclasses import make_dataclass\nfrom pathlib import Path\n"
    "from kmtalk_core.errors import TrainingError\nfrom kmtalk_core.training import resume\n"
    "try: resume.store(Path(sys.argv[2]), {'network': torch.nn.Linear(300, 300)}, make_dataclass('S', ['a'])(1), 1)\n"
    "except TrainingError as error: print('kmtalk:', error, file=sys.stderr); sys.exit(2)"
)


def limited(code: str, size: int, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code, str(size), *map(str, arguments)]
    return subprocess.run(command, cwd=PACKAGE_FOLDER, capture_output=True, text=True, timeout=300)


def told(done: "subprocess.CompletedProcess[str]", status: int, folder: Path) -> None:
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("kmtalk")]) == 1, done.stderr
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_commands_that_write(speech: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    told(limited(COMMAND, 2000, "speak", "Hello there.", "--out", out / "a.wav"), 2, out)
    told(limited(COMMAND, 2000, "localize", speech, "--method", "uniform", "--json", out / "a.json"), 2, out)
    told(limited(COMMAND, 2000, "animate", speech, "--out", out / "a.npz"), 2, out)
    told(limited(TRAINING, 2000, out / "state.pt"), 2, out)


def test_a_batch_tells_each_and_goes_on(speech: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    lines = tmp_path / "list.txt"
    lines.write_text(f"{speech}\n")
    done = limited(COMMAND, 2000, "batch", lines, "--out", out)
    assert done.returncode == 1 and "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert not list(out.iterdir())


def test_an_edited_take(speech: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    edits = tmp_path / "edits.json"
    edits.write_text(json.dumps([{"frame": 0, "pose": {"jawOpen": 0.5}}]))
    assert limited(COMMAND, 10**9, "animate", speech, "--out", tmp_path / "a.npz").returncode == 0
    arguments = [tmp_path / "a.npz", "--audio", speech, "--edits", edits, "--out", out / "b.npz"]
    told(limited(COMMAND, 2000, "complete", *arguments), 2, out)
