"""Which markers of an action are those that we put there: known again by where and under which name each was put.

There may be tens of thousands: those that lie where they were put are told by numbers alone, and only lines that have
lost one from its place are looked at by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..core import errors, schema

Mark: TypeAlias = tuple[int, str]
"""A scene frame and a name."""
_Ints: TypeAlias = npt.NDArray[np.int32]

_MARKS = schema.ListOf(schema.ListOf(schema.Either((schema.Whole(-1e9, 1e9), schema.Text(1000))), 2, 2))
_LINES = 2048
"""Of as many lines what is noted is kept unpacked."""


def noted(line: Any) -> tuple[Mark, ...]:
    """Where a line's markers were put, and what they are called; nothing where its note is none of ours."""
    return _read(line.marks)[0]


def learn(note: str) -> None:
    """Unpack a note (`line.marks`) so that it is known later: of many lines it takes its time."""
    _read(note)


@lru_cache(_LINES)
def _read(text: str) -> tuple[tuple[Mark, ...], _Ints]:
    try:
        found = _MARKS.read(schema.loads(text or "[]", "The note of markers"), "The note of markers")
    except errors.KMTalkError:
        found = []
    marks = tuple((mark[0], mark[1]) for mark in found if isinstance(mark[0], int) and isinstance(mark[1], str))
    return marks, np.array([frame for frame, _ in marks], np.int32)


@dataclass(frozen=True)
class Found:
    """The markers of an action as they are now.

    frames: (n,) of all of them; line: (n,) the place in the list of the line that each belongs to, -1 for nobody's;
    put: (n,) where each was put; missing: lines and frames of markers that are gone.
    """

    action: Any
    uids: tuple[str, ...]
    frames: _Ints
    line: _Ints
    put: _Ints
    missing: tuple[tuple[str, int], ...]

    @staticmethod
    def on(action: Any) -> "Found":
        lines = list(action.kmtalk_lines.lines)
        there = np.empty(len(action.pose_markers), np.int32)
        action.pose_markers.foreach_get("frame", there)
        notes = [_read(line.marks) for line in lines]
        frames = np.concatenate([np.empty(0, np.int32), *(note[1] for note in notes)])
        owner = np.repeat(np.arange(len(lines), dtype=np.int32), [len(note[1]) for note in notes])
        line, put = np.full(len(there), -1, np.int32), there.copy()
        restless = _restless(frames, owner, there)
        calm = ~np.isin(owner, restless)
        # A marker on a frame is the one put there, in order: as many lie there as were put, and no more
        by_frame, by_place = np.argsort(there, kind="stable"), np.argsort(frames[calm], kind="stable")
        at_rest = by_frame[np.isin(there[by_frame], frames[calm])]
        line[at_rest] = owner[calm][by_place]
        gone: list[tuple[str, int]] = []
        if len(restless):
            left = np.flatnonzero(line < 0)
            listed = list(action.pose_markers)  # one is found by its number slowly
            marks = [(int(place), mark) for place in restless for mark in notes[place][0]]
            pairs = paired([mark for _, mark in marks], [(int(there[n]), listed[n].name) for n in left])
            for index, number in pairs:
                line[left[index]], put[left[index]] = marks[number][0], marks[number][1][0]
            kept = {number for _, number in pairs}
            gone = [(lines[p].uid, mark[0]) for n, (p, mark) in enumerate(marks) if n not in kept]
        return Found(action, tuple(each.uid for each in lines), there, line, put, tuple(gone))

    def of(self, uid: str) -> list[tuple[Any, int]]:
        """The markers of a line, each with the frame where it was put."""
        return self._markers(self._is_of(uid))

    def nobodys(self) -> list[Any]:
        """Markers that are none of ours."""
        return [marker for marker, _ in self._markers(self.line < 0)]

    def nobodys_frames(self) -> list[int]:
        return [int(frame) for frame in self.frames[self.line < 0]]

    def put_frames(self, uid: str) -> set[int]:
        """Where those markers of a line were put that are still there."""
        return set(self.put[self._is_of(uid)].tolist())

    def is_as_put(self, uid: str) -> bool:
        """Whether every marker of a line lies where it was put."""
        mine = self._is_of(uid)
        return bool((self.frames[mine] == self.put[mine]).all()) and all(owner != uid for owner, _ in self.missing)

    def dragged(self) -> list[tuple[str, int, int]]:
        """Markers that lie elsewhere: number of the line, where each was put, where it lies."""
        moved = np.flatnonzero((self.line >= 0) & (self.frames != self.put))
        return [(self.uids[self.line[n]], int(self.put[n]), int(self.frames[n])) for n in moved]

    def _is_of(self, uid: str) -> npt.NDArray[np.bool_]:
        place = self.uids.index(uid) if uid in self.uids else -2
        return np.asarray(self.line == place)

    def _markers(self, chosen: npt.NDArray[np.bool_]) -> list[tuple[Any, int]]:
        if not chosen.any():
            return []
        listed = list(self.action.pose_markers)
        return [(listed[n], int(self.put[n])) for n in np.flatnonzero(chosen)]


def _restless(frames: _Ints, owner: _Ints, there: _Ints) -> _Ints:
    """The lines some of whose frames have not as many markers as were put there; and those that share such a frame."""
    places, counts = np.unique(frames, return_counts=True)
    lying, numbers = np.unique(there, return_counts=True)
    if not len(lying):
        return np.unique(owner)
    at = np.searchsorted(lying, places).clip(max=len(lying) - 1)
    odd = places[(lying[at] != places) | (numbers[at] != counts)]
    found = np.unique(owner[np.isin(frames, odd)])
    while len(found):
        more = np.unique(owner[np.isin(frames, frames[np.isin(owner, found)])])
        if len(more) == len(found):
            break
        found = more
    return found


def paired(noted: Sequence[Mark], there: Sequence[Mark]) -> list[tuple[int, int]]:
    """(index in `there`, index in `noted`) of markers that are the same: at rest first, then by name and order.

    Dragging keeps a marker's place in the list.
    """
    at: dict[Mark, list[int]] = {}
    for index, marker in enumerate(there):
        at.setdefault(marker, []).append(index)
    pairs: list[tuple[int, int]] = []
    missing: dict[str, list[int]] = {}
    for number, marker in enumerate(noted):
        if at.get(marker):
            pairs.append((at[marker].pop(0), number))
        else:
            missing.setdefault(marker[1], []).append(number)
    left = sorted(index for indices in at.values() for index in indices)
    for name, numbers in missing.items():
        found = [index for index in left if there[index][1] == name]
        while len(found) < len(numbers):  # some were deleted: the ones that lie farthest from any that is left
            numbers.remove(max(numbers, key=lambda n: min((abs(there[i][0] - noted[n][0]) for i in found), default=0)))
        pairs += zip(found, numbers, strict=False)
    return sorted(pairs)
