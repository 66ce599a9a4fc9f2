"""Which sound strip a line comes from, whatever it is called and wherever it lies now: by a mark on the strip."""

import uuid
from collections.abc import Iterator
from typing import Any

import bpy

from .. import compat

MARK = "kmtalk"
"""Custom property of a strip: its number; copies carry their original's."""
_NOTE = "kmtalk_was"
"""Custom property of a strip: where it was marked, by which an original is told from its copies."""


def new_mark() -> str:
    return uuid.uuid4().hex[:12]


def mark(home: Any, strip: Any, wanted: str = "") -> str:
    """The number of a strip of the scene `home`: the one that it has, or a new one for a new strip or a copy."""
    number = strip.get(MARK, "")
    twins = [(scene, other) for scene, other in _with(number) if other != strip] if number else []
    if not number or any(_likeness(scene, other) > _likeness(home, strip) for scene, other in twins):
        number = wanted or new_mark()
    elif twins:
        for _, other in twins:  # whoever asks first is the original
            other[MARK] = new_mark()
    strip[MARK], strip[_NOTE] = number, _place(home, strip)
    return str(number)


def find(number: str, scene: Any = None) -> tuple[Any, Any] | None:
    """The scene and the strip with a number, the original where there are copies; those of `scene` first."""
    found = list(_with(number)) if number else []
    if not found:
        return None
    return max(found, key=lambda pair: (_likeness(*pair), pair[0] == scene))


def all_by_mark() -> dict[str, tuple[Any, Any]]:
    """Every marked strip with its scene, by its number: the original where there are copies."""
    found: dict[str, tuple[Any, Any]] = {}
    for scene in bpy.data.scenes:
        for strip in compat.strips(scene):
            number = strip.get(MARK, "") if strip.type == "SOUND" else ""
            if number and (number not in found or _likeness(scene, strip) > _likeness(*found[number])):
                found[number] = (scene, strip)
    return found


def _with(number: str) -> Iterator[tuple[Any, Any]]:
    for scene in bpy.data.scenes:
        for strip in compat.strips(scene):
            if strip.type == "SOUND" and strip.get(MARK, "") == number:
                yield scene, strip


def _place(scene: Any, strip: Any) -> str:
    return f"{scene.name}\n{strip.name}\n{strip.channel}\n{compat.content_frame(strip):g}"


def _likeness(scene: Any, strip: Any) -> int:
    """How much a strip is what its note says."""
    was, now = str(strip.get(_NOTE, "")).split("\n"), _place(scene, strip).split("\n")
    return sum(one == other for one, other in zip(was, now, strict=False))
