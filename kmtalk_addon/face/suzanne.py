"""Blender's monkey, on whom everybody tries a face tool first: no finder of human faces finds hers."""

from typing import Any

import numpy as np

from . import geometry

_COUNTS = (507, 2012, 7958, 31694)
"""Vertices as she is added, and after one, two and three subdivisions."""
_BOX = (2.73, 1.70, 1.97)
"""Her width, depth and height, which subdivision makes a little less."""
_OFF = 0.08
_PLACES = {
    "nose_tip": (0.0, -0.2), "subnasale": (0.0, -0.35), "upper_lip": (0.0, -0.76), "lower_lip": (0.0, -0.86),
    "chin": (0.0, -0.96), "mouth_left": (0.11, -0.81), "mouth_right": (-0.11, -0.81),
}  # fmt: skip
"""X and Z of her features where she is as large as she is added."""


def is_suzanne(item: Any) -> bool:
    """Whether a mesh is Suzanne, whatever her size and place."""
    if item.type != "MESH" or len(item.data.vertices) not in _COUNTS:
        return False
    size = np.ptp(geometry.vertices_of(item), axis=0)
    share = size / np.array(_BOX)
    return bool(np.ptp(share) < _OFF * share.max())


def landmarks_on(item: Any) -> dict[str, list[float]]:
    """Where her nose, mouth and chin are, in the world, on her surface."""
    points = geometry.vertices_of(item)
    scale = np.ptp(points, axis=0)[0] / _BOX[0]
    linear, shift = geometry.to_world(item)
    found = {}
    for name, (x, z) in _PLACES.items():
        away = np.abs(points[:, [0, 2]] - scale * np.array([x, z]))
        reach = max(0.12 * scale, float(np.sort(away.max(axis=1))[0]) + 1e-9)
        near = points[(away < reach + 1e-9).all(axis=1)]
        found[name] = (linear @ (scale * x, float(near[:, 1].min()), scale * z) + shift).tolist()
    return found
