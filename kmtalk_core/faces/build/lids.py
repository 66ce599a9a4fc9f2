"""Lids that turn about the eyeball: the smoothest turn of the skin around an eye that takes both rims where they go."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from ...motion.mesh import Array
from ..recognize.slits import Anchors
from .jaw import smoothstep
from .rig import Rig

_ABOVE, _BELOW = np.radians(52.0), np.radians(46.0)
"""How far from the rims the skin takes part, as angles about the eyeball."""
_ASIDE = 1.45
"""Of half the eye's width: how far beyond its corners."""
_FARTHEST = 2.1
"""Of the ball's radius: what is farther away has no part in it."""
_FIRM = 3e5
_CLEAR = 0.02
"""Of the ball's radius: in-betweens are chords, which must clear it."""
_PASSES = 3


@dataclass(frozen=True)
class Lids:
    """One eye's lids. centre: (3,) of the ball in face axes; radius; anchors: matching points of both rims."""

    rig: Rig
    centre: Array
    radius: float
    anchors: Anchors
    width: float

    @cached_property
    def rims(self) -> tuple[Array, Array]:
        """(n, 3) points of the upper and of the lower rim."""
        return self.anchors.upper_points(self.rig.vertices), self.anchors.lower_points(self.rig.vertices)

    @cached_property
    def opening(self) -> Array:
        """(n,) radians between the rims."""
        upper, lower = (self._elevation(rim) for rim in self.rims)
        return np.asarray(np.maximum(upper - lower, 0.0))

    def _elevation(self, points: Array) -> Array:
        return np.asarray(np.arctan2(points[:, 1] - self.centre[1], points[:, 2] - self.centre[2]))

    @cached_property
    def _active(self) -> np.ndarray:
        """(A,) the vertices that may move."""
        points = self.rig.vertices
        middle = 0.5 * (self.rims[0] + self.rims[1])
        order = np.argsort(middle[:, 0])
        x = middle[order, 0]
        ends, half = (x[0], x[-1]), 0.5 * (x[-1] - x[0])
        aside = np.maximum(ends[0] - points[:, 0], points[:, 0] - ends[1]) / half
        upper, lower = (np.interp(points[:, 0], x, self._elevation(rim)[order]) for rim in self.rims)
        elevation = self._elevation(points)
        narrow = np.sqrt(np.clip(1.0 - np.maximum(aside, 0.0) / (_ASIDE - 1.0), 0.0, 1.0))
        near = (elevation < upper + _ABOVE * narrow) & (elevation > lower - _BELOW * narrow) & (narrow > 0)
        near &= np.linalg.norm(points - self.centre, axis=1) < _FARTHEST * self.radius
        near &= points[:, 2] > self.centre[2] - 0.2 * self.radius
        return np.flatnonzero(near)

    @cached_property
    def _rows(self) -> sparse.csr_matrix:
        """(2n, A) what takes vertices to the points of both rims; corners that stay fixed count as nothing."""
        place = np.full(len(self.rig.vertices), -1)
        place[self._active] = np.arange(len(self._active))
        corners = place[np.concatenate([self.anchors.upper, self.anchors.lower])]
        weights = np.concatenate([self.anchors.upper_weights, self.anchors.lower_weights])
        inside = corners >= 0
        rows = np.repeat(np.arange(len(corners)), 3).reshape(-1, 3)
        shape = (len(corners), len(self._active))
        return sparse.csr_matrix((weights[inside], (rows[inside], corners[inside])), shape=shape)

    @cached_property
    def _solver(self) -> "splu":
        reached = np.asarray(self.rig.mesh.laplacian[:, self._active].getnnz(axis=1)) > 0  # their edge lies flat too
        laplacian = self.rig.mesh.laplacian[reached][:, self._active]
        area = self.rig.mesh.areas[reached] / self.width**2
        bending = laplacian.T @ sparse.diags(1.0 / np.maximum(area, 1e-9)) @ laplacian
        return splu((bending + _FIRM * self._rows.T @ self._rows).tocsc(), permc_spec="MMD_AT_PLUS_A",
                    options={"SymmetricMode": True})  # fmt: skip

    def _smoothest(self, at_rims: Array) -> Array:
        """(V, …) the smoothest values that are `at_rims` (2n, …) and nothing at the edge of what moves."""
        found = self._solver.solve(np.ascontiguousarray(_FIRM * self._rows.T @ at_rims))
        whole = np.zeros((len(self.rig.vertices), *at_rims.shape[1:]))
        whole[self._active] = found
        return whole

    def turned(self, upper_share: float, lower_share: float) -> Array:
        """Offsets (V, 3) of lids of which the upper one turns down and the lower one up by shares of the opening."""
        turns = np.concatenate([upper_share * self.opening, -lower_share * self.opening])
        return self._about_ball(self._smoothest(turns))

    def shut(self, lower_share: float) -> Array:
        """Offsets (V, 3) of lids that meet: turned, and drawn onto one line where the turn leaves them apart."""
        offsets = self.turned(1.0 - lower_share, lower_share)
        for _ in range(_PASSES):
            points = self.rig.vertices + offsets
            upper, lower = self.anchors.upper_points(points), self.anchors.lower_points(points)
            line = lower + 0.5 * (upper - lower)
            offsets = offsets + self._smoothest(np.concatenate([line - upper, line - lower]))
        return self._clear(offsets)

    def _about_ball(self, turn: Array) -> Array:
        """Offsets (V, 3) of a turn (V,) in radians about the ball's axis from side to side, down for the positive."""
        offset = self.rig.vertices - self.centre
        c, s = np.cos(turn), np.sin(turn)
        y, z = offset[:, 1], offset[:, 2]
        out = 1.0 + _CLEAR * np.clip(np.abs(turn) / 0.3, 0.0, 1.0)
        return np.stack([np.zeros(len(y)), out * (c * y - s * z) - y, out * (c * z + s * y) - z], axis=1)

    def _clear(self, offsets: Array) -> Array:
        """The same pushed out of the ball where skin that lay outside would enter it."""
        points = self.rig.vertices + offsets
        out = points - self.centre
        distance = np.linalg.norm(out, axis=1)
        least = np.minimum((1.0 + _CLEAR) * self.radius, np.linalg.norm(self.rig.vertices - self.centre, axis=1))
        moved = smoothstep(0.0, 0.02 * self.radius, np.linalg.norm(offsets, axis=1))
        push = np.maximum(least - distance, 0.0) * moved
        return offsets + out * (push / np.maximum(distance, 1e-12))[:, None]
