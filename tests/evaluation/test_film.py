"""A .npy and a sound become a film."""

from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.cli import main
from kmtalk_core.datasets.ply import TriangleMesh, write_ply


def sheet(side: int = 12) -> TriangleMesh:
    x, y = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    faces = [
        np.stack([corner, corner + 1, corner + side], 1),
        np.stack([corner + 1, corner + side + 1, corner + side], 1),
    ]
    return TriangleMesh(np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1).astype(np.float32), np.concatenate(faces))


def test_a_film_shows_every_frame_and_has_the_sound(
    tmp_path: Path, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    av = pytest.importorskip("av")
    mesh = sheet()
    write_ply(tmp_path / "head.ply", mesh)
    offsets = np.zeros((20, mesh.vertices.size), np.float32)
    offsets[10:, 0::3] = 0.6  # to the right, so that the left of the picture is paper from frame 10 on
    np.save(tmp_path / "m.npy", offsets + mesh.vertices.reshape(1, -1))
    film = tmp_path / "film.mp4"
    command = ["film", str(tmp_path / "m.npy"), "--mesh", str(tmp_path / "head.ply"), "--size", "64"]
    assert main([*command, "--sound", str(speech), "--out", str(film)]) == 0
    with av.open(str(film)) as found:
        frames = [frame.to_ndarray(format="rgb24") for frame in found.decode(video=0)]
        assert float(found.streams.video[0].average_rate) == 30
    assert len(frames) == 20
    assert frames[2][32, 8].mean() < 220 < frames[18][32, 8].mean()
    with av.open(str(film)) as found:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in found.decode(audio=0)])
    assert 0.55 < len(heard) / 16000 < 0.8 and np.abs(heard).max() > 0.05
    capsys.readouterr()
    np.save(tmp_path / "m.npy", np.zeros((3, 9), np.float32))
    assert main([*command, "--out", str(film)]) == 2
    assert "is wanted" in capsys.readouterr().err
