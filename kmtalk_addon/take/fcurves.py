"""The keys of f-curves in bulk: fill a curve, read it, change some frames of it while all others stay as they are."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..core import curves
from .timing import FloatArray, Points, Samples

LINEAR, BEZIER = 1, 2  # Blender's enum values: foreach_set takes numbers only
EXTREME, GENERATED = 1, 5
_FREE = 0
_PAIRS = ("co", "handle_left", "handle_right")
_NUMBERS = ("interpolation", "type", "handle_left_type", "handle_right_type", "easing")
_DECIMALS = ("back", "amplitude", "period")

Columns: TypeAlias = dict[str, npt.NDArray[Any]]
"""Attributes of all keys of a curve: (n, 2) for positions, (n,) for the rest."""


def full_name(handle: int, path: str) -> str:
    """What a curve of an action is called in our records: the handle of its slot (0 without slots) and data path."""
    return f"{handle or ''}|{path}"


def fill(curve: Any, points: Points) -> None:
    """Write `points` onto a curve that has no keys."""
    curve.keyframe_points.add(len(points.frames))
    write(curve, columns_of(points))


def columns_of(points: Points) -> Columns:
    """Keys as Blender keeps them; Bezier handles lie at thirds of the span, so that time runs evenly."""
    count = len(points.frames)
    position = np.column_stack([points.frames, points.values]).astype(np.float32)
    columns: Columns = {"co": position, "type": np.where(points.is_key, EXTREME, GENERATED).astype(np.int32)}
    if points.slopes is None:
        columns["interpolation"] = np.full(count, LINEAR, np.int32)
        return columns
    gaps = np.diff(points.frames).astype(np.float32) / 3
    before, after = np.append(gaps[:1], gaps), np.append(gaps, gaps[-1:])
    columns["interpolation"] = np.full(count, BEZIER, np.int32)
    for name, reach in (("handle_left", -before), ("handle_right", after)):
        columns[name] = position + np.column_stack([reach, reach * points.slopes]).astype(np.float32)
        columns[name + "_type"] = np.full(count, _FREE, np.int32)
    return columns


def read(curve: Any) -> Columns:
    """Every attribute of every key."""
    points, count = curve.keyframe_points, len(curve.keyframe_points)
    columns: Columns = {}
    for name in _PAIRS:
        columns[name] = np.empty((count, 2), np.float32)
    for name in _NUMBERS:
        columns[name] = np.empty(count, np.int32)
    for name in _DECIMALS:
        columns[name] = np.empty(count, np.float32)
    for name, column in columns.items():
        flat = column.reshape(-1)
        points.foreach_get(name, flat)
    return columns


def write(curve: Any, columns: Columns) -> None:
    """Set the attributes of all keys; the curve has as many as `columns` are long."""
    for name in sorted(columns, key=lambda name: name.startswith("handle_") and not name.endswith("type")):
        curve.keyframe_points.foreach_set(name, np.ascontiguousarray(columns[name]).reshape(-1))
    curve.update()


def positions(curve: Any) -> tuple[npt.NDArray[np.int32], FloatArray, npt.NDArray[np.int32]]:
    """Frames (rounded), values and key types of all keys."""
    points, count = curve.keyframe_points, len(curve.keyframe_points)
    where, types = np.empty(count * 2, np.float32), np.empty(count, np.int32)
    points.foreach_get("co", where)
    points.foreach_get("type", types)
    return np.rint(where[0::2]).astype(np.int32), where[1::2].copy(), types


def replace_frames(curve: Any, points: Points, frames: npt.NDArray[np.int32]) -> None:
    """Give `curve` the keys that `points` have at `frames`, instead of its own there; no other key changes.

    Where the neighbours are Bezier keys, their handles towards the change are fitted to it.
    """
    chosen = np.isin(points.frames, frames)
    if points.slopes is None and _set_in_place(curve, points.frames[chosen], points, frames):
        return
    old = read(curve)
    own = np.rint(old["co"][:, 0]).astype(np.int32)
    stays = ~np.isin(own, frames)
    new = columns_of(points)
    count = int(chosen.sum())
    defaults: Mapping[str, float] = {"back": 1.70158, "amplitude": 0.8, "period": 4.1}
    merged: Columns = {}
    for name, column in old.items():
        fallback = np.full((count, *column.shape[1:]), defaults.get(name, 0), column.dtype)
        added = new[name][chosen] if name in new else fallback
        merged[name] = np.concatenate([column[stays], added])
    order = np.argsort(merged["co"][:, 0], kind="stable")
    merged = {name: column[order] for name, column in merged.items()}
    is_new = np.isin(np.rint(merged["co"][:, 0]).astype(np.int32), points.frames[chosen])
    if points.slopes is not None:
        _fit_handles(merged, is_new)
    difference = len(order) - len(own)
    if difference > 0:
        curve.keyframe_points.add(difference)
    for _ in range(-difference):
        curve.keyframe_points.remove(curve.keyframe_points[-1], fast=True)
    write(curve, merged)


def _set_in_place(curve: Any, wanted: npt.NDArray[np.int32], points: Points, frames: npt.NDArray[np.int32]) -> bool:
    """Whether the keys that are to be at `frames` are there already; then they get their values, which is quicker."""
    own, _, types = positions(curve)
    place = np.flatnonzero(np.isin(own, frames))
    if not np.array_equal(own[place], wanted):
        return False
    new = columns_of(points)
    position = np.empty(len(own) * 2, np.float32)
    curve.keyframe_points.foreach_get("co", position)
    source = np.searchsorted(points.frames, wanted)
    position.reshape(-1, 2)[place] = new["co"][source]
    types[place] = new["type"][source]
    interpolation = np.empty(len(own), np.int32)
    curve.keyframe_points.foreach_get("interpolation", interpolation)
    interpolation[place] = LINEAR
    for name, column in (("co", position), ("type", types), ("interpolation", interpolation)):
        curve.keyframe_points.foreach_set(name, column)
    curve.update()
    return True


def restore(curve: Any, frames: Iterable[int], values: Iterable[float], frame: int) -> None:
    """Give the key of a curve at `frame`, if there is one, the value there among `frames` and `values`."""
    before = dict(zip(map(int, frames), map(float, values), strict=True))
    for point in curve.keyframe_points:
        if round(point.co[0]) == frame and frame in before:
            point.co[1] = before[frame]
    curve.update()


def refit(
    curve: Any,
    samples: Samples,
    values: FloatArray,
    held: npt.NDArray[np.bool_],
    changed: npt.NDArray[np.int32],
    error: float,
) -> None:
    """Give a curve of few Bezier keys the `values` (F,) at the frames `changed`, which follow one another.

    The span from its last key before them to its first key after them is reduced anew; both those keys and all beyond
    stay as they are.  Frames `held` (F,) get a key.
    """
    zero, final = int(samples.frames[0]), int(samples.frames[-1])
    own, shown, _ = positions(curve)
    before, after = own[(own < changed[0]) & (own >= zero)], own[(own > changed[-1]) & (own <= final)]
    first, last = int(before[-1]) if len(before) else zero, int(after[0]) if len(after) else final
    ends = _slope_after(curve, first), _slope_before(curve, last)
    part = slice(first - zero, last - zero + 1)
    wanted = values[part].copy()
    for end, frame in ((0, first), (-1, last)):
        wanted[[end] * int((own == frame).sum())] = shown[own == frame]
    kept, slopes = curves.reduce(wanted, error, samples.is_key[part], held[part], ends)
    points = Points(samples.frames[part][kept], wanted[kept], samples.is_key[part][kept], slopes)
    stays = [frame for frame, slope in zip((first, last), ends, strict=True) if slope is not None]
    replace_frames(curve, points, np.setdiff1d(samples.frames[part], stays))


def _slope_after(curve: Any, frame: int) -> float | None:
    """The slope with which a curve leaves its Bezier key at `frame`; None where it has none there."""
    point = next((p for p in curve.keyframe_points if round(p.co[0]) == frame), None)
    if point is None or point.interpolation != "BEZIER":
        return None
    return _slope(point.co, point.handle_right)


def _slope_before(curve: Any, frame: int) -> float | None:
    """The slope with which a curve comes to its key at `frame` from a Bezier key; None where there are none."""
    points = list(curve.keyframe_points)
    index = next((i for i, p in enumerate(points) if round(p.co[0]) == frame), 0)
    if not index or points[index - 1].interpolation != "BEZIER":
        return None
    return _slope(points[index].handle_left, points[index].co)


def _slope(start: Any, end: Any) -> float:
    return float((end[1] - start[1]) / (end[0] - start[0])) if end[0] > start[0] else 0.0


def _fit_handles(columns: Columns, is_new: npt.NDArray[np.bool_]) -> None:
    """Where one of two neighbours is new, put the handles between them at thirds, each along its own slope."""
    position, left, right = (columns[name] for name in _PAIRS)
    for index in np.flatnonzero(is_new[:-1] | is_new[1:]):
        third = (position[index + 1, 0] - position[index, 0]) / 3
        for handles, at, reach in ((right, index, third), (left, index + 1, -third)):
            run, rise = handles[at] - position[at]
            handles[at] = position[at] + np.array([reach, reach * rise / run if run else 0.0], np.float32)
