"""The profile of a head in face axes: how large it is, and where nose, lips and chin stand out."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import minimum_filter1d

from ...motion.mesh import Array, Mesh
from .section import section

_ROWS = 400
_SAMPLES = 40 * _ROWS
"""The most points a section is looked at in: on what is no head, rows may be endlessly fine."""
_EYES_PER_WIDTH = 3.1
"""The width of a head over the distance between the pupils."""


@dataclass(frozen=True)
class Profile:
    """The front of the face in its middle plane.

    heights: (n,) falling Y; depths: (n,) Z of the front there, NaN where nothing is; scale: about the distance
    between the pupils; nose_height: how far the nose stands out, in scales.
    """

    heights: Array
    depths: Array
    scale: float
    nose_tip: Array
    nose_height: float

    @property
    def chin_limit(self) -> float:
        """The Y below which no mouth lies."""
        return float(self.nose_tip[1]) - 1.5 * self.scale

    @property
    def front_limit(self) -> float:
        """The Z behind which no lip lies."""
        return float(self.nose_tip[2]) - 1.1 * self.scale

    def at(self, height: float) -> Array:
        """The front of the middle plane at Y = height."""
        return np.array([0.0, height, float(np.interp(-height, -self.heights, _filled(self.depths)))])

    def subnasale(self, lips: float) -> Array:
        """Where the nose meets the lip: the corner of the profile between its tip and Y = lips."""
        low = max(lips + 0.25 * (self.nose_tip[1] - lips), self.nose_tip[1] - 0.6 * self.scale)
        below = self._between(low, self.nose_tip[1] - 0.03 * self.scale)
        if not len(below):
            return self.at(float(self.nose_tip[1]) - 0.25 * self.scale)
        return self.at(float(self.heights[below[np.argmax(self.heights[below] - self.depths[below])]]))

    def lip_line(self) -> Array:
        """The dent between lips that were never parted."""
        below = self._between(self.nose_tip[1] - 0.95 * self.scale, self.nose_tip[1] - 0.45 * self.scale)
        if len(below) < 8:
            return self.at(float(self.nose_tip[1]) - 0.68 * self.scale)
        depth = self.depths[below]
        chord = np.linspace(depth[0], depth[-1], len(depth))
        curvature = np.gradient(np.gradient(depth - chord))
        inner = slice(2, -2)
        return self.at(float(self.heights[below[inner][np.argmax(curvature[inner])]]))

    def chin(self, lips: Array, face: float) -> Array:
        """The point of the chin, `face` being the height of the eyes above the lips."""
        below = self._between(lips[1] - 0.95 * face, lips[1] - 0.3 * face)
        if not len(below):
            return self.at(float(lips[1]) - 0.6 * face)
        depth, height = self.depths[below], self.heights[below]
        jump = np.flatnonzero(np.abs(np.diff(depth)) > 0.12 * face)  # the step from the chin back to the neck
        end = jump[0] + 1 if len(jump) else len(depth)
        return self.at(float(height[:end][np.argmax(0.8 * depth[:end] - 0.6 * height[:end])]))

    def _between(self, low: float, high: float) -> np.ndarray:
        return np.flatnonzero((self.heights > low) & (self.heights < high) & np.isfinite(self.depths))


def _filled(depths: Array) -> Array:
    known = np.flatnonzero(np.isfinite(depths))
    return np.interp(np.arange(len(depths)), known, depths[known])


def front_profile(mesh: Mesh) -> Profile | None:
    """The profile of a head in face axes, or None where no nose stands out."""
    width, top = head_width(mesh)
    scale = width / _EYES_PER_WIDTH
    bottom = max(float(mesh.vertices[:, 1].min()), top - 2.1 * width)
    heights = np.linspace(top, bottom, _ROWS)
    middle = _front(mesh, 0.0, heights)
    beside = np.fmin(_front(mesh, 0.3 * scale, heights), _front(mesh, -0.3 * scale, heights))
    ridge = middle - beside
    ridge[_pointed_end(ridge) :] = -np.inf
    ridge[~np.isfinite(ridge) | (ridge > 0.55 * scale)] = -np.inf
    # A nose has forehead above it and a mouth below, and is long: the edge of a chin stands out over a short way only.
    ridge[(heights > top - 0.3 * width) | (heights < top - 1.35 * width)] = -np.inf
    rows = max(int(0.25 * scale / (heights[0] - heights[1])), 1)
    long = minimum_filter1d(ridge, rows)
    tip = int(np.argmax(long))
    if not np.isfinite(long[tip]) or long[tip] < 0.03 * scale:
        return None
    around = np.arange(max(tip - rows, 0), min(tip + rows, _ROWS))
    tip = int(around[np.argmax(ridge[around])])
    around = np.flatnonzero(np.abs(heights - heights[tip]) < 0.15 * scale)
    height = float(ridge[tip] / scale)
    tip = int(around[np.nanargmax(middle[around])])
    return Profile(heights, middle, scale, np.array([0.0, heights[tip], middle[tip]]), height)


def _pointed_end(ridge: Array) -> int:
    """Where a pointed chin begins, which stands out more and more until the head ends: a nose has a mouth below it."""
    known = np.flatnonzero(np.isfinite(ridge))
    if not len(known):
        return len(ridge)
    row = int(known[-1])
    while row > 0 and ridge[row - 1] < ridge[row]:
        row -= 1
    return row


def foremost(mesh: Mesh, x: float, y: float) -> float:
    """The Z of the front of a head in face axes at X, Y; NaN where nothing is."""
    near = 0.005 * mesh.size
    depths = _front(mesh, x, np.linspace(y + near, y - near, 5))
    known = depths[np.isfinite(depths)]
    return float(known.max()) if len(known) else float("nan")


def head_width(mesh: Mesh) -> tuple[float, float]:
    """The width of the head without shoulders or body, and the Y of its top."""
    x, y = np.abs(mesh.vertices[:, 0]), mesh.vertices[:, 1]
    top = float(y.max())
    order = np.argsort(-y)
    reach = np.maximum.accumulate(x[order])
    below = top - y[order]
    tall = below > 2 * 1.25 * reach  # a head is about a quarter taller than wide, and the neck thinner
    crown = int(np.argmax(~tall & (below > 0.02 * mesh.size)))
    ends = np.flatnonzero(tall[crown:])
    last = crown + int(ends[0]) if len(ends) else len(order) - 1
    return 2.0 * float(reach[last]), top


def _front(mesh: Mesh, x: float, heights: Array) -> Array:
    """(n,) the foremost Z of the section at X = x for each of the falling heights, NaN where nothing is."""
    depth = np.full(len(heights), -np.inf)
    step = (heights[0] - heights[-1]) / (len(heights) - 1)
    for curve in section(mesh, x):
        count = min(max(int(curve.length[-1] / (0.5 * step)), 2), _SAMPLES)
        along = np.linspace(0.0, curve.length[-1], count)
        y = np.interp(along, curve.length, curve.points[:, 1])
        z = np.interp(along, curve.length, curve.points[:, 2])
        row = np.round((heights[0] - y) / step).astype(int)
        inside = (row >= 0) & (row < len(heights))
        np.maximum.at(depth, row[inside], z[inside])
    return np.where(np.isfinite(depth), depth, np.nan)
