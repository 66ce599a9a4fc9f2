"""How the lips of a face behave in given poses, measured where its mouth was found."""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FaceError
from ..files import opened
from ..progress import Job, Progress
from .files import load_parts


def check_job(source: Path, poses: Path) -> Job[dict[str, Any]]:
    """Measure the lips of the face in the file `source` (see `files`) in the poses of the file `poses`.

    poses: an .npz with `poses` (P, N, 3) of the first part's vertices, the first of them at rest.  Returns `points` and
    `axes` (rows X to the character's left, Y up, Z forward) of the face, and, where lips were found on the first part,
    `gaps` (P,), the widest distance between the lips, and `openings` (P,), the smallest height of the upper lip over
    the lower less that at rest, negative where they cross; both in widths of the mouth.  Raises FaceError.
    """
    from .build.face import joined, lip_gauge
    from .recognize.landmarks import find_landmarks

    yield Progress("reading", 0.0)
    parts = load_parts(source)
    mesh, owner, starts = joined(parts)
    yield Progress("looking for the face", 0.1)
    found = find_landmarks(mesh)
    answer: dict[str, Any] = {
        "points": {name: [float(x) for x in point] for name, point in found.points.items()},
        "axes": found.axes.rotation.tolist(),
        "sentence": found.sentence,
    }
    skin = np.flatnonzero(mesh.pieces == found.skin)
    gauge = lip_gauge(found, skin, mesh, starts[0]) if np.any(owner[skin] == 0) else None
    if gauge is None or not len(gauge.upper):
        return answer
    yield Progress("measuring the lips", 0.8)
    try:
        with opened(poses) as content, np.load(content, allow_pickle=False) as file:
            shown = file["poses"]
        if shown.ndim != 3 or shown.shape[1:] != np.shape(parts[0].vertices) or not np.isfinite(shown).all():
            raise ValueError
    except (OSError, KeyError, ValueError) as error:
        raise FaceError(f"{poses.name} holds no poses of this face: write it again.") from error
    at_rest = gauge.opening(shown[0])
    answer["gaps"] = [gauge.gap(pose) for pose in shown]
    answer["openings"] = [float((gauge.opening(pose) - at_rest).min()) for pose in shown]
    return answer
