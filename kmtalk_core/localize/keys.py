"""From phones to key frames: the paper takes the start and the end of every phoneme, where the lips turn."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..alignment import Alignment
from ..phones import BILABIALS, SILENCE, classes_of


@dataclass(frozen=True)
class KeyFrame:
    """A frame that gets a key motion: the `time` (seconds) of its phone boundary, the `label` of what starts there."""

    frame: int
    time: float
    label: str
    confidence: float


def frame_count_of(duration: float, fps: float) -> int:
    """Frames that `duration` seconds take at `fps`, at least one."""
    return max(round(duration * fps), 1)


def key_frames(alignment: Alignment, fps: float, frame_count: int, minimum_gap: int = 1) -> tuple[KeyFrame, ...]:
    """Key frames in order, each frame once: every phone boundary at the nearest frame, and the first and last frame.

    Of two boundaries less than `minimum_gap` frames apart the surer stays (the earlier where they are equally sure);
    the first and the last frame stay always.  A boundary is as sure as the less sure of the two phones that meet there.
    """
    gap, last = max(minimum_gap, 1), max(frame_count, 1) - 1
    keys = [replace(key, frame=min(max(round(key.time * fps), 0), last)) for key in _boundaries(alignment)]
    first = next((key for key in keys if key.frame == 0), KeyFrame(0, 0.0, SILENCE, 1.0))
    final = next((key for key in reversed(keys) if key.frame == last), KeyFrame(last, last / fps, SILENCE, 1.0))
    kept = [first]
    for key in keys:
        if key.frame - first.frame < gap or last - key.frame < gap:
            continue
        if key.frame - kept[-1].frame >= gap:
            kept.append(key)
        elif key.confidence > kept[-1].confidence and (len(kept) < 2 or key.frame - kept[-2].frame >= gap):
            kept[-1] = key
    return (*kept, final) if last > 0 else (first,)


def with_density(keys: Sequence[KeyFrame], density: float) -> tuple[KeyFrame, ...]:
    """`keys` with about `density` times as many: less keep those that count, more halve the widest gaps.

    Where some go, the first and the last stay, closed lips and pauses go last, and else the one first whose neighbours
    are closest.
    """
    if density < 1:
        return _thinned(keys, max(round(len(keys) * density), 2))
    return _halved(keys, round(len(keys) * density))


def _thinned(keys: Sequence[KeyFrame], count: int) -> tuple[KeyFrame, ...]:
    before, after = list(range(-1, len(keys) - 1)), list(range(1, len(keys) + 1))
    is_marked = [bool(({SILENCE} | BILABIALS) & set(classes_of(key.label))) for key in keys]

    def worth(index: int) -> tuple[bool, int, int]:
        return (is_marked[index], keys[after[index]].frame - keys[before[index]].frame, index)

    gone: set[int] = set()
    queue = [worth(index) for index in range(1, len(keys) - 1)]
    heapq.heapify(queue)
    while len(keys) - len(gone) > count and queue:
        least = heapq.heappop(queue)
        index = least[2]
        if index in gone or least != worth(index):
            continue  # its neighbours changed since, and with them its worth
        gone.add(index)
        left, right = before[index], after[index]
        after[left], before[right] = right, left
        for beside in (left, right):
            if 0 < beside < len(keys) - 1:
                heapq.heappush(queue, worth(beside))
    return tuple(key for index, key in enumerate(keys) if index not in gone)


def _halved(keys: Sequence[KeyFrame], count: int) -> tuple[KeyFrame, ...]:
    """A key put into the middle of a gap belongs to the phone that started before it."""
    found = list(keys)
    queue = [(a.frame - b.frame, a.frame, a, b) for a, b in pairwise(keys)]
    heapq.heapify(queue)
    while len(found) < count and queue:
        gap, _, first, last = heapq.heappop(queue)
        if gap > -2:
            break
        middle = (first.frame + last.frame) // 2
        share = (middle - first.frame) / (last.frame - first.frame)
        key = replace(first, frame=middle, time=first.time + share * (last.time - first.time))
        found.append(key)
        for a, b in ((first, key), (key, last)):
            heapq.heappush(queue, (a.frame - b.frame, a.frame, a, b))
    return tuple(sorted(found, key=lambda key: key.frame))


def key_ratio(keys: Sequence[KeyFrame], frame_count: int) -> float:
    """Share of the frames that are keys; 0.3 to 0.4 is usual for running speech (the paper has about a third)."""
    return len(keys) / max(frame_count, 1)


def _boundaries(alignment: Alignment) -> Iterator[KeyFrame]:
    """Boundaries in time order, their frames still unset."""
    before: float = 1.0
    end = 0.0
    for index, phone in enumerate(alignment.phones):
        if index and phone.start - end > 1e-3:
            yield KeyFrame(0, end, SILENCE, before)
        yield KeyFrame(0, phone.start, phone.label, min(phone.confidence, before))
        before, end = phone.confidence, phone.end
    if alignment.phones:
        yield KeyFrame(0, end, alignment.phones[-1].label, before)
