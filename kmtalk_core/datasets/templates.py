"""`templates.pkl` without pickle's powers: arrays come out of it, nothing else ever happens."""

import pickle
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import DataSetError
from ..files import read_at_most
from . import pickled_arrays

FloatArray: TypeAlias = npt.NDArray[np.float32]

_LARGEST = 256 << 20  # bytes; BIWI's templates take 8 MB


def load_templates(path: Path) -> dict[str, FloatArray]:
    """The neutral head (V, 3) of every subject in the pickled dict at `path`, of Python 2 or 3.

    Raises DataSetError for a file that is missing, holds anything but arrays, or is no such dict.
    """
    try:
        content = read_at_most(path, _LARGEST)
    except OSError as error:
        raise DataSetError(f"{path} cannot be read ({error.strerror}); the data set needs it.") from error
    try:
        stored = pickled_arrays.loads(content)
    except pickled_arrays.ForeignError as error:
        raise DataSetError(
            f"{path} holds more than arrays ({error!s:.120}) and was not read further; get the file from its source."
        ) from error
    except pickled_arrays.DamagedError as error:
        raise DataSetError(f"{path} is damaged or no pickle; get the file again.") from error
    if not isinstance(stored, dict) or not stored:
        raise DataSetError(f"{path} must hold a dict of subject → vertices (V, 3).")
    if sum(value.nbytes for value in stored.values() if isinstance(value, np.ndarray)) > 4 * len(content) + (1 << 20):
        raise DataSetError(f"{path} names one template over and over; get the file from its source.")
    return {_subject(subject, path): _vertices(subject, value, path) for subject, value in stored.items()}


def _subject(subject: Any, path: Path) -> str:
    if isinstance(subject, bytes):
        return subject.decode("latin1")
    if not isinstance(subject, str):
        raise DataSetError(f"{path} must hold a dict of subject → vertices (V, 3).")
    return subject


def _vertices(subject: Any, value: Any, path: Path) -> FloatArray:
    values = value if isinstance(value, np.ndarray) else None
    if values is None or values.size % 3 or values.ndim not in (1, 2) or not values.size:
        raise DataSetError(f"{path}: the template of {subject!s:.60} is no array of (V, 3).")
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, which is told
        vertices = np.ascontiguousarray(values.reshape(-1, 3), np.float32)
    if not np.isfinite(vertices).all():
        raise DataSetError(f"{path}: the template of {subject!s:.60} holds numbers that are not finite.")
    return vertices


def save_templates(path: Path, templates: dict[str, FloatArray]) -> None:
    """Write templates as every public project reads them."""
    path.write_bytes(pickle.dumps(templates, protocol=2))
