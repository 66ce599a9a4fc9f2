"""Meshes of a face and the shapes built for them, in files that a worker and its client hand each other.

A face is an .npz with `names` (JSON), and for each part k `vertices_k` (N, 3), `corners_k` (C,) and `sizes_k` (F,): the
vertices around each polygon one after the other, and how many each has.  Built shapes are an .npz with `header` (JSON:
for each part the names of its shapes; notes, missing, landmarks) and for each part k `offsets_k` (S, N, 3) float32.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import FaceError
from ..files import opened, write_npz
from ..motion.mesh import fan
from ..progress import Job, Progress

MOST_VERTICES = 4_000_000
_NONE_FOUND = (
    "No face was found, so the landmarks stand where most heads have them: drag each to its place, then build."
)


def save_parts(parts: Sequence[tuple[str, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]], path: Path) -> None:
    """Write (name, vertices, corners, sizes) of every part."""
    arrays: dict[str, npt.NDArray[Any]] = {"names": np.array(json.dumps([name for name, *_ in parts]))}
    for number, (_, vertices, corners, sizes) in enumerate(parts):
        arrays |= {f"vertices_{number}": vertices, f"corners_{number}": corners, f"sizes_{number}": sizes}
    write_npz(path, **arrays)


def landmarks_job(source: Path) -> Job[dict[str, Any]]:
    """What is found in the face of the file `source`: `points` by name, `sentence`, `score`, `size`, and `laid_out`,
    whether nothing was found and the points are where most heads have them.  Raises FaceError."""
    from .build.face import joined
    from .recognize.landmarks import seek_landmarks
    from .recognize.placed import lay_out

    yield Progress("reading", 0.0)
    mesh, _, _ = joined(load_parts(source))
    yield Progress("looking for the face", 0.1)
    found = seek_landmarks(mesh)
    points = found.points if found is not None else lay_out(mesh)
    return {
        "points": {name: [float(x) for x in point] for name, point in points.items()},
        "sentence": found.sentence if found is not None else _NONE_FOUND,
        "score": round(found.score, 4) if found is not None else 0.0,
        "size": mesh.size,
        "laid_out": found is None,
    }


def build_job(
    source: Path,
    out: Path,
    placed: Mapping[str, Sequence[float]] | None = None,
    laid_out: Mapping[str, Sequence[float]] | None = None,
    sure: bool = False,
) -> Job[dict[str, Any]]:
    """Build shapes for the face in the file `source` into the file `out`; return what its header says.

    placed: landmarks that were moved by hand; laid_out: all of them as `landmarks_job` laid them out where it found
    none; sure: somebody saw the landmarks and says that they are right.  Raises FaceError, or UnsureError.
    """
    from .build.face import build_face_job

    yield Progress("reading", 0.0)
    parts = load_parts(source)
    built = yield from build_face_job(parts, placed, laid_out=laid_out, sure=sure)
    header: dict[str, Any] = {
        "names": [part.name for part in parts],
        "shapes": [list(shapes) for shapes in built.shapes],
        "roles": [list(roles) for roles in built.roles],
        "notes": list(built.notes),
        "missing": list(built.missing),
        "landmarks": {name: [float(x) for x in point] for name, point in built.landmarks.points.items()},
    }
    arrays = {"header": np.array(json.dumps(header))}
    for number, shapes in enumerate(built.shapes):
        empty = np.zeros((0, len(np.asarray(parts[number].vertices)), 3), np.float32)
        arrays[f"offsets_{number}"] = np.stack(list(shapes.values())) if shapes else empty
    yield Progress("writing", 0.98)
    try:
        write_npz(out, **arrays)
    except OSError as error:
        raise FaceError(f"{out} cannot be written ({error.strerror}); choose a folder you may write to.") from error
    return header


def load_shapes(path: Path) -> tuple[dict[str, Any], list[npt.NDArray[np.float32]]]:
    """The header and each part's offsets (S, N, 3) that `build_job` wrote."""
    with np.load(path, allow_pickle=False) as file:
        header = json.loads(str(file["header"][()]))
        return header, [file[f"offsets_{number}"] for number in range(len(header["names"]))]


def load_parts(source: Path) -> list[Any]:
    """The parts (`FacePart`) of the face in the file `source`.  Raises FaceError."""
    from .build.face import FacePart

    try:
        with opened(source) as content, np.load(content, allow_pickle=False) as file:
            names = json.loads(str(file["names"][()]))
            parts = []
            for number, name in enumerate(names):
                vertices = np.asarray(file[f"vertices_{number}"], np.float64).reshape(-1, 3)
                if len(vertices) > MOST_VERTICES:
                    raise FaceError(f"“{name}” has more than {MOST_VERTICES:,} vertices: decimate a copy of it first.")
                parts.append(FacePart(str(name), vertices, fan(file[f"corners_{number}"], file[f"sizes_{number}"])))
            return parts
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise FaceError(f"{source.name} holds no meshes of a face: write it again.") from error
