"""A film becomes a moving picture for a web page."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two seconds of a square that walks, at 24 pictures a second."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 480, 540, "yuv420p"
        for number in range(48):
            picture = np.full((540, 480, 3), 90, np.uint8)
            picture[200:300, 8 * number : 8 * number + 80] = (230, 60, 40)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        file.mux(stream.encode(None))
    return path


def convert(film: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "kmtalk_addon.demo.moving", str(film), str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_it_moves_and_starts_over(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "film.webp"
    done = convert(film, out)
    assert done.returncode == 0 and "30 pictures" in done.stdout, done.stderr
    data = out.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WEBP" and data.count(b"ANMF") == 30
    at = data.index(b"ANIM")
    assert int.from_bytes(data[at + 12 : at + 14], "little") == 0, "it starts over for ever"


def test_what_is_no_film_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_text("no film")
    done = convert(path, tmp_path / "film.webp")
    assert done.returncode == 2 and "Traceback" not in done.stderr and done.stderr.count("\n") == 1


def test_the_readmes_moving_picture_is_small() -> None:
    picture = ROOT / ".readme" / "speaking.webp"
    assert b"ANMF" in picture.read_bytes() and picture.stat().st_size <= 1.5e6
