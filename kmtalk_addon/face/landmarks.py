"""Landmarks of a head as empties that can be dragged before its shapes are built."""

from collections.abc import Mapping, Sequence
from typing import Any

import bpy
import numpy as np

_NAME = "kmtalk_landmark"
_HEAD = "kmtalk_landmark_of"
_PUT = "kmtalk_landmark_put"
_SIZE = 0.008  # of the head
_MOVED = 0.002  # of the head: an empty that is this far from where it was put was dragged


def place(head: Any, points: Mapping[str, Sequence[float]], size: float) -> list[Any]:
    """Put an empty at each of `points` (in the world), in place of those that the head has."""
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
        there = np.array(head.matrix_world @ empty.matrix_parent_inverse @ empty.location)
        if np.linalg.norm(np.array(empty.location) - put) > _MOVED * size:
            found[name] = [float(x) for x in there]
    return found


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
