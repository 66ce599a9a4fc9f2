"""Which words of a transcript are said where, told by what is heard: a part that is not said is lost alone.

The phones of the words are laid along the phones heard, as in the search for similar stretches of two genomes
(T. F. Smith, M. S. Waterman, J. Mol. Biol. 147, 1981), with leaps at a fixed cost over what is written and not said, or
said and not written.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment
from ..phones import CLASS_INDEX, PHONE_CLASSES, classes_of
from ..progress import Job, Progress
from .neural import Heard
from .pronunciation import Transcript

FloatArray: TypeAlias = npt.NDArray[np.float32]
IndexArray: TypeAlias = npt.NDArray[np.int64]

_ALIKE = ("pb", "td", "kɡ", "fvθ", "szʃθ", "mnŋ", "lɹrjw", "iɪejy", "ɛæeaɪ", "aʌɔɛ", "əʌɜɪʊ", "oɔʊu", "uʊyøw", "hxk")
_SHARE_OF_ALIKE = 0.25
_FLOOR, _CHANCE = 0.003, 1.5 / (len(PHONE_CLASSES) - 1)
_WORST, _BEST = -3.0, 2.5
_GAP = 1.4  # for a phone that is heard and not written, or the other way round
_LEAP = 6.0  # for any number of them
_OUT_OF_TIME = 2.0  # for a phone beside the time that a subtitle gives it
_LEAST, _LEAST_BESIDE = 12.0, 6.0  # score of a stretch that is no accident; of one beside another
_SURE = 0.5  # score a phone with which a short one is no accident
_CELLS, _MORE_PLACES = 2500, 1.2  # places for which that was measured; many more have better accidents
_AGREEING = 2.5  # seconds between a phone and the middle of the subtitle that shows it
_GUESS = 0.6  # share of a class where the ear gives no posteriors
_WINDOW, _AHEAD = 1200, 5000  # phones heard at once; phones of the text to look through once a place in it is known
_LARGEST = 1 << 22  # cells kept at once


@dataclass(frozen=True)
class Evidence:
    """What was heard: `times` (n, 2), seconds, of each phone that is no pause, and `shares` (n, classes) of it.

    `heard` is all of it, where the ear is the encoder's.
    """

    times: npt.NDArray[np.float64]
    shares: FloatArray
    heard: Heard | None = None

    @staticmethod
    def of(alignment: Alignment, heard: Heard | None = None, rate: float = 50.0) -> "Evidence":
        """Of the phones found by ear, and all that was `heard`, at `rate`, where it is the encoder's."""
        posteriors = None if heard is None else heard.phones
        spoken = [phone for phone in alignment.phones if not phone.is_silence and classes_of(phone.label)]
        shares = np.full((len(spoken), len(PHONE_CLASSES)), (1 - _GUESS) / len(PHONE_CLASSES), np.float32)
        for row, phone in zip(shares, spoken, strict=True):
            if posteriors is None:
                row[CLASS_INDEX[classes_of(phone.label)[0]]] += _GUESS
            else:
                first = min(int(phone.start * rate), len(posteriors) - 1)
                row[:] = posteriors[first : max(math.ceil(phone.end * rate), first + 1)].mean(axis=0, dtype=np.float32)
        return Evidence(np.array([(p.start, p.end) for p in spoken], np.float64).reshape(-1, 2), shares, heard)

    @property
    def clarity(self) -> float:
        """Mean share of the likeliest class, 0 to 1; in noise the ear is sure of nothing."""
        return float(self.shares.max(axis=1).mean()) if len(self.shares) else 0.0

    def count_within(self, start: float, end: float) -> int:
        """How many phones are heard between two times."""
        middles = self.times.mean(axis=1)
        return int(((middles >= start) & (middles < end)).sum())


@dataclass(frozen=True)
class Wanted:
    """Phones of a transcript: their `classes` (n,), the `words` they belong to and which of its `labels` they are."""

    classes: IndexArray
    words: IndexArray
    labels: IndexArray

    @staticmethod
    def of(transcript: Transcript) -> "Wanted":
        rows = [
            (CLASS_INDEX[name], index, number)
            for index, word in enumerate(transcript.words)
            for number, (model, label) in enumerate(word.pronunciations[0])
            for name in classes_of(label) or classes_of(model)
        ]
        return Wanted(*np.array(rows, np.int64).reshape(-1, 3).T)

    def count_of(self, words: range) -> int:
        """How many phones some words have."""
        return int(np.searchsorted(self.words, words.stop) - np.searchsorted(self.words, words.start))


@dataclass(frozen=True)
class Run:
    """Words `first` up to `last` heard from `start` to `end` seconds: `pairs` (n, 2) of phones heard and written."""

    first: int
    last: int
    start: float
    end: float
    score: float
    pairs: IndexArray


def match_job(evidence: Evidence, wanted: Wanted, times: FloatArray | None = None) -> Job[list[Run]]:
    """Stretches of `wanted` that are heard, in order; none where the text is not what is said.

    `times` (n, 2), from when to when each written phone may be said, where subtitles tell.
    """
    grid = _Grid(_log_odds(evidence.shares), evidence.times.mean(axis=1), wanted.classes, times)
    found: list[tuple[float, IndexArray]] = []
    column = 0
    for row in range(0, len(evidence.times), _WINDOW):
        rows = slice(row, min(row + _WINDOW, len(evidence.times)))
        ends = [len(wanted.classes)] if not column else [column + _AHEAD, len(wanted.classes)]
        for end in ends:
            stretches = grid.stretches(rows, slice(column, min(end, len(wanted.classes))))
            if stretches:
                if rows.stop < len(evidence.times):  # what is unsure at the end of a window, the next one tells
                    while len(stretches) > 1 and stretches[-1][0] < _LEAST:
                        stretches.pop()
                column = int(stretches[-1][1][-1, 1]) + 1
                break
        found += stretches
        yield Progress("matching the transcript", rows.stop / len(evidence.times))
    runs = (_run(score, pairs, evidence, wanted) for score, pairs in found)
    return [run for run in runs if run.last > run.first]


@dataclass(frozen=True)
class _Grid:
    odds: FloatArray  # (heard, classes)
    moments: npt.NDArray[np.float64]  # (heard,)
    classes: IndexArray  # (written,)
    times: FloatArray | None  # (written, 2)

    def stretches(self, rows: slice, columns: slice) -> list[tuple[float, IndexArray]]:
        """The best stretches, one after the other, of a part of the grid: their scores and pairs (heard, written)."""
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if height < 1 or width < 1:
            return []
        if height * width > _LARGEST:
            end = self._end_of_best(rows, columns)
            columns = slice(max(end - 3 * height, columns.start), end)
        more = _MORE_PLACES * math.log(max(height * width / _CELLS, 1.0))
        found = [self._scored(pairs) for pairs in self._chain(rows, columns, _LEAP + more)]
        least = min(_LEAST, _SURE * max(height, 10), _SURE * max(width, 10)) + more
        if not any(score >= least and len(pairs) >= 4 for score, pairs in found):
            return []
        return [(score, pairs) for score, pairs in found if score >= _LEAST_BESIDE]

    def _chain(self, rows: slice, columns: slice, leap: float) -> list[IndexArray]:
        """The pairs of the best path that may leap over what is not said or not written, cut where it does."""
        height, width = rows.stop - rows.start, columns.stop - columns.start
        table = np.zeros((height + 1, width + 1), np.float32)
        best = np.zeros(width + 1, np.float32)
        for index in range(height):
            table[index + 1] = self._next(table[index], best - leap, rows.start + index, columns)
            best = np.maximum(best, np.maximum.accumulate(table[index + 1]))
        return self._traced(table, rows, columns)

    def _end_of_best(self, rows: slice, columns: slice) -> int:
        """One past the column where the best stretch ends."""
        line = np.zeros(columns.stop - columns.start + 1, np.float32)
        nothing, top, end = line, 0.0, columns.start + 1  # no leaps: one would lead to any accident further on
        for row in range(rows.start, rows.stop):
            line = self._next(line, nothing, row, columns)
            place = int(line.argmax())
            if line[place] > top:
                top, end = float(line[place]), columns.start + place
        return end

    def _next(self, line: FloatArray, leapt: FloatArray, row: int, columns: slice) -> FloatArray:
        """Scores of the best paths that end at each column of `row`.

        `line` are those of the row before, `leapt` those of a leap from anywhere before to each column.
        """
        fresh = np.maximum(line - _GAP, 0)
        fresh[1:] = np.maximum(fresh[1:], np.maximum(line[:-1], leapt[:-1]) + self._scores(row, columns))
        slope = np.arange(len(line)) * _GAP  # in 64 bits: it grows with the text
        return (np.maximum.accumulate(fresh + slope) - slope).astype(np.float32)

    def _scores(self, row: int, columns: slice) -> FloatArray:
        scores = self.odds[row, self.classes[columns]]
        if self.times is not None:
            moment = self.moments[row]
            outside = (self.times[columns, 0] > moment) | (self.times[columns, 1] < moment)
            scores = scores - np.float32(_OUT_OF_TIME) * outside
        return scores

    def _traced(self, table: FloatArray, rows: slice, columns: slice) -> list[IndexArray]:
        i, j = (int(k) for k in np.unravel_index(int(table.argmax()), table.shape))
        runs: list[list[tuple[int, int]]] = [[]]
        while table[i, j] > 1e-4:
            score = self._scores(rows.start + i - 1, columns)[j - 1] if i and j else -np.inf
            ways = {
                (i - 1, j - 1): table[i - 1, j - 1] + score,
                (i - 1, j): table[i - 1, j] - _GAP,
                (i, j - 1): table[i, j - 1] - _GAP,
            }
            way = max(ways, key=lambda k: float(ways[k]))
            leaps = ways[way] < table[i, j] - 1e-2
            if leaps or way == (i - 1, j - 1):
                runs[-1].append((rows.start + i - 1, columns.start + j - 1))
            if leaps:
                before = table[:i, :j]
                row, column = np.unravel_index(int(before.argmax()), before.shape)
                way = int(row), int(column)
                runs.append([])
            i, j = way
        return [np.array(pairs[::-1], np.int64) for pairs in runs[::-1] if pairs]

    def _scored(self, pairs: IndexArray) -> tuple[float, IndexArray]:
        """The score of a run by itself."""
        rows, columns = pairs.T
        scores = sum(float(self._scores(row, slice(col, col + 1))[0]) for row, col in pairs.tolist())
        gaps = (rows[-1] - rows[0]) + (columns[-1] - columns[0]) - 2 * (len(pairs) - 1)
        return scores - _GAP * float(gaps), pairs


def _run(score: float, pairs: IndexArray, evidence: Evidence, wanted: Wanted) -> Run:
    """The whole words of a stretch: those at its edges of which at least half is heard."""
    words, counts = np.unique(wanted.words[pairs[:, 1]], return_counts=True)
    full = counts >= 0.5 * np.array([wanted.count_of(range(w, w + 1)) for w in words.tolist()])
    if not full.any():
        return Run(0, 0, 0.0, 0.0, 0.0, pairs)
    first, last = int(words[full][0]), int(words[full][-1])
    of_words = wanted.words[pairs[:, 1]]
    inside = pairs[(of_words >= first) & (of_words <= last)]
    start, end = evidence.times[inside[0, 0], 0], evidence.times[inside[-1, 0], 1]
    return Run(first, last + 1, float(start), float(end), score, inside)


def _log_odds(shares: FloatArray) -> FloatArray:
    """(heard, classes): how much likelier than chance each class is, given that the ear takes some for others."""
    alike = np.eye(len(PHONE_CLASSES), dtype=np.float32)
    for group in _ALIKE:
        members = [CLASS_INDEX[name] for name in group]
        alike[np.ix_(members, members)] = np.maximum(alike[np.ix_(members, members)], _SHARE_OF_ALIKE)
    alike /= alike.sum(axis=1, keepdims=True)
    odds = np.log((shares @ alike.T + _FLOOR) / (_CHANCE + _FLOOR))
    return np.clip(odds, _WORST, _BEST).astype(np.float32)


def offset_of(runs: Sequence[Run], evidence: Evidence, wanted: Wanted, spans: FloatArray) -> float | None:
    """By how many seconds `spans` (n, 2), the times of written phones, lie before where they are heard.

    None where they agree on no offset.
    """
    pairs = np.concatenate([run.pairs for run in runs]) if runs else np.zeros((0, 2), np.int64)
    pairs = pairs[np.isfinite(spans[pairs[:, 1], 0])]
    if len(pairs) < 4:
        return None
    apart = evidence.times[pairs[:, 0]].mean(axis=1) - spans[pairs[:, 1]].mean(axis=1)
    middle = float(np.median(apart))
    return middle if (np.abs(apart - middle) < _AGREEING).mean() > 0.6 else None
