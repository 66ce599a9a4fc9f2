"""Draw the half skin onto the head's surface with evenly spread quads."""

from __future__ import annotations

import numpy as np

from .features import place_ear, place_eye, place_mouth, place_nostril
from .skin import CAP_HEIGHT, CAP_WIDTH, LID_NEAR, MOUTH_BORDER, ROWS, HalfSkin, lofted_grid
from .surface import gradient, head_distance, project, project_along
from .topology import FloatArray, IntArray, edges_of, neighbour_average

_RELAX_STEPS = 96
_SLOPE_LIFE = 6
# Midline rows that keep their place on the profile: base of the neck, base and tip of the nose.
_PROFILE_PINS = (0, 24, 29)


def neutral_half(skin: HalfSkin) -> FloatArray:
    """Positions (V, 3) of the left half of the neutral skin."""
    points = np.zeros((skin.vertex_count, 3))
    loft = lofted_grid()
    present = skin.grid >= 0
    points[skin.grid[present]] = loft[present]
    points[skin.cap] = _crown(loft[ROWS])
    free_rings = (skin.mouth.rings[1:MOUTH_BORDER], skin.eye.rings[1:LID_NEAR])
    wrapped = np.concatenate([skin.grid[present], skin.cap, *(rings.ravel() for rings in free_rings)])
    points[skin.grid[present]] = project(points[skin.grid[present]], head_distance, 8)
    placed = np.concatenate([place(skin, points) for place in (place_mouth, place_eye, place_nostril, place_ear)])
    for rings, inner in ((skin.mouth.rings, MOUTH_BORDER), (skin.eye.rings, LID_NEAR)):
        for ring in range(1, inner):
            points[rings[ring]] = points[rings[0]] + (points[rings[inner]] - points[rings[0]]) * ring / inner
    pinned = np.concatenate([skin.grid[0], skin.grid[list(_PROFILE_PINS), 0]])
    free = np.setdiff1d(wrapped, np.concatenate([pinned, placed]))
    _relax(skin, points, free)
    _smooth_fills(skin, points)
    points[skin.midline, 0] = 0.0
    return points


def _crown(hat: FloatArray) -> FloatArray:
    """Rough positions of the grid that closes the top of the head above the last row of the loft, (columns, 3)."""
    across = np.linspace(0, 1, CAP_WIDTH + 1)[None, :CAP_WIDTH]
    along = np.linspace(0, 1, CAP_HEIGHT + 1)[1:-1, None]
    front, back, side = hat[0], hat[-1], hat[:, 0].max()
    y = front[1] + (back[1] - front[1]) * along
    x = across * side * np.sin(np.pi * along) ** 0.5
    x, y = np.broadcast_arrays(x, y)
    return np.stack([x, y, np.full(x.shape, 0.225)], axis=2).reshape(-1, 3)


def _relax(skin: HalfSkin, points: FloatArray, free: IntArray) -> None:
    average = neighbour_average(edges_of(skin.faces), skin.vertex_count)[free]
    midline = skin.midline
    for step in range(_RELAX_STEPS):
        if step % _SLOPE_LIFE == 0:
            slope = gradient(points[free], head_distance)
        points[free] += 0.6 * (average @ points - points[free])
        points[midline, 0] = 0.0
        points[free] = project_along(points[free], head_distance, slope)
    points[free] = project(points[free], head_distance, 3)
    points[midline, 0] = 0.0


def _smooth_fills(skin: HalfSkin, points: FloatArray) -> None:
    """Spread the vertices that close mouth, nostril and ear evenly within their last loop."""
    fills = np.concatenate([skin.mouth.fill, skin.nostril.fill, skin.ear.fill])
    average = neighbour_average(edges_of(skin.faces), skin.vertex_count)[fills]
    midline = skin.midline
    for _ in range(60):
        points[fills] = average @ points
        points[midline, 0] = 0.0
