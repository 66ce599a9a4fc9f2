"""Heads as pictures without a renderer: triangles sampled into pixels, lit from the front, written as PNG."""

import struct
import zlib
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..datasets.ply import TriangleMesh

FloatArray: TypeAlias = npt.NDArray[np.floating]
IndexArray: TypeAlias = npt.NDArray[np.int64]
Image: TypeAlias = npt.NDArray[np.uint8]
"""(height, width, 3), sRGB."""

_LIGHT = np.array([0.25, 0.35, 0.9])
_AMBIENT = 0.3
_PAPER = 255
_INSIDE = 70  # grey of what is seen from behind: through the mouth, and where a mesh has no eyes
_FINER = 2  # samples a pixel, across and down
_SAMPLES = 1_000_000  # looked at together
_RAMP = np.array([(236, 234, 230), (254, 204, 92), (253, 141, 60), (227, 26, 28), (110, 0, 30)], np.float64)
"""Light to dark, for those too who do not tell red from green, and on paper without colours."""


def heat(values: FloatArray, highest: float) -> FloatArray:
    """Colours (n, 3) from 0 to 255 of `values` (n,) from 0 to `highest`."""
    place = np.clip(np.asarray(values, np.float64) / max(highest, 1e-30), 0, 1) * (len(_RAMP) - 1)
    below = np.minimum(place.astype(int), len(_RAMP) - 2)
    share = (place - below)[:, None]
    return (_RAMP[below] * (1 - share) + _RAMP[below + 1] * share).astype(np.float32)


def draw_head(
    vertices: FloatArray, mesh: TriangleMesh, colours: FloatArray, size: int = 320, show: FloatArray | None = None
) -> Image:
    """The face from the front, y up and z to the eye: `vertices` (V, 3) with `colours` (V, 3) from 0 to 255.

    What is shown, and how large, follows from the mesh's own vertices, or from the points `show`, so that pictures of
    one mesh lie on each other.
    """
    shown = mesh.vertices if show is None else show
    low, high = shown.min(axis=0), shown.max(axis=0)
    fine = size * _FINER
    scale = 0.96 * fine / float(max(high[0] - low[0], high[1] - low[1]))
    middle = (low + high) / 2
    depth = np.full(fine * fine, -np.inf)
    points = np.stack(
        [fine / 2 + (vertices[:, 0] - middle[0]) * scale, fine / 2 - (vertices[:, 1] - middle[1]) * scale], axis=1
    )
    corners = mesh.triangles
    facets = np.cross(
        vertices[corners[:, 1]] - vertices[corners[:, 0]], vertices[corners[:, 2]] - vertices[corners[:, 0]]
    )
    facing = facets[:, 2] > 0
    shades = colours * _light(facets, corners, len(vertices))[:, None]
    image = np.full((fine * fine, 3), _PAPER, np.float32)
    for chosen in _portions(points[corners], fine):
        flat, height, share, triangle = _samples(points, vertices[:, 2], corners[chosen], fine)
        order = np.lexsort((height, flat))
        flat, height, share = flat[order], height[order], share[order]
        triangle = chosen[triangle[order]]
        nearest = np.flatnonzero(np.append(flat[1:] != flat[:-1], True)) if len(flat) else order
        nearest = nearest[height[nearest] > depth[flat[nearest]]]
        seen = flat[nearest]
        depth[seen] = height[nearest]
        tints = np.where(facing[triangle[nearest], None, None], shades[corners[triangle[nearest]]], _INSIDE)
        image[seen] = np.einsum("sk,skc->sc", share[nearest], tints)
    blocks = image.reshape(size, _FINER, size, _FINER, 3).mean(axis=(1, 3))
    return blocks.round().astype(np.uint8)


def _light(facets: FloatArray, corners: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.floating]:
    """How bright each of `count` vertices is, (count,), by the mean of the normals of the triangles around it."""
    normals: FloatArray = np.stack(
        [np.bincount(corners.ravel(), np.repeat(facets[:, axis], 3), minlength=count) for axis in range(3)], axis=1
    )
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    light: npt.NDArray[np.floating] = _AMBIENT + (1 - _AMBIENT) * np.clip(
        normals @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1
    )
    return light


def _portions(triangles: FloatArray, size: int) -> Iterator[IndexArray]:
    """Indices of `triangles` (F, 3, 2), so many at a time that their samples fit into memory."""
    area = np.prod(_extent(triangles, size)[1], axis=1)
    ends = np.searchsorted(np.cumsum(area), np.arange(_SAMPLES, area.sum() + _SAMPLES, _SAMPLES), side="right")
    for part in np.split(np.arange(len(triangles)), np.unique(ends)):
        if len(part):
            yield part


def _extent(triangles: FloatArray, size: int) -> tuple[IndexArray, IndexArray]:
    """The first pixel (F, 2) of the box around each of `triangles` (F, 3, 2), and how many it has across and down."""
    low = np.clip(np.ceil(triangles.min(axis=1) - 0.5), 0, size).astype(np.int64)
    high = np.clip(np.floor(triangles.max(axis=1) - 0.5), -1, size - 1).astype(np.int64)
    return low, np.maximum(high - low + 1, 0)


def _samples(
    points: FloatArray, height: FloatArray, corners: IndexArray, size: int
) -> tuple[IndexArray, FloatArray, FloatArray, IndexArray]:
    """Where the middles of pixels lie in triangles: pixel (n,), height (n,), shares of the three corners (n, 3), and
    which triangle (n,)."""
    low, count = _extent(points[corners], size)
    area = np.prod(count, axis=1)
    triangle = np.repeat(np.arange(len(corners)), area)
    step = np.arange(len(triangle)) - np.repeat(np.cumsum(area) - area, area)
    across = low[triangle, 0] + step % count[triangle, 0]
    down = low[triangle, 1] + step // count[triangle, 0]
    first, second, third = (points[corners[:, k]][triangle] for k in range(3))
    place = np.stack([across + 0.5, down + 0.5], axis=1)
    whole = _turn(second - first, third - first)
    whole = np.where(np.abs(whole) < 1e-12, np.inf, whole)
    share = np.stack([_turn(second - place, third - place), _turn(third - place, first - place)], axis=1)
    share = share / whole[:, None]
    share = np.column_stack([share, 1 - share.sum(axis=1)])
    inside = (share >= -1e-6).all(axis=1) & np.isfinite(whole)
    share, triangle = share[inside], triangle[inside]
    flat = down[inside] * size + across[inside]
    return flat, np.einsum("sk,sk->s", share, height[corners[triangle]]), share, triangle


def _turn(one: FloatArray, two: FloatArray) -> FloatArray:
    turned: FloatArray = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    return turned


def to_png(image: Image) -> bytes:
    """A PNG of `image`."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = np.concatenate([np.zeros((len(image), 1), np.uint8), image.reshape(len(image), -1)], axis=1)
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6))
        + chunk(b"IEND", b"")
    )
