"""What the shape keys of a mesh do: which of them move a vertex at all, and what their movements look like."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import bpy
import numpy as np

from ..core import effects
from . import geometry

_STILL = 1e-5  # of the mesh's size
_AXES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""The character's left, up and forward in the world."""


def still_keys(item: Any) -> frozenset[str]:
    """The keys of a mesh that move none of its vertices; none of them where no key moves anything.

    Looked at anew when keys come, go or change their names, and when the object's mode changes.
    """
    keys = item.data.shape_keys
    names = tuple(block.name for block in keys.key_blocks)
    return _still(keys.session_uid, len(keys.reference_key.data), names, item.mode)


def forget() -> None:
    """Look at all keys anew."""
    _still.cache_clear()


@lru_cache(maxsize=64)
def _still(uid: int, vertices: int, names: tuple[str, ...], mode: str) -> frozenset[str]:
    keys = next((keys for keys in bpy.data.shape_keys if keys.session_uid == uid), None)
    if keys is None:
        return frozenset()
    offsets = _offsets(keys)
    basis = _points(keys.reference_key)
    least = _STILL * max(float(np.ptp(basis, axis=0).max(initial=0.0)), 1e-9)
    still = frozenset(name for name, offset in offsets.items() if np.abs(offset).max(initial=0.0) <= least)
    return frozenset() if len(still) == len(offsets) else still


def guesses_by_effect(objects: Sequence[Any]) -> dict[str, str]:
    """Key → the ARKit channel that it seems to show by what it does, the mesh with the most keys first."""
    found: dict[str, str] = {}
    for item in sorted(objects, key=lambda each: -len(each.data.shape_keys.key_blocks)):
        keys = item.data.shape_keys
        linear, shift = geometry.to_world(item)
        vertices = _points(keys.reference_key) @ linear.T + shift
        offsets = {name: offset @ linear.T for name, offset in _offsets(keys).items()}
        told = effects.guess_by_effects(vertices, offsets, _AXES)
        found |= {key: channel for key, channel in told.items() if key not in found}
    return found


def _offsets(keys: Any) -> dict[str, geometry.Array]:
    return {
        block.name: _points(block) - _points(block.relative_key)
        for block in keys.key_blocks
        if block != keys.reference_key
    }


def _points(block: Any) -> geometry.Array:
    """(N, 3); the points of meshes are read fifty times faster by `points`, which is empty for curves and lattices."""
    source = block.points if len(block.points) == len(block.data) else block.data
    found = np.empty(3 * len(source), np.float32)
    source.foreach_get("co", found)
    return found.reshape(-1, 3).astype(np.float64)
