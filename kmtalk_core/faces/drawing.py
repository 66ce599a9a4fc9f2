"""A picture of triangles by NumPy alone, wherever there is neither window nor GPU."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
IntArray: TypeAlias = npt.NDArray[np.int64]

_LIGHT = np.array([-0.45, 0.55, 0.7], np.float32) / np.linalg.norm([-0.45, 0.55, 0.7])
_AMBIENT = 0.3
_FINER = 1.25
"""Samples for each pixel along an edge."""
_STEPS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 26, 34, 48, 64, 96, 128, 192, 256, 512])
_AT_ONCE = 400_000

_GLYPHS = {
    " ": "0 0 0 0 0 0 0", "a": "0 0 6 1 7 9 7", "b": "8 8 e 9 9 9 e", "c": "0 0 7 8 8 8 7", "d": "1 1 7 9 9 9 7",
    "e": "0 0 6 9 f 8 7", "f": "3 4 e 4 4 4 4", "g": "0 0 7 9 7 1 6", "h": "8 8 e 9 9 9 9", "i": "4 0 c 4 4 4 e",
    "j": "2 0 6 2 2 a 4", "k": "8 8 9 a c a 9", "l": "c 4 4 4 4 4 e", "m": "0 0 a f f 9 9", "n": "0 0 e 9 9 9 9",
    "o": "0 0 6 9 9 9 6", "p": "0 0 e 9 e 8 8", "q": "0 0 7 9 7 1 1", "r": "0 0 b c 8 8 8", "s": "0 0 7 8 6 1 e",
    "t": "4 4 e 4 4 4 3", "u": "0 0 9 9 9 9 7", "v": "0 0 9 9 9 a 4", "w": "0 0 9 9 f f 6", "x": "0 0 9 9 6 9 9",
    "y": "0 0 9 9 7 1 6", "z": "0 0 f 1 6 8 f",
}  # fmt: skip
"""Letters of four by seven dots, a hexadecimal digit a row."""


class Canvas:
    """A picture of (height, width) pixels with the depth of each: x right, y up, z towards the eye, in pixels."""

    def __init__(self, height: int, width: int, ground: float = 0.16) -> None:
        self.pixels = np.full((height, width, 3), ground, np.float32)
        self._depth = np.full(height * width, -np.inf, np.float32)

    def draw(self, points: FloatArray, triangles: IntArray, colours: FloatArray) -> None:
        """Draw triangles (T, 3) over points (N, 3), each in a colour (T, 3), lit smoothly from the upper left."""
        height, width = self.pixels.shape[:2]
        shade = _shade(points, triangles)
        flat = self.pixels.reshape(-1, 3)
        for chosen, weights in _samples(points, triangles):
            corners = triangles[chosen]
            place = np.matmul(weights, points[corners]).reshape(-1, 3)
            light = (shade[corners] @ weights.T).reshape(-1)
            of = np.repeat(chosen, len(weights))
            column, row = np.floor(place[:, 0]).astype(np.int64), np.floor(place[:, 1]).astype(np.int64)
            seen = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            pixel = row[seen] * width + column[seen]
            depth = place[seen, 2]
            np.maximum.at(self._depth, pixel, depth)
            front = depth >= self._depth[pixel]
            flat[pixel[front]] = colours[of[seen][front]] * light[seen][front, None]

    def write(self, text: str, left: int, bottom: int, size: int = 2, ink: float = 0.9) -> None:
        """Small letters; what is none is left out."""
        for letter in text.lower():
            rows = _GLYPHS.get(letter)
            if rows is None:
                continue
            for number, row in enumerate(rows.split()):
                for dot in range(4):
                    if int(row, 16) >> (3 - dot) & 1:
                        x, y = left + dot * size, bottom + (6 - number) * size
                        self.pixels[y : y + size, x : x + size] = ink
            left += 5 * size


def triangles_of(corners: npt.ArrayLike, sizes: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    """Polygons, all corners in a row and how many each has, as triangles (T, 3) and the polygon of each."""
    flat, counts = np.asarray(corners, np.int64), np.asarray(sizes, np.int64)
    first = np.cumsum(counts) - counts
    of = np.repeat(np.arange(len(counts)), np.maximum(counts - 2, 0))
    each = np.maximum(counts - 2, 0)
    step = np.arange(len(of)) - np.repeat(np.cumsum(each) - each, each)
    start = first[of]
    return np.stack([flat[start], flat[start + step + 1], flat[start + step + 2]], axis=1), of


def _shade(points: FloatArray, triangles: IntArray) -> FloatArray:
    """(N,) how light each point is."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    faces = np.cross(b - a, c - a)
    corners = triangles.T.ravel()
    normals = np.stack([np.bincount(corners, np.tile(faces[:, k], 3), len(points)) for k in range(3)], axis=1)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)[:, None]
    normals = (
        normals * np.where(normals[:, 2] < 0, -1.0, 1.0)[:, None]
    )  # what is seen from behind is lit as from before
    return np.asarray(_AMBIENT + (1.0 - _AMBIENT) * np.clip(normals @ _LIGHT, 0.0, 1.0), np.float32)


def _samples(points: FloatArray, triangles: IntArray) -> Iterator[tuple[IntArray, FloatArray]]:
    """Numbers of triangles, and the weights (S, 3) of the points in each that are drawn, which cover its pixels."""
    corners = points[triangles][:, :, :2]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    steps = _STEPS[np.minimum(np.searchsorted(_STEPS, _FINER * edges), len(_STEPS) - 1)]
    for step in np.unique(steps):
        ahead = np.arange(step + 1) / step
        u, v = (grid.ravel() for grid in np.meshgrid(ahead, ahead, indexing="ij"))
        inside = u + v <= 1.0 + 1e-9
        weights = np.stack([1.0 - u - v, u, v], axis=1)[inside].astype(np.float32)
        chosen = np.flatnonzero(steps == step)
        many = max(_AT_ONCE // len(weights), 1)
        for start in range(0, len(chosen), many):
            yield chosen[start : start + many], weights
