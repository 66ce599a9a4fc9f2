"""A transcript of any kind as parts: what is said, how, and when, with whole sentences on what was left out."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .directions import Manner, pieces
from .layout import Line, Page, read_page, without_speaker
from .subtitles import Cue, looks_like_subtitles, read_subtitles

__all__ = ["Cue", "Part", "Script", "read_script"]

_MANY_LISTED = 5
_LAST_LINE = 10.0  # seconds that a line may last after which no other has a time


@dataclass(frozen=True)
class Part:
    """Words in a row: `manners` are how they are said, from here on; `start` and `end` in seconds where known.

    `text` may be empty: manners after the last words.
    """

    text: str
    manners: tuple[Manner, ...] = ()
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Script:
    """The parts of a transcript in order, and what the user should know of how it was read."""

    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(part.text for part in self.parts if part.text)

    @property
    def has_times(self) -> bool:
        return any(part.start is not None for part in self.parts)


def read_script(text: str) -> Script:
    """Parts of a transcript: plain text, SubRip, WebVTT, Markdown, a screenplay, lines with times or names."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    page = Page()
    if looks_like_subtitles(text):
        parts = list(_of_subtitles(read_subtitles(text), page))
    else:
        page = read_page(text)
        parts = list(_of_lines(page.lines))
    return Script(tuple(_joined(parts)), tuple(_notes(page, parts)))


def _of_subtitles(cues: list[Cue], page: Page) -> Iterator[Part]:
    for cue in cues:
        lines = (without_speaker(re.sub(r"^[-–—‐]\s*", "", line), page) for line in cue.text.split("\n"))
        yield from (replace(part, start=cue.start, end=cue.end) for part in _of_text("\n".join(lines)))


def _of_lines(lines: list[Line]) -> Iterator[Part]:
    """Parts of lines; a line with a time lasts to the next that has one."""
    times = [line.time for line in lines]
    start = end = None
    for index, line in enumerate(lines):
        if line.time is not None:
            start = line.time
            following = (time for time in times[index + 1 :] if time is not None and time > start)
            end = line.end if line.end is not None and line.end > start else next(following, start + _LAST_LINE)
        for part in _of_text(line.text):
            yield replace(part, start=start, end=end)


def _of_text(text: str) -> Iterator[Part]:
    manners: tuple[Manner, ...] = ()
    for piece in pieces(text):
        if isinstance(piece, Manner):
            manners += (piece,)
        elif any(c.isalnum() for c in piece):
            yield Part(" ".join(piece.split()), manners)
            manners = ()
    if manners:
        yield Part("", manners)


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Neighbours that neither a manner nor a time parts are one, so that words keep their sentence."""
    waiting: Part | None = None
    for part in parts:
        if waiting is not None and not part.manners and (part.start, part.end) == (waiting.start, waiting.end):
            waiting = replace(waiting, text=f"{waiting.text}\n{part.text}".strip())
            continue
        if waiting is not None:
            yield waiting
        waiting = part
    if waiting is not None:
        yield waiting


def _notes(page: Page, parts: list[Part]) -> Iterator[str]:
    names = list(dict.fromkeys(manner.name for part in parts for manner in part.manners))
    if names:
        yield f"What stands in brackets in the transcript is not taken as speech: {_listed(names)}."
    if page.speakers:
        yield f"Names of speakers are not taken as speech: {_listed(list(page.speakers))}."
    if page.unsaid:
        yield f"Not taken as speech in the transcript: {', '.join(page.unsaid)}."


def _listed(names: list[str]) -> str:
    return ", ".join(name[:30] for name in names[:_MANY_LISTED]) + ("…" if len(names) > _MANY_LISTED else "")
