"""Which way a head looks: its plane of symmetry, and the directions that may be up and front."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from ...motion.mesh import Array, Mesh

_SAMPLES = 1500
_DENSE = 12000
_ROUNDS = 12
_VERTEX_BY_VERTEX = 2e-4
"""Residual below which every vertex has its mirror image, so that the plane can be told exactly."""


@dataclass(frozen=True)
class Axes:
    """Face axes: rows of `rotation` are X (character's left), Y (up), Z (forward); a proper rotation."""

    rotation: Array  # (3, 3)
    origin: Array  # (3,)

    def to_face(self, points: Array) -> Array:
        """Points (…, 3) of the mesh in face axes."""
        return (points - self.origin) @ self.rotation.T

    def to_mesh(self, points: Array) -> Array:
        """Points (…, 3) in face axes back in the mesh's own."""
        return points @ self.rotation + self.origin

    def turned(self, pitch: float) -> "Axes":
        """Axes of a head that looks down by `pitch` radians more."""
        c, s = np.cos(pitch), np.sin(pitch)
        return Axes(np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) @ self.rotation, self.origin)

    def aligned(self, right_to_left: Array, middle: Array) -> "Axes":
        """The same with X along a direction and the origin at a point, both given in the mesh's axes."""
        x = right_to_left / np.linalg.norm(right_to_left)
        z = np.cross(x, self.rotation[1])
        z /= np.linalg.norm(z)
        return Axes(np.stack([x, np.cross(z, x), z]), middle)


@dataclass(frozen=True)
class Symmetry:
    """A mirror plane through `point` with unit `normal`, and the residual: mean distance of a mirrored point from the
    surface, as a share of the mesh's size."""

    point: Array
    normal: Array
    residual: float


def find_symmetry(mesh: Mesh) -> Symmetry:
    """The plane that mirrors the mesh best onto itself."""
    points, dense = _sample(mesh, _SAMPLES), _sample(mesh, _DENSE)
    tree = cKDTree(dense)
    centre = dense.mean(axis=0)
    grain = float(np.median(tree.query(_sample(mesh, _SAMPLES, seed=1))[0])) / mesh.size
    starts = [*np.eye(3), *np.linalg.svd(dense - centre, full_matrices=False)[2]]
    found = [_settle(points, dense, tree, centre, normal, mesh.size) for normal in starts]
    best = min(found, key=lambda plane: plane.residual)
    best = Symmetry(best.point, best.normal, max(best.residual - grain, 0.0))
    exact = _settle(mesh.vertices, mesh.vertices, cKDTree(mesh.vertices), best.point, best.normal, mesh.size, rounds=3)
    return replace(exact, residual=0.0) if exact.residual < _VERTEX_BY_VERTEX else best


def _sample(mesh: Mesh, count: int, seed: int = 0) -> Array:
    """`count` points spread evenly over the surface, the same every time."""
    random = np.random.default_rng(seed)
    weight = np.linalg.norm(mesh.face_normals, axis=1)
    chosen = random.choice(len(weight), count, p=weight / weight.sum())
    u, v = np.sqrt(random.random(count))[:, None], random.random(count)[:, None]
    a, b, c = (mesh.vertices[mesh.triangles[chosen, k]] for k in range(3))
    return (1 - u) * a + u * (1 - v) * b + u * v * c


def _settle(
    points: Array, dense: Array, tree: cKDTree, centre: Array, normal: Array, size: float, rounds: int = _ROUNDS
) -> Symmetry:
    """Mirror, match to the nearest point, and turn the plane to fit the matches, until it rests."""
    point, residual = centre, np.inf
    for _ in range(rounds):
        mirrored = points - 2 * ((points - point) @ normal)[:, None] * normal
        distance, nearest = tree.query(mirrored)
        close = distance <= np.quantile(distance, 0.8)
        residual = float(distance[close].mean()) / size
        # The plane halves the ways from points to their matches: each way is along the normal, its middle in the plane.
        ways, middles = dense[nearest] - points, 0.5 * (dense[nearest] + points)
        long = close & (np.linalg.norm(ways, axis=1) > 0.02 * size)
        if long.sum() < 10:
            break
        normal = np.linalg.svd(ways[long], full_matrices=False)[2][0]
        offset = np.median(middles[long] @ normal)
        point = centre + (offset - centre @ normal) * normal
    return Symmetry(point, normal, residual)


def possible_axes(symmetry: Symmetry) -> Iterator[Axes]:
    """The axes a head may have, given its plane of symmetry: usual conventions first, then those between."""
    inside = [axis - (axis @ symmetry.normal) * symmetry.normal for axis in np.eye(3)]
    first, second = sorted(inside, key=np.linalg.norm)[:0:-1]
    first = first / np.linalg.norm(first)
    second = np.cross(symmetry.normal, first) * np.sign(np.cross(symmetry.normal, first) @ second)
    for turn in (0.0, np.pi / 4):
        c, s = np.cos(turn), np.sin(turn)
        a, b = c * first + s * second, c * second - s * first
        for up, front in ((a, b), (a, -b), (-a, b), (-a, -b), (b, a), (b, -a), (-b, a), (-b, -a)):
            yield Axes(np.stack([np.cross(up, front), up, front]), symmetry.point)
