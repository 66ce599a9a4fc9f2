"""Takes on disk with other members than they were saved with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kmtalk_core.take import read_header

FRAMES = 90


def rewrite(path: Path, **members: Any) -> None:
    """Write the take at `path` anew with other members; None leaves one out."""
    with np.load(path) as stored:
        arrays = {**{name: stored[name] for name in stored.files}, **members}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def rewrite_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    header = read_header(path)
    change(header)
    rewrite(path, header=np.array(json.dumps(header)))
