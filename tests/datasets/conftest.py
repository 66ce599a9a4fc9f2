"""Small data sets in the layouts of VOCASET and BIWI, made of noise."""

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core.motion.spaces import SPACES

Make = Callable[..., Path]


@pytest.fixture
def make_data_set(tmp_path: Path) -> Make:
    """A function that writes a data set of names and returns its folder."""

    def make(
        names: Sequence[str],
        space: str = "vocaset",
        seconds: float = 0.5,
        fps: float | None = None,
        unit: float = 1.0,
        protocol: int = 2,
    ) -> Path:
        root = tmp_path / f"{space}-{len(list(tmp_path.iterdir()))}"
        (root / "wav").mkdir(parents=True)
        (root / "vertices_npy").mkdir()
        rng = np.random.default_rng(0)
        vertices = SPACES[space].vertices
        rate = fps or (60.0 if space == "vocaset" else 25.0)
        head = rng.normal(0, 0.1, (vertices, 3))
        subjects = sorted({name.rpartition("_")[0] for name in names})
        templates = dict.fromkeys(subjects, head * unit)
        (root / "templates.pkl").write_bytes(pickle.dumps(templates, protocol=protocol))
        for name in names:
            frames = round(seconds * rate)
            motion = head.ravel() + np.arange(frames)[:, None] * 1e-4
            np.save(root / "vertices_npy" / f"{name}.npy", motion.astype(np.float32))
            soundfile.write(root / "wav" / f"{name}.wav", rng.normal(0, 0.1, round(seconds * 22050)), 22050)
        return root

    return make
