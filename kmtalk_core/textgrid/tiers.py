"""From a TextGrid to the phones of a sound: which tier holds them, in which notation, and what has to be mended."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..alignment import Alignment, Phone
from ..errors import AlignmentError
from ..notation import Labels, read_labels
from ..phones import SILENCE, classes_of
from .files import TextGrid, Tier
from .words import words_of

_SLACK = 2e-3  # seconds by which programs round
_MENDED = 0.05  # seconds by which labels may overlap, or begin before the sound
_LONGEST_LABEL = 16
_LEAST_KNOWN = 0.6  # of a tier's labels, as the phones of one notation
_LEAST_INSIDE = 0.5  # of the labels' time, within the sound
_PHONE_TIERS = re.compile(r"(?<![a-z])(?:phone(?:me)?s?|phons|seg(?:ment)?s?|mau|phonetic)(?![a-z])")
_WORD_TIERS = re.compile(
    r"(?<![a-z])(?:words?|ort(?:h(?:ography)?)?|kan(?:onik)?|te?xt|transcript|utterances?|syllables?|letters?)(?![a-z])"
)

_Rows = list[tuple[float, float, str]]
Spans = Sequence[tuple[float, float]]
"""(start, end) in seconds, in order and apart from each other."""


@dataclass(frozen=True)
class _Candidate:
    """A tier that looks like phones: its rows as mended, what was mended, and how it is called."""

    tier: Tier
    rows: _Rows
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.tier.name

    @property
    def rank_of_name(self) -> int:
        name = self.name.lower()
        return bool(_PHONE_TIERS.search(name)) - bool(_WORD_TIERS.search(name))

    def speech_within(self, spans: Spans, labels: Labels) -> float:
        """Seconds of its speech within `spans` less those outside."""
        spoken = [row[:2] for row in self.rows if classes_of(labels.plain(row[2])) != (SILENCE,)]
        if not spoken or not spans:
            return -sum(end - start for start, end in spoken)
        edges = np.ravel(spans)
        before = np.concatenate([[0.0], np.cumsum(np.diff(edges) * (np.arange(len(edges) - 1) % 2 == 0))])
        starts, ends = np.array(spoken).T
        inside = np.interp(ends, edges, before) - np.interp(starts, edges, before)
        return float(2 * inside.sum() - (ends - starts).sum())


def alignment_of(
    grid: TextGrid,
    duration: float,
    name: str = "the TextGrid",
    *,
    begin: float = 0.0,
    pauses: Spans = (),
) -> Alignment:
    """Phones of the tier that holds them, for a sound of `duration` seconds; `name` stands for the file.

    `begin` is where the sound begins in the file that the grid belongs to, where it is a part of one; `pauses` are the
    sound's, by which the tier of its speaker is told from others'.  What is read in which way, mended or left out is
    in the notes.  Raises AlignmentError where no tier holds phones, where its times go back, or where none of its
    phones lies within the sound.
    """
    labels, candidates = _phone_tiers(grid, name)
    shift, notes = _shift(grid, duration, begin)
    loud = _without([(start + shift, end + shift) for start, end in pauses], shift, shift + duration)
    best = max(candidates, key=lambda tier: (tier.rank_of_name, tier.speech_within(loud, labels)))
    if len(candidates) > 1:
        others = ", ".join(f"“{tier.name[:40]}”" for tier in candidates[:8] if tier is not best)
        notes.append(
            f"Phones come from the tier “{best.name[:40]}” (not from {others}); delete it if another is right."
        )
    if best.rank_of_name < 0:
        notes.append(f"The labels of the tier “{best.name[:40]}” look like phones; check that they are not letters.")
    notes.append(f"The labels are read as {labels.notation.name}.")
    notes += best.notes
    phones = []
    for start, end, text in best.rows:
        label = labels.plain(text)
        phones.append(Phone(start - shift, end - shift, SILENCE if classes_of(label) == (SILENCE,) else label))
    notes += _unknown(best, labels) + _misplaced(grid.end - shift, phones, duration, name)
    found = Alignment.covering(phones, duration, "textgrid", tuple(notes))
    rest = [tier for tier in grid.tiers if not any(tier is candidate.tier for candidate in candidates)]
    return replace(found, words=words_of(rest, best.rows, shift, duration))


def _phone_tiers(grid: TextGrid, name: str) -> tuple[Labels, list[_Candidate]]:
    """The tiers that hold phones, and how the labels of all of them are read."""
    fitting = [tier for tier in grid.tiers if _holds_phones(tier, read_labels(_texts(tier)))]
    labels = read_labels(text for tier in fitting for text in _texts(tier))
    fitting = [tier for tier in fitting if _holds_phones(tier, labels)]
    candidates, error = [], None
    for tier in fitting:
        try:
            rows, notes = _mended(tier, name)
            candidates.append(_Candidate(tier, rows, notes))
        except AlignmentError as reason:
            error = reason
    if error is not None and not candidates:
        raise error
    if not candidates:
        have = ", ".join(f"“{tier.name[:40]}”" for tier in grid.tiers[:8]) or "none"
        raise AlignmentError(
            f"“{name}” has no tier of phones (its tiers: {have}); have the sounds of the words aligned too."
        )
    return labels, candidates


def _texts(tier: Tier) -> list[str]:
    return [text.strip() for _, _, text in tier.intervals if text.strip()]


def _holds_phones(tier: Tier, labels: Labels) -> bool:
    """Words hold several phones each, whatever their tier is called; phones are one each."""
    spoken = [text for text in _texts(tier) if classes_of(labels.plain(text)) != (SILENCE,)]
    if max(map(len, spoken), default=0) > _LONGEST_LABEL or not any(c.isalpha() for text in spoken for c in text):
        return False
    return sum(map(labels.knows, spoken)) >= _LEAST_KNOWN * len(spoken)


def _mended(tier: Tier, name: str) -> tuple[_Rows, tuple[str, ...]]:
    """The tier's rows in order and without overlap; small overlaps are cut at their middle."""
    rows: _Rows = []
    overlaps: list[float] = []
    early = 0.0
    for start, end, text in tier.intervals:
        before = rows[-1][1] if rows else 0.0
        overlap = before - start
        if overlap > _MENDED + _SLACK or end < start or (rows and start < rows[-1][0] - _SLACK):
            raise AlignmentError(
                f"In “{name}” the tier “{tier.name[:40]}” goes back in time at {start:.3f} s; mend it in Praat."
            )
        if not rows:
            early = max(overlap, 0.0)
            start = max(start, 0.0)
        elif overlap > 0:
            if overlap > _SLACK:
                overlaps.append(overlap)
            start = before - overlap / 2
            rows[-1] = (rows[-1][0], max(start, rows[-1][0]), rows[-1][2])
        rows.append((start, max(end, start), text))
    notes = []
    if early > _SLACK:
        notes.append(f"The first label begins {1000 * early:.0f} ms before the sound and is cut off there.")
    if overlaps:
        count = f"{len(overlaps)} labels overlap" if len(overlaps) > 1 else "One label overlaps the next"
        notes.append(f"{count} by up to {1000 * max(overlaps):.0f} ms; each is cut at the middle.")
    return rows, tuple(notes)


def _shift(grid: TextGrid, duration: float, begin: float) -> tuple[float, list[str]]:
    """What to take from the grid's times, and what is to be said about it."""
    if grid.start > _SLACK and abs(grid.end - grid.start - duration) < 0.1:  # a part, cut out with its times kept
        return grid.start, [f"The TextGrid begins at {grid.start:.2f} s; its times are counted from there."]
    if begin and abs(grid.end - duration) < 0.1:  # the grid is of the part alone
        return 0.0, []
    return begin, []


def _without(pauses: Spans, start: float, end: float) -> list[tuple[float, float]]:
    """What lies between the `pauses`, from `start` to `end`."""
    edges = [start, *(edge for pause in pauses for edge in pause), end]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def _unknown(tier: _Candidate, labels: Labels) -> list[str]:
    texts = sorted({text.strip() for _, _, text in tier.rows})
    unknown = [text for text in texts if not classes_of(labels.plain(text))]
    spelt = [text for text in texts if not labels.knows(text) and text not in unknown]
    notes = []
    if unknown:
        notes.append(f"Labels that name no known phone: {_listed(unknown)}; the mouth rests there.")
    if spelt:
        notes.append(f"Labels that are none of these, and read letter by letter: {_listed(spelt)}.")
    return notes


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(label[:20] for label in labels[:6]) + ("…" if len(labels) > 6 else "")


def _misplaced(end: float, phones: Sequence[Phone], duration: float, name: str) -> list[str]:
    """What to say where the grid and the sound do not lie in the same place.  Raises AlignmentError for apart."""
    spoken = [phone for phone in phones if not phone.is_silence]
    total = sum(phone.end - phone.start for phone in spoken)
    inside = sum(max(min(phone.end, duration) - max(phone.start, 0.0), 0.0) for phone in spoken)
    if spoken and inside <= 0:
        raise AlignmentError(
            f"The phones of “{name}” lie from {spoken[0].start:.2f} to {spoken[-1].end:.2f} s, outside the sound of "
            f"{duration:.2f} s; give the TextGrid of this sound."
        )
    if inside < _LEAST_INSIDE * total:
        share = f"Only {100 * inside / total:.0f} % of the phones of “{name}” lie within the sound"
        return [f"{share} of {duration:.2f} s; check that they belong together."]
    if abs(end - duration) > 0.25:
        return [f"The TextGrid is {end:.2f} s long and the sound {duration:.2f} s; check that they belong together."]
    return []
