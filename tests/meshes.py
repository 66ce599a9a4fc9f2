"""Heads of research, which tests use where they are at hand."""

import os
from functools import cache
from pathlib import Path

import numpy as np

from kmtalk_core.faces.demo.head import Head
from kmtalk_core.faces.demo.head import demo_head as make_demo_head

MESHES = Path(os.environ.get("KMTALK_MESHES", Path(__file__).parents[2] / "shared" / "data" / "meshes"))


def read_ply(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of a binary PLY file with nothing else in it."""
    header, body = path.read_bytes().split(b"end_header\n", 1)
    vertex_count, face_count = (
        int(header.split(word)[1].split()[0]) for word in (b"element vertex ", b"element face ")
    )
    number = np.dtype("<f8") if b"property double" in header else np.dtype("<f4")
    index = np.dtype("<u2") if b"uint16" in header else np.dtype("<i4")
    vertices = np.frombuffer(body, number, vertex_count * 3).reshape(-1, 3).astype(float)
    faces = np.frombuffer(body[vertex_count * 3 * number.itemsize :], [("n", "u1"), ("corners", index, 3)], face_count)
    return vertices, faces["corners"].astype(np.int64)


@cache
def demo_head() -> Head:
    """The demo head, made once for all tests."""
    return make_demo_head()
