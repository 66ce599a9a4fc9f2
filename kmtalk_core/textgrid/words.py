"""The words of a TextGrid: the tier whose labels begin and end where phones do."""

import re
from collections.abc import Sequence

import numpy as np

from ..alignment import Word, in_order
from ..phones import SILENCE, classes_of
from .files import Tier

_NEAR = 0.02  # seconds between the ends of a word and of its phones
_LEAST_FITTING = 0.8  # of the ends
_LEAST_SINGLE = 0.7  # of the labels, as one word each: whole utterances hold several
_LONGEST = 200  # letters
_WRITTEN = re.compile(r"(?<![a-z])(?:words?|ort(?:h(?:ography)?)?)(?![a-z])")
_SPELT_OTHERWISE = re.compile(r"(?<![a-z])(?:kan(?:onik)?|syllables?|letters?|phon(?:e|etic|emic)?s?|pos)(?![a-z])")

_Row = tuple[float, float, str]


def words_of(tiers: Sequence[Tier], phones: Sequence[_Row], shift: float, duration: float) -> tuple[Word, ...]:
    """Words in seconds of a sound of `duration`, which begins at `shift` in the file; none where no tier has them.

    `tiers` are those that hold no phones, `phones` the labels of the one that is used.  Of several the one that is
    called so is taken, then the one of most labels.
    """
    edges = np.unique([edge for start, end, _ in phones for edge in (start, end)])
    fitting = [tier for tier in tiers if _fits(_labelled(tier), edges)]
    if not fitting:
        return ()
    best = max(fitting, key=lambda tier: (_rank(tier.name), len(_labelled(tier))))
    return in_order((Word(start - shift, end - shift, text) for start, end, text in _labelled(best)), duration)


def _labelled(tier: Tier) -> list[_Row]:
    rows = [(start, end, " ".join(text.split())) for start, end, text in tier.intervals]
    return [row for row in rows if row[2] and classes_of(row[2]) != (SILENCE,) and any(map(str.isalnum, row[2]))]


def _fits(rows: Sequence[_Row], edges: np.ndarray) -> bool:
    if not rows or not len(edges) or any(len(text) > _LONGEST for _, _, text in rows):
        return False
    times = np.array([edge for start, end, _ in rows for edge in (start, end)])
    after = np.searchsorted(edges, times).clip(0, len(edges) - 1)
    off = np.minimum(abs(edges[after] - times), abs(edges[np.maximum(after - 1, 0)] - times))
    single = sum(" " not in text for _, _, text in rows)
    return bool((off <= _NEAR).mean() >= _LEAST_FITTING) and single >= _LEAST_SINGLE * len(rows)


def _rank(name: str) -> int:
    lower = name.lower()
    return bool(_WRITTEN.search(lower)) - bool(_SPELT_OTHERWISE.search(lower))
