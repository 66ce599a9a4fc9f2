"""Which objects belong to one character: what its rig moves, and what lies with it under the same parent."""

from typing import Any

import numpy as np

from .armatures import rig_of
from .recognise import has_keys

_BESIDE = 0.05  # of the larger object's size: how far apart the boxes of a head and its teeth may lie


def with_keys(item: Any, scene: Any) -> list[Any]:
    """The other objects with shape keys of the character that `item` belongs to: teeth, tongue and eyes.

    What one armature moves belongs together, by modifier or parent.  Where there is none, what lies under the same
    topmost parent does, unless it lies apart: two characters may hang on one empty.
    """
    rig = rig_of(item)
    top = item
    while top.parent is not None:
        top = top.parent
    kin = {top, *top.children_recursive}
    others = [other for other in scene.objects if other != item and has_keys(other)]
    return [other for other in others if _belongs(other, item, rig, other in kin)]


def _belongs(other: Any, item: Any, rig: Any, is_kin: bool) -> bool:
    own = rig_of(other)
    if rig is not None and own is not None:
        return bool(own == rig)
    if not is_kin:
        return False
    if item.type in ("EMPTY", "ARMATURE") or _is_above(item, other) or _is_above(other, item):
        return True
    return _touch(item, other)


def _is_above(parent: Any, child: Any) -> bool:
    """Whether an object is a parent of another, near or far."""
    above = child.parent
    while above is not None and above != parent:
        above = above.parent
    return above is not None


def _touch(one: Any, other: Any) -> bool:
    (low, high), (other_low, other_high) = _box(one), _box(other)
    margin = _BESIDE * max(float(np.linalg.norm(high - low)), float(np.linalg.norm(other_high - other_low)))
    return bool(np.all(low <= other_high + margin) and np.all(other_low <= high + margin))


def _box(item: Any) -> tuple[Any, Any]:
    """The lowest and the highest corner of an object in the world."""
    matrix = np.array(item.matrix_world, np.float64)
    corners = np.array(item.bound_box, np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return corners.min(axis=0), corners.max(axis=0)
