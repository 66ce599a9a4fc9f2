"""The keys of f-curves in bulk: read and written within a window of frames, while all others stay as they are."""

from functools import cache
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from .columns import DECIMALS, NUMBERS, PAIRS, Columns, count_of, empty
from .timing import FloatArray

_FEW = 8
"""A window so many times smaller than its curve is read and written key by key, which then is quicker."""
_SEVERAL, _SPARSE = 4, 20
"""So many keys that are missing at once, in a stretch of so many frames each, are made at once."""
_ALWAYS = ("co", "interpolation", "type", "handle_left_type", "handle_right_type", "handle_left", "handle_right")
"""Handles last: setting a position moves them along."""
_SELDOM = ("easing", *DECIMALS)
"""What only interpolations beyond constant, straight and Bezier ask for."""
_PLAIN = 2


def window(curve: Any, first: int, last: int) -> tuple[int, int]:
    """The indices of the keys of a curve from frame `first` to `last`, the second one past the end."""
    return _place(curve.keyframe_points, first - 0.5), _place(curve.keyframe_points, last + 0.5)


def _place(points: Any, frame: float) -> int:
    """How many keys lie before a frame; keys are in order."""
    low, high = 0, len(points)
    while low < high:
        middle = (low + high) // 2
        if points[middle].co[0] < frame:
            low = middle + 1
        else:
            high = middle
    return low


def read(curve: Any, first: int, last: int) -> Columns:
    """Every attribute of the keys of a curve from frame `first` to `last`."""
    points = curve.keyframe_points
    start, end = window(curve, first, last)
    count = end - start
    columns = empty(count)
    if count * _FEW < len(points):
        chosen = points[start:end]
        for name in _ALWAYS:
            columns[name][:] = _each(chosen, name) if count else 0
        for name in _SELDOM if count and columns["interpolation"].max() > _PLAIN else ():
            columns[name][:] = _each(chosen, name)
        return columns
    for name in _ALWAYS:
        columns[name] = _whole(points, name, columns[name].dtype)[start:end].copy()
    for name in _SELDOM if count and columns["interpolation"].max() > _PLAIN else ():
        columns[name] = _whole(points, name, columns[name].dtype)[start:end].copy()
    return columns


def _each(points: Any, name: str) -> list[Any]:
    if name in PAIRS:
        return [getattr(point, name)[:] for point in points]
    if name in NUMBERS:
        numbers = _enum(name)[0]
        return [numbers[getattr(point, name)] for point in points]
    return [getattr(point, name) for point in points]


def _names(columns: Columns) -> tuple[str, ...]:
    """The attributes that have to be set."""
    is_plain = not count_of(columns) or int(columns["interpolation"].max()) <= _PLAIN
    return _ALWAYS if is_plain else (*_SELDOM, *_ALWAYS)


def write(curve: Any, first: int, last: int, columns: Columns) -> None:
    """Give a curve the keys `columns` from frame `first` to `last`, and no others there; all others stay."""
    points = curve.keyframe_points
    start, end = window(curve, first, last)
    count = count_of(columns)
    if end == len(points):
        _end_with(points, start, count)
        end = start + count
    elif (count + end - start) * _FEW < len(points):
        end = _make_room(curve, first, last, columns)
    if end - start != count:  # many in the midst of others
        after = read(curve, round(points[end].co[0]), 1 << 30)
        _end_with(points, start, count + count_of(after))
        joined: Columns = {name: np.concatenate([columns[name], after[name]]) for name in columns}
        _set_all(points, start, joined)
    elif count * _FEW < len(points):
        _set_each(points, start, columns)
    else:
        _set_all(points, start, columns)
    curve.update()


def _end_with(points: Any, start: int, count: int) -> None:
    """Have `count` keys from index `start` on, the last ones of their curve."""
    for _ in range(len(points) - start - count):
        points.remove(points[start], fast=True)
    points.add(max(start + count - len(points), 0))


def _make_room(curve: Any, first: int, last: int, columns: Columns) -> int:
    """Have keys at the frames of `columns` from frame `first` to `last`, amid others, and no more there; the index
    after the last of them.

    `insert` moves all that follows for every single key, `bake` once for a whole stretch of them.
    """
    points = curve.keyframe_points
    start, end = window(curve, first, last)
    if end - start == count_of(columns):
        return end
    wanted = dict(columns["co"].tolist())
    missing = sorted(wanted.keys() - {point.co[0] for point in points[start:end]})
    stretch = (round(missing[0]), round(missing[-1])) if missing else (0, 0)
    if len(missing) > _SEVERAL and stretch[1] - stretch[0] < len(missing) * _SPARSE:
        curve.bake(*stretch, step=1, remove="NONE")
        start, end = window(curve, first, last)
    there = [point.co[0] for point in points[start:end]]
    for index in reversed(range(end - start)):
        if there[index] not in wanted:
            points.remove(points[start + index], fast=True)
    for frame in wanted.keys() - set(there):
        points.insert(frame, wanted[frame], options={"FAST"})
    return window(curve, first, last)[1]


def _set_each(points: Any, start: int, columns: Columns) -> None:
    count = count_of(columns)
    chosen = points[start : start + count]
    for name in _names(columns):
        values: list[Any] = columns[name].tolist()
        if name in NUMBERS:
            identifiers = _enum(name)[1]
            values = [identifiers[value] for value in values]
        for point, value in zip(chosen, values, strict=True):
            setattr(point, name, value)


def _set_all(points: Any, start: int, columns: Columns) -> None:
    count = count_of(columns)
    for name in _names(columns):
        if count == len(points):
            whole = columns[name]
        else:
            whole = _whole(points, name, columns[name].dtype)
            whole[start : start + count] = columns[name]
        points.foreach_set(name, np.ascontiguousarray(whole).reshape(-1))


def _whole(points: Any, name: str, dtype: Any) -> npt.NDArray[Any]:
    whole = np.empty((len(points), 2) if name in PAIRS else len(points), dtype)
    flat = whole.reshape(-1)
    points.foreach_get(name, flat)
    return whole


@cache
def _enum(name: str) -> tuple[dict[str, int], dict[int, str]]:
    """Numbers by the identifiers of an enum of keys, and the other way round."""
    items = bpy.types.Keyframe.bl_rna.properties[name].enum_items
    return {item.identifier: item.value for item in items}, {item.value: item.identifier for item in items}


def positions(curve: Any, first: int = -(1 << 30), last: int = 1 << 30) -> tuple[npt.NDArray[np.int32], FloatArray]:
    """Frames (rounded) and values of the keys of a curve from frame `first` to `last`."""
    points = curve.keyframe_points
    start, end = window(curve, first, last) if len(points) else (0, 0)
    if (end - start) * _FEW < len(points):
        where = np.array([point.co[:] for point in points[start:end]], np.float32).reshape(-1, 2)
    else:
        where = _whole(points, "co", np.float32)[start:end]
    return np.rint(where[:, 0]).astype(np.int32), where[:, 1].copy()
