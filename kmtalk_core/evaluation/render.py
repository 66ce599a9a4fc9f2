"""Heads as pictures without a renderer: triangles sampled into pixels, lit from the front, written as PNG."""

import struct
import zlib
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..datasets.ply import TriangleMesh

FloatArray: TypeAlias = npt.NDArray[np.float32]
Image: TypeAlias = npt.NDArray[np.uint8]
"""(height, width, 3), sRGB."""

_LIGHT = np.array([0.25, 0.35, 0.9])
_AMBIENT = 0.3
_PAPER = 255
_INSIDE = 70  # grey of what is seen from behind: through the mouth, and where a mesh has no eyes
_FINER = 2  # samples a pixel, across and down
_LARGEST_TRIANGLE = 96  # samples across; what is larger lies flat to the eye or is no head
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
    points = np.stack(
        [fine / 2 + (vertices[:, 0] - middle[0]) * scale, fine / 2 - (vertices[:, 1] - middle[1]) * scale], axis=1
    )
    corners = mesh.triangles
    facets = np.cross(
        vertices[corners[:, 1]] - vertices[corners[:, 0]], vertices[corners[:, 2]] - vertices[corners[:, 0]]
    )
    facing = facets[:, 2] > 0
    shades = colours * _light(facets, corners, len(vertices))[:, None]
    extent = np.ptp(points[corners], axis=1).max(axis=1)
    depth = np.full(fine * fine, -np.inf)
    image = np.full((fine * fine, 3), _PAPER, np.uint8)
    for side, tint in ((~facing, np.full_like(shades, _INSIDE)), (facing, shades)):
        reach = 1
        while reach <= _LARGEST_TRIANGLE:
            chosen = side & (extent <= reach) & (extent > (reach / 2 if reach > 1 else -1))
            if chosen.any():
                _splat(points, vertices[:, 2], tint, corners[chosen], 2 * reach, fine, depth, image)
            reach *= 2
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


def _splat(
    points: FloatArray,
    height: FloatArray,
    shades: FloatArray,
    corners: npt.NDArray[np.int64],
    steps: int,
    size: int,
    depth: npt.NDArray[np.float64],
    image: npt.NDArray[np.uint8],
) -> None:
    """Sample triangles on a grid of `steps`, keeping the nearest sample of each pixel."""
    first, second = np.meshgrid(np.arange(steps + 1), np.arange(steps + 1))
    inside = first + second <= steps
    share = np.stack([first[inside], second[inside], steps - (first + second)[inside]], axis=1) / steps
    place = np.einsum("sk,fkc->fsc", share, points[corners])
    pixel = np.floor(place).astype(np.int64)
    seen = ((pixel >= 0) & (pixel < size)).all(axis=2)
    flat = (pixel[..., 1] * size + pixel[..., 0])[seen]
    near = np.einsum("sk,fk->fs", share, height[corners])[seen]
    shade = np.einsum("sk,fkc->fsc", share, shades[corners])[seen]
    order = np.argsort(-near, kind="stable")
    unique, place_of = np.unique(flat[order], return_index=True)
    best = order[place_of]
    nearer = near[best] > depth[unique]
    depth[unique[nearer]] = near[best[nearer]]
    image[unique[nearer]] = np.clip(shade[best[nearer]], 0, 255).astype(np.uint8)


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
