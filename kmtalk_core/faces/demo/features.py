"""Where the loops of lips, eyelids, nostrils and ears lie on the neutral face."""

from __future__ import annotations

import numpy as np

from .skin import LID_EDGE, LID_INSIDE, LID_LINE, LID_NEAR, LID_RIM, MOUTH_BORDER, MOUTH_CONTACT, HalfSkin
from .surface import EYE_CENTRE, EYE_RADIUS, LID_RADIUS, front_depth, head_distance, project
from .topology import FloatArray, IntArray

MOUTH_HALF_WIDTH = 0.0250
LIP_LINE = 0.0490
ARCH_FRONT, ARCH_HALF_WIDTH, ARCH_DEPTH = -0.0962, 0.0280, 0.0225

# Cross sections of the lips from contact (0) to vermilion border (1): fraction of the height, metres forward.
_UPPER_SECTION = np.array(
    [(0.0, -0.0018), (0.06, 0.0000), (0.25, 0.0022), (0.55, 0.0025), (0.85, 0.0012), (1.0, 0.0006)]
)
_LOWER_SECTION = np.array(
    [(0.0, -0.0018), (0.08, 0.0002), (0.30, 0.0030), (0.60, 0.0036), (0.85, 0.0018), (1.0, 0.0002)]
)
# Loops of the mouth's inside from the gums to the throat: half width, height up, height down, and for the first two
# metres in front of the dental arch, for the others y.
_CAVITY = (
    (0.0276, 0.0110, 0.0120, 0.0020),
    (0.0286, 0.0175, 0.0190, 0.0026),
    (0.0325, 0.0185, 0.0200, -0.0600),
    (0.0250, 0.0150, 0.0180, -0.0380),
)
_ALONG_ARCH = 2


def dental_arch(x: FloatArray) -> FloatArray:
    """The y of the front of the upper teeth at x."""
    return ARCH_FRONT + ARCH_DEPTH * np.abs(x / ARCH_HALF_WIDTH) ** 3


def lip_line_height(x: FloatArray) -> FloatArray:
    """The z of the line where the closed lips meet, for x within the mouth."""
    across = np.clip(np.abs(x) / MOUTH_HALF_WIDTH, 0.0, 1.0)
    tubercle = -0.0009 * np.exp(-((across / 0.22) ** 2))
    return LIP_LINE + tubercle + 0.0008 * across**2 + 0.0021 * across**4 - 0.0003 * np.sin(np.pi * across) ** 2


def _border_heights(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    across = np.clip(np.abs(x) / (MOUTH_HALF_WIDTH + 0.0015), 0.0, 1.0)
    taper = np.sqrt(1.0 - across**2)
    peaks, dip = np.exp(-(((across - 0.24) / 0.13) ** 2)), np.exp(-((across / 0.12) ** 2))
    return 0.0072 * taper**1.5 + 0.0008 * peaks - 0.0009 * dip, 0.0088 * taper**1.25


def place_mouth(skin: HalfSkin, points: FloatArray) -> IntArray:
    """Write the positions of the lips and the inside of the mouth into points (V, 3); returns the vertices written."""
    rings = skin.mouth.rings
    angle = np.pi * np.arange(rings.shape[1]) / (rings.shape[1] - 1)
    aside, above = np.sin(angle), -np.cos(angle)
    aside[[0, -1]] = 0.0
    upper = above > 1e-6
    contact_x = MOUTH_HALF_WIDTH * aside
    contact_z = lip_line_height(contact_x)
    border_x = (MOUTH_HALF_WIDTH + 0.0016) * aside
    rise, drop = _border_heights(border_x)
    border_z = lip_line_height(border_x) + np.where(upper, rise, -drop)
    for ring in range(MOUTH_BORDER, MOUTH_CONTACT + 1):
        step = MOUTH_CONTACT - ring
        share, forward = np.where(upper[:, None], _UPPER_SECTION[step], _LOWER_SECTION[step]).T
        fade = np.clip(1.0 - aside**8, 0.12, 1.0)
        x = contact_x + (border_x - contact_x) * share
        z = contact_z + (border_z - contact_z) * share
        flat = front_depth(x, z, head_distance)
        points[rings[ring]] = np.stack([x, flat - forward * np.where(forward > 0, fade, 1.0), z], axis=1)
    contact = points[rings[MOUTH_CONTACT]]
    inner = contact + np.stack([-0.0004 * aside, np.full_like(aside, 0.0014), 0.0008 * above], axis=1)
    cavity = [_cavity_loop(number, aside, above) for number in range(len(_CAVITY))]
    between = 0.5 * (inner + cavity[0])
    between[:, 2] -= 0.18 * (cavity[0] - inner)[:, 2]
    for ring, loop in enumerate((inner, between, *cavity), start=MOUTH_CONTACT + 1):
        points[rings[ring]] = loop
    points[skin.mouth.fill] = cavity[-1].mean(axis=0)
    return np.concatenate([rings[MOUTH_BORDER:].ravel(), skin.mouth.fill])


def _cavity_loop(number: int, aside: FloatArray, above: FloatArray) -> FloatArray:
    half_width, height_up, height_down, depth = _CAVITY[number]
    x = half_width * aside
    z = LIP_LINE + above * np.where(above > 0, height_up, height_down)
    if number >= _ALONG_ARCH:
        return np.stack([x, np.full_like(x, depth), z], axis=1)
    slope = (dental_arch(x + 1e-5) - dental_arch(x - 1e-5)) / 2e-5
    outwards = depth / np.sqrt(1 + slope**2)
    return np.stack([x + slope * outwards, dental_arch(x) - outwards, z], axis=1)


LID_INNER, LID_OUTER = -0.0150, 0.0156
LID_UP, LID_DOWN = 0.0080, 0.0060


def lid_outline(count: int) -> FloatArray:
    """The eye's opening as (count, 2) offsets (x, z) from the eye's centre, in the order of the eye's loops."""
    half = count // 2
    start = -4
    offsets = np.zeros((count, 2))
    for m in range(count):
        k = (m - start) % count
        lower = k <= half
        share = k / half if lower else (count - k) / half
        x = LID_INNER + (LID_OUTER - LID_INNER) * 0.5 * (1 - np.cos(np.pi * share))
        tilt = -0.0016 + 0.0030 * share
        arc = np.sin(np.pi * share)
        lean = 1.0 + 0.22 * np.cos(np.pi * share) * (1 if not lower else -1)
        offsets[m] = x, tilt + (-LID_DOWN if lower else LID_UP) * arc**1.1 * lean
    return offsets


def on_sphere(offsets: FloatArray, radius: float) -> FloatArray:
    """Points (N, 3) at (x, z) offsets on the front of a sphere around the left eye."""
    depth = np.sqrt(np.maximum(radius**2 - (offsets**2).sum(axis=1), 1e-6))
    return EYE_CENTRE + np.stack([offsets[:, 0], -depth, offsets[:, 1]], axis=1)


def _lash_line(outline: FloatArray) -> FloatArray:
    """From the lids' edge to the far side of the lashes, (N, 2): upwards on the upper lid, wider to the temple."""
    away = np.stack([outline[:, 0] * 0.35, outline[:, 1]], axis=1)
    away /= np.linalg.norm(away, axis=1)[:, None]
    temple = np.clip(outline[:, 0] / LID_OUTER, -1.0, 1.0)
    return away * (0.0009 + 0.0004 * temple)[:, None]


def place_eye(skin: HalfSkin, points: FloatArray) -> IntArray:
    """Write the positions of the eyelids' edges into points (V, 3); returns the vertices written."""
    rings = skin.eye.rings
    outline = lid_outline(rings.shape[1])
    points[rings[LID_EDGE]] = on_sphere(outline, LID_RADIUS)
    points[rings[LID_LINE]] = on_sphere(outline + _lash_line(outline), LID_RADIUS + 0.0003)
    points[rings[LID_RIM]] = on_sphere(outline * 0.985, EYE_RADIUS + 0.0004)
    inside = on_sphere(outline, EYE_RADIUS + 0.0006) - EYE_CENTRE
    inside[:, [0, 2]] *= np.array([1.25, 1.45])
    inside *= ((EYE_RADIUS + 0.0007) / np.linalg.norm(inside, axis=1))[:, None]
    points[rings[LID_INSIDE]] = EYE_CENTRE + inside
    near = outline * np.stack([np.where(outline[:, 0] < 0, 1.05, 1.13), np.full(len(outline), 1.34)], axis=1)
    x, z = EYE_CENTRE[0] + near[:, 0], EYE_CENTRE[2] + near[:, 1]
    points[rings[LID_NEAR]] = np.stack([x, front_depth(x, z, head_distance), z], axis=1)
    return rings[LID_NEAR:].ravel()


def place_nostril(skin: HalfSkin, points: FloatArray) -> IntArray:
    """Write the positions of the nostril into points (V, 3); returns the vertices written."""
    rings = skin.nostril.rings
    angle = np.radians(-135.0) + 2 * np.pi * np.arange(rings.shape[1]) / rings.shape[1]
    for ring, (size, up) in enumerate(((1.0, 0.0), (0.8, 0.0022), (0.6, 0.0060)), start=1):
        across, forward = size * 0.0024 * np.cos(angle), size * 0.0038 * np.sin(angle)
        x = 0.0070 + across - 0.30 * forward
        y = -0.1049 - forward
        points[rings[ring]] = np.stack([x, y, _underside(x, y) + up], axis=1)
    points[skin.nostril.fill] = points[rings[3]].mean(axis=0) + np.array([0.0, 0.0, 0.0006])
    return np.concatenate([rings[1:].ravel(), skin.nostril.fill])


def _underside(x: FloatArray, y: FloatArray) -> FloatArray:
    points = np.stack([x, y, np.full_like(x, 0.0630)], axis=1)
    for _ in range(50):
        points[:, 2] += 0.8 * np.maximum(head_distance(points), 0.0)
    return points[:, 2]


EAR_CENTRE = np.array([0.0725, 0.0200, 0.1000])
# Loop by loop: size of the outline at the back of the ear and at its front, metres outwards at the back and the front.
_EAR_LOOPS = (
    (0.62, 1.04, 0.0000, 0.0000),
    (0.70, 1.02, 0.0070, 0.0002),
    (0.96, 1.00, 0.0125, 0.0005),
    (1.04, 0.98, 0.0158, 0.0010),
    (1.00, 0.93, 0.0176, 0.0014),
    (0.89, 0.86, 0.0168, 0.0014),
    (0.79, 0.76, 0.0132, 0.0010),
    (0.66, 0.66, 0.0144, 0.0012),
    (0.42, 0.50, 0.0060, -0.0016),
)
_EAR_BOWL = 6
"""The first loop inside the helix; from here on the lobe is flat."""


def place_ear(skin: HalfSkin, points: FloatArray) -> IntArray:
    """Write the positions of the ear into points (V, 3); returns the vertices written."""
    rings = skin.ear.rings
    count = rings.shape[1]
    angle = np.radians(-122.0) + 2 * np.pi * np.arange(count) / count
    back, up = np.cos(angle), np.sin(angle)
    outline_up = 0.0295 * up
    outline_back = 0.0160 * back * (1.0 + 0.22 * up) + 0.12 * outline_up
    rearward = 0.5 + 0.5 * back
    lobe = np.clip((-up - 0.45) / 0.4, 0.0, 1.0)
    tragus = np.exp(-(((back + 0.95) / 0.25) ** 2)) * np.exp(-(((up + 0.1) / 0.35) ** 2))
    for ring, (size_back, size_front, out_back, out_front) in enumerate(_EAR_LOOPS, start=1):
        size = size_front + (size_back - size_front) * rearward
        share = np.clip(0.5 + 0.5 * size * (back + 0.15 * up), 0.0, 1.0)
        out = out_front + (out_back - out_front) * share
        if ring >= _EAR_BOWL:
            rim = _EAR_LOOPS[4]
            flat = 0.6 * (rim[3] + (rim[2] - rim[3]) * share) + 0.0028
            out += 0.8 * lobe * (flat - out) * (size > 0.5)
            out += 0.0040 * tragus * (size < 0.72)
        shorter = min(1.0, 0.78 + 0.08 * ring)  # the root of the ear is not as high as its rim
        y = EAR_CENTRE[1] + size * outline_back + 0.10 * out
        z = EAR_CENTRE[2] + size * shorter * outline_up
        root = _side_width(y, z)
        points[rings[ring]] = np.stack([root + (EAR_CENTRE[0] - root) * rearward**0.7 + out, y, z], axis=1)
    points[rings[1]] = project(points[rings[1]], head_distance)
    points[skin.ear.fill] = points[rings[-1]].mean(axis=0)
    return np.concatenate([rings[1:].ravel(), skin.ear.fill])


def _side_width(y: FloatArray, z: FloatArray) -> FloatArray:
    """The x at which a ray from the left, at (y, z), meets the skin."""
    points = np.stack([np.full_like(y, 0.10), y, z], axis=1)
    for _ in range(40):
        points[:, 0] -= 0.8 * head_distance(points)
    return points[:, 0]
