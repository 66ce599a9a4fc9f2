"""Safetensors files, read with the standard library and NumPy: eight bytes of length, a header in JSON, the numbers.

Nothing of a file is believed before it was checked, and nothing in it can be run.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ..model.folder import Shapes, damaged, not_finite, require_layout
from .tensors import FloatArray

_LONGEST_HEADER = 16 << 20
_MOST_AXES = 8


def read(path: Path, wanted: Shapes) -> dict[str, FloatArray]:
    """The tensors in `path`, which must be those `wanted`, with these shapes, in 32-bit floats.

    Raises WeightsError for a file that is damaged, cut short, or holds others.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, _LONGEST_HEADER):
                raise damaged(path)
            places = _places(file.read(length), size - 8 - length)
            require_layout(wanted, {name: (kind, shape) for name, (kind, shape, _) in places.items()}, path)
            numbers = np.fromfile(file, "<f4")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged(path) from error
    if 4 * numbers.size != size - 8 - length:
        raise damaged(path)
    tensors = {}
    for name, (_, shape, start) in places.items():
        values = numbers[start // 4 : start // 4 + math.prod(shape)]
        tensors[name] = values.reshape(shape).astype(np.float32, copy=False)
        if not np.isfinite(tensors[name]).all():
            raise not_finite(path, name)
    return tensors


def _places(header: bytes, size: int) -> dict[str, tuple[str, tuple[int, ...], int]]:
    """Type, shape and first byte of each tensor by name; they fill `size` bytes, one after another.

    Raises ValueError, KeyError or TypeError for a header that says otherwise.  Only the shapes of 32-bit floats are
    compared with the bytes they take: no other type is read.
    """
    entries = json.loads(header.decode("utf-8"), object_pairs_hook=_without_doubles)
    if not isinstance(entries, dict):
        raise ValueError("no object")
    entries.pop("__metadata__", None)
    found: dict[str, tuple[str, tuple[int, ...], int]] = {}
    spans = []
    for name, entry in entries.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
            raise ValueError(name)
        shape, (start, end) = entry["shape"], entry["data_offsets"]
        if not isinstance(shape, list) or len(shape) > _MOST_AXES:
            raise ValueError(name)
        if not all(type(number) is int and number >= 0 for number in (*shape, start, end)):
            raise ValueError(name)
        if entry["dtype"] == "F32" and end - start != 4 * math.prod(shape):
            raise ValueError(name)
        found[name] = (entry["dtype"], tuple(shape), start)
        spans.append((start, end))
    reached = 0
    for start, end in sorted(spans):
        if start != reached or end < start:
            raise ValueError("tensors lie over each other, or apart")
        reached = end
    if reached != size:
        raise ValueError("the file is of another length")
    return found


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name comes twice")
    return entries
