"""TextGrid files, the way in from and out to Praat and the Montreal Forced Aligner."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .alignment import Alignment, Phone
from .errors import AlignmentError
from .files import replacing
from .phones import SILENCE, classes_of, plain_labels

_LARGEST = 32 << 20  # bytes; an hour of phones takes about two million
_LONGEST_LABEL = 32
_SLACK = 2e-3  # seconds by which programs round
_TOKEN = re.compile(r'"(?:[^"]++|"")*+"|<[^<>\s]*+>|![^\n]*+|[^\s"]++')
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_PHONE_TIERS = ("phones", "phone", "phonemes", "phoneme", "phons", "segments", "segment", "segs", "mau", "phonetic")


@dataclass(frozen=True)
class Tier:
    """One interval tier: its name and its (start, end, text) in seconds, in order and without overlap."""

    name: str
    intervals: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class TextGrid:
    """Interval tiers over `start` to `end` seconds; point tiers are left out."""

    start: float
    end: float
    tiers: tuple[Tier, ...]


def read_textgrid(path: str | Path) -> TextGrid:
    """Read a TextGrid of the long or the short form, in UTF-8, UTF-16 or Latin-1.  Raises AlignmentError."""
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise AlignmentError(f"“{path.name}” is larger than {_LARGEST >> 20} MB; it is no TextGrid of one sound.")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AlignmentError(f"The TextGrid “{path}” cannot be read ({reason}); check the path.") from error
    return parse_textgrid(_decoded(content), path.name)


def parse_textgrid(text: str, name: str = "the TextGrid") -> TextGrid:
    """TextGrid of its `text`; `name` stands for the file in errors.  Raises AlignmentError."""
    items = _Items(text, name)
    if not items.string().startswith("ooTextFile") or items.string() != "TextGrid":
        raise AlignmentError(f"“{name}” is no TextGrid saved as text; save it in Praat as a text file.")
    start, end = items.number(), items.number()
    count = items.count() if items.flag() == "<exists>" else 0
    tiers = []
    for _ in range(count):
        kind, title = items.string(), items.string()
        items.number(), items.number()
        if kind == "IntervalTier":
            rows = [(items.number(), items.number(), items.string()) for _ in range(items.count())]
            tiers.append(Tier(title, tuple(_in_order(rows, title, name))))
        elif kind == "TextTier":
            for _ in range(items.count()):
                items.number(), items.string()
        else:
            raise items.damaged()
    return TextGrid(start, end, tuple(tiers))


def alignment_of(grid: TextGrid, duration: float, name: str = "the TextGrid") -> Alignment:
    """Phones of the tier that holds them, for a sound of `duration` seconds.

    Raises AlignmentError where no tier looks like phones.
    """
    tier, notes = _phone_tier(grid, name)
    shift = 0.0
    if grid.start > _SLACK and abs(grid.end - grid.start - duration) < 0.1:  # a part, cut out with its times kept
        shift = grid.start
        notes.append(f"The TextGrid begins at {grid.start:.2f} s; its times are counted from there.")
    length = grid.end - shift
    if abs(length - duration) > 0.25:
        notes.append(
            f"The TextGrid is {length:.2f} s long and the sound {duration:.2f} s; check that they belong together."
        )
    labels = plain_labels([text.strip() for _, _, text in tier.intervals])
    unknown = sorted({label for label in labels if not classes_of(label)})
    if unknown:
        notes.append(f"Labels that name no known phone: {', '.join(unknown[:6])}{'…' if len(unknown) > 6 else ''}.")
    phones = (
        Phone(start - shift, end - shift, SILENCE if classes_of(label) == (SILENCE,) else label)
        for (start, end, _), label in zip(tier.intervals, labels, strict=True)
    )
    return Alignment.covering(phones, duration, "textgrid", tuple(notes))


def write_textgrid(alignment: Alignment, path: str | Path) -> None:
    """Save `alignment` as a TextGrid with one tier “phones”, silences empty as MFA writes them."""
    path = Path(path)
    text = textgrid_of(alignment)
    try:
        with replacing(path) as file:
            file.write(text.encode("utf-8"))
    except OSError as error:
        raise AlignmentError(f"“{path}” cannot be written ({error.strerror}); choose another folder.") from error


def textgrid_of(alignment: Alignment) -> str:
    """Text of a TextGrid in the long form."""
    span = f"xmin = 0\n{{indent}}xmax = {alignment.duration:.6f}"
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", span.format(indent="")]
    lines += ["tiers? <exists>", "size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"']
    lines += ['        name = "phones"', "        " + span.format(indent=" " * 8)]
    lines += [f"        intervals: size = {len(alignment.phones)}"]
    for number, phone in enumerate(alignment.phones, 1):
        label = "" if phone.is_silence else phone.label.replace('"', '""')
        lines += [f"        intervals [{number}]:", f"            xmin = {phone.start:.6f}"]
        lines += [f"            xmax = {phone.end:.6f}", f'            text = "{label}"']
    return "\n".join(lines) + "\n"


class _Items:
    """The strings, numbers and flags of a TextGrid in order; whatever else stands there is for the reader's eye."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._tokens: Iterator[str] = (match.group() for match in _TOKEN.finditer(text))

    def damaged(self) -> AlignmentError:
        return AlignmentError(f"“{self._name}” is damaged or no TextGrid; save it anew as a text file.")

    def string(self) -> str:
        token = self._next('"')
        return token[1:-1].replace('""', '"')

    def flag(self) -> str:
        return self._next("<")

    def number(self) -> float:
        value = float(self._next("+-.0123456789"))
        if not math.isfinite(value):
            raise self.damaged()
        return value

    def count(self) -> int:
        value = self.number()
        if value < 0 or value != int(value):
            raise self.damaged()
        return int(value)

    def _next(self, starts: str) -> str:
        for token in self._tokens:
            kind = token[0]
            if kind == '"' or kind == "<" or _NUMBER.fullmatch(token):
                if kind not in starts:
                    raise self.damaged()
                return token
        raise self.damaged()


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


def _in_order(rows: Sequence[tuple[float, float, str]], tier: str, name: str) -> Iterator[tuple[float, float, str]]:
    time = -_SLACK
    for start, end, text in rows:
        if start < time - _SLACK or end < start:
            raise AlignmentError(
                f"In “{name}” the tier “{tier[:40]}” goes back in time at {start:.3f} s; mend it in Praat."
            )
        time = end
        yield start, end, text


def _phone_tier(grid: TextGrid, name: str) -> tuple[Tier, list[str]]:
    """The tier that holds phones: by its name, or because it looks like it."""
    named = [tier for tier in grid.tiers if _called_phones(tier.name)]
    fitting = [tier for tier in named or grid.tiers if _looks_like_phones(tier)]
    if not fitting:
        have = ", ".join(f"“{tier.name[:40]}”" for tier in grid.tiers[:8]) or "none"
        raise AlignmentError(f"“{name}” has no tier of phones (its tiers: {have}); name the right one “phones”.")
    best = max(fitting, key=_labelled_time)
    notes = [f"Phones come from the tier “{best.name[:40]}”."] if len(fitting) > 1 else []
    return best, notes


def _called_phones(title: str) -> bool:
    words = re.split(r"[^a-z]+", title.lower())
    return any(word in _PHONE_TIERS for word in words)


def _looks_like_phones(tier: Tier) -> bool:
    labels = [text.strip() for _, _, text in tier.intervals if text.strip()]
    if not labels or max(map(len, labels)) > _LONGEST_LABEL:
        return False
    return sum(bool(classes_of(label)) and len(label) <= 6 for label in labels) > 0.6 * len(labels)


def _labelled_time(tier: Tier) -> float:
    return sum(end - start for start, end, text in tier.intervals if classes_of(text) != (SILENCE,))
