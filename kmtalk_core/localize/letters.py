"""From letters to phones without eSpeak NG: small tables, learnt from what eSpeak NG says of common words.

A letter is pronounced by the longest stretch of letters around it that the table of its language knows.  The command
`train-letters` makes the tables and tells how often they are wrong.
"""

import gzip
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "weights" / "letters"
FORMAT = 1
CONTEXTS = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4))
"""Letters before and after that the rules of each kind look at, from the widest use to the narrowest."""

_EDGE = "#"
_LARGEST = 8 << 20
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


@dataclass(frozen=True)
class Letters:
    """The rules of one language: the phones of a letter, with spaces between them, by what stands around it."""

    language: str
    rules: Mapping[str, str]

    def phones(self, word: str) -> tuple[str, ...]:
        """Phones of a word in small letters; none for letters that the language does not know."""
        found: list[str] = []
        for place in range(len(word)):
            keys = (context(word, place, before, after) for before, after in reversed(CONTEXTS))
            found += next((self.rules[key] for key in keys if key in self.rules), "").split()
        return tuple(found)


def context(word: str, place: int, before: int, after: int) -> str:
    """A letter of a word with so many letters before and after it, as the rules know it."""
    padded = _EDGE * before + word + _EDGE * after
    here = place + before
    return f"{padded[here - before : here]}_{padded[here]}_{padded[here + 1 : here + 1 + after]}"


def phonemes(text: str, language: str, folder: Path = FOLDER) -> tuple[tuple[str, ...], ...] | None:
    """Pronunciation of `text`: one tuple of IPA phones a word; None where the language has no table."""
    letters = load(language.lower().replace("_", "-").split("-")[0], folder)
    if letters is None:
        return None
    words = (letters.phones(word) for word in _words(text, letters.language))
    return tuple(word for word in words if word)


@cache
def load(language: str, folder: Path = FOLDER) -> Letters | None:
    """The table of a language (`en`, `de` …); None where there is none that can be read."""
    if not re.fullmatch("[a-z]{2,3}", language):
        return None
    try:
        with gzip.open(folder / f"{language}.json.gz", "rt", encoding="utf-8") as file:
            data: Any = json.loads(file.read(_LARGEST))
        if data["format"] != FORMAT:
            return None
        phones, rules = data["phones"], data["rules"]
        return Letters(language, {str(key): str(phones[index]) for key, index in rules.items()})
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None


def plain(word: str) -> str:
    """A word as the tables spell it: small, its accents composed, without what is no letter."""
    composed = unicodedata.normalize("NFC", word.lower())
    return "".join(c for c in composed if c.isalpha() or unicodedata.category(c) == "Mn")


def _words(text: str, language: str) -> Iterator[str]:
    for token in re.findall(r"\d+|[^\W\d_]+(?:['’][^\W\d_]+)*", unicodedata.normalize("NFC", text)):
        if not token.isdecimal():
            yield plain(token)
        elif language == "en":
            yield from number(int(token)) if len(token) <= 9 else (_ONES[int(digit)] for digit in token)


def number(value: int) -> list[str]:
    """An English number in words."""
    for unit, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if value >= unit:
            rest = number(value % unit) if value % unit else []
            return [*number(value // unit), name, *rest]
    if value < 20:
        return [_ONES[value]]
    return [_TENS[value // 10 - 2], *([_ONES[value % 10]] if value % 10 else [])]
