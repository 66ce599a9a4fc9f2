"""A take of vertices as the `.npy` that research code reads: (frames, 3 V) at the motion rate."""

from pathlib import Path

import numpy as np

from ..errors import DataSetError
from ..files import replacing
from ..motion.spaces import MotionSpace
from ..take import Take
from .ply import read_ply


def require_vertices(space: MotionSpace, neutral: Path | None) -> None:
    """Raise DataSetError unless motion in `space` is one of vertices, and of the head in the file `neutral`."""
    if not space.vertices:
        raise DataSetError(f"--npy is of vertices, these weights move {space.name}: give --weights of a vertex space.")
    if neutral is not None and len(read_ply(neutral).vertices) != space.vertices:
        raise DataSetError(f"{neutral} has not the {space.vertices} vertices of {space.name}; give its own head.")


def write_vertices(take: Take, path: Path, neutral: Path | None) -> None:
    """Write the vertices of `take` on the head in the file `neutral` (a PLY in the space's unit), or its offsets."""
    require_vertices(take.space, neutral)
    motion = take.motion
    if neutral is not None:
        motion = motion + read_ply(neutral).vertices.reshape(1, -1)
    with replacing(path) as file:
        np.save(file, np.ascontiguousarray(motion, np.float32))
