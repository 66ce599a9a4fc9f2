"""Hair and brows: shells that lie on the skull."""

from __future__ import annotations

import numpy as np

from .parts import Solid
from .surface import gradient, head_distance, project
from .topology import FloatArray, MeshBuilder

_AROUND, _RINGS = 64, 22
_CROWN = np.array([0.0, 0.020, 0.130])
# Hairline: angle around the head from the front, degrees; height, metres.
_HAIRLINE = np.array(
    [(0, 0.197), (14, 0.1975), (28, 0.194), (40, 0.186), (52, 0.165), (64, 0.138), (74, 0.118), (82, 0.112), (92, 0.128),
     (104, 0.130), (114, 0.112), (122, 0.085), (132, 0.062), (150, 0.050), (180, 0.046)]
)  # fmt: skip


def hair() -> Solid:
    """A swept-back short cut as one closed shell around the skull."""
    builder = MeshBuilder()
    rings = builder.vertices(_RINGS + 2, _AROUND)
    around = 2 * np.pi * np.arange(_AROUND) / _AROUND
    folded = np.degrees(np.abs(np.where(around > np.pi, around - 2 * np.pi, around)))
    edge_height = np.interp(folded, _HAIRLINE[:, 0], _HAIRLINE[:, 1])
    edge = _edge_on_skin(around, edge_height)
    positions = [project(edge, head_distance, 3) + 0.0]
    low = edge - _CROWN
    for ring in range(1, _RINGS + 1):
        share = ring / (_RINGS + 0.6)
        top = np.array([0.0, 0.012, 0.110])
        direction = low * (1 - share) + top * share
        on_skin = project(_CROWN + direction * 0.9, head_distance, 8)
        normal = gradient(on_skin, head_distance)
        normal /= np.linalg.norm(normal, axis=1)[:, None]
        positions.append(on_skin + normal * _thickness(share, around)[:, None])
    inner = project(edge, head_distance, 3)
    normal = gradient(inner, head_distance)
    positions.insert(0, inner - 0.004 * normal + np.array([0, 0, 0.004]))
    for k in range(_RINGS + 1):
        builder.strip(rings[k], rings[k + 1], closed=True, tag="hair")
    quarter = _AROUND // 4
    loop = rings[-1]
    builder.fill(loop, quarter, quarter, closed=True, tag="hair")
    from .parts import _disc

    positions.append(_disc(positions[-1], quarter) + np.array([0, 0, 0.0004]))
    return Solid(np.concatenate(positions), builder.faces, builder.tags)


def _thickness(share: float, around: FloatArray) -> FloatArray:
    front = np.exp(-((np.angle(np.exp(1j * around)) / 0.7) ** 2))
    base = 0.0035 + 0.0095 * np.clip(share * 3.0, 0, 1) ** 0.7
    return base + front * 0.008 * np.exp(-(((share - 0.30) / 0.22) ** 2))


def _edge_on_skin(around: FloatArray, height: FloatArray) -> FloatArray:
    axis = np.stack([0 * height, 0.015 + 0 * height, height], axis=1)
    direction = np.stack([np.sin(around), -np.cos(around), 0 * around], axis=1)
    reach = np.full(len(around), 0.2)
    for _ in range(60):
        reach -= 0.8 * head_distance(axis + direction * reach[:, None])
    return axis + direction * reach[:, None]


_BROW = np.array([(0.0125, 0.1335), (0.0200, 0.1365), (0.0300, 0.1390), (0.0400, 0.1385), (0.0480, 0.1345), (0.0525, 0.1310)])
_BROW_WIDTH = np.array([0.0030, 0.0036, 0.0034, 0.0028, 0.0018, 0.0006])


def left_brow() -> Solid:
    """The left brow as a thin closed pad on the skin."""
    builder = MeshBuilder()
    along = np.linspace(0, 1, 15)
    nodes = np.linspace(0, 1, len(_BROW))
    x, z, width = (np.interp(along, nodes, values) for values in (_BROW[:, 0], _BROW[:, 1], _BROW_WIDTH))
    x, z = _smooth(x), _smooth(z)
    across = np.linspace(-1, 1, 5)
    grid = np.stack([x[None] + 0 * across[:, None], np.full((5, 15), -0.13), z[None] + across[:, None] * width], axis=2)
    flat = grid.reshape(-1, 3)
    from .surface import front_depth

    flat[:, 1] = front_depth(flat[:, 0], flat[:, 2], head_distance)
    normal = gradient(flat, head_distance)
    lift = (0.0016 * (1 - across[:, None] ** 2) * np.sin(np.pi * np.clip(along, 0.04, 0.97)) ** 0.4 - 0.0003).reshape(-1, 1)
    builder.sheet(builder.vertices(5, 15), "brow")
    return Solid(flat + normal * lift, builder.faces, builder.tags)


def _smooth(values: FloatArray) -> FloatArray:
    for _ in range(3):
        values[1:-1] = 0.25 * values[:-2] + 0.5 * values[1:-1] + 0.25 * values[2:]
    return values
