"""Hair and brows: shells that lie on the skull."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .parts import Solid, disc
from .surface import front_depth, gradient, head_distance, project
from .topology import FloatArray, MeshBuilder

_AROUND, _RINGS = 84, 25
_AXIS_Y = 0.015
_SKULL_CENTRE = np.array([0.0, 0.010, 0.125])
# Hairline: angle around the head from the front in degrees, height in metres.
_HAIRLINE = np.array(
    [
        (0, 0.1900),
        (12, 0.1920),
        (24, 0.1935),
        (36, 0.1880),
        (46, 0.1720),
        (56, 0.1500),
        (65, 0.1250),
        (70, 0.1060),
        (75, 0.0990),
        (80, 0.0985),
        (84, 0.1080),
        (89, 0.1310),
        (98, 0.1340),
        (106, 0.1240),
        (113, 0.0980),
        (121, 0.0720),
        (132, 0.0560),
        (150, 0.0480),
        (180, 0.0450),
    ]
)


def hair() -> Solid:
    """A short cut, swept back and to the side, as one shell around the skull; the only part that is not symmetric."""
    builder = MeshBuilder()
    around = 2 * np.pi * np.arange(_AROUND) / _AROUND
    folded = np.degrees(np.abs(np.angle(np.exp(1j * around))))
    edge = _on_skin(around, np.interp(folded, _HAIRLINE[:, 0], _HAIRLINE[:, 1]))
    share = (np.arange(_RINGS) / (_RINGS - 0.2))[:, None, None]
    crown = np.array([-0.006, 0.020, 0.231])
    towards = (edge - _SKULL_CENTRE) * (1 - share) + (crown - _SKULL_CENTRE) * share
    scalp = project(_SKULL_CENTRE + towards.reshape(-1, 3), head_distance, 5)
    normal = gradient(scalp, head_distance)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    lift = _thickness(scalp, np.repeat(share.ravel(), _AROUND))
    shell = scalp + normal * lift[:, None] + _sweep(scalp, lift)
    tucked = scalp[:_AROUND] - 0.004 * normal[:_AROUND] + np.array([0.0, 0.0, 0.003])
    rings = builder.vertices(_RINGS + 1, _AROUND)
    for outer, inner in pairwise(rings):
        builder.strip(outer, inner, closed=True, tag="hair")
    quarter = _AROUND // 4
    builder.fill(rings[-1], quarter, quarter, closed=True, tag="hair")
    return Solid(np.concatenate([tucked, shell, disc(shell[-_AROUND:], quarter)]), builder.faces, builder.tags)


def _front(points: FloatArray) -> FloatArray:
    """1 above the forehead, 0 at the sides and the back."""
    ahead: FloatArray = np.clip((-points[:, 1] - 0.005) / 0.060, 0.0, 1.0)
    return ahead * np.clip((points[:, 2] - 0.150) / 0.040, 0.0, 1.0)


def _thickness(scalp: FloatArray, share: FloatArray) -> FloatArray:
    """Metres (N,) between scalp and the hair's surface: thin at the edges, a quiff in front, locks along the sweep."""
    rise = 1 - np.exp(-share / 0.16)
    top = np.clip((scalp[:, 2] - 0.120) / 0.080, 0.0, 1.0)
    nape = np.clip((scalp[:, 2] - 0.030) / 0.070, 0.0, 1.0)
    body = 0.0010 + rise * nape * (0.0045 + 0.0070 * top)
    quiff = 0.0110 * _front(scalp) * (1 - np.exp(-share / 0.07)) * np.exp(-share / 0.55) * (1.0 - 2.5 * scalp[:, 0])
    return body + quiff + 0.0038 * rise**0.5 * _locks(scalp) * (0.4 + 0.6 * top)


def _locks(scalp: FloatArray) -> FloatArray:
    """A wave in −1…1 across the strands, which run back over the head and down at its sides."""
    x, y, z = scalp.T
    across = (
        np.arctan2(x, z - 0.100) + 3.2 * y * np.tanh(x / 0.035) + 3.0 * (y + 0.02) * np.clip((z - 0.15) / 0.05, 0, 1)
    )
    across = across + 0.10 * np.sin(3.0 * across + 0.8)
    return np.abs(np.cos(9.0 * across)) ** 0.7 * 1.6 - 1.0


def _sweep(scalp: FloatArray, lift: FloatArray) -> FloatArray:
    """Offsets (N, 3) that lean the quiff to the character's right and up."""
    lean = (_front(scalp) * np.clip(lift / 0.016, 0.0, 1.2))[:, None]
    return lean * np.array([-0.0045, -0.0010, 0.0030])


def _on_skin(around: FloatArray, height: FloatArray) -> FloatArray:
    """Points (N, 3) of the skin at angles around the head's axis and heights."""
    axis = np.stack([0 * height, np.full_like(height, _AXIS_Y), height], axis=1)
    direction = np.stack([np.sin(around), -np.cos(around), 0 * around], axis=1)
    reach = np.full(len(around), 0.2)
    for _ in range(40):
        reach -= 0.9 * head_distance(axis + direction * reach[:, None])
    return axis + direction * reach[:, None]


# Along the brow from the nose to the temple: x, z and half the width, metres.
_BROW = np.array(
    [
        (0.0125, 0.1340, 0.0026),
        (0.0190, 0.1362, 0.0036),
        (0.0270, 0.1385, 0.0034),
        (0.0350, 0.1398, 0.0029),
        (0.0430, 0.1385, 0.0021),
        (0.0490, 0.1350, 0.0012),
        (0.0525, 0.1320, 0.0004),
    ]
)
_BROW_COLUMNS, _BROW_ROWS = 17, 5


def left_brow() -> Solid:
    """The left brow as a thin pad on the skin."""
    builder = MeshBuilder()
    along, across = np.linspace(0, 1, _BROW_COLUMNS), np.linspace(-1, 1, _BROW_ROWS)
    nodes = np.linspace(0, 1, len(_BROW))
    x, z, width = (_smoothed(np.interp(along, nodes, values)) for values in _BROW.T)
    rounded = np.sqrt(np.clip(along / 0.08, 0.2, 1.0))
    grid_x = np.repeat(x[None], _BROW_ROWS, axis=0)
    grid_z = z + across[:, None] * width * rounded
    points = np.stack([grid_x, np.zeros_like(grid_x), grid_z], axis=2).reshape(-1, 3)
    points[:, 1] = front_depth(points[:, 0], points[:, 2], head_distance)
    normal = gradient(points, head_distance)
    bulge = (1 - across[:, None] ** 2) * np.sin(np.pi * np.clip(along, 0.06, 0.97)) ** 0.4
    builder.sheet(builder.vertices(_BROW_ROWS, _BROW_COLUMNS), "brow")
    return Solid(points + normal * (0.0012 * bulge + 0.0002).reshape(-1, 1), builder.faces, builder.tags)


def _smoothed(values: FloatArray) -> FloatArray:
    for _ in range(3):
        values = np.concatenate([values[:1], 0.25 * values[:-2] + 0.5 * values[1:-1] + 0.25 * values[2:], values[-1:]])
    return values
