"""Triangle meshes as PLY: what data sets bring as their topology."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import DataSetError
from ..files import read_at_most

FloatArray: TypeAlias = npt.NDArray[np.float32]
IndexArray: TypeAlias = npt.NDArray[np.int64]

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip
_END = b"end_header"
_LARGEST = 1 << 30  # bytes


@dataclass(frozen=True)
class TriangleMesh:
    """`vertices` (V, 3) and `triangles` (F, 3)."""

    vertices: FloatArray
    triangles: IndexArray


def write_ply(path: Path, mesh: TriangleMesh) -> None:
    """Write a binary PLY."""
    header = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(mesh.vertices)}\nproperty float x\n"
        f"property float y\nproperty float z\nelement face {len(mesh.triangles)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    faces = np.zeros(len(mesh.triangles), np.dtype([("count", "u1"), ("corners", "<i4", 3)]))
    faces["count"], faces["corners"] = 3, mesh.triangles
    path.write_bytes(header.encode() + np.ascontiguousarray(mesh.vertices, "<f4").tobytes() + faces.tobytes())


def read_ply(path: Path) -> TriangleMesh:
    """Read a triangle mesh, binary (little endian) or text; DataSetError for anything else."""
    try:
        content = read_at_most(path, _LARGEST)
        return _parse(content)
    except OSError as error:
        raise DataSetError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    except (ValueError, IndexError, KeyError) as error:
        raise DataSetError(
            f"{path} is no triangle mesh in PLY; export it as binary or text PLY of triangles."
        ) from error


def find_mesh(root: Path, vertices: int) -> TriangleMesh | None:
    """The mesh of `vertices` that lies with a data set (`templates/*.ply` or `*.ply`), or None."""
    for path in sorted([*root.glob("templates/*.ply"), *root.glob("*.ply")]):
        mesh = read_ply(path)
        if len(mesh.vertices) == vertices:
            return mesh
    return None


def _parse(content: bytes) -> TriangleMesh:
    if not content.startswith(b"ply"):
        raise ValueError("no PLY")
    start = content.index(b"\n", content.index(_END)) + 1
    lines = [line.split() for line in content[:start].decode("ascii", "replace").splitlines()]
    binary = ["format", "binary_little_endian", "1.0"] in lines
    if not binary and ["format", "ascii", "1.0"] not in lines:
        raise ValueError("byte order")
    counts = {line[1]: int(line[2]) for line in lines if line[:1] == ["element"]}
    properties = [line[1:] for line in lines if line[:1] == ["property"]]
    if list(counts) != ["vertex", "face"] or properties[-1][0] != "list":
        raise ValueError("elements")
    vertex = np.dtype([(name, "<" + _TYPES[kind]) for kind, name in properties[:-1]])
    corner = [("count", "<" + _TYPES[properties[-1][1]]), ("corners", "<" + _TYPES[properties[-1][2]], 3)]
    if binary:
        points = np.frombuffer(content, vertex, counts["vertex"], start)
        faces = np.frombuffer(content, np.dtype(corner), counts["face"], start + points.nbytes)
        sizes, triangles = faces["count"], faces["corners"]
        positions = np.stack([points[axis] for axis in "xyz"], axis=1)
    else:
        rows = content[start:].decode("ascii").splitlines()
        table = np.array([row.split() for row in rows[: counts["vertex"]]], np.float64)
        order = list(vertex.names or ())
        positions = np.stack([table[:, order.index(axis)] for axis in "xyz"], axis=1)
        face_rows = rows[counts["vertex"] : counts["vertex"] + counts["face"]]
        corners = np.array([row.split()[:4] for row in face_rows], np.int64)
        sizes, triangles = corners[:, 0], corners[:, 1:]
    if np.any(sizes != 3) or triangles.min() < 0 or triangles.max() >= len(positions):
        raise ValueError("faces")
    return TriangleMesh(positions.astype(np.float32), triangles.astype(np.int64))
