"""SubRip, WebVTT, SubStation Alpha and SBV: cues with their times, without the markup around what is said."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TIME = r"(?:(-?\d{1,6}):)?(-?\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_ARROW = re.compile(rf"^\s*{_TIME}\s*(?:--?>|,(?=\d+:))\s*{_TIME}(?:\s.*)?$")
_DIALOGUE = re.compile(rf"^Dialogue:[^,]*,\s*{_TIME}\s*,\s*{_TIME}\s*,(?:[^,]*,){{6}}(.*)$")
_INNER_TIME = re.compile(rf"<{_TIME}>")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]{1,80})>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:[a-z][^<>]{0,200})?>|\{\\[^{}]{0,200}\}", re.IGNORECASE)
_TOUCHING = 0.1  # seconds between cues that follow each other
_BLOCKS = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True)
class Cue:
    """What is shown from `start` to `end`, in seconds of the recording: its lines of `text`."""

    start: float
    end: float
    text: str


def looks_like_subtitles(text: str) -> bool:
    """Whether `text` is of subtitles: a cue's times stand on a line of their own, or in a line of dialogue."""
    return any(_ARROW.match(line) or _DIALOGUE.match(line) for line in text.splitlines())


def read_subtitles(text: str) -> list[Cue]:
    """Cues in the order of their times; lines that a rolling caption shows a second time are left out."""
    cues: list[Cue] = []
    shown: list[str] = []
    for first, last, lines in sorted(_blocks(text), key=lambda block: min(block[:2])):
        start, end = min(first, last), max(first, last)  # edited by hand, a cue may end before it begins
        kept = [line for line in (_spoken(line) for line in lines) if line]
        touches = bool(cues) and start <= cues[-1].end + _TOUCHING
        again = next((n for n in range(len(kept), 0, -1) if shown[-n:] == kept[:n]), 0) if touches else 0
        if again == len(kept) == len(shown) and end - start > _TOUCHING:
            again = 0  # said twice
        shown = kept or shown
        if kept[again:]:
            cues.append(Cue(start, max(end, start + _TOUCHING), "\n".join(kept[again:])))
    return cues


def _blocks(text: str) -> Iterator[tuple[float, float, list[str]]]:
    lines = text.splitlines()
    spoken = [match.groups() for line in lines if (match := _DIALOGUE.match(line))]
    if spoken:
        yield from ((_seconds(row[:4]), _seconds(row[4:8]), re.split(r"\\[Nn]", row[8])) for row in spoken)
        return
    places = [index for index, line in enumerate(lines) if _ARROW.match(line)]
    for place, following in zip(places, [*places[1:], len(lines)], strict=True):
        match = _ARROW.match(lines[place])
        assert match is not None
        start, end = (_seconds(match.groups()[k : k + 4]) for k in (0, 4))
        body = lines[place + 1 : following]
        if following < len(lines) and body and body[-1].strip():  # the next cue's number or name
            body.pop()
        said = []
        for line in body:
            if line.strip() in _BLOCKS or line.startswith("NOTE "):
                break
            said.append(line)
        yield start, end, said


def _seconds(parts: tuple[str | None, ...]) -> float:
    """Seconds of a time, which is negative before the recording begins."""
    hours, minutes, seconds, fraction = parts
    sign = -1 if "-" in f"{hours}{minutes}" else 1
    whole = 3600 * abs(int(hours or 0)) + 60 * abs(int(minutes or 0)) + int(seconds or 0)
    return sign * (whole + float(f"0.{fraction or 0}"))


def _spoken(line: str) -> str:
    """A line without markup; a voice tag becomes the name of its speaker."""
    line = _SPEAKER.sub(lambda match: f"{match[1].strip().upper()}: ", _INNER_TIME.sub("", line))
    return " ".join(html.unescape(_TAG.sub("", line)).split())
