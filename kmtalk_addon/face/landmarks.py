"""Landmarks of a head as empties that can be dragged before its shapes are built."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from ..core import errors, schema

_NAME = "kmtalk_landmark"
_HEAD = "kmtalk_landmark_of"
_PUT = "kmtalk_landmark_put"
_LAID_OUT = "kmtalk_landmark_laid_out"
_KEPT = "kmtalk_landmarks"
"""On a head: what its landmarks told before they were put away, as {"moved": …, "laid_out": …} in its own space."""
_POINTS = schema.MapOf(schema.ListOf(schema.Number(-1e9, 1e9), 3, 3), 100)
_NOTE = schema.Record({"moved": _POINTS, "laid_out": _POINTS})
_SIZE = 0.008  # of the head
_MOVED = 0.002  # of the head: an empty that is this far from where it was put was dragged


def place(head: Any, points: Mapping[str, Sequence[float]], size: float, laid_out: bool = False) -> list[Any]:
    """Put an empty at each of `points` (in the world), in place of those that the head has.

    laid_out: the points were not found on the head, but are where most heads have them.  What was dragged before the
    landmarks were put away is there again.
    """
    dragged = _kept(head)["moved"]
    remove(head)
    collection = bpy.data.collections.new(f"{head.name} Landmarks")
    home = head.users_collection[0] if head.users_collection else bpy.context.scene.collection
    home.children.link(collection)
    inverse = head.matrix_world.inverted()
    made = []
    for name, point in points.items():
        empty = bpy.data.objects.new(name.replace("_", " "), None)
        empty.empty_display_type, empty.empty_display_size = "SPHERE", _SIZE * size
        empty.show_in_front = True  # their names are drawn beside the head, where they do not cover each other
        empty.parent, empty.matrix_parent_inverse = head, inverse
        empty.location = point
        empty.hide_render = True
        empty[_NAME], empty[_HEAD], empty[_PUT] = name, head.name, [float(x) for x in (*point, size)]
        empty[_LAID_OUT] = laid_out
        if name in dragged:
            empty.location = head.matrix_world @ Vector(dragged[name])
        collection.objects.link(empty)
        made.append(empty)
    return made


def of(head: Any) -> dict[str, Any]:
    """The empties of a head by the landmark's name."""
    return {child[_NAME]: child for child in head.children if _NAME in child}


def head_of(item: Any) -> Any:
    """The head that a landmark belongs to; anything else is itself."""
    return item.parent if item is not None and _NAME in item and item.parent is not None else item


def moved(head: Any) -> dict[str, list[float]]:
    """Where landmarks were dragged to, in the world."""
    empties = of(head)
    if not empties:
        return {name: list(head.matrix_world @ Vector(point)) for name, point in _kept(head)["moved"].items()}
    return {name: _in_world(head, empty, empty.location) for name, empty in empties.items() if _is_moved(empty)}


def _is_moved(empty: Any) -> bool:
    *put, size = empty[_PUT]
    return bool(np.linalg.norm(np.array(empty.location) - put) > _MOVED * size)


def laid_out(head: Any) -> dict[str, list[float]]:
    """Where landmarks that were not found were put at first, in the world; nothing where they were found."""
    empties = of(head)
    if not empties:
        return {name: list(head.matrix_world @ Vector(point)) for name, point in _kept(head)["laid_out"].items()}
    return {
        name: _in_world(head, empty, Vector(empty[_PUT][:3]))
        for name, empty in empties.items()
        if empty.get(_LAID_OUT, False)
    }


def were_seen(head: Any) -> bool:
    """Whether somebody had the landmarks before their eyes, now or before an earlier build."""
    return bool(of(head)) or _KEPT in head


def put_away(head: Any) -> None:
    """Take the empties away, and remember what they told for the next build."""
    if not of(head):
        return
    home = head.matrix_world.inverted()
    told = {"moved": moved(head), "laid_out": laid_out(head)}
    own = {kind: {name: list(home @ Vector(point)) for name, point in points.items()} for kind, points in told.items()}
    remove(head)
    head[_KEPT] = json.dumps(own)


def _kept(head: Any) -> dict[str, dict[str, list[float]]]:
    try:
        return dict(_NOTE.read(schema.loads(str(head[_KEPT]), "The note"), "The note"))
    except (KeyError, errors.KMTalkError):
        return {"moved": {}, "laid_out": {}}


def drag(head: Any, points: Mapping[str, Sequence[float]]) -> None:
    """Move landmarks to `points`, in the world, as somebody would who drags them."""
    for name, point in points.items():
        empty = of(head).get(name)
        if empty is not None:
            empty.location = (head.matrix_world @ empty.matrix_parent_inverse).inverted() @ Vector(point)


def mirror(head: Any, chosen: Sequence[Any] = ()) -> int:
    """Bring the other one of each pair to where a dragged landmark's mirror image is; returns how many were moved.

    Where both of a pair were dragged, the one among `chosen` wins, or else the character's left.
    """
    empties = of(head)
    pairs = [(empties[name], empties[other]) for name in empties if (other := _other(name)) in empties]
    if not pairs:
        return 0
    put = np.array([[list(one[_PUT][:3]), list(two[_PUT][:3])] for one, two in pairs])
    across = (put[:, 0] - put[:, 1]).mean(axis=0)
    across = across / max(float(np.linalg.norm(across)), 1e-12)
    middle = float((0.5 * put.sum(axis=1) @ across).mean())
    count = 0
    for left, right in pairs:
        if not (_is_moved(left) or _is_moved(right)):
            continue
        is_right = right in chosen and left not in chosen if _is_moved(left) and _is_moved(right) else _is_moved(right)
        source, target = (right, left) if is_right else (left, right)
        point = np.array(source.location, np.float64)
        target.location = point - 2.0 * (point @ across - middle) * across
        count += 1
    return count


def _other(name: str) -> str:
    """The landmark of the right that belongs to one of the left; empty for any other."""
    return name.removesuffix("_left") + "_right" if name.endswith("_left") else ""


def _in_world(head: Any, empty: Any, location: Any) -> list[float]:
    return [float(x) for x in head.matrix_world @ empty.matrix_parent_inverse @ location]


def remove(head: Any) -> int:
    """Take the empties of a head away, with the collection that they leave behind, and what was kept of them."""
    if _KEPT in head:
        del head[_KEPT]
    empties = list(of(head).values())
    homes = {collection for empty in empties for collection in empty.users_collection}
    for empty in empties:
        bpy.data.objects.remove(empty)
    for collection in homes:
        if not collection.objects and not collection.children:
            bpy.data.collections.remove(collection)
    return len(empties)
