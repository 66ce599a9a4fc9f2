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


def egg(nose: float = 0.12, rings: int = 40) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """An egg with a bump and a dent below it, which may be a face or not: vertices (N, 3) and quads."""

    heights = np.linspace(-np.pi / 2, np.pi / 2, rings)[1:-1]
    t, p = np.meshgrid(heights, np.arange(rings) * 2 * np.pi / rings, indexing="ij")
    points = np.stack([0.8 * np.cos(t) * np.sin(p), -0.95 * np.cos(t) * np.cos(p), 1.1 * np.sin(t)], axis=-1)
    bump = np.exp(-((points[..., 0] / 0.12) ** 2 + ((points[..., 2] + 0.1) / 0.2) ** 2))
    points[..., 1] -= nose * bump * (points[..., 1] < 0)
    slit = int(np.argmin(np.abs(1.1 * np.sin(heights) + 0.35)))
    vertices = list(points.reshape(-1, 3))
    below = {}
    for column in range(-2, 3):
        number = slit * rings + column % rings
        below[number] = len(vertices)
        vertices.append(vertices[number] - [0.0, 0.0, 0.01])
        vertices[number] = vertices[number] + [0.0, 0.0, 0.01]
    faces = []
    for row in range(len(heights) - 1):
        for column in range(rings):
            corners = [row * rings + column, row * rings + (column + 1) % rings]
            upper = [corner + rings for corner in reversed(corners)]
            faces.append((*corners, *(below.get(c, c) if row == slit - 1 else c for c in upper)))
    return np.array(vertices), faces
