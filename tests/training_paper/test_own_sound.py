"""A sound of one's own becomes the .npy that evaluations and other projects read."""

from pathlib import Path

import numpy as np
import pytest
from vertex_training import train

from kmtalk_core.cli import main
from kmtalk_core.datasets.ply import find_mesh
from kmtalk_core.datasets.reader import MotionDataSet


def test_vertices_of_ones_own_sound(
    data_set: MotionDataSet, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(root, tmp_path / "run", "--steps", 1, "--rate", 1e-3, config="vocaset-small")
    sound, head = data_set.split("test")[0].wav, root / "templates" / "head.ply"
    command = ["animate", str(sound), "--weights", str(tmp_path / "run" / "last"), "--out", str(tmp_path / "t.npz")]
    assert main([*command, "--npy", str(tmp_path / "offsets.npy")]) == 0
    assert main([*command, "--npy", str(tmp_path / "vertices.npy"), "--neutral", str(head)]) == 0
    offsets, vertices = (np.load(tmp_path / f"{name}.npy") for name in ("offsets", "vertices"))
    mesh = find_mesh(root, 5023)
    assert mesh is not None and offsets.shape == vertices.shape and offsets.shape[1] == 15069
    np.testing.assert_allclose(vertices - mesh.vertices.reshape(1, -1), offsets, atol=1e-6)
    capsys.readouterr()
    assert main(["animate", str(sound), "--out", str(tmp_path / "a.npz"), "--npy", str(tmp_path / "a.npy")]) == 2
    assert "weights of a vertex space" in capsys.readouterr().err and not (tmp_path / "a.npz").exists()
