"""Shapes of the jaw: a hinge below the ears that takes chin, lower lip, lower teeth and tongue along."""

from __future__ import annotations

import numpy as np

from .rig import SkinRig, bilaplacian_of, both_sides, extension
from .shapes_mouth import Lips, smooth_step
from .skin import MOUTH_BORDER, MOUTH_CONTACT, ROWS
from .topology import FloatArray

HINGE = np.array([0.0, 0.002, 0.078])
OPEN_ANGLE = np.radians(15.0)
FORWARD, ASIDE_ANGLE = 0.0060, 0.062
CORNER_WEIGHT = 0.42
THROAT_WEIGHT = 0.7
TONGUE_OPEN = 0.34
"""Share of jawOpen within tongueOut: the tongue must pass between the teeth."""


def rotated(points: FloatArray, weight: FloatArray, angle: float = OPEN_ANGLE) -> FloatArray:
    """Points (V, 3) turned about the hinge, each by its weight (V,) of an angle that opens the jaw."""
    turn = weight * angle
    y, z = points[:, 1] - HINGE[1], points[:, 2] - HINGE[2]
    opened = np.stack([points[:, 0], np.cos(turn) * y - np.sin(turn) * z, np.sin(turn) * y + np.cos(turn) * z], axis=1)
    return opened + np.array([0.0, HINGE[1], HINGE[2]])


def rigid_shapes(points: FloatArray, weight: FloatArray) -> dict[str, FloatArray]:
    """The four shapes of the jaw for vertices (V, 3) that follow it by weight (V,)."""
    yaw = np.stack([HINGE[1] - points[:, 1], points[:, 0], np.zeros(len(points))], axis=1)
    aside = ASIDE_ANGLE * weight[:, None] * yaw
    return {
        "jawOpen": rotated(points, weight) - points,
        "jawForward": weight[:, None] * np.array([0.0, -FORWARD, -0.0006]),
        "jawLeft": aside,
        "jawRight": -aside,
    }


def jaw_weights(rig: SkinRig) -> FloatArray:
    """How far each vertex (V,) of the skin follows the jaw: 1 at chin and lower lip, 0 above the mouth and below."""
    weight = np.full(len(rig.points), np.nan)
    x, y, z = rig.points.T
    grid = rig.half.grid
    held = both_sides(np.concatenate([grid[:9].ravel(), grid[24 : ROWS + 1].ravel(), grid[:, 22:].ravel()]), rig.twin)
    weight[held] = 0.0
    eye, nostril, ear = rig.half.eye.rings, rig.half.nostril, rig.half.ear
    for group in (eye, nostril.rings, nostril.fill, ear.rings, ear.fill, rig.half.cap):
        weight[both_sides(group.ravel(), rig.twin)] = 0.0
    chin = (z < 0.027) & (y < -0.066) & (np.abs(x) < 0.030)
    weight[chin] = 1.0
    lip = _lip_weights(rig.across, rig.above)
    inside = smooth_step(0.5 - 0.62 * rig.above)
    for ring in range(MOUTH_BORDER, len(rig.mouth)):
        deep = np.clip((ring - MOUTH_CONTACT - 1) / 3.0, 0.0, 1.0)
        weight[rig.mouth[ring]] = lip + (inside - lip) * deep
    weight[rig.mouth[-1]] *= THROAT_WEIGHT
    given = np.flatnonzero(~np.isnan(weight))
    free = np.flatnonzero(np.isnan(weight))
    weight[free] = extension(bilaplacian_of(rig.points, rig.faces), free, given)(np.nan_to_num(weight))
    return np.clip(weight, -0.03, 1.03)


def _lip_weights(across: FloatArray, above: FloatArray) -> FloatArray:
    corner = np.abs(across) ** 3.6
    return np.where(above < 0, 1.0 - (1.0 - CORNER_WEIGHT) * corner, CORNER_WEIGHT * corner)


def jaw_shapes(rig: SkinRig) -> dict[str, FloatArray]:
    """The jaw's shapes and mouthClose on the skin; offsets (V, 3) by ARKit name."""
    lips = Lips(rig)
    shapes = rigid_shapes(rig.points, jaw_weights(rig))
    narrow = np.zeros((48, 3))
    narrow[:, 0] = -0.08 * lips.points[:, 0] * np.abs(lips.across) ** 2
    shapes["jawOpen"] = shapes["jawOpen"] + lips.shape(narrow, narrow)
    for name in ("jawForward", "jawLeft"):
        shapes[name] = shapes[name] + _sealing(rig, lips, shapes[name])
    shapes["jawRight"] = rig.mirrored(shapes["jawLeft"])
    shapes["mouthClose"] = _close(rig, lips, shapes["jawOpen"])
    return shapes


def _close(rig: SkinRig, lips: Lips, opened: FloatArray) -> FloatArray:
    """What brings the opened lips exactly together on a line between them."""
    upper, lower = _both_lips(rig, lips, opened)
    meeting = 0.55 * upper + 0.45 * lower
    meeting[:, 1] = np.minimum(meeting[:, 1], 0.15 * lower[:, 1] + 0.85 * upper[:, 1])
    at_contact = meeting - opened[rig.contact]
    share = np.where(lips.above > 0, 0.72, 0.86)[:, None]
    return lips.shape(at_contact, at_contact * share)


def _sealing(rig: SkinRig, lips: Lips, moved: FloatArray) -> FloatArray:
    """What keeps closed lips in touch while the jaw slides below them."""
    upper, lower = _both_lips(rig, lips, moved)
    at_contact = 0.5 * (upper + lower) - moved[rig.contact]
    at_contact[:, 1] -= 0.5 * np.abs(at_contact[:, 0])
    return lips.shape(at_contact, 0.4 * at_contact)


def _both_lips(rig: SkinRig, lips: Lips, offsets: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Offsets (48, 3) of the upper and of the lower lip at each place along the line of contact."""
    contact = offsets[rig.contact]
    partner = np.roll(contact[::-1], 1 - 24, axis=0)
    is_upper = lips.above[:, None] > 0
    return np.where(is_upper, contact, partner), np.where(is_upper, partner, contact)


def tongue_shapes(points: FloatArray) -> dict[str, FloatArray]:
    """The tongue's shapes; points (V, 3)."""
    share = np.clip((points[:, 1] + 0.040) / -0.0425, 0.0, 1.0)
    shapes = rigid_shapes(points, 0.35 + 0.65 * smooth_step(share * 1.6))
    out = rotated(points, np.full(len(points), TONGUE_OPEN)) - points
    reach = smooth_step(share)
    middle = np.array([0.0, 0.0, -0.001]) * reach[:, None]
    thinner = -0.25 * reach * (points[:, 2] - points[:, 2].mean())
    lift = 0.001 * np.clip(share - 0.55, 0, None) ** 1.5 / 0.45**1.5
    out = out * (1 - 0.35 * reach)[:, None] + middle
    out[:, 1] -= 0.030 * reach
    out[:, 2] += thinner + lift
    shapes["tongueOut"] = out
    return shapes
