"""`templates.pkl` without pickle's powers: what the file can make is arrays and plain values, nothing is ever called.

Stand-ins take the place of NumPy's classes while the file is read, so that no state from a stranger reaches NumPy's own
code; real arrays are made from them afterwards.
"""

import io
import pickle
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import DataSetError

FloatArray: TypeAlias = npt.NDArray[np.float32]

_LARGEST = 1 << 30  # bytes; BIWI's templates take 8 MB
_DTYPES = {"f2", "f4", "f8"}


class _Dtype:
    """Stands for `numpy.dtype`: a type code and a byte order."""

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or code.lstrip("<>=|") not in _DTYPES:
            raise pickle.UnpicklingError(f"an array of {str(code)[:20]!r}")
        self.code, self.order = code.lstrip("<>=|"), "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"


class _Array:
    """Stands for `numpy.ndarray`: a shape, a type, and the bytes."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, data = state
        if not isinstance(kind, _Dtype):
            raise pickle.UnpicklingError("an array of objects")
        raw = data.encode("latin1") if isinstance(data, str) else bytes(data)
        flat = np.frombuffer(raw, np.dtype(kind.order + kind.code))
        self.values = flat.reshape(tuple(int(n) for n in shape), order="F" if fortran else "C")


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _from_buffer(buffer: Any, kind: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, kind, order == "F", bytes(buffer)))
    return array


def _latin1(text: Any, codec: Any = "latin1") -> bytes:
    """What Python 3 writes for bytes in an old protocol."""
    if codec != "latin1" or not isinstance(text, str):
        raise pickle.UnpicklingError("a call of a codec")
    return text.encode("latin1")


_NUMPY_CORE = ("numpy.core", "numpy._core")
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _latin1,
    ("collections", "OrderedDict"): dict,
    **{(f"{core}.multiarray", "_reconstruct"): _reconstruct for core in _NUMPY_CORE},
    **{(f"{core}.numeric", "_frombuffer"): _from_buffer for core in _NUMPY_CORE},
}


class _Unpickler(pickle.Unpickler):
    """Knows the few names of `_ALLOWED` and refuses every other one before anything of it is imported."""

    def find_class(self, module: str, name: str) -> Any:
        found = _ALLOWED.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"{module}.{name}"[:100])
        return found


def load_templates(path: Path) -> dict[str, FloatArray]:
    """The neutral head (V, 3) of every subject in the pickled dict at `path`, of Python 2 or 3.

    Raises DataSetError for a file that is missing, holds anything but arrays, or is no such dict.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise DataSetError(f"{path} is too large to be templates; get the file again.")
        content = path.read_bytes()
    except OSError as error:
        raise DataSetError(f"{path} cannot be read ({error.strerror}); the data set needs it.") from error
    try:
        stored = _Unpickler(io.BytesIO(content), encoding="latin1").load()
    except pickle.UnpicklingError as error:
        raise DataSetError(
            f"{path} holds more than arrays ({error!s:.120}) and was not read further; get the file from its source."
        ) from error
    except Exception as error:  # damaged pickles raise almost anything
        raise DataSetError(f"{path} is damaged or no pickle; get the file again.") from error
    if not isinstance(stored, dict) or not stored:
        raise DataSetError(f"{path} must hold a dict of subject → vertices (V, 3).")
    return {_subject(subject, path): _vertices(subject, value, path) for subject, value in stored.items()}


def _subject(subject: Any, path: Path) -> str:
    if isinstance(subject, bytes):
        return subject.decode("latin1")
    if not isinstance(subject, str):
        raise DataSetError(f"{path} must hold a dict of subject → vertices (V, 3).")
    return subject


def _vertices(subject: Any, value: Any, path: Path) -> FloatArray:
    values = getattr(value, "values", None) if isinstance(value, _Array) else None
    if values is None or values.size % 3 or values.ndim not in (1, 2) or not values.size:
        raise DataSetError(f"{path}: the template of {subject!s:.60} is no array of (V, 3).")
    vertices = np.ascontiguousarray(values.reshape(-1, 3), np.float32)
    if not np.isfinite(vertices).all():
        raise DataSetError(f"{path}: the template of {subject!s:.60} holds numbers that are not finite.")
    return vertices


def save_templates(path: Path, templates: dict[str, FloatArray]) -> None:
    """Write templates as every public project reads them."""
    path.write_bytes(pickle.dumps(templates, protocol=2))
