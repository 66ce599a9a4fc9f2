"""The neutral skin with the vertex groups and smooth fields that shapes are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from .skin import MOUTH_BORDER, MOUTH_CONTACT, NOSTRIL, HalfSkin, build_half_skin
from .topology import ABSENT, FloatArray, IntArray, mirror_mesh, triangles_of
from .wrap import neutral_half

LIP_REACH = 0.036
"""Metres from the lips at which the skin no longer follows them."""


@dataclass(frozen=True)
class LipField:
    """Carries offsets of the lips smoothly into the skin around them (a biharmonic extension)."""

    rows: IntArray  # vertices whose offsets are given
    free: IntArray  # vertices that follow
    solve: Callable[[FloatArray], FloatArray]

    def extend(self, offsets: FloatArray) -> FloatArray:
        """Offsets (V, 3) with the free vertices filled in from the given ones."""
        result = offsets.copy()
        result[self.free] = self.solve(offsets)
        return result


@dataclass(frozen=True)
class SkinRig:
    """The whole skin: geometry, groups, and where each vertex of the mouth lies on it."""

    points: FloatArray  # (V, 3)
    faces: list[tuple[int, ...]]
    tags: list[str]
    twin: IntArray  # (V,) the mirror image of each vertex
    half: HalfSkin
    mouth: IntArray  # (R, 48) the mouth's loops all around, from the lower middle over the left corner
    across: FloatArray  # (48,) −1 at the right corner, 0 in the middle, 1 at the left corner
    above: FloatArray  # (48,) −1 in the middle of the lower lip, 0 at the corners, 1 in the middle of the upper lip
    lip_field: LipField

    @property
    def contact(self) -> IntArray:
        """Vertices (48,) along which the closed lips touch."""
        return self.mouth[MOUTH_CONTACT]

    def mirrored(self, offsets: FloatArray) -> FloatArray:
        """The mirror image of offsets (V, 3): the right shape for a left one."""
        return offsets[self.twin] * np.array([-1.0, 1.0, 1.0])


def build_rig() -> SkinRig:
    """The neutral skin, both halves, ready for shapes."""
    half = build_half_skin()
    points, faces, twin = mirror_mesh(neutral_half(half), half.faces, half.midline)
    left = half.mouth.rings
    mouth = np.concatenate([left, twin[left[:, -2:0:-1]]], axis=1)
    angle = 2 * np.pi * np.arange(mouth.shape[1]) / mouth.shape[1]
    across, above = np.sin(angle), -np.cos(angle)
    across[np.abs(across) < 1e-9] = 0.0
    above[np.abs(above) < 1e-9] = 0.0
    bilaplacian = bilaplacian_of(points, faces)
    free = _around_lips(points, half, twin, mouth)
    rows = np.setdiff1d(np.arange(len(points)), free)
    field = LipField(rows, free, extension(bilaplacian, free, rows))
    return SkinRig(points, faces, half.tags * 2, twin, half, mouth, across, above, field)


def bilaplacian_of(points: FloatArray, faces: list[tuple[int, ...]]) -> sparse.csc_matrix:
    """Discrete bi-Laplacian (V, V): cotangent stiffness, lumped mass."""
    triangles = triangles_of(faces)
    count = len(points)
    stiffness = sparse.csr_matrix((count, count))
    mass = np.zeros(count)
    for k in range(3):
        apex, first, second = triangles[:, k], triangles[:, (k + 1) % 3], triangles[:, (k + 2) % 3]
        to_first, to_second = points[first] - points[apex], points[second] - points[apex]
        doubled = np.maximum(np.linalg.norm(np.cross(to_first, to_second), axis=1), 1e-12)
        cotangent = np.clip((to_first * to_second).sum(axis=1) / doubled, -2.0, 10.0) / 2
        stiffness = stiffness + sparse.csr_matrix((cotangent, (first, second)), shape=(count, count))
        np.add.at(mass, apex, doubled / 6)
    stiffness = stiffness + stiffness.T
    laplacian = sparse.diags(np.asarray(stiffness.sum(axis=1)).ravel()) - stiffness
    return (laplacian @ sparse.diags(1.0 / np.maximum(mass, 1e-9)) @ laplacian).tocsc()


def extension(bilaplacian: sparse.csc_matrix, free: IntArray, given: IntArray) -> Callable[[FloatArray], FloatArray]:
    """A function from values on all vertices to the smoothest values on the free ones."""
    factor = splu(bilaplacian[free][:, free].tocsc())
    coupling = bilaplacian[free][:, given]
    return lambda values: factor.solve(-(coupling @ values[given]))


def both_sides(vertices: IntArray, twin: IntArray) -> IntArray:
    """Vertices of the left half together with their mirror images."""
    present = vertices[vertices != ABSENT]
    return np.unique(np.concatenate([present, twin[present]]))


def _around_lips(points: FloatArray, half: HalfSkin, twin: IntArray, mouth: IntArray) -> IntArray:
    lips = points[mouth[MOUTH_BORDER]]
    distance = np.linalg.norm(points[:, None] - lips[None], axis=2).min(axis=1)
    near = distance < LIP_REACH
    nose = half.grid[NOSTRIL.bottom :, :7]
    eye = half.eye.rings
    inside = half.mouth.rings[MOUTH_BORDER:]
    held = [nose, eye, inside, half.mouth.fill, half.nostril.rings, half.nostril.fill, half.ear.rings, half.ear.fill]
    for group in held:
        near[both_sides(np.asarray(group).ravel(), twin)] = False
    return np.flatnonzero(near)
