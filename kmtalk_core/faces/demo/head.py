"""The demo head: what it is made of, and its assembly."""

from __future__ import annotations

import numpy as np

from ...motion.arkit import ARKIT_NAMES
from .hair import hair, left_brow
from .parts import Solid, joined, left_eye, lower_teeth, tongue, upper_teeth
from .pieces import Head, HeadPart
from .rig import SkinRig, build_rig
from .shapes_face import cheek_and_nose_shapes, eye_shapes, eyeball_shapes, forehead_shapes
from .shapes_jaw import TONGUE_OPEN, jaw_shapes, rigid_shapes, tongue_shapes
from .shapes_mouth import mouth_shapes
from .skin import CHIN_ROW, LID_EDGE, NASION_ROW, NOSE_BASE_ROW, NOSE_TIP_ROW
from .surface import EYE_CENTRE
from .topology import FloatArray

MATERIALS: dict[str, tuple[float, float, float, float]] = {
    "skin": (0.780, 0.460, 0.335, 1.0),
    "lips": (0.630, 0.260, 0.220, 1.0),
    "mouth_interior": (0.280, 0.060, 0.055, 1.0),
    "nostril": (0.260, 0.090, 0.060, 1.0),
    "sclera": (0.860, 0.850, 0.830, 1.0),
    "iris": (0.080, 0.200, 0.240, 1.0),
    "iris_inner": (0.150, 0.320, 0.340, 1.0),
    "iris_rim": (0.015, 0.040, 0.055, 1.0),
    "lashes": (0.030, 0.014, 0.010, 1.0),
    "pupil": (0.003, 0.003, 0.003, 1.0),
    "teeth": (0.880, 0.850, 0.780, 1.0),
    "gums": (0.530, 0.170, 0.160, 1.0),
    "tongue": (0.560, 0.190, 0.180, 1.0),
    "hair": (0.060, 0.026, 0.014, 1.0),
    "brow": (0.055, 0.026, 0.015, 1.0),
}
"""Linear RGBA base colours by material name."""


def demo_head() -> Head:
    """The demo head: deterministic, made from nothing but this package's own code."""
    rig = build_rig()
    eye, brow = left_eye(), left_brow()
    brows = joined([brow, brow.mirrored()])
    lower, tongue_body = lower_teeth(), tongue()
    jaw = rigid_shapes(lower.points, np.ones(len(lower.points)))
    jaw["tongueOut"] = TONGUE_OPEN * jaw["jawOpen"]
    parts = (
        _part("Head", Solid(rig.points, rig.faces, rig.tags), _skin_shapes(rig)),
        _part("Teeth Upper", upper_teeth(), {}),
        _part("Teeth Lower", lower, jaw),
        _part("Tongue", tongue_body, tongue_shapes(tongue_body.points)),
        _part("Eye Left", eye, eyeball_shapes(eye.points, "Left")),
        _part("Eye Right", eye.mirrored(), eyeball_shapes(eye.mirrored().points, "Right")),
        _part("Brows", brows, forehead_shapes(brows.points)),
        _part("Hair", hair(), {}),
    )
    return Head(parts, dict(MATERIALS), _landmarks(rig))


def _skin_shapes(rig: SkinRig) -> dict[str, FloatArray]:
    shapes = mouth_shapes(rig) | jaw_shapes(rig) | eye_shapes(rig) | forehead_shapes(rig.points)
    shapes |= cheek_and_nose_shapes(rig)
    shapes["tongueOut"] = TONGUE_OPEN * shapes["jawOpen"]
    return {name: shapes[name] for name in ARKIT_NAMES}


def _part(name: str, solid: Solid, shapes: dict[str, FloatArray]) -> HeadPart:
    used = tuple(material for material in MATERIALS if material in solid.tags)
    index = np.array([used.index(tag) for tag in solid.tags], dtype=np.int32)
    offsets = {key: np.ascontiguousarray(value, dtype=np.float32) for key, value in shapes.items()}
    polygons = tuple(tuple(int(corner) for corner in face) for face in solid.faces)
    return HeadPart(name, solid.points.astype(np.float32), polygons, used, index, offsets)


def _landmarks(rig: SkinRig) -> dict[str, FloatArray]:
    grid, points = rig.half.grid, rig.points
    left = {
        "mouth": rig.contact[12],
        "eye_inner": rig.half.eye.rings[LID_EDGE, 32],
        "eye_outer": rig.half.eye.rings[LID_EDGE, 14],
        "eyelid_upper": rig.half.eye.rings[LID_EDGE, 23],
        "eyelid_lower": rig.half.eye.rings[LID_EDGE, 5],
    }
    middle = {
        "upper_lip": rig.contact[24],
        "lower_lip": rig.contact[0],
        "chin": grid[CHIN_ROW, 0],
        "nose_tip": grid[NOSE_TIP_ROW, 0],
        "subnasale": grid[NOSE_BASE_ROW, 0],
        "nasion": grid[NASION_ROW, 0],
    }
    found = {f"{name}_left": points[vertex] for name, vertex in left.items()}
    found |= {f"{name}_right": points[rig.twin[vertex]] for name, vertex in left.items()}
    found |= {name: points[vertex] for name, vertex in middle.items()}
    found["eye_left"], found["eye_right"] = EYE_CENTRE, EYE_CENTRE * np.array([-1.0, 1.0, 1.0])
    found["crown"] = points[np.argmax(points[:, 2])] * np.array([0.0, 1.0, 1.0])
    return {name: np.asarray(point, dtype=np.float32) for name, point in found.items()}
