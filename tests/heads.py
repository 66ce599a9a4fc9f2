"""Heads of other styles than ours, made by code: two of anime and an animal's, for tests and for the eye.

python -m tests.heads OUT.png [FILE.ply …]    builds shapes on each, and on ours, and draws them speaking
"""

import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kmtalk_core.evaluation.render import to_png
from kmtalk_core.faces import drawing, poses
from kmtalk_core.faces.build.face import SEAL, BuiltFace, FacePart, build_face
from kmtalk_core.motion.mesh import triangulate
from tests.meshes import demo_head, read_ply

Array = npt.NDArray[np.float64]

POSES = {name: poses.TEST_POSES[name] for name in ("rest", "a", "o", "u", "p b m", "i", "blink")} | {
    "smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "jaw": {"jawOpen": 1.0},
}
_CELL = 240


def bump(x: Array, z: Array, at: tuple[float, float], size: tuple[float, float]) -> Array:
    return np.exp(-(((x - at[0]) / size[0]) ** 2 + ((z - at[1]) / size[1]) ** 2))


class Modelled:
    """A closed skin over a sphere's grid, that looks along −Y with Z up, 2 high, in which holes and slits are cut."""

    def __init__(self, shape: Callable[[Array, Array, Array], Array], columns: int = 150, rows: int = 110) -> None:
        s = np.arange(-columns // 2, columns // 2) / (columns / 2)
        azimuth = np.pi * (0.4 * s + 0.6 * s**3)  # denser before than behind
        t = np.linspace(-1, 1, rows + 2)[1:-1]
        elevation = np.pi / 2 * (0.55 * t + 0.45 * t**3) / 1.0
        a, e = np.meshgrid(azimuth, elevation)
        ways = np.stack([np.cos(e) * np.sin(a), -np.cos(e) * np.cos(a), np.sin(e)], axis=-1).reshape(-1, 3)
        poles = np.array([[0, 0, -1.0], [0, 0, 1.0]])
        self.points: Array = shape(*np.concatenate([ways, poles]).T)
        self.rows, self.columns = rows, columns
        grid = np.arange(rows * columns).reshape(rows, columns)
        right = np.roll(grid, -1, axis=1)
        quads = np.stack([grid[:-1], right[:-1], right[1:], grid[1:]], axis=-1).reshape(-1, 4)
        low, high = rows * columns, rows * columns + 1
        self.faces: list[tuple[int, ...]] = [tuple(map(int, quad)) for quad in quads]
        self.faces += [(low, int(b), int(a)) for a, b in zip(grid[0], right[0], strict=True)]
        self.faces += [(high, int(a), int(b)) for a, b in zip(grid[-1], right[-1], strict=True)]

    def hole(self, outside: Callable[[Array, Array], Array], inwards: Array) -> None:
        """Cut what lies in front where `outside` (x, z) is negative, with a rim that goes `inwards` (3,)."""
        x, y, z = self.points.T
        value = np.where(y < 0, outside(x, z), 1.0)
        for one, other in {tuple(sorted(e)) for face in self.faces for e in _edges(face)}:
            if (value[one] < 0) != (value[other] < 0) and value[one] * value[other] != 0:
                near, far = (one, other) if abs(value[one]) < abs(value[other]) else (other, one)
                share = value[near] / (value[near] - value[far])
                self.points[near] += share * (self.points[far] - self.points[near])
                value[near] = 0.0
        value[np.abs(value) < 1e-9] = 0.0
        kept = [face for face in self.faces if value[list(face)].max() > 0]
        gone = {e for face in self.faces if value[list(face)].max() <= 0 for e in _edges(face)}
        rim = [e for face in kept for e in _edges(face) if e[::-1] in gone]
        self.faces = kept
        self._inwards(rim, [inwards])

    def slit(self, row: int, columns: range, inwards: list[Array]) -> None:
        """Cut along a row of the grid between two columns, and line what is behind both lips."""
        upper = [row * self.columns + column % self.columns for column in columns]
        inner = upper[1:-1]
        below = dict(zip(inner, range(len(self.points), len(self.points) + len(inner)), strict=True))
        self.points = np.concatenate([self.points, self.points[inner]])
        under = set(range((row - 1) * self.columns, row * self.columns))
        self.faces = [tuple(below.get(c, c) for c in face) if under & set(face) else face for face in self.faces]
        lower = [below.get(number, number) for number in upper]
        self._inwards(list(pairwise(upper)), inwards)
        self._inwards([(b, a) for a, b in pairwise(lower)], [way * [1, 1, -1] for way in inwards])

    def _inwards(self, rim: list[tuple[int, int]], ways: list[Array]) -> None:
        """Faces from the edges of a rim, one row after another."""
        for way in ways:
            inside: dict[int, int] = {}
            for number in dict.fromkeys(n for edge in rim for n in edge):
                inside[number] = len(self.points) + len(inside)
            self.points = np.concatenate([self.points, self.points[list(inside)] + way])
            self.faces += [(b, a, inside[a], inside[b]) for a, b in rim]
            rim = [(inside[a], inside[b]) for a, b in rim]

    def part(self, name: str) -> FacePart:
        return FacePart(name, self.points, self.faces)


def _edges(face: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(zip(face, (*face[1:], face[0]), strict=True))


def ball(centre: Array, radius: Array | float, name: str, rings: int = 24) -> FacePart:
    """An eyeball, or one pressed flat."""
    e, a = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, rings)[1:-1], np.arange(rings) * 2 * np.pi / rings, indexing="ij"
    )
    points = np.stack([np.cos(e) * np.cos(a), np.sin(e), np.cos(e) * np.sin(a)], axis=-1).reshape(-1, 3)
    points = np.concatenate([points, [[0, -1, 0], [0, 1, 0]]]) * radius + centre
    grid = np.arange((rings - 2) * rings).reshape(rings - 2, rings)
    right = np.roll(grid, -1, axis=1)
    faces = [tuple(map(int, q)) for q in np.stack([grid[:-1], grid[1:], right[1:], right[:-1]], -1).reshape(-1, 4)]
    faces += [(grid.size, int(a), int(b)) for a, b in zip(grid[0], right[0], strict=True)]
    faces += [(grid.size + 1, int(b), int(a)) for a, b in zip(grid[-1], right[-1], strict=True)]
    return FacePart(name, points, faces)


def card(name: str, x: tuple[float, float], z: tuple[float, float], front: Callable[[Array, Array], Array]) -> FacePart:
    """A bent sheet before the face: a strand of hair, glasses."""
    across, up = np.meshgrid(np.linspace(*x, 14), np.linspace(*z, 10))
    points = np.stack([across.ravel(), front(across, up).ravel(), up.ravel()], axis=1)
    faces = [(14 * r + c, 14 * r + c + 1, 14 * r + c + 15, 14 * r + c + 14) for r in range(9) for c in range(13)]
    return FacePart(name, points, faces)


def _nearest_row(skin: Modelled, z: float) -> int:
    column = skin.columns // 2
    front = skin.points[column + skin.columns * np.arange(skin.rows)]
    return int(np.abs(front[:, 2] - z).argmin())


def _mouth(skin: Modelled, z: float, half: float, depth: float) -> None:
    row, middle = _nearest_row(skin, z), skin.columns // 2
    line = skin.points[row * skin.columns + np.arange(skin.columns)]
    inside = np.flatnonzero((np.abs(line[:, 0]) < half) & (line[:, 1] < 0))
    assert middle in inside
    lip, bag = np.array([0, 0.25 * depth, 0.06 * depth]), np.array([0, 0.75 * depth, 0.5 * depth])
    skin.slit(row, range(int(inside[0]) - 1, int(inside[-1]) + 2), [lip, bag])


def _anime(eye: tuple[float, float, float], mouth: tuple[float, float], nose: float, chin: float) -> Modelled:
    """eye: X and Z of its middle, and half its width; mouth: Z and half its width."""

    def shape(x: Array, y: Array, z: Array) -> Array:
        narrow = 1.0 - chin * np.clip(-z, 0, 1) ** 1.6
        points = np.stack([0.82 * x * narrow, 0.85 * y * (0.8 + 0.2 * narrow), np.where(z < 0, 0.95, 1.0) * z], axis=1)
        front = np.clip(-y, 0, 1) ** 0.5
        px, pz = points[:, 0], points[:, 2]
        points[:, 1] -= 0.2 * front * bump(px, pz, (0, -0.85), (0.5, 0.3))  # a chin
        points[:, 1] += 0.08 * front * bump(px, pz, (0, -0.1), (1.2, 0.4))  # a flat face
        points[:, 1] -= nose * front * bump(px, pz, (0, mouth[0] + 0.2), (0.05, 0.09))
        points[:, 1] -= 0.02 * front * bump(px, pz, (0, mouth[0]), (0.2, 0.06))
        for sign in (-1, 1):
            points[:, 1] += 0.05 * front * bump(px, pz, (sign * eye[0], eye[1]), (eye[2], eye[2]))
        return points

    return Modelled(shape)


def _anime_eyes(skin: Modelled, eye: tuple[float, float, float], tall: float, flat: float) -> list[FacePart]:
    """Holes as tall as `tall` of their width, and what lies in them: balls, pressed flat to `flat`."""
    made = []
    for side, sign in (("Left", 1.0), ("Right", -1.0)):

        def outside(x: Array, z: Array, sign: float = sign) -> Array:
            u, v = (sign * x - eye[0]) / eye[2], (z - eye[1]) / (eye[2] * tall)
            return u**2 + np.where(v > 0, v**2 * (1 + 0.4 * np.clip(u, -1, 1)), 1.7 * v**2) - 1.0

        front = skin.points[(np.abs(skin.points[:, 0] - sign * eye[0]) < 0.06) & (skin.points[:, 1] < 0)]
        depth = float(np.interp(eye[1], *front[np.argsort(front[:, 2])][:, [2, 1]].T))
        skin.hole(outside, np.array([0.0, 0.05, 0.0]))
        radius = eye[2] * np.array([1.0, flat, 1.0]) * (1.25 if flat > 0.5 else 1.0)
        made.append(ball(np.array([sign * eye[0], depth + 0.05 + radius[1], eye[1]]), radius, f"Eye {side}"))
    return made


def _before(skin: Modelled, away: float) -> Callable[[Array, Array], Array]:
    front = skin.points[skin.points[:, 1] < 0]

    def depth(x: Array, z: Array) -> Array:
        flat = np.stack([x.ravel(), z.ravel()], axis=1)
        nearest = np.linalg.norm(front[None, :, [0, 2]] - flat[:, None], axis=2).argmin(axis=1)
        return (front[nearest, 1] - away).reshape(x.shape)

    return depth


@cache
def anime() -> tuple[FacePart, ...]:
    """Eyes that take a third of the face, hardly a nose, a small mouth; eyeballs, a fringe and glasses."""
    eye, mouth = (0.3, -0.12, 0.17), (-0.62, 0.1)
    skin = _anime(eye, mouth, 0.07, 0.55)
    eyes = _anime_eyes(skin, eye, 1.15, 1.0)
    _mouth(skin, mouth[0], mouth[1], 0.25)
    before = _before(skin, 0.1)
    strands = [card(f"Fringe {k}", (x - 0.1, x + 0.1), (-0.15, 0.6), before) for k, x in enumerate((-0.4, -0.1, 0.25))]
    glasses = card("Glasses", (-0.52, 0.52), (-0.32, 0.1), _before(skin, 0.16))
    return (skin.part("Anime"), *eyes, *strands, glasses)


@cache
def chibi() -> tuple[FacePart, ...]:
    """Eyes as wide as tall and flat discs behind them, a round chin, no nose to speak of, a wide mouth."""
    eye, mouth = (0.36, -0.2, 0.2), (-0.6, 0.17)
    skin = _anime(eye, mouth, 0.045, 0.3)
    eyes = _anime_eyes(skin, eye, 0.95, 0.35)
    _mouth(skin, mouth[0], mouth[1], 0.2)
    return (skin.part("Chibi"), *eyes)


@cache
def animal() -> tuple[FacePart, ...]:
    """A bear of a cartoon: a snout with a nose on it, under which the mouth goes round to the sides; ears, eyeballs."""
    snout = (0.0, -0.42)

    def shape(x: Array, y: Array, z: Array) -> Array:
        points = np.stack([0.95 * x, 0.8 * y, 0.92 * z], axis=1)
        front = np.clip(-y, 0, 1) ** 0.6
        px, pz = points[:, 0], points[:, 2]
        points[:, 1] -= 0.5 * front * np.exp(-((((px - snout[0]) / 0.36) ** 2 + ((pz - snout[1]) / 0.34) ** 2) ** 1.5))
        points[:, 1] -= 0.13 * front * bump(px, pz, (0, snout[1] + 0.17), (0.11, 0.08))
        for sign in (-1, 1):
            points[:, 2] += (
                0.3 * bump(points[:, 0], points[:, 1], (sign * 0.62, 0.0), (0.2, 0.2)) * (points[:, 2] > 0.3)
            )
            points[:, 1] += 0.06 * front * bump(px, pz, (sign * 0.34, 0.12), (0.14, 0.14))
        return points

    skin = Modelled(shape, 180, 140)
    eyes = _anime_eyes(skin, (0.34, 0.12, 0.1), 0.9, 1.0)
    _mouth(skin, snout[1] - 0.09, 0.26, 0.25)
    return (skin.part("Bear"), *eyes)


HEADS: dict[str, Callable[[], tuple[FacePart, ...]]] = {"anime": anime, "chibi": chibi, "animal": animal}


def offsets_of(face: BuiltFace, number: int, count: int, pose: dict[str, float]) -> Array:
    """(N, 3) what a pose does to one part of a built face, which is sealed."""
    moved = np.zeros((count, 3))
    for name, weight in {SEAL: 1.0, **pose}.items():
        if name in face.shapes[number]:
            moved += weight * face.shapes[number][name]
    return moved


def draw(parts: tuple[FacePart, ...], face: BuiltFace, pose: dict[str, float]) -> Array:
    """(cell, cell, 3) a picture of a face in a pose, without the glasses and hair that hide it."""
    canvas = drawing.Canvas(_CELL, _CELL)
    axes, marks = face.landmarks.axes, {n: face.landmarks.axes.to_face(p) for n, p in face.landmarks.points.items()}
    eyes = 0.5 * (marks["eye_left"] + marks["eye_right"])
    size = 2.6 * float(eyes[1] - marks["chin"][1])
    centre = 0.5 * (eyes + marks["chin"])
    for number, part in enumerate(parts):
        points = np.asarray(part.vertices, float) + offsets_of(face, number, len(part.vertices), pose)
        seen = ((axes.to_face(points) - centre) / size + [0.5, 0.5, 0.0]) * _CELL
        if part.name.startswith(("Fringe", "Glasses")):
            continue
        triangles = triangulate(part.faces)
        colour = (0.9, 0.9, 0.95) if part.name.startswith("Eye") else (0.8, 0.6, 0.5)
        a, b, c = (seen[triangles[:, corner], :2] for corner in range(3))
        behind = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0] < 0  # the inside of mouth and skull
        colours = np.where(behind[:, None], 0.1, np.array(colour))
        canvas.draw(seen.astype(np.float32), triangles, colours.astype(np.float32))
    return canvas.pixels[::-1] ** (1 / 2.2)


def main(out: Path, files: list[Path]) -> None:
    made = {name: make() for name, make in HEADS.items()}
    made["ours"] = tuple(FacePart(p.name, p.vertices.astype(float), p.polygons) for p in demo_head().parts)
    made |= {file.stem: (FacePart(file.stem, *read_ply(file)),) for file in files}
    rows = []
    for name, parts in made.items():
        face = build_face(parts)
        print(name, face.landmarks.sentence, *face.notes[1:])
        rows.append(np.concatenate([draw(parts, face, pose) for pose in POSES.values()], axis=1))
    out.write_bytes(to_png(np.clip(255 * np.concatenate(rows), 0, 255).astype(np.uint8)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
