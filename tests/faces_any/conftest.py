"""Heads to recognise and build on: our own in several makes, and two of research where they are at hand."""

import pytest

from kmtalk_core.faces.build.face import FacePart
from tests.meshes import MESHES, demo_head, read_ply


def research_head(name: str) -> FacePart:
    path = MESHES / f"{name}.ply"
    if not path.is_file():
        pytest.skip(f"{name}.ply is not at hand")
    return FacePart(name, *read_ply(path))


@pytest.fixture(scope="session")
def flame() -> FacePart:
    return research_head("flame_sample")


@pytest.fixture(scope="session")
def biwi() -> FacePart:
    return research_head("biwi")


@pytest.fixture(scope="session")
def demo_parts() -> list[FacePart]:
    """The demo head with its shapes taken away."""
    return [FacePart(part.name, part.vertices.astype(float), part.polygons) for part in demo_head().parts]


@pytest.fixture(scope="session")
def skin(demo_parts: list[FacePart]) -> FacePart:
    """The demo head's skin alone."""
    return demo_parts[0]
