"""The page around what is said: Markdown, screenplays, lists, names of speakers, times at the lines."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_BRACKETED_TIME = re.compile(rf"[\[(<{{]\s*{_TIME}(?:\s*(?:-+>?|–|—|to)\s*{_TIME})?\s*[\])>}}]")
_BARE_TIME = re.compile(rf"^\s*{_TIME}(?:\s*(?:-+>?|–|—)\s*{_TIME})?(?:\s*[-–—|:]\s+|\s+|$)")
_FEWEST_TIMES = 2  # lines; one such line may say what time it is

_LIST_LABEL = re.compile(r"^\s*(?:(\d{1,3})[.)]|[-*+•‣◦])\s+(?=\S)")
_SPEAKER = re.compile(
    r"^\s*(?:[-–—*•]\s*)?(?:>>+\s*)?(?:\*\*|__)?"
    r"([^\W\d_][\w.'’#\- ]{0,30}?(?:\s*[(\[][^()\[\]]{0,40}[)\]])?)(?:\*\*|__)?\s*[:\uff1a](?:\*\*|__)?(?=\s|$)"
)
_PARTICLES = ("von", "van", "de", "da", "di", "del", "der", "la", "le", "the", "of", "and")
_VOICE = re.compile(r"\((?:V\.? ?O\.?|O\.? ?S\.?|O\.? ?C\.?|CONT['’]?D\.?)\)")
_BROKEN_BRACKETS = re.compile(r"[\[({](?:[^\[\](){}\n]|\n(?!\s*\n)){0,200}[\])}]")
_HEADING = re.compile(r"^\s*(?:INT|EXT|EST|I/E|INT\.?/EXT)[.\s]", re.IGNORECASE)
_TRANSITION = re.compile(
    r"^\s*>?\s*(?:[A-Z][A-Z ]{1,25} TO:|FADE (?:IN|OUT|TO BLACK)[:.]?|THE END|TITLES?[:.].*|CUT[.:]?)\s*<?\s*$"
)


@dataclass(frozen=True)
class Line:
    """A line that is said: its text, and the seconds at which it begins and ends where the page says so."""

    text: str
    time: float | None = None
    end: float | None = None


@dataclass
class Page:
    """Lines of a text that are said, and what was found not to be: `speakers` by name, `unsaid` by kind."""

    lines: list[Line] = field(default_factory=list)
    speakers: dict[str, None] = field(default_factory=dict)
    unsaid: dict[str, None] = field(default_factory=dict)


def read_page(text: str) -> Page:
    """What is said of `text`, line by line."""
    page = Page()
    text = html.unescape(text)
    text = _BROKEN_BRACKETS.sub(lambda match: match[0].replace("\n", " "), text)
    plain = list(_without_markdown(text.splitlines(), page))
    plain = list(_without_screenplay(plain, page))
    lines = _without_lists(_timed(plain), page)
    labelled = [match[1] for line in lines if (match := _SPEAKER.match(line.text))]
    for line in lines:
        page.lines.append(replace(line, text=without_speaker(line.text, page, labelled)))
    return page


def without_speaker(text: str, page: Page, labelled: Iterable[str] = ()) -> str:
    """`text` without the name of its speaker: one in capitals, or one of several labels of the page."""
    match = _SPEAKER.match(text)
    if match is None:
        return re.sub(r"^\s*>>+\s*", "", text)
    name = re.sub(r"\s*[(\[].*$", "", match[1]).strip()
    is_titled = all(word[0].isupper() or not word[0].isalpha() or word in _PARTICLES for word in name.split())
    if len(name.split()) > 4 or not (name.isupper() or (is_titled and len(list(labelled)) > 1)):
        return text
    page.speakers[name] = None
    manner = re.search(r"[(\[].*[)\]]$", match[1])
    return f"{manner[0] if manner else ''} {text[match.end() :]}"


def _without_markdown(lines: list[str], page: Page) -> Iterator[str]:
    fenced = False
    if lines and lines[0].strip() == "---" and "---" in (line.strip() for line in lines[1:20]):
        end = next(index for index, line in enumerate(lines[1:], 1) if line.strip() == "---")
        lines = lines[end + 1 :]
        page.unsaid["headings"] = None
    for line in re.sub(r"<!--.*?(?:-->|\Z)|/\*.*?(?:\*/|\Z)", "", "\n".join(lines), flags=re.DOTALL).split("\n"):
        if line.strip().startswith("```"):
            fenced = not fenced
            continue
        if fenced or re.fullmatch(r"\s*(?:[-*_=]\s*){3,}|\s*\|?[\s:|-]*-{3,}[\s:|-]*", line):
            continue
        if re.match(r"\s{0,3}#{1,6}\s+\S", line):
            page.unsaid["headings"] = None
            yield ""
            continue
        plain = re.sub(r"!\[[^\[\]]{0,200}\]\([^()]{0,500}\)", " ", line)
        plain = re.sub(r"\[([^\[\]]{1,200})\]\((?:https?:|[./#])[^()\s]{0,500}\)", r"\1", plain)
        plain = re.sub(r"^\s{0,3}>\s?(?!>)", "", plain)
        plain = re.sub(r"(\*\*|__|~~|``?)(?=\S)(.{1,500}?)(?<=\S)\1", r"\2", plain)
        yield re.sub(r"(?<!\w)_(?=\S)([^_]{1,200})(?<=\S)_(?!\w)", r"\1", plain)


def _without_screenplay(lines: list[str], page: Page) -> Iterator[str]:
    """Dialogue alone where names in capitals stand over what they say; with scenes, all else is action."""
    over = {index for index in range(len(lines)) if _stands_over(lines, index)}
    has_scenes = any(_HEADING.match(line) for line in lines)
    is_clear = has_scenes or any(_VOICE.search(lines[index]) for index in over)
    if not (len(over) > 1 or (over and is_clear)):
        yield from lines
        return
    speaking = False
    for index, line in enumerate(lines):
        if index in over:
            speaking = True
            name = re.sub(r"\s*\(.*$", "", line).strip(" @^*")
            page.speakers[name] = None
            yield ""
        elif not line.strip():
            speaking = False
            yield ""
        elif _HEADING.match(line) or _TRANSITION.match(line) or (has_scenes and not speaking):
            page.unsaid["scenes and action"] = None
        else:
            yield line.strip()


def _stands_over(lines: list[str], index: int) -> bool:
    """Whether a line is the name of whoever says the lines below it."""
    name = re.sub(r"\s*\([^()]{0,40}\)", "", lines[index]).strip(" @^*")
    below = lines[index + 1].strip() if index + 1 < len(lines) else ""
    is_name = name.isupper() and 1 < len(name) <= 40 and len(name.split()) <= 4 and name[-1] not in ".?!:,;…"
    is_first = index == 0 or not lines[index - 1].strip()
    return is_name and is_first and bool(below) and not below.isupper() and not _HEADING.match(lines[index])


def _timed(lines: list[str]) -> list[Line]:
    """Lines without the times before them; a time alone on its line is that of the next."""
    bare = sum(bool(_BARE_TIME.match(line)) for line in lines)
    has_times = bare >= _FEWEST_TIMES and bare >= 0.3 * sum(bool(line.strip()) for line in lines)
    found: list[Line] = []
    waiting: tuple[float | None, float | None] = (None, None)
    for line in lines:
        match = _BRACKETED_TIME.match(line.lstrip())
        text = line.lstrip()[match.end() :] if match else line
        if match is None and has_times and (match := _BARE_TIME.match(line)):
            text = line[match.end() :]
        times = (_seconds(match.groups()[:4]), _seconds(match.groups()[4:])) if match else waiting
        text = _BRACKETED_TIME.sub(" ", text)
        waiting = times if not text.strip() else (None, None)
        if text.strip():
            found.append(Line(text, *times))
    return found


def _seconds(parts: tuple[str | None, ...]) -> float | None:
    hours, minutes, seconds, fraction = parts
    if seconds is None:
        return None
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + int(seconds or 0) + float(f"0.{fraction or 0}")


def _without_lists(lines: list[Line], page: Page) -> list[Line]:
    """Lines without the numerals and bullets of a list; a numeral is one only where the next number follows."""
    numbers = [int(match[1]) for line in lines if (match := _LIST_LABEL.match(line.text)) and match[1]]
    counted = {n for n in numbers if n + 1 in numbers or n - 1 in numbers}
    kept = []
    for line in lines:
        match = _LIST_LABEL.match(line.text)
        is_label = match is not None and (match[1] is None or int(match[1]) in counted)
        if match is not None and is_label and match[1]:
            page.unsaid["numerals of lists"] = None
        kept.append(replace(line, text=line.text[match.end() :]) if match is not None and is_label else line)
    return kept
