"""How the lines of one face lie in the same curves: each in its own span, eased to rest or into the next.  No bpy here.

Every line is a layer.  One that starts later lies above; it fades in before its first frame and out after its last, so
that the face comes to rest where nobody speaks and passes smoothly from line to line where two meet.  What another line
covers is not lost: it is kept beside the line, and comes back when the other goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import columns as keys
from .columns import Columns

FloatArray = npt.NDArray[np.float32]
FrameArray = npt.NDArray[np.int32]

LEAD_SECONDS = 0.2
"""How long before its first frame a face leaves its rest."""
TAIL_SECONDS = 0.35
"""How long after its last frame it has come to rest: lids open and lips close in it, also where a strip is cut."""


@dataclass(frozen=True)
class Reach:
    """Where a line plays: its own scene frames `first` to `last`, and how many frames it fades before and after."""

    uid: str
    first: int
    last: int
    lead: int
    tail: int

    @classmethod
    def of(cls, uid: str, first: int, last: int, fps: float) -> "Reach":
        """The reach of a line in a scene of `fps` frames a second."""
        return cls(uid, first, last, max(round(LEAD_SECONDS * fps), 2), max(round(TAIL_SECONDS * fps), 2))

    @property
    def begin(self) -> int:
        return self.first - self.lead

    @property
    def end(self) -> int:
        return self.last + self.tail

    def meets(self, first: int, last: int) -> bool:
        return self.begin <= last and self.end >= first

    def weight(self, frames: FrameArray) -> FloatArray:
        """(frames,) how much the line counts: 1 in its own frames, eased to 0 at the ends of its reach."""
        into, out = (frames - self.begin) / self.lead, (self.end - frames) / self.tail
        share = np.minimum(into, out).clip(0.0, 1.0)
        return np.asarray(share * share * (3 - 2 * share), np.float32)


def in_order(reaches: Sequence[Reach]) -> list[Reach]:
    """Lines from the lowest to the topmost: a later start lies above, and of one start the one that came later."""
    return sorted(reaches, key=lambda reach: reach.first)


def owners(reaches: Sequence[Reach], frames: FrameArray) -> npt.NDArray[np.int32]:
    """(frames,) which of the lines `reaches`, in order, holds each frame; -1 where none does."""
    found = np.full(len(frames), -1, np.int32)
    for number, reach in enumerate(reaches):
        found[(frames >= reach.begin) & (frames <= reach.end)] = number
    return found


class Holders:
    """Which of many lines `reaches`, in order, holds each frame; as `owners`, worked out once."""

    def __init__(self, reaches: Sequence[Reach]) -> None:
        ends = {frame for reach in reaches for frame in (reach.begin, reach.end + 1)}
        self._ends = np.array(sorted(ends), np.int64)
        self._held = np.full(len(ends) + 1, -1, np.int32)
        for number, reach in enumerate(reaches):
            begin, end = np.searchsorted(self._ends, (reach.begin, reach.end + 1))
            self._held[begin + 1 : end + 1] = number

    def at(self, frames: FrameArray) -> FrameArray:
        """(frames,) the holder of each of `frames`, in any order."""
        return np.asarray(self._held[np.searchsorted(self._ends, frames, side="right")], np.int32)


def covered(reaches: Sequence[Reach], reach: Reach) -> bool:
    """Whether another line takes over from this one anywhere in its own frames."""
    frames = np.arange(reach.first, reach.last + 1, dtype=np.int32)
    ordered = in_order(reaches)
    number = next(i for i, other in enumerate(ordered) if other.uid == reach.uid)
    return bool((owners(ordered, frames) != number).any())


def own_of(curve: Columns, reaches: Sequence[Reach], number: int, hidden: Columns | None) -> Columns:
    """The keys of one line among the keys of a curve whose lines are `reaches`, in order: shown ones and `hidden`."""
    reach = reaches[number]
    at = keys.frames_of(curve)
    inside = (at >= reach.first) & (at <= reach.last) & (owners(reaches, at) == number)
    return keys.merged(keys.chosen(curve, inside), hidden)


@dataclass(frozen=True)
class Composed:
    """Keys for the frames of a window, and what of each line lies under another there."""

    shown: Columns
    hidden: tuple[Columns, ...]


def compose(reaches: Sequence[Reach], own: Sequence[Columns], rest: float, first: int, last: int) -> Composed:
    """The keys of one curve from frame `first` to `last` (where no line holds a frame there are none).

    reaches, own: the lines, in order, that meet the window, and the keys of each in it; rest: the value between them.
    """
    if len(reaches) == 1 and first <= reaches[0].begin and last >= reaches[0].end and not keys.is_stepped(own[0]):
        return _alone(reaches[0], own[0], rest)
    frames = np.arange(first, last + 1, dtype=np.int32)
    held = owners(reaches, frames)
    value = np.full(len(frames), rest, np.float32)
    parts: list[Columns] = []
    hidden: list[Columns] = []
    for number, (reach, mine) in enumerate(zip(reaches, own, strict=True)):
        under = value
        weight = reach.weight(frames)
        value = under + weight * (keys.values_at(mine, frames) - under)
        at = keys.frames_of(mine)
        shows, inside = owners(reaches, at) == number, (at >= first) & (at <= last)
        hidden.append(keys.chosen(mine, inside & ~shows))
        parts.append(keys.chosen(mine, inside & shows))
        for begin, end in ((reach.begin, reach.first - 1), (reach.last + 1, reach.end)):
            fade = (frames >= begin) & (frames <= end) & (held == number)
            if fade.any() and keys.is_stepped(mine):
                parts.append(keys.held(frames[fade][:1], under[fade][:1]))
            elif fade.any():
                parts.append(_fade(frames[fade], value[fade], under[fade], reach))
    return Composed(_eased(keys.joined(parts), reaches), tuple(hidden))


def _alone(reach: Reach, mine: Columns, rest: float) -> Composed:
    """The keys of a curve that one line alone plays: its own, and the rest at both far ends of its reach."""
    far = [keys.eased(np.array([end], np.int32), np.array([rest], np.float32)) for end in (reach.begin, reach.end)]
    return Composed(_eased(keys.joined([far[0], mine, far[1]]), [reach]), (keys.empty(),))


def _fade(frames: FrameArray, values: FloatArray, under: FloatArray, reach: Reach) -> Columns:
    """Keys between a line and what lies under it: one at the far end where that is at rest, else one a frame."""
    if np.ptp(under) < 1e-6:
        far = reach.begin if frames[0] < reach.first else reach.end
        at = np.flatnonzero(frames == far)
        if len(at) and (len(frames) == (reach.lead if far == reach.begin else reach.tail)):
            return keys.eased(frames[at], values[at])
    return keys.straight(frames, values)


def _eased(curve: Columns, reaches: Sequence[Reach]) -> Columns:
    """Let the spans between a line's outermost keys and its far ends run flat into both."""
    at = keys.frames_of(curve)
    for reach in reaches:
        for far, near_is_after in ((reach.begin, True), (reach.end, False)):
            place = np.flatnonzero(at == far)
            if not len(place) or curve["interpolation"][place[0]] != keys.BEZIER or not keys.is_flat(curve, place[0]):
                continue
            near = place[0] + 1 if near_is_after else place[0] - 1
            if 0 <= near < len(at):
                keys.ease_between(curve, min(near, place[0]))
    return curve
