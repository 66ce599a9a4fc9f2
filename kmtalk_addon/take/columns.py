"""The keys of f-curves as arrays: cut, joined, replaced frame by frame, fitted anew.  No bpy here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..core import curves
from .timing import FloatArray, Points, Samples

CONSTANT, LINEAR, BEZIER = 0, 1, 2  # Blender's enum values: foreach_set takes numbers only
EXTREME, GENERATED = 1, 5
_FREE = 0
PAIRS = ("co", "handle_left", "handle_right")
NUMBERS = ("interpolation", "type", "handle_left_type", "handle_right_type", "easing")
DECIMALS = ("back", "amplitude", "period")
_DEFAULTS: Mapping[str, float] = {"back": 1.70158, "amplitude": 0.8, "period": 4.1}

Columns: TypeAlias = dict[str, npt.NDArray[np.float32] | npt.NDArray[np.int32]]
"""Attributes of keys in order of their frames: (n, 2) for positions, (n,) for the rest."""


def empty(count: int = 0) -> Columns:
    """`count` keys at their defaults."""
    found: Columns = {name: np.zeros((count, 2), np.float32) for name in PAIRS}
    found |= {name: np.zeros(count, np.int32) for name in NUMBERS}
    found |= {name: np.full(count, _DEFAULTS[name], np.float32) for name in DECIMALS}
    return found


def count_of(columns: Columns) -> int:
    return len(columns["co"])


def frames_of(columns: Columns) -> npt.NDArray[np.int32]:
    """(n,) frames, rounded."""
    return np.rint(columns["co"][:, 0]).astype(np.int32)


def values_of(columns: Columns) -> FloatArray:
    """(n,)."""
    return np.asarray(columns["co"][:, 1], np.float32)


def values_at(columns: Columns, frames: npt.NDArray[np.int32]) -> FloatArray:
    """(frames,) what keys show at frames, straight between them or held; the ends hold, and no keys at all are zero."""
    if not count_of(columns):
        return np.zeros(len(frames), np.float32)
    if is_stepped(columns):
        at = np.searchsorted(columns["co"][:, 0], frames + 0.5, side="right") - 1
        return np.asarray(columns["co"][np.maximum(at, 0), 1], np.float32)
    return np.interp(frames, columns["co"][:, 0], columns["co"][:, 1]).astype(np.float32)


def chosen(columns: Columns, mask: npt.NDArray[np.bool_]) -> Columns:
    return {name: column[mask] for name, column in columns.items()}


def joined(parts: Sequence[Columns]) -> Columns:
    """All keys of several, in order of their frames."""
    if not parts:
        return empty()
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(whole["co"][:, 0], kind="stable")
    return {name: column[order] for name, column in whole.items()}


def merged(columns: Columns, others: Columns | None) -> Columns:
    """The keys of both."""
    return columns if others is None or not count_of(others) else joined([columns, others])


def of_points(points: Points) -> Columns:
    """Keys as Blender keeps them; Bezier handles lie at thirds of the span, so that time runs evenly."""
    count = len(points.frames)
    found = empty(count)
    found["co"][:, 0], found["co"][:, 1] = points.frames, points.values
    found["type"][:] = GENERATED
    found["type"][points.is_key] = EXTREME
    found["interpolation"][:] = CONSTANT if points.is_stepped else LINEAR if points.slopes is None else BEZIER
    gaps = np.diff(points.frames).astype(np.float32) / 3 if count > 1 else np.ones(1, np.float32)
    before, after = np.append(gaps[:1], gaps)[:count], np.append(gaps, gaps[-1:])[:count]
    for name, reach in (("handle_left", -before), ("handle_right", after)):
        found[name][:] = found["co"]
        found[name][:, 0] += reach
        if points.slopes is not None:
            found[name][:, 1] += reach * points.slopes
        found[name + "_type"][:] = _FREE
    return found


def _chosen_points(points: Points, picked: npt.NDArray[np.bool_]) -> Columns:
    """The keys of some `points`, as they are among all of them."""
    at = np.flatnonzero(picked)
    if not len(at):
        return empty()
    part = slice(max(int(at[0]) - 1, 0), int(at[-1]) + 2)  # handles depend on the neighbours
    slopes = None if points.slopes is None else points.slopes[part]
    near = Points(points.frames[part], points.values[part], points.is_key[part], slopes, points.is_stepped)
    return chosen(of_points(near), picked[part])


def straight(frames: npt.NDArray[np.int32], values: FloatArray) -> Columns:
    """Keys of in-betweens, straight from one to the next."""
    return of_points(Points(frames, values, np.zeros(len(frames), np.bool_)))


def eased(frames: npt.NDArray[np.int32], values: FloatArray) -> Columns:
    """Keys that are flat on both sides."""
    return of_points(Points(frames, values, np.zeros(len(frames), np.bool_), np.zeros(len(frames), np.float32)))


def held(frames: npt.NDArray[np.int32], values: FloatArray) -> Columns:
    """Keys that hold until the next, as drawings do."""
    return of_points(Points(frames, values, np.zeros(len(frames), np.bool_), is_stepped=True))


def is_stepped(columns: Columns) -> bool:
    """Whether all keys hold until the next."""
    return bool(count_of(columns)) and bool((columns["interpolation"] == CONSTANT).all())


def is_flat(columns: Columns, index: int) -> bool:
    """Whether a key leaves and is reached without a slope."""
    value = columns["co"][index, 1]
    return bool(columns["handle_left"][index, 1] == value and columns["handle_right"][index, 1] == value)


def ease_between(columns: Columns, index: int) -> None:
    """Let a curve run from key `index` to the next flat at both, in place."""
    start, end = columns["co"][index], columns["co"][index + 1]
    third = (end[0] - start[0]) / 3
    columns["interpolation"][index] = BEZIER
    columns["handle_right"][index] = (start[0] + third, start[1])
    columns["handle_left"][index + 1] = (end[0] - third, end[1])
    columns["handle_right_type"][index] = columns["handle_left_type"][index + 1] = _FREE


def replace_frames(old: Columns, points: Points, frames: npt.NDArray[np.int32]) -> Columns:
    """`old` with the keys that `points` have at `frames` instead of its own there; no other key changes.

    Where the neighbours are Bezier keys, their handles towards the change are fitted to it.
    """
    picked = _are_among(points.frames, frames)
    stays = ~_are_among(frames_of(old), frames)
    new = _chosen_points(points, picked)
    if points.slopes is None:
        _keep_what_was_set(old, ~stays, new)
    found = joined([chosen(old, stays), new])
    if points.slopes is not None:
        _fit_handles(found, _are_among(frames_of(found), points.frames[picked]))
    return found


def _are_among(frames: npt.NDArray[np.int32], chosen: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """(n,) whether each of `frames` (n,) is one of those `chosen`, which rise."""
    if not len(chosen):
        return np.zeros(len(frames), np.bool_)
    found: npt.NDArray[np.bool_] = chosen[np.searchsorted(chosen, frames).clip(max=len(chosen) - 1)] == frames
    return found


def _keep_what_was_set(old: Columns, goes: npt.NDArray[np.bool_], new: Columns) -> None:
    """Straight keys that take the place of keys keep the handles and easing that these had, moved along, in place."""
    if not np.array_equal(frames_of(chosen(old, goes)), frames_of(new)):
        return
    shift = new["co"] - old["co"][goes]
    for name in ("handle_left", "handle_right"):
        new[name] = old[name][goes] + shift
    for name in ("handle_left_type", "handle_right_type", "easing", *DECIMALS):
        new[name] = old[name][goes].copy()


def refit(
    old: Columns,
    samples: Samples,
    values: FloatArray,
    held: npt.NDArray[np.bool_],
    changed: npt.NDArray[np.int32],
    error: float,
) -> Columns:
    """A curve of few Bezier keys with the `values` (F,) at the frames `changed`, which follow one another.

    The span from its last key before them to its first key after them is reduced anew; both those keys and all beyond
    stay as they are.  Frames `held` (F,) get a key.
    """
    zero, final = int(samples.frames[0]), int(samples.frames[-1])
    own, shown = frames_of(old), values_of(old)
    before, after = own[(own < changed[0]) & (own >= zero)], own[(own > changed[-1]) & (own <= final)]
    first, last = int(before[-1]) if len(before) else zero, int(after[0]) if len(after) else final
    ends = _slope_after(old, own, first), _slope_before(old, own, last)
    part = slice(first - zero, last - zero + 1)
    wanted = values[part].copy()
    for end, frame in ((0, first), (-1, last)):
        wanted[[end] * int((own == frame).sum())] = shown[own == frame]
    kept, slopes = curves.reduce(wanted, error, samples.is_key[part], held[part], ends)
    points = Points(samples.frames[part][kept], wanted[kept], samples.is_key[part][kept], slopes)
    stays = [frame for frame, slope in zip((first, last), ends, strict=True) if slope is not None]
    return replace_frames(old, points, np.setdiff1d(samples.frames[part], stays))


def _slope_after(columns: Columns, own: npt.NDArray[np.int32], frame: int) -> float | None:
    """The slope with which a curve leaves its Bezier key at `frame`; None where it has none there."""
    at = np.flatnonzero(own == frame)
    if not len(at) or columns["interpolation"][at[0]] != BEZIER:
        return None
    return _slope(columns["co"][at[0]], columns["handle_right"][at[0]])


def _slope_before(columns: Columns, own: npt.NDArray[np.int32], frame: int) -> float | None:
    """The slope with which a curve comes to its key at `frame` from a Bezier key; None where there are none."""
    at = np.flatnonzero(own == frame)
    if not len(at) or not at[0] or columns["interpolation"][at[0] - 1] != BEZIER:
        return None
    return _slope(columns["handle_left"][at[0]], columns["co"][at[0]])


def _slope(start: FloatArray, end: FloatArray) -> float:
    return float((end[1] - start[1]) / (end[0] - start[0])) if end[0] > start[0] else 0.0


def _fit_handles(columns: Columns, is_new: npt.NDArray[np.bool_]) -> None:
    """Where one of two neighbours is new, put the handles between them at thirds, each along its own slope."""
    position, left, right = (columns[name] for name in PAIRS)
    for index in np.flatnonzero(is_new[:-1] | is_new[1:]):
        third = (position[index + 1, 0] - position[index, 0]) / 3
        for handles, at, reach in ((right, index, third), (left, index + 1, -third)):
            run, rise = handles[at] - position[at]
            handles[at] = position[at] + np.array([reach, reach * rise / run if run else 0.0], np.float32)


def restored(old: Columns, frames: Iterable[int], values: Iterable[float], frame: int) -> Columns:
    """`old` with the value at `frame` that is there among `frames` and `values`, where it has a key there."""
    before = dict(zip(map(int, frames), map(float, values), strict=True))
    found = {name: column.copy() for name, column in old.items()}
    if frame in before:
        at = frames_of(old) == frame
        shift = before[frame] - found["co"][at, 1]
        for name in ("handle_left", "handle_right"):
            found[name][at, 1] += shift
        found["co"][at, 1] = before[frame]  # exactly
    return found
