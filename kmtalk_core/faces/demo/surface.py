"""The head's skin as a signed distance function: ellipsoids and cones, smoothly joined.

Metres, Blender axes, the face towards −Y; paired forms are given for the character's left (+X) and mirrored.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .topology import FloatArray

EYE_CENTRE = np.array([0.0338, -0.0752, 0.1125])
EYE_RADIUS = 0.0164
LID_RADIUS = EYE_RADIUS + 0.0018

# (centre, radii, blend): each joins what came before it with a smooth union of width `blend`.
_SKULL = (
    ((0.0, 0.004, 0.148), (0.0750, 0.0960, 0.0830), 0.001),
    ((0.0, -0.020, 0.105), (0.0670, 0.0740, 0.0800), 0.030),
    ((0.0, -0.036, 0.160), (0.0600, 0.0620, 0.0500), 0.030),  # forehead
)
_FACE = (
    ((0.0440, -0.0560, 0.0860), (0.0200, 0.0240, 0.0190), 0.030),  # cheekbone
    ((0.0335, -0.0495, 0.0600), (0.0250, 0.0310, 0.0300), 0.034),  # cheek
    ((0.0, -0.0620, 0.0490), (0.0325, 0.0385, 0.0300), 0.022),  # the mound of the dental arches
    ((0.0, -0.0790, 0.0140), (0.0190, 0.0170, 0.0145), 0.028),  # chin
)
_NOSE = (
    ((0.0, -0.1090, 0.0790), (0.0080, 0.0090, 0.0080), 0.012),  # tip
    ((0.0096, -0.1000, 0.0765), (0.0060, 0.0085, 0.0066), 0.0075),  # wing
    ((0.0, -0.1030, 0.0720), (0.0035, 0.0090, 0.0035), 0.008),  # septum
)


def _ellipsoid(points: FloatArray, centre: tuple[float, ...], radii: tuple[float, ...]) -> FloatArray:
    offset = points - np.array(centre)
    near = np.linalg.norm(offset / np.array(radii), axis=1)
    steep = np.linalg.norm(offset / np.array(radii) ** 2, axis=1)
    return near * (near - 1.0) / np.maximum(steep, 1e-9)


def _cone(
    points: FloatArray, start: tuple[float, ...], end: tuple[float, ...], radii: tuple[float, float]
) -> FloatArray:
    """Distance to a capsule whose radius runs from radii[0] at `start` to radii[1] at `end`."""
    origin, axis = np.array(start), np.array(end) - np.array(start)
    along = np.clip((points - origin) @ axis / (axis @ axis), 0.0, 1.0)
    radius = radii[0] + (radii[1] - radii[0]) * along
    return np.linalg.norm(points - origin - along[:, None] * axis, axis=1) - radius


def _join(first: FloatArray, second: FloatArray, blend: float) -> FloatArray:
    weight = np.clip(0.5 + 0.5 * (second - first) / blend, 0.0, 1.0)
    return second + (first - second) * weight - blend * weight * (1.0 - weight)


def _carve(body: FloatArray, tool: FloatArray, blend: float) -> FloatArray:
    return -_join(-body, tool, blend)


def _paired(points: FloatArray) -> FloatArray:
    """Fold onto the left side; the fold is rounded so that paired forms leave no crease on the midline."""
    folded = points.copy()
    folded[:, 0] = np.sqrt(points[:, 0] ** 2 + 0.003**2)
    return folded


def head_distance(points: FloatArray) -> FloatArray:
    """Signed distance (V,) of points (V, 3) to the skin without ears, metres, negative inside."""
    folded = _paired(points)

    def part(centre: tuple[float, ...], radii: tuple[float, ...]) -> FloatArray:
        return _ellipsoid(folded if centre[0] else points, centre, radii)

    body = part(*_SKULL[0][:2])
    for centre, radii, blend in _SKULL[1:]:
        body = _join(body, part(centre, radii), blend)
    jaw = _cone(folded, (0.0390, -0.0080, 0.0420), (0.0150, -0.0720, 0.0160), (0.0160, 0.0150))
    body = _join(body, jaw, 0.050)
    for centre, radii, blend in _FACE:
        body = _join(body, part(centre, radii), blend)
    neck = _cone(points, (0.0, 0.037, -0.110), (0.0, 0.020, 0.070), (0.0480, 0.0425))
    body = _join(body, neck, 0.026)
    tendon = _cone(folded, (0.0465, 0.0200, 0.0550), (0.0150, -0.0060, -0.0800), (0.0065, 0.0060))
    body = _join(body, tendon, 0.018)
    groove = _cone(points, (0.0, -0.1040, 0.0560), (0.0, -0.1050, 0.0650), (0.0016, 0.0016))
    body = _carve(body, part((0.0350, -0.1120, 0.1120), (0.0190, 0.0200, 0.0130)), 0.020)  # eye socket
    brow = _cone(folded, (0.0140, -0.0890, 0.1310), (0.0440, -0.0720, 0.1320), (0.0060, 0.0040))
    body = _join(body, brow, 0.018)
    bridge = _cone(points, (0.0, -0.0885, 0.1260), (0.0, -0.1085, 0.0830), (0.0050, 0.0066))
    body = _join(body, bridge, 0.016)
    for centre, radii, blend in _NOSE:
        body = _join(body, part(centre, radii), blend)
    body = _carve(body, groove, 0.0035)  # philtrum
    lids = np.linalg.norm(folded - EYE_CENTRE, axis=1) - LID_RADIUS
    return _join(body, lids, 0.008)


def project(points: FloatArray, distance: Callable[[FloatArray], FloatArray], steps: int = 3) -> FloatArray:
    """Move points (V, 3) onto the zero set of a distance function along its gradient."""
    for _ in range(steps):
        points = project_along(points, distance, gradient(points, distance))
    return points


def project_along(points: FloatArray, distance: Callable[[FloatArray], FloatArray], slope: FloatArray) -> FloatArray:
    """One Newton step of points (V, 3) towards the zero set along a known gradient (V, 3)."""
    return points - (distance(points) / np.maximum((slope**2).sum(axis=1), 0.2))[:, None] * slope


def gradient(points: FloatArray, distance: Callable[[FloatArray], FloatArray], step: float = 2e-4) -> FloatArray:
    """Central differences of a distance function at points (V, 3)."""
    columns = [(distance(points + shift) - distance(points - shift)) / (2 * step) for shift in np.eye(3) * step]
    return np.stack(columns, axis=1)


def front_depth(x: FloatArray, z: FloatArray, distance: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """The y at which a ray from the front, at (x, z), first meets the surface."""
    points = np.stack([x, np.full_like(x, -0.16), z], axis=1)
    for _ in range(60):
        points[:, 1] += 0.8 * np.maximum(distance(points), -1.0)
    return points[:, 1]
