"""ARKit's shapes of jaw and lips on any skin.

What moves both lips is one smooth field across the line where they meet, so that they stay sealed; what moves one of
them moves it away from the other or inwards: no shape lets them cross.
"""

import numpy as np

from ...motion.mesh import Array
from .jaw import smoothstep
from .rig import Rig, hill

_SIDES = (("Left", "left", 1.0), ("Right", "right", -1.0))
TONGUE_OPEN = 0.3
"""Share of jawOpen within tongueOut: the tongue must pass between the teeth."""
_MEET = 0.16
"""Of the way the lower lip goes: how far down the upper lip comes to meet it over an open jaw."""


def mouth_shapes(rig: Rig) -> dict[str, Array]:
    """Offsets (V, 3) in face axes by ARKit name."""
    shapes = _jaw(rig) | _both_lips(rig) | _one_lip(rig)
    for side in _SIDES:
        shapes |= _corner(rig, *side) | _half_lip(rig, *side)
    return shapes


def opened(rig: Rig) -> Array:
    """jawOpen: the jaw turns, and the corners of the mouth are drawn in a little."""
    turned = rig.jaw.opened(rig.vertices, rig.lower) - rig.vertices
    tight = hill(rig.distance, 0.7) * rig.under_nose
    return turned + rig.moved(-0.03 * rig.across * tight, 0.0, 0.0)


def _jaw(rig: Rig) -> dict[str, Array]:
    jaw_open = opened(rig)
    weight = rig.lower
    return {
        "jawOpen": jaw_open,
        "jawForward": _along(rig, weight, (0.0, -0.02, 0.13)),
        "jawLeft": _along(rig, weight, (0.16, -0.025, 0.0)),
        "jawRight": _along(rig, weight, (-0.16, -0.025, 0.0)),
        "mouthClose": _closed(rig, jaw_open),
        "tongueOut": TONGUE_OPEN * jaw_open,
    }


def _along(rig: Rig, weight: Array, direction: tuple[float, float, float]) -> Array:
    return rig.width * weight[:, None] * np.array(direction)


def _closed(rig: Rig, jaw_open: Array) -> Array:
    """Undoes jawOpen on the lips and inside the mouth; the chin stays down, and the lips meet below where they rest."""
    chin = float(np.linalg.norm(rig.points["chin"] - rig.lips)) / rig.width
    lips = smoothstep(max(0.75 * chin, 0.3), 0.16, rig.distance)
    drop = -_MEET * float((jaw_open[:, 1] * (rig.distance < 0.15)).min()) / rig.width
    across = np.cos(0.5 * np.pi * np.clip(rig.across / 1.8, -1.0, 1.0)) ** 2
    return -jaw_open * lips[:, None] + rig.moved(0.0, -drop * hill(rig.distance, 0.55) * across * rig.under_nose, 0.0)


def _both_lips(rig: Rig) -> dict[str, Array]:
    near, wide = rig.around_lips(0.32), rig.around_lips(0.95) * rig.beside_nose
    front = rig.around_lips(0.5) * rig.under_nose
    height = rig.from_line[:, 1] / rig.width
    away = rig.upper - rig.lower
    chin = rig.around(rig.points["chin"], 0.65 * rig.width)
    pull = -0.5 * rig.across
    return {
        "mouthFunnel": rig.moved(
            0.4 * pull * wide, 0.085 * away * rig.parted * front, 0.17 * front * (0.35 + 0.65 * rig.parted)
        ),
        "mouthPucker": rig.moved(
            0.52 * pull * wide, 0.22 * height * near * rig.parted, 0.2 * front * (0.3 + 0.7 * rig.parted)
        ),
        "mouthLeft": rig.moved(0.2 * rig.around_lips(0.8) * rig.under_nose, 0.0, 0.0),
        "mouthRight": rig.moved(-0.2 * rig.around_lips(0.8) * rig.under_nose, 0.0, 0.0),
        "mouthShrugLower": rig.moved(0.0, 0.07 * np.maximum(front, 0.8 * chin), 0.04 * near),
        "mouthShrugUpper": rig.moved(0.0, 0.06 * rig.around_lips(0.42) * rig.under_nose, 0.05 * rig.upper * near),
    }


def _one_lip(rig: Rig) -> dict[str, Array]:
    """Lips rolled in: what shows of one of them goes back over its teeth, and the line between them stays."""
    near = rig.around_lips(0.3) * rig.parted
    height = rig.from_line[:, 1] / rig.width
    squeeze = -0.45 * height * rig.around_lips(0.34) * rig.parted
    return {
        "mouthRollUpper": rig.moved(0.0, rig.upper * (squeeze + 0.02 * near), -0.09 * rig.upper * near),
        "mouthRollLower": rig.moved(0.0, rig.lower * (squeeze - 0.02 * near), -0.1 * rig.lower * near),
    }


def _corner(rig: Rig, suffix: str, side: str, sign: float) -> dict[str, Array]:
    corner = rig.points[f"mouth_{side}"]
    width = rig.width

    def pulled(radius: float, out: float, up: float, forward: float) -> Array:
        weight = rig.around(corner, radius * width)
        return rig.moved(sign * out * weight, up * weight, forward * weight)

    cheek = corner + width * np.array([0.24 * sign, 0.42, -0.05])
    raised = rig.around(cheek, 0.55 * width) * smoothstep(0.03, 0.3, rig.distance)
    bulge = raised[:, None] * width * (0.045 * rig.mesh.normals + np.array([0.0, 0.04, 0.0]))
    return {
        f"mouthSmile{suffix}": pulled(0.85, 0.13, 0.13, 0.0) + bulge,
        f"mouthFrown{suffix}": pulled(0.65, 0.02, -0.13, 0.0),
        f"mouthDimple{suffix}": pulled(0.5, 0.07, 0.01, -0.05),
        f"mouthStretch{suffix}": pulled(0.75, 0.14, -0.05, -0.02),
    }


def _half_lip(rig: Rig, suffix: str, side: str, sign: float) -> dict[str, Array]:
    half = rig.side(side)
    near = rig.around_lips(0.55) * rig.parted * half
    height = rig.from_line[:, 1] / rig.width
    pressed = rig.around_lips(0.3) * rig.parted * half
    return {
        f"mouthUpperUp{suffix}": rig.moved(
            0.0, 0.13 * rig.upper * near * rig.under_nose, 0.03 * rig.upper * near * rig.under_nose
        ),
        f"mouthLowerDown{suffix}": rig.moved(0.0, -0.14 * rig.lower * near, 0.02 * rig.lower * near),
        f"mouthPress{suffix}": rig.moved(0.0, -0.35 * height * pressed, -0.03 * pressed),
    }
