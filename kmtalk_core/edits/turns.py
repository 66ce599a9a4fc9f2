"""Turns of the head that a hand has set at key frames: hit exactly, and gone at the keys beside them."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..take import Take, Track
from .entries import Edit

FloatArray: TypeAlias = npt.NDArray[np.float32]


def turned(take: Take, edits: Sequence[Edit]) -> tuple[Track, ...]:
    """The tracks of `take`, those beside the first with what `edits` pose in their channels."""
    return (take.tracks[0], *(_turned(track, take, edits) for track in take.tracks[1:]))


def _turned(track: Track, take: Take, edits: Sequence[Edit]) -> Track:
    offsets: dict[int, FloatArray] = {}
    for edit in edits:
        named = {n: v for n, v in edit.pose.items() if n in track.space.names} if isinstance(edit.pose, Mapping) else {}
        frame = edit.frame if edit.move_to is None else edit.move_to
        for name, value in named.items():
            offset = offsets.setdefault(frame, np.zeros(track.space.width, np.float32))
            column = track.space.index_of(name)
            offset[column] = value - track.motion[frame, column]
    if not offsets:
        return track
    anchors = sorted({0, take.frame_count - 1, *(key.frame for key in take.keys), *offsets})
    still = np.zeros(track.space.width, np.float32)
    rows = np.stack([offsets.get(frame, still) for frame in anchors])
    at = np.arange(take.frame_count)
    after = np.searchsorted(anchors, at).clip(0, len(anchors) - 1)
    before = np.searchsorted(anchors, at, side="right").clip(1, len(anchors)) - 1
    known = np.asarray(anchors)
    share = ((at - known[before]) / np.maximum(known[after] - known[before], 1)).clip(0, 1)
    ease = (share * share * (3 - 2 * share)).astype(np.float32)[:, None]
    bend = rows[before] + ease * (rows[after] - rows[before])
    return Track(track.space, np.where(bend != 0, track.motion + bend, track.motion).astype(np.float32))
