"""Landmarks of a head as empties that can be dragged before its shapes are built."""

from collections.abc import Mapping, Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

_NAME = "kmtalk_landmark"
_HEAD = "kmtalk_landmark_of"
_PUT = "kmtalk_landmark_put"
_LAID_OUT = "kmtalk_landmark_laid_out"
_SIZE = 0.008  # of the head
_MOVED = 0.002  # of the head: an empty that is this far from where it was put was dragged


def place(head: Any, points: Mapping[str, Sequence[float]], size: float, laid_out: bool = False) -> list[Any]:
    """Put an empty at each of `points` (in the world), in place of those that the head has.

    laid_out: the points were not found on the head, but are where most heads have them.
    """
    remove(head)
    collection = bpy.data.collections.new(f"{head.name} Landmarks")
    home = head.users_collection[0] if head.users_collection else bpy.context.scene.collection
    home.children.link(collection)
    inverse = head.matrix_world.inverted()
    made = []
    for name, point in points.items():
        empty = bpy.data.objects.new(name.replace("_", " "), None)
        empty.empty_display_type, empty.empty_display_size = "SPHERE", _SIZE * size
        empty.show_in_front = empty.show_name = True
        empty.parent, empty.matrix_parent_inverse = head, inverse
        empty.location = point
        empty.hide_render = True
        empty[_NAME], empty[_HEAD], empty[_PUT] = name, head.name, [float(x) for x in (*point, size)]
        empty[_LAID_OUT] = laid_out
        collection.objects.link(empty)
        made.append(empty)
    return made


def of(head: Any) -> dict[str, Any]:
    """The empties of a head by the landmark's name."""
    return {child[_NAME]: child for child in head.children if _NAME in child}


def moved(head: Any) -> dict[str, list[float]]:
    """Where landmarks were dragged to, in the world."""
    found = {}
    for name, empty in of(head).items():
        *put, size = empty[_PUT]
        if np.linalg.norm(np.array(empty.location) - put) > _MOVED * size:
            found[name] = _in_world(head, empty, empty.location)
    return found


def laid_out(head: Any) -> dict[str, list[float]]:
    """Where landmarks that were not found were put at first, in the world; nothing where they were found."""
    return {
        name: _in_world(head, empty, Vector(empty[_PUT][:3]))
        for name, empty in of(head).items()
        if empty.get(_LAID_OUT, False)
    }


def _in_world(head: Any, empty: Any, location: Any) -> list[float]:
    return [float(x) for x in head.matrix_world @ empty.matrix_parent_inverse @ location]


def remove(head: Any) -> int:
    """Take the empties of a head away, with the collection that they leave behind."""
    empties = list(of(head).values())
    homes = {collection for empty in empties for collection in empty.users_collection}
    for empty in empties:
        bpy.data.objects.remove(empty)
    for collection in homes:
        if not collection.objects and not collection.children:
            bpy.data.collections.remove(collection)
    return len(empties)
