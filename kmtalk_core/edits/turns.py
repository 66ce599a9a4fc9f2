"""Turns of the head that a hand has set at key frames: hit exactly, and gone at the keys beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..take import Take, Track, Turn
from .entries import Edit

FloatArray: TypeAlias = npt.NDArray[np.float32]


def turned(take: Take, edits: Sequence[Edit], frames: Sequence[int]) -> Take:
    """`take` with what `edits` pose in the tracks beside the first; its keys will be on `frames`, rising.

    A turn goes where its key is moved to, and away with it.
    """
    if len(take.tracks) == 1:
        return take
    turns = {turn.frame: turn for turn in take.turns}
    there = {edit.frame: turns.pop(edit.frame, None) for edit in edits}  # all leave before one comes in another's place
    for edit in edits:
        was = there[edit.frame]
        if edit.delete or edit.state == "generated":
            continue
        frame = edit.frame if edit.move_to is None else edit.move_to
        values = {} if was is None else dict(was.offsets)
        values |= _set_by(edit, take, frame, turns.values())
        if was is not None and frame == edit.frame and values == was.offsets:
            turns[frame] = was
        elif values:
            turns[frame] = Turn(frame, *_between(frame, frames, take.frame_count), values)
    kept = tuple(turns[frame] for frame in sorted(turns))
    gone, come = (
        [turn for turn in some if turn not in others] for some, others in ((take.turns, kept), (kept, take.turns))
    )
    tracks = tuple(_bent(track, gone, come) for track in take.tracks[1:])
    return replace(take, tracks=(take.tracks[0], *tracks), turns=kept)


def set_by_hand(take: Take) -> dict[int, dict[str, float]]:
    """The values that a hand has set in tracks beside the first, by frame and channel."""
    shown = {name: track.motion[:, n] for track in take.tracks[1:] for n, name in enumerate(track.space.names)}
    return {
        turn.frame: {name: float(shown[name][turn.frame]) for name in turn.offsets if name in shown}
        for turn in take.turns
    }


def _set_by(edit: Edit, take: Take, frame: int, others: Iterable[Turn]) -> dict[str, float]:
    """By how much an edit turns each channel that it names, beside what is there with no turn but `others`."""
    if not isinstance(edit.pose, Mapping):
        return {}
    found = {}
    for track in take.tracks[1:]:
        for name in set(edit.pose) & set(track.space.names):
            there = float(track.motion[frame, track.space.index_of(name)])
            there += sum(_at(turn, name, frame) for turn in others) - sum(_at(t, name, frame) for t in take.turns)
            found[name] = float(edit.pose[name]) - there
    return found


def _between(frame: int, frames: Sequence[int], count: int) -> tuple[int, int]:
    """The frames on which a turn begins and is gone: those of the keys beside it."""
    return (
        max((other for other in frames if other < frame), default=0),
        min((other for other in frames if other > frame), default=count - 1),
    )


def _bent(track: Track, gone: Sequence[Turn], come: Sequence[Turn]) -> Track:
    changed = [(turn, sign) for turns, sign in ((gone, -1.0), (come, 1.0)) for turn in turns]
    own = [(turn, sign) for turn, sign in changed if set(turn.offsets) & set(track.space.names)]
    if not own:
        return track
    motion = track.motion.copy()
    for turn, sign in own:
        rows = np.arange(turn.first, turn.last + 1)
        for name in set(turn.offsets) & set(track.space.names):
            bump = sign * turn.offsets[name] * _shape(turn, rows)
            motion[rows, track.space.index_of(name)] += bump.astype(np.float32)
    return Track(track.space, motion)


def _at(turn: Turn, name: str, frame: int) -> float:
    return turn.offsets.get(name, 0.0) * float(_shape(turn, np.array([frame]))[0])


def _shape(turn: Turn, frames: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """(n,) how much of a turn shows: all of it on its own frame, flat there and at both ends."""
    rise = (frames - turn.first) / max(turn.frame - turn.first, 1) if turn.frame > turn.first else frames >= turn.frame
    fall = (turn.last - frames) / max(turn.last - turn.frame, 1) if turn.last > turn.frame else frames <= turn.frame
    share = np.minimum(rise, fall).clip(0, 1)
    return np.asarray(share * share * (3 - 2 * share))
