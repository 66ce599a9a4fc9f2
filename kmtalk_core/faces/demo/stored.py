"""The demo head as a file beside this one, so that Blender has it without SciPy and at once.

`python -m kmtalk_core.faces.demo` writes `head.npz` from the code that shapes the head; a test holds the two together.
For each part k: `vertices_k` (V, 3) float32, `corners_k` and `sizes_k` of its polygons, `tags_k` (P,) materials; for
each of its shapes n: `moved_k_n` (M,) the vertices that it moves and `offsets_k_n` (M, 3) int16, in steps of `STEP`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...files import write_npz
from .pieces import Head, HeadPart

if TYPE_CHECKING:
    import numpy.typing as npt

PATH = Path(__file__).with_name("head.npz")
STEP = 2e-6
"""Metres between two offsets that can be told apart: a shape is at most half of it from where it was computed."""


def save_head(head: Head, path: Path = PATH) -> None:
    """Write a head whose shapes move nothing further than 65 mm."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    told = []
    for k, part in enumerate(head.parts):
        told.append({"name": part.name, "materials": part.materials, "shapes": list(part.shapes)})
        arrays[f"vertices_{k}"] = part.vertices
        arrays[f"corners_{k}"] = np.array([corner for polygon in part.polygons for corner in polygon], np.uint16)
        arrays[f"sizes_{k}"] = np.array([len(polygon) for polygon in part.polygons], np.uint8)
        arrays[f"tags_{k}"] = part.material_index.astype(np.uint8)
        for n, offsets in enumerate(part.shapes.values()):
            steps = np.round(offsets / STEP)
            moved = np.flatnonzero(np.abs(steps).max(axis=1) > 0)
            arrays[f"moved_{k}_{n}"] = moved.astype(np.uint16)
            arrays[f"offsets_{k}_{n}"] = steps[moved].astype(np.int16)
    landmarks = {name: [float(x) for x in point] for name, point in head.landmarks.items()}
    header = {"parts": told, "materials": head.materials, "landmarks": landmarks}
    write_npz(path, header=np.array(json.dumps(header)), **arrays)


def load_head(path: Path = PATH) -> Head:
    """The demo head, by NumPy alone."""
    with np.load(path, allow_pickle=False) as file:
        header = json.loads(str(file["header"][()]))
        parts = tuple(_part(file, k, told) for k, told in enumerate(header["parts"]))
    materials = {name: tuple(colour) for name, colour in header["materials"].items()}
    landmarks = {name: np.array(point, np.float32) for name, point in header["landmarks"].items()}
    return Head(parts, materials, landmarks)


def _part(file: Any, k: int, told: dict[str, Any]) -> HeadPart:
    vertices = file[f"vertices_{k}"]
    ends = np.cumsum(file[f"sizes_{k}"].astype(np.int64))
    polygons = tuple(tuple(int(x) for x in polygon) for polygon in np.split(file[f"corners_{k}"], ends[:-1]))
    shapes = {}
    for n, name in enumerate(told["shapes"]):
        shapes[name] = np.zeros_like(vertices)
        shapes[name][file[f"moved_{k}_{n}"]] = file[f"offsets_{k}_{n}"] * np.float32(STEP)
    return HeadPart(
        told["name"], vertices, polygons, tuple(told["materials"]), file[f"tags_{k}"].astype(np.int32), shapes
    )
