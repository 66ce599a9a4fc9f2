"""A synthetic data set small enough to train on in a test."""

from pathlib import Path

import pytest

from kmtalk_core.datasets.alignments import AlignmentStore, prepare_job
from kmtalk_core.datasets.reader import MotionDataSet, open_data_set
from kmtalk_core.datasets.synthesis import SyntheticData, synthesize_job
from kmtalk_core.progress import finish


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> MotionDataSet:
    """VOCASET's layout: four sentences to train on, one to validate, one to test; phones prepared."""
    root = tmp_path_factory.mktemp("vertices") / "data"
    data = open_data_set(finish(synthesize_job(SyntheticData(root, sentences=4, subjects=1))))
    finish(prepare_job(data, AlignmentStore.of(data)))
    yield data
    for path in (root / "vertices_npy").glob("*.npy"):
        path.unlink()


@pytest.fixture(autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def root(data_set: MotionDataSet) -> Path:
    return data_set.root
