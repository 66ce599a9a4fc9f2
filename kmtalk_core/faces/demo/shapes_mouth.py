"""Shapes of the lips: offsets of the mouth's loops, carried into the skin around them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .rig import SkinRig
from .skin import MOUTH_BORDER, MOUTH_CONTACT
from .topology import FloatArray

MM = 0.001
_CONTACT_SHARE = np.array([0.0, 0.12, 0.34, 0.62, 0.88, 1.0, 1.0, 0.74, 0.30, 0.05])
"""How far each loop, from the vermilion border inwards, follows the line of contact; the rest, up to it, the border."""


class Lips:
    """Coordinates around the mouth and the recipe that turns two loops' offsets into a whole shape."""

    def __init__(self, rig: SkinRig) -> None:
        self.rig = rig
        self.across, self.above = rig.across, rig.above
        self.upper = np.clip(rig.above, 0.0, None) ** 0.5
        self.lower = np.clip(-rig.above, 0.0, None) ** 0.5
        self.corner = np.abs(rig.across) ** 3
        self.left = smooth_step((rig.across + 0.45) / 0.9)
        self.points = rig.points[rig.contact]
        self.height = np.abs(rig.points[rig.mouth[MOUTH_BORDER], 2] - self.points[:, 2]) / MM

    def shape(self, contact: FloatArray, border: FloatArray) -> FloatArray:
        """Offsets (V, 3) from offsets (48, 3) of the line of contact and of the vermilion border."""
        offsets = np.zeros_like(self.rig.points)
        for step, share in enumerate(_CONTACT_SHARE):
            ring = self.rig.mouth[MOUTH_BORDER + step]
            on_lips = MOUTH_BORDER + step <= MOUTH_CONTACT
            offsets[ring] = border + (contact - border) * share if on_lips else contact * share
        return self.rig.lip_field.extend(offsets)


def smooth_step(x: FloatArray) -> FloatArray:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(x, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def vectors(x: FloatArray | float, y: FloatArray | float, z: FloatArray | float, unit: float = MM) -> FloatArray:
    """Offsets (48, 3) from components in millimetres."""
    return np.stack(np.broadcast_arrays(x, y, z, np.zeros(48))[:3], axis=1) * unit


def mouth_shapes(rig: SkinRig) -> dict[str, FloatArray]:
    """Shapes of the lips alone, without those that need the jaw; offsets (V, 3) by ARKit name."""
    lips = Lips(rig)
    shapes = {name: lips.shape(*recipe(lips)) for name, recipe in _WHOLE.items()}
    for name, recipe in _ONE_SIDED.items():
        left = lips.shape(*recipe(lips))
        shapes[name + "Left"], shapes[name + "Right"] = left, rig.mirrored(left)
    shapes["mouthLeft"] = lips.shape(*_aside(lips))
    shapes["mouthRight"] = rig.mirrored(shapes["mouthLeft"])
    return shapes


def _pull_in(lips: Lips, share: float) -> FloatArray:
    """Sideways offsets, in millimetres, that narrow the mouth by a share of its width."""
    return -share * lips.points[:, 0] / MM


def _funnel(lips: Lips) -> tuple[FloatArray, FloatArray]:
    forward = 7.0 - 2.0 * lips.corner + 5.5 * np.abs(lips.across) ** 2
    opening = 4.6 * lips.upper**1.6 - 5.0 * lips.lower**1.6
    contact = vectors(_pull_in(lips, 0.36), -forward, opening)
    border = vectors(_pull_in(lips, 0.31), -forward * 0.62, 0.75 * opening)
    return contact, border


def _pucker(lips: Lips) -> tuple[FloatArray, FloatArray]:
    forward = 7.5 + 5.0 * lips.across**2 - 2.0 * lips.corner
    contact = vectors(_pull_in(lips, 0.44), -forward, 0.0)
    border = vectors(_pull_in(lips, 0.40), -0.64 * forward, 0.6 * lips.upper - 0.8 * lips.lower)
    return contact, border


def _roll_lower(lips: Lips) -> tuple[FloatArray, FloatArray]:
    bulk = 1.0 - np.abs(lips.across) ** 3
    below = lips.lower > 0
    contact = vectors(0.0, bulk * np.where(below, 1.5, 0.6), 0.5 * bulk)
    border = vectors(0.0, 2.2 * bulk * below, np.where(below, 0.66 * lips.height, 0.3 * bulk))
    return contact, border


def _roll_upper(lips: Lips) -> tuple[FloatArray, FloatArray]:
    bulk = 1.0 - np.abs(lips.across) ** 3
    above = lips.upper > 0
    contact = vectors(0.0, bulk * np.where(above, 1.5, 0.6), -0.5 * bulk)
    border = vectors(0.0, 2.0 * bulk * above, np.where(above, -0.62 * lips.height, -0.3 * bulk))
    return contact, border


def _shrug_lower(lips: Lips) -> tuple[FloatArray, FloatArray]:
    bulk = (1.0 - lips.across**2) ** 1.2
    below = lips.lower > 0
    contact = vectors(0.0, -bulk, 2.6 * bulk)
    border = vectors(0.0, -2.8 * bulk * below, np.where(below, 3.6, 1.6) * bulk)
    return contact, border


def _shrug_upper(lips: Lips) -> tuple[FloatArray, FloatArray]:
    bulk = (1.0 - lips.across**2) ** 1.2
    above = lips.upper > 0
    contact = vectors(0.0, -1.2 * bulk, 2.4 * bulk)
    border = vectors(0.0, -2.2 * bulk * above, np.where(above, 3.2, 1.6) * bulk)
    return contact, border


def _aside(lips: Lips) -> tuple[FloatArray, FloatArray]:
    turn = lips.points[:, 0] / MM * 0.27
    move = vectors(7.5, 0.8 + turn, 0.5 * lips.across)
    return move, move * np.array([0.9, 0.9, 0.9])


def _towards_left_corner(lips: Lips, sharpness: float = 1.6) -> FloatArray:
    return np.clip(lips.across, 0.0, 1.0) ** sharpness


def _smile(lips: Lips) -> tuple[FloatArray, FloatArray]:
    pull = _towards_left_corner(lips)
    contact = vectors(6.2 * pull, 4.2 * pull**1.5 + 0.4 * lips.left, 6.6 * pull**1.5)
    border = vectors(
        6.2 * pull,
        4.2 * pull**1.5 + 0.5 * lips.left,
        6.4 * pull**1.5 - 0.5 * lips.left * lips.upper + 0.4 * lips.left * lips.lower,
    )
    return contact, border


def _frown(lips: Lips) -> tuple[FloatArray, FloatArray]:
    pull = _towards_left_corner(lips, 1.8)
    contact = vectors(1.2 * pull, 1.0 * pull, -6.0 * pull + 0.5 * lips.left * (1 - lips.corner))
    return contact, vectors(1.2 * pull, 0.6 * pull, -6.0 * pull)


def _dimple(lips: Lips) -> tuple[FloatArray, FloatArray]:
    pull = _towards_left_corner(lips, 2.0)
    move = vectors(4.2 * pull, 5.0 * pull, 1.4 * pull)
    return move, move


def _stretch(lips: Lips) -> tuple[FloatArray, FloatArray]:
    pull = _towards_left_corner(lips, 1.4)
    contact = vectors(6.6 * pull, 3.6 * pull, -3.0 * pull**2)
    border = vectors(6.6 * pull, 3.6 * pull, -3.0 * pull**2 - 0.8 * lips.left * lips.lower)
    return contact, border


def _press(lips: Lips) -> tuple[FloatArray, FloatArray]:
    pull = _towards_left_corner(lips, 2.0)
    contact = vectors(0.8 * pull, 0.5 * lips.left, 0.6 * pull)
    thinner = lips.left * lips.height * np.where(lips.above > 0, -0.34, 0.34)
    border = vectors(0.8 * pull, 1.2 * lips.left * (1 - lips.corner), thinner + 0.6 * pull)
    return contact, border


def _bump(lips: Lips) -> FloatArray:
    """Half of the mouth's opening along the lip, largest left of the middle; with its mirror image it is even."""
    return lips.left * (1.0 - lips.across**4)


def _lower_down(lips: Lips) -> tuple[FloatArray, FloatArray]:
    drop = _bump(lips) * lips.lower
    contact = vectors(0.0, 1.2 * drop, -6.6 * drop)
    return contact, vectors(0.0, 0.6 * drop, -5.6 * drop)


def _upper_up(lips: Lips) -> tuple[FloatArray, FloatArray]:
    rise = _bump(lips) * lips.upper
    contact = vectors(0.0, 1.3 * rise, 5.4 * rise)
    return contact, vectors(0.0, 0.8 * rise, 4.4 * rise)


Recipe = Callable[[Lips], tuple[FloatArray, FloatArray]]
_WHOLE: dict[str, Recipe] = {
    "mouthFunnel": _funnel,
    "mouthPucker": _pucker,
    "mouthRollLower": _roll_lower,
    "mouthRollUpper": _roll_upper,
    "mouthShrugLower": _shrug_lower,
    "mouthShrugUpper": _shrug_upper,
}
_ONE_SIDED: dict[str, Recipe] = {
    "mouthSmile": _smile,
    "mouthFrown": _frown,
    "mouthDimple": _dimple,
    "mouthStretch": _stretch,
    "mouthPress": _press,
    "mouthLowerDown": _lower_down,
    "mouthUpperUp": _upper_up,
}
