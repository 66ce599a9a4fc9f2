"""How much each vertex follows the jaw, and the hinge it turns about."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from ...motion.mesh import Array, Mesh
from ..recognize.slits import Slit

_FIRM = 3e4
_SOFT = 300.0
_FREE = 0.02
"""Weights of targets against smoothness, per unit of area in face heights squared."""
_WIDEST_GAP = 0.62
"""Of the mouth's width: how far jawOpen parts the lips."""
_LEAST_TURN, _LARGEST_TURN = np.radians(9.0), np.radians(28.0)


@dataclass(frozen=True)
class Jaw:
    """hinge: a point of the axis, which runs along X; turn: radians of jawOpen; weight: (V,) 0 to 1."""

    hinge: Array
    turn: float
    weight: Array

    def opened(self, points: Array, weight: Array) -> Array:
        """Points (n, 3) turned with the jaw by their weight (n,)."""
        angle = self.turn * weight
        c, s = np.cos(angle), np.sin(angle)
        y, z = (points - self.hinge)[:, 1], (points - self.hinge)[:, 2]
        return np.stack([points[:, 0], self.hinge[1] + c * y - s * z, self.hinge[2] + s * y + c * z], axis=1)


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between; `low` may be the larger of the two."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def make_jaw(mesh: Mesh, points: dict[str, Array], mouth: Slit | None, mouth_width: float) -> Jaw:
    """The jaw of a face in face axes, from its landmarks and the slit of its mouth."""
    hinge = 0.5 * (points["jaw_left"] + points["jaw_right"])
    lips = 0.5 * (points["upper_lip"] + points["lower_lip"])
    reach = float(np.linalg.norm((lips - hinge)[1:]))
    turn = 2.0 * np.arcsin(np.clip(0.5 * _WIDEST_GAP * mouth_width / reach, 0.0, 1.0))
    weight = _weights(mesh, points, hinge, mouth, mouth_width)
    return Jaw(hinge, float(np.clip(turn, _LEAST_TURN, _LARGEST_TURN)), weight)


def _weights(mesh: Mesh, points: dict[str, Array], hinge: Array, mouth: Slit | None, mouth_width: float) -> Array:
    """(V,) the smoothest weights that hold the upper face still, carry the chin along, and part at the lips."""
    eyes = 0.5 * (points["eye_left"] + points["eye_right"])
    lips = 0.5 * (points["upper_lip"] + points["lower_lip"])
    face = float(eyes[1] - lips[1])
    target, firmness = _targets_by_place(mesh, hinge, lips, points["chin"], face)
    if mouth is not None:
        _aim_at_lips(mesh, mouth, mouth_width, target, firmness)
    return _smoothest(mesh, target, firmness, face)


def _targets_by_place(mesh: Mesh, hinge: Array, lips: Array, chin: Array, face: float) -> tuple[Array, Array]:
    """Targets and firmness from where a vertex lies around the hinge."""
    forward, up = mesh.vertices[:, 2] - hinge[2], mesh.vertices[:, 1] - hinge[1]
    angle = np.arctan2(up, forward) - np.arctan2(lips[1] - hinge[1], lips[2] - hinge[2])
    angle = (angle + np.pi) % (2 * np.pi) - np.pi
    y, z = mesh.vertices[:, 1], mesh.vertices[:, 2]
    above = (angle > np.radians(13.0)) & (y > lips[1] - 0.1 * face)
    behind = forward < 0.05 * face
    neck = (y < chin[1] - 0.3 * face) | ((z < lips[2] - 0.9 * face) & (y < chin[1] + 0.15 * face))
    still = above | behind | neck
    carried = ~still & (angle < np.radians(-11.0)) & (z > lips[2] - 0.8 * face) & (y > chin[1] - 0.06 * face)
    target = np.where(carried, smoothstep(-0.9 * face, -0.3 * face, z - lips[2]), 0.0)
    front = carried & (z > lips[2] - 0.3 * face)
    firmness = np.where(still | front, _FIRM, np.where(carried, _SOFT, _FREE))
    # A free vertex still has a mild opinion, so that loose flaps of the mesh go nowhere odd.
    opinion = smoothstep(np.radians(12.0), np.radians(-12.0), angle)
    return np.where(still | carried, target, opinion), firmness


def _aim_at_lips(mesh: Mesh, mouth: Slit, width: float, target: Array, firmness: Array) -> None:
    """Around the slit the upper lip stays and the lower one goes, less and less towards the corners."""
    right, left = mouth.corners
    middle, half = 0.5 * (right[0] + left[0]), 0.5 * (left[0] - right[0])
    total = np.zeros(len(target))
    votes = np.zeros(len(target))
    for mark in mouth.marks:
        near = (mark.distance < 0.16 * width) & (mark.distance > -0.5 * width)
        corners = mesh.triangles[mark.triangles[near]].ravel()
        across = np.clip((mesh.vertices[corners, 0] - middle) / half, -1.0, 1.0)
        parted = np.sqrt(1.0 - across**2)
        np.add.at(total, corners, 0.5 - 0.5 * mark.side * parted)
        np.add.at(votes, corners, 1.0)
    lips = votes > 0
    target[lips] = total[lips] / votes[lips]
    firmness[lips] = _FIRM


def _smoothest(mesh: Mesh, target: Array, firmness: Array, face: float) -> Array:
    """(V,) minimises bending and distance to the targets; only what is not surely still is solved for."""
    fixed = (target == 0.0) & (firmness >= _FIRM)
    ring = fixed & (np.asarray(mesh.adjacency @ (~fixed).astype(float)).ravel() > 0)
    second = fixed & (np.asarray(mesh.adjacency @ (~fixed | ring).astype(float)).ravel() > 0)
    active = np.flatnonzero(~fixed | ring | second)
    area = mesh.areas[active] / face**2
    laplacian = mesh.laplacian[active][:, active]
    bending = laplacian.T @ sparse.diags(1.0 / area) @ laplacian
    pull = sparse.diags(firmness[active] * area)
    solver = splu((bending + pull).tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    weight = np.zeros(len(target))
    weight[active] = np.clip(solver.solve(firmness[active] * area * target[active]), 0.0, 1.0)
    weight[fixed & ~ring] = 0.0
    return weight
