"""TextGrid files of Praat, the Montreal Forced Aligner and others, in each of Praat's three forms of text."""

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import AlignmentError
from ..files import read_at_most

_LARGEST = 32 << 20  # bytes; an hour of phones takes about two million
_CHRONOLOGICAL = "Praat chronological TextGrid text file"
_TOKEN = re.compile(r'"(?:[^"]++|"")*+"|<[^<>\s]*+>|![^\n]*+|[^\s"]++')
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?")  # with a comma where a spreadsheet wrote it


@dataclass(frozen=True)
class Tier:
    """One interval tier: its name and its (start, end, text) in seconds, as the file has them."""

    name: str
    intervals: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class TextGrid:
    """Interval tiers over `start` to `end` seconds; point tiers are left out."""

    start: float
    end: float
    tiers: tuple[Tier, ...]


def read_textgrid(path: str | Path) -> TextGrid:
    """Read a TextGrid of the long, the short or the chronological form, in UTF-8, UTF-16 or Latin-1.

    Raises AlignmentError.
    """
    path = Path(path)
    return parse_textgrid(_decoded(_content(path)), path.name)


def digest(path: Path) -> str:
    """SHA-256 (hex) of a TextGrid's file, by which a take knows it again.  Raises AlignmentError."""
    return hashlib.sha256(_content(path)).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return read_at_most(path, _LARGEST)
    except OSError as error:
        raise AlignmentError(
            f"The TextGrid “{path}” cannot be read ({error.strerror}); check the path, or give another file."
        ) from error


def parse_textgrid(text: str, name: str = "the TextGrid") -> TextGrid:
    """TextGrid of its `text`; `name` stands for the file in errors.  Raises AlignmentError."""
    items = _Items(text, name)
    kind = items.string()
    if kind == _CHRONOLOGICAL:
        return _chronological(items)
    if not kind.startswith("ooTextFile") or items.string() != "TextGrid":
        raise AlignmentError(f"“{name}” is no TextGrid saved as text; save it in Praat as a text file.")
    start, end = items.number(), items.number()
    count = items.count() if items.flag() == "<exists>" else 0
    tiers = []
    for _ in range(count):
        kind, title = items.string(), items.string()
        items.number(), items.number()
        if kind == "IntervalTier":
            rows = [(items.number(), items.number(), items.string()) for _ in range(items.count())]
            tiers.append(Tier(title, tuple(rows)))
        elif kind == "TextTier":
            for _ in range(items.count()):
                items.number(), items.string()
        else:
            raise items.damaged()
    return TextGrid(start, end, tuple(tiers))


def _chronological(items: "_Items") -> TextGrid:
    """Tiers whose intervals and points stand in the order of their times, each after the number of its tier."""
    start, end = items.number(), items.number()
    kinds, names = [], []
    for _ in range(items.count()):
        kinds.append(items.string())
        names.append(items.string())
        items.number(), items.number()
    if not set(kinds) <= {"IntervalTier", "TextTier"}:
        raise items.damaged()
    rows: list[list[tuple[float, float, str]]] = [[] for _ in kinds]
    while not items.at_end:
        index = items.count() - 1
        if not 0 <= index < len(kinds):
            raise items.damaged()
        if kinds[index] == "TextTier":
            items.number(), items.string()
        else:
            rows[index].append((items.number(), items.number(), items.string()))
    tiers = zip(kinds, names, rows, strict=True)
    return TextGrid(start, end, tuple(Tier(title, tuple(r)) for kind, title, r in tiers if kind == "IntervalTier"))


class _Items:
    """The strings, numbers and flags of a TextGrid in order; whatever else stands there is for the reader's eye."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        found = (match.group() for match in _TOKEN.finditer(text))
        self._tokens: Iterator[str] = (t for t in found if t[0] in '"<' or _NUMBER.fullmatch(t))
        self._ahead = next(self._tokens, None)

    @property
    def at_end(self) -> bool:
        return self._ahead is None

    def damaged(self) -> AlignmentError:
        return AlignmentError(f"“{self._name}” is damaged or no TextGrid; save it anew as a text file.")

    def string(self) -> str:
        token = self._next('"')
        return token[1:-1].replace('""', '"')

    def flag(self) -> str:
        return self._next("<")

    def number(self) -> float:
        value = float(self._next("+-.,0123456789").replace(",", "."))
        if not math.isfinite(value):
            raise self.damaged()
        return value

    def count(self) -> int:
        value = self.number()
        if value < 0 or value != int(value):
            raise self.damaged()
        return int(value)

    def _next(self, starts: str) -> str:
        token = self._ahead
        if token is None or token[0] not in starts:
            raise self.damaged()
        self._ahead = next(self._tokens, None)
        return token


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", "replace")
    if content[:1] == b"\0":
        return content.decode("utf-16-be", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
