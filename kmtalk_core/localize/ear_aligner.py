"""The encoder's own ear as an aligner: the likeliest way of the words' phones through what is heard, in any language.

A Viterbi search at 100 Hz over posteriors and boundary evidence, in NumPy alone.  Only states near the best are kept,
and what can no longer change is settled on the way, so that memory does not grow with the length of the sound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..alignment import Phone
from ..phones import CLASS_INDEX, SILENCE, classes_of
from ..progress import Job, Progress
from .aligner import Lost, SpokenWord
from .neural import FRAME_RATE, OFFSET, Heard, Posteriors, at_100_hertz
from .pronunciation import Transcript

_LEAST = 3  # frames that a phone lasts at least
_BOUNDARY_WEIGHT = 4.0  # of the log of the boundary evidence where a phone starts
_USUAL_EVIDENCE = 0.1  # of a boundary; less speaks against one
_FLOOR = 1e-4  # of a posterior
_SILENCE_COST = 3.0  # log odds against a pause between two words
_OTHER_COST = 3.0  # log odds against what lies between two words being other speech
_BEAM = 1000.0  # log odds below the best of what is no longer followed
_STEP = 500  # frames between two steps of progress
_SETTLED = 1500  # frames after which a path does not change any more
_MOST_WAYS = 4  # to say a word
_NEVER = np.float32(-1e9)

_SILENCE_INDEX = CLASS_INDEX[SILENCE]

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Unit:
    """One class of one phone of one way to say a word, by index; a pause belongs to no word.

    `before` are the units that it may follow; -1 is the beginning.
    """

    column: int
    before: tuple[int, ...]
    word: int = -1
    way: int = 0
    phone: int = -1

    @property
    def is_pause(self) -> bool:
        return self.word < 0


@dataclass(frozen=True)
class EarAligner:
    """Aligns the words of `transcript` with what was `heard`."""

    heard: Heard
    transcript: Transcript

    def align_job(self, words: range, start: float, end: float) -> Job[list[SpokenWord]]:
        """As `Aligner` has it; confidence is the phone's share of the posterior beside that of the likeliest."""
        first = max(round((start - OFFSET) * FRAME_RATE), 0)
        last = min(round((end - OFFSET) * FRAME_RATE), len(self.heard.boundaries))
        units, ends = self._units(words)
        if last - first < _LEAST or not words:
            raise Lost
        evidence = self.heard.boundaries[first:last]
        credit = _BOUNDARY_WEIGHT * np.log(np.maximum(evidence, 1e-3) / _USUAL_EVIDENCE)
        search = _Search(units, ends, self.heard.phones, first, credit.astype(np.float32))
        path = yield from search.path_job()
        return list(self._words(path, units, first))

    def _units(self, words: range) -> tuple[list[_Unit], tuple[int, ...]]:
        """The ways through `words`, with or without a pause between two, and the units that they end with."""
        units = [_Unit(_SILENCE_INDEX, (-1,))]
        ends: tuple[int, ...] = (-1, 0)
        for index in words:
            lasts: list[int] = []
            known: set[tuple[int, ...]] = set()
            for way, pronunciation in enumerate(self.transcript.words[index].pronunciations[:_MOST_WAYS]):
                said = [
                    (CLASS_INDEX[name], number)
                    for number, (model, label) in enumerate(pronunciation)
                    for name in classes_of(label) or classes_of(model)
                ]
                classes = tuple(column for column, _ in said)
                if not said or classes in known:
                    continue
                known.add(classes)
                for place, (column, number) in enumerate(said):
                    before = (len(units) - 1,) if place else ends
                    units.append(_Unit(column, before, index, way, number))
                lasts.append(len(units) - 1)
            if lasts:
                units.append(_Unit(_SILENCE_INDEX, tuple(lasts)))
                ends = (*lasts, len(units) - 1)
        return units, ends

    def _words(self, path: npt.NDArray[np.int32], units: Sequence[_Unit], first: int) -> Iterator[SpokenWord]:
        """Words and phones of a `path` (frames,) of units."""
        turns = np.concatenate([[0], np.flatnonzero(np.diff(path)) + 1, [len(path)]])
        found: dict[int, list[Phone]] = {}
        last = (-1, -1)
        for begin, end in zip(turns[:-1].tolist(), turns[1:].tolist(), strict=True):
            unit = units[path[begin]]
            if unit.is_pause:
                continue
            posteriors = at_100_hertz(self.heard.phones, first + begin, first + end)
            share = float((posteriors[:, unit.column] / posteriors.max(axis=1)).mean())
            start, stop = _seconds(first + begin), _seconds(first + end)
            phones = found.setdefault(unit.word, [])
            label = self.transcript.words[unit.word].pronunciations[unit.way][unit.phone][1]
            if (unit.word, unit.phone) == last:  # a diphthong's second half
                before = phones.pop()
                sure = before.confidence * (before.end - before.start) + share * (stop - start)
                start, share = before.start, sure / max(stop - before.start, 1e-6)
            phones.append(Phone(start, stop, label, min(share, 1.0)))
            last = (unit.word, unit.phone)
        for word, spoken in found.items():
            yield SpokenWord(word, spoken[0].start, spoken[-1].end, tuple(spoken))


class _Search:
    """The best path from the beginning to one of `ends`; a state is one of the frames that a unit lasts at least."""

    def __init__(
        self, units: Sequence[_Unit], ends: Sequence[int], phones: Posteriors, first: int, credit: FloatArray
    ) -> None:
        self._phones, self._first, self._credit = phones, first, credit
        self._columns = np.repeat([unit.column for unit in units], _LEAST)
        self._ends = [_last(unit) for unit in ends if unit >= 0]
        self._starts = [_LEAST * index for index, unit in enumerate(units) if -1 in unit.before]
        self._toll = np.array([-_SILENCE_COST if unit.is_pause else 0.0 for unit in units], np.float32)
        most = max(len(unit.before) for unit in units)
        # (units, most): how many states back each of the states lies that a unit may follow; 0 where there is none
        back = [[_LEAST * i - _last(b) for b in unit.before if b >= 0] for i, unit in enumerate(units)]
        self._back = np.array([row + [0] * (most - len(row)) for row in back], np.int64)
        self._reach = max(int(self._back.max()), 1)
        self._moves: list[tuple[int, npt.NDArray[np.int16]]] = []

    def path_job(self) -> Job[npt.NDArray[np.int32]]:
        """(frames,) the unit of each frame.  Raises Lost where no path comes to the end."""
        count = len(self._credit)
        settled: list[npt.NDArray[np.int64]] = []
        low, score = 0, np.full(max(self._starts) + 1, _NEVER)
        emission = self._emissions(0)
        score[self._starts] = emission[0, self._columns[self._starts]]
        for frame in range(1, count):
            if frame % _STEP == 0:
                emission = self._emissions(frame)
                yield Progress("aligning phones", frame / count)
                if len(self._moves) > 2 * _SETTLED:
                    settled.append(self._traced(low + int(score.argmax()))[:-_SETTLED])
                    del self._moves[: len(settled[-1])]
            low, score = self._advance(low, score, self._credit[frame], emission[frame % _STEP])
        ends = [state for state in self._ends if low <= state < low + len(score)]
        if not ends or max(score[state - low] for state in ends) <= _NEVER / 2:
            raise Lost
        settled.append(self._traced(max(ends, key=lambda state: float(score[state - low]))))
        return (np.concatenate(settled) // _LEAST).astype(np.int32)

    def _emissions(self, start: int) -> FloatArray:
        stop = min(start + _STEP, len(self._credit))
        posteriors = at_100_hertz(self._phones, self._first + start, self._first + stop)
        logs: FloatArray = np.log(np.maximum(posteriors, np.float32(_FLOOR)))
        logs[:, _SILENCE_INDEX] = np.maximum(logs[:, _SILENCE_INDEX], logs.max(axis=1) - _OTHER_COST)
        return logs

    def _advance(self, low: int, score: FloatArray, credit: np.float32, emission: FloatArray) -> tuple[int, FloatArray]:
        """One frame on: the first state that is followed, and the score of each from there."""
        first, last = low // _LEAST, -(-min(low + len(score) + self._reach, len(self._columns)) // _LEAST)
        start, count = first * _LEAST, (last - first) * _LEAST
        padded = np.full(self._reach + count, _NEVER)  # what is followed already, and room for what lies before
        padded[self._reach + low - start : self._reach + low - start + len(score)] = score
        here = padded[self._reach :].reshape(-1, _LEAST)
        best, move = np.full((last - first, _LEAST), _NEVER), np.ones((last - first, _LEAST), np.int16)
        best[:, 1:] = here[:, :-1]
        back = self._back[first:last]
        entries = np.arange(self._reach, self._reach + count, _LEAST)[:, None] - back
        coming = np.where(back > 0, padded[entries], _NEVER)
        chosen = coming.argmax(axis=1)
        rows = np.arange(len(back))
        best[:, 0] = coming[rows, chosen] + credit + self._toll[first:last]
        move[:, 0] = back[rows, chosen]
        stays = here[:, -1] > best[:, -1]
        best[stays, -1] = here[stays, -1]
        move[stays, -1] = 0
        flat = best.reshape(-1) + emission[self._columns[start : start + count]]
        self._moves.append((start, move.reshape(-1)))
        near = np.flatnonzero(flat > flat.max() - _BEAM)
        return start + int(near[0]), flat[near[0] : near[-1] + 1]

    def _traced(self, state: int) -> npt.NDArray[np.int64]:
        """(frames not settled yet,) the states that lead to `state` at the frame reached."""
        path = np.empty(len(self._moves) + 1, np.int64)
        path[-1] = state
        for index in range(len(self._moves) - 1, -1, -1):
            low, move = self._moves[index]
            state -= int(move[state - low])
            path[index] = state
        return path


def _last(unit: int) -> int:
    """The last state of a unit."""
    return unit * _LEAST + _LEAST - 1


def _seconds(frame: int) -> float:
    return max(frame / FRAME_RATE + OFFSET, 0.0)
