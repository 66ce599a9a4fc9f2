"""What lies inside the skin: eyes, teeth with gums, tongue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .features import LIP_LINE, dental_arch
from .surface import EYE_CENTRE, EYE_RADIUS
from .topology import FloatArray, MeshBuilder

EYE_SEGMENTS = 24
IRIS_ANGLE, PUPIL_ANGLE = np.radians(26.5), np.radians(12.0)


@dataclass(frozen=True)
class Solid:
    """A mesh with a material name for each polygon."""

    points: FloatArray  # (V, 3)
    faces: list[tuple[int, ...]]
    tags: list[str]

    def mirrored(self) -> Solid:
        """The mirror image about x = 0, with the vertices in the same order."""
        faces = [tuple(reversed(face)) for face in self.faces]
        return Solid(self.points * np.array([-1.0, 1.0, 1.0]), faces, self.tags)


def joined(solids: list[Solid]) -> Solid:
    """Several solids as one mesh."""
    starts = np.cumsum([0] + [len(solid.points) for solid in solids])
    faces = [
        tuple(int(start) + corner for corner in face)
        for start, solid in zip(starts, solids, strict=False)
        for face in solid.faces
    ]
    return Solid(np.concatenate([solid.points for solid in solids]), faces, [tag for s in solids for tag in s.tags])


def left_eye() -> Solid:
    """The left eyeball: pupil and iris set a little into it, a filled disc at either pole."""
    builder = MeshBuilder()
    # Angle from the line of sight, depth below the sphere as a share of its radius, material of the strip before it.
    loops = [
        (PUPIL_ANGLE * 0.92, 0.040, "pupil"),
        (PUPIL_ANGLE, 0.042, "pupil"),
        (np.radians(17.0), 0.036, "iris_inner"),
        (np.radians(21.5), 0.026, "iris"),
        (np.radians(24.6), 0.012, "iris"),
        (IRIS_ANGLE, 0.002, "iris_rim"),
        (IRIS_ANGLE + np.radians(2.0), 0.0, "iris_rim"),
        *((np.radians(angle), 0.0, "sclera") for angle in (36, 46, 58, 72, 90, 110, 130, 150)),
    ]
    rings = builder.vertices(len(loops), EYE_SEGMENTS)
    around = np.radians(-135.0) + 2 * np.pi * np.arange(EYE_SEGMENTS) / EYE_SEGMENTS
    positions = [_eye_ring(angle, depth, around) for angle, depth, _ in loops]
    for outer, inner, (_, _, tag) in zip(rings[1:], rings[:-1], loops[1:], strict=True):
        builder.strip(outer, inner, closed=True, tag=tag)
    quarter = EYE_SEGMENTS // 4
    builder.fill(rings[0], quarter, quarter, closed=True, tag="pupil")
    positions.append(disc(positions[0], quarter))
    builder.fill(rings[-1][::-1], quarter, quarter, closed=True, tag="sclera")
    back = disc(positions[-2][::-1], quarter)
    positions.append(EYE_RADIUS * back / np.linalg.norm(back, axis=1)[:, None])
    return Solid(np.concatenate(positions) + EYE_CENTRE, builder.faces, builder.tags)


def _eye_ring(angle: float, depth: float, around: FloatArray) -> FloatArray:
    radius = EYE_RADIUS * (1.0 - depth)
    aside = radius * np.sin(angle)
    return np.stack(
        [aside * np.cos(around), np.full_like(around, -radius * np.cos(angle)), aside * np.sin(around)], axis=1
    )


def disc(loop: FloatArray, side: int) -> FloatArray:
    """Inner vertices of a grid that fills a loop of 4·side points, row by row, by transfinite interpolation."""
    lower, right = loop[: side + 1], loop[side : 2 * side + 1]
    upper, left = loop[2 * side : 3 * side + 1][::-1], np.concatenate([loop[3 * side :], loop[:1]])[::-1]
    u = np.linspace(0, 1, side + 1)[None, :, None]
    v = np.linspace(0, 1, side + 1)[:, None, None]
    edges = (1 - v) * lower[None] + v * upper[None] + (1 - u) * left[:, None] + u * right[:, None]
    corners = (1 - u) * (1 - v) * lower[0] + u * (1 - v) * lower[-1] + (1 - u) * v * upper[0] + u * v * upper[-1]
    return (edges - corners)[1:-1, 1:-1].reshape(-1, 3)


# Width of each tooth from the midline out, and how far its edge lies from the longest tooth's, metres.
_UPPER_TEETH = ((0.0076, 0.0), (0.0062, 0.0006), (0.0066, 0.0001), (0.0064, 0.0010), (0.0062, 0.0014), (0.0086, 0.0018))
_LOWER_TEETH = ((0.0050, 0.0), (0.0054, 0.0), (0.0062, -0.0002), (0.0064, 0.0004), (0.0066, 0.0008), (0.0090, 0.0010))
UPPER_EDGE, UPPER_NECK = LIP_LINE - 0.0022, LIP_LINE + 0.0078
LOWER_EDGE, LOWER_NECK = LIP_LINE - 0.0010, LIP_LINE - 0.0092
LOWER_INSET = 0.0030


def upper_teeth() -> Solid:
    """Upper teeth and gum."""
    return _dental_row(_UPPER_TEETH, UPPER_EDGE, UPPER_NECK, 0.0)


def lower_teeth() -> Solid:
    """Lower teeth and gum, just behind the upper ones."""
    return _dental_row(_LOWER_TEETH, LOWER_EDGE, LOWER_NECK, LOWER_INSET)


def _dental_row(teeth: tuple[tuple[float, float], ...], edge: float, neck: float, inset: float) -> Solid:
    left: list[Solid] = []
    reach = 0.0
    up = np.sign(neck - edge)
    for number, (width, shorter) in enumerate(teeth):
        centre, heading = _along_arch(reach + width / 2, inset)
        thickness = 0.0052 if number < 3 else 0.0085
        left.append(_tooth(centre, heading, width * 0.99, thickness, edge + up * shorter, neck + up * 0.0012, number))
        reach += width
    solids = [*left, *(tooth.mirrored() for tooth in left), _gum(reach, neck, up, inset)]
    return joined(solids)


def _along_arch(length: float, inset: float) -> tuple[FloatArray, FloatArray]:
    """Point (x, y) and unit direction at an arc length from the midline along the front of a row of teeth."""
    x = np.linspace(0.0, 0.032, 400)
    y = dental_arch(x * (1 + inset / 0.03)) + inset
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    point = np.array([np.interp(length, arc, x), np.interp(length, arc, y)])
    ahead = np.array([np.interp(length + 1e-4, arc, x), np.interp(length + 1e-4, arc, y)])
    return point, (ahead - point) / np.linalg.norm(ahead - point)


def _tooth(
    front: FloatArray, heading: FloatArray, width: float, thickness: float, edge: float, neck: float, number: int
) -> Solid:
    """A rounded box of quads: flat at the edge, bulging at the front, narrower at the neck."""
    builder = MeshBuilder()
    around, levels = 12, np.array([0.0, 0.12, 0.40, 0.75, 1.0])
    rings = builder.vertices(len(levels), around)
    angle = np.radians(-135.0) + 2 * np.pi * np.arange(around) / around
    power = 0.55
    across = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    inward = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    normal = np.array([-heading[1], heading[0]])
    positions = []
    for level in levels:
        wide = width / 2 * (0.86 + 0.14 * np.sin(np.pi * min(level * 1.6 + 0.25, 1.0)) - 0.10 * level)
        slim = (0.30 + 0.70 * min(level * 1.6, 1.0)) if number < 3 else (0.80 + 0.20 * min(level * 2, 1.0))
        bulge = 0.0006 * np.sin(np.pi * min(0.15 + level, 1.0))
        back = thickness * slim
        plane = front + np.outer(wide * across, heading) + np.outer((inward + 1) / 2 * back - bulge, normal)
        positions.append(np.column_stack([plane, np.full(around, edge + (neck - edge) * level)]))
    downwards = neck > edge
    for k in range(len(levels) - 1):
        first, second = rings[k], rings[k + 1]
        builder.strip(first, second, closed=True, tag="teeth") if downwards else builder.strip(
            second, first, True, "teeth"
        )
    builder.fill(rings[0][::-1] if downwards else rings[0], 3, 3, closed=True, tag="teeth")
    positions.append(disc(positions[0][::-1] if downwards else positions[0], 3))
    return Solid(np.concatenate(positions), builder.faces, builder.tags)


def _gum(reach: float, neck: float, up: float, inset: float) -> Solid:
    """A ridge along the whole arch that the teeth stand in, open where it meets the jaw bone."""
    builder = MeshBuilder()
    stations = np.linspace(-reach - 0.001, reach + 0.001, 33)
    # Cross section: metres behind the front of the teeth, metres from the neck towards the root.
    section = np.array(
        [
            (-0.0004, 0.0085),
            (-0.0012, 0.0050),
            (-0.0010, 0.0015),
            (-0.0002, 0.0),
            (0.0030, -0.0002),
            (0.0070, 0.0006),
            (0.0092, 0.0030),
            (0.0100, 0.0085),
        ]
    )
    ids = builder.vertices(len(stations), len(section))
    points = []
    for station in stations:
        point, heading = _along_arch(abs(station), inset)
        normal = np.array([-heading[1], heading[0]])
        side = -1.0 if station < 0 else 1.0
        plane = (point + section[:, :1] * normal) * np.array([side, 1.0])
        points.append(np.column_stack([plane, neck + up * section[:, 1]]))
    builder.sheet(ids if up < 0 else ids[::-1], "gums")
    return Solid(np.concatenate(points), builder.faces, builder.tags)


def tongue() -> Solid:
    """The tongue at rest behind the lower teeth, its root towards the throat."""
    builder = MeshBuilder()
    around, stations = 16, 14
    rings = builder.vertices(stations, around)
    angle = np.radians(-135.0) + 2 * np.pi * np.arange(around) / around
    positions = []
    for share in np.linspace(0, 1, stations):
        size = np.sqrt(np.clip(1 - (1 - min(share * 2.2 + 0.05, 1.0)) ** 2, 0.0, 1.0))
        y = -0.0825 + 0.046 * share
        z = LIP_LINE - 0.0075 + 0.0045 * np.sin(np.pi * min(share * 0.8 + 0.05, 1.0)) - 0.006 * share**3
        groove = 0.0012 * np.exp(-((np.cos(angle) / 0.25) ** 2)) * (np.sin(angle) > 0)
        x = 0.0165 * size * np.cos(angle)
        height = 0.0058 * size * np.sin(angle) - groove * size
        positions.append(np.stack([x, np.full(around, y), z + height], axis=1))
    for k in range(stations - 1):
        builder.strip(rings[k + 1], rings[k], closed=True, tag="tongue")
    builder.fill(rings[0], 4, 4, closed=True, tag="tongue")
    positions.append(disc(positions[0], 4) + np.array([0.0, -0.0012, 0.0]))
    return Solid(np.concatenate(positions), builder.faces, builder.tags)
