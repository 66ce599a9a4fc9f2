"""The heads of research that topologies are read from, where they are at hand."""

import numpy as np
import pytest

from tests.meshes import MESHES, read_ply


@pytest.fixture(scope="session", params=["flame_sample", "biwi"])
def published(request: pytest.FixtureRequest) -> tuple[str, np.ndarray, np.ndarray]:
    """Space, vertices and triangles of one published head."""
    path = MESHES / f"{request.param}.ply"
    if not path.is_file():
        pytest.skip(f"{path.name} is not at hand")
    return {"flame_sample": "vocaset", "biwi": "biwi"}[request.param], *read_ply(path)
