"""Heads of our own with as many vertices as VOCASET's and BIWI's have, so that their layouts can be tried without them.

They are the demo head, remeshed: the published heads may not be passed on, so nothing of them is in here.
"""

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..faces.demo import demo_head
from ..motion.arkit import ARKIT_NAMES
from .ply import TriangleMesh
from .regions import Regions
from .remesh import with_vertex_count

FloatArray: TypeAlias = npt.NDArray[np.float32]

_NEAR_MIDDLE = 0.006  # metres from where the lips meet in the middle
_JAW_FOLLOWS = 0.5  # of the largest movement of the jaw: a lower lip goes with it by more, an upper one by less
_FACE_DEPTH = 0.075  # metres behind the tip of the nose: what counts as the face


@dataclass(frozen=True)
class SyntheticHead:
    """A neutral head, y up and z to the front, in metres; `shapes` (52, 3 V) are ARKit's, as offsets."""

    mesh: TriangleMesh
    shapes: FloatArray
    regions: Regions


@cache
def synthetic_head(vertices: int) -> SyntheticHead:
    """The demo head's skin with exactly `vertices` vertices; deterministic."""
    head = demo_head()
    skin = head.part("Head")
    points, marks = skin.vertices, head.landmarks
    lips = np.zeros(len(points), bool)
    triangles = []
    for polygon, material in zip(skin.polygons, skin.material_index, strict=True):
        triangles += [(polygon[0], polygon[i], polygon[i + 1]) for i in range(1, len(polygon) - 1)]
        if skin.materials[material] == "lips":
            lips[list(polygon)] = True
    shapes = np.stack([skin.shapes[name] for name in ARKIT_NAMES], axis=1).reshape(len(points), -1)
    upper = (points[:, 2] > marks["nose_tip"][2]) & (points[:, 1] < marks["nose_tip"][1] + _FACE_DEPTH)
    columns = np.concatenate([points, shapes, lips[:, None], upper[:, None]], axis=1).astype(np.float64)
    values, faces = with_vertex_count(columns, np.array(triangles, np.int64), vertices, lips)
    positions, flags = values[:, :3], values[:, -2:] > 0.5
    offsets = values[:, 3:-2].reshape(vertices, len(ARKIT_NAMES), 3)
    jaw = np.linalg.norm(offsets[:, ARKIT_NAMES.index("jawOpen")], axis=1)
    middle = flags[:, 0] & (np.linalg.norm(positions - marks["upper_lip"], axis=1) < _NEAR_MIDDLE)
    follows = jaw > _JAW_FOLLOWS * jaw.max()
    regions = Regions(
        f"synthetic head of {vertices} vertices",
        *(np.flatnonzero(chosen) for chosen in (flags[:, 0], flags[:, 1], middle & ~follows, middle & follows)),
    )
    mesh = TriangleMesh(_y_up(positions), faces)
    return SyntheticHead(mesh, _y_up(offsets).transpose(1, 0, 2).reshape(len(ARKIT_NAMES), -1), regions)


def _y_up(points: npt.NDArray[np.floating]) -> FloatArray:
    """From Blender's axes (z up, face towards −y) to those of the published topologies (y up, face towards z)."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1).astype(np.float32)
