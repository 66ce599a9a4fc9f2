"""Text files as people have them: in UTF-8, UTF-16 or a code page of Windows, which is detected and told."""

import codecs
import re
from pathlib import Path

from ..errors import AlignmentError
from ..files import read_at_most, spelt

SUFFIXES = (".txt", ".srt", ".vtt", ".ass", ".sbv", ".md", ".fountain")
"""Of transcripts beside a sound, the first that is there."""

LARGEST = 1 << 20  # bytes; a day of speech

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EASTERN = (("cp932", "Shift-JIS", "぀", "ヿ"), ("cp949", "EUC-KR", "가", "힣"), ("gb18030", "GB 18030", "一", "鿿"))
_LEAST_EASTERN = 0.5  # of the characters beyond ASCII, in the script of that code page
_LEAST_HIGH = 0.3  # of the bytes: in a text of Latin letters few lie beyond ASCII
_CYRILLIC = 0.6  # of the bytes beyond ASCII, as letters of Windows-1251, most of them small
_OF_PROGRAMS = (
    (re.compile(r"\{\\rtf"), "rich text"),
    (re.compile(r"(?:<\?xml[^>]*>\s*)?<FinalDraft"), "a script of Final Draft"),
    (re.compile(r'(?:\[\s*)?\{\s*"[^"\n]*"\s*:'), "JSON"),
)
"""How texts begin whose words stand among a program's own."""
_MIXED = "Some lines of the transcript are in no Unicode encoding; they were read as {}. Save it as UTF-8 anew."
_UNSURE = "The transcript is in no Unicode encoding; it was read as {}. Save it as UTF-8 if letters are wrong."


def beside(sound: str | Path) -> Path | None:
    """The transcript beside a sound: the file of its name with one of `SUFFIXES`, or None."""
    path = Path(sound)
    for suffix in SUFFIXES:
        try:
            found = spelt(path.with_suffix(suffix))
            if found.is_file():
                return found
        except (OSError, ValueError):
            return None
    return None


def read_file(path: str | Path) -> tuple[str, tuple[str, ...]]:
    """The text of a transcript's file and what is to be said about how it was read.  Raises AlignmentError."""
    path = Path(path)
    try:
        content = read_at_most(path, LARGEST)
    except OSError as error:
        raise AlignmentError(
            f"The transcript “{path}” cannot be read ({error.strerror}); check the path, or give another file."
        ) from error
    text, note = decode(content)
    if _is_no_text(text):
        raise AlignmentError(f"“{path.name}” holds no text; save the transcript as plain text.")
    if kind := next((kind for begins, kind in _OF_PROGRAMS if begins.match(text.lstrip())), None):
        raise AlignmentError(f"“{path.name}” is {kind}; save the transcript as plain text or as subtitles.")
    if not text.strip():
        return "", (f"“{path.name}” is empty: the phones are found by ear.",)
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(), (note,) if note else ()


def decode(content: bytes) -> tuple[str, str | None]:
    """Text of `content`, and a sentence where its encoding is a guess."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace"), None
    if encoding := _utf_16_without_mark(content):
        return content.decode(encoding, "replace"), None
    try:
        return content.decode("utf-8"), None
    except UnicodeDecodeError:
        pass
    lines = content.split(b"\n")
    beyond = [line for line in lines if not line.isascii()]
    foreign = [line for line in beyond if not _is_utf_8(line)]
    if 2 * len(foreign) <= len(beyond):  # of texts of two programs, put together by a third
        encoding, name = _code_page(b"\n".join(foreign))
        read = (line.decode("utf-8" if _is_utf_8(line) else encoding, "replace") for line in lines)
        return "\n".join(read), _MIXED.format(name)
    encoding, name = _code_page(content)
    return content.decode(encoding, "replace"), _UNSURE.format(name)


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _utf_16_without_mark(content: bytes) -> str:
    """Which half of each pair of bytes is mostly zero tells the order; text in UTF-8 has no zeros."""
    sample = content[: 1 << 12]
    pairs = len(sample) // 2
    zeros = [sample[k : 2 * pairs : 2].count(0) for k in (0, 1)]
    if pairs and max(zeros) >= 0.3 * pairs and min(zeros) <= 0.05 * pairs:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return ""


def _code_page(content: bytes) -> tuple[str, str]:
    high = [byte for byte in content if byte >= 0x80]
    for encoding, name, first, last in _EASTERN:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        beyond = [c for c in text if ord(c) >= 0x80]
        fits = sum(first <= c <= last for c in beyond) >= _LEAST_EASTERN * len(beyond) >= 0.2 * len(high)
        if fits and len(high) > _LEAST_HIGH * len(content):
            return encoding, name
    small = sum(byte >= 0xE0 or byte in (0xB8, 0xB3, 0xBF) for byte in high)
    letters = small + sum(0xC0 <= byte < 0xE0 or byte == 0xA8 for byte in high)
    ascii_letters = sum(chr(byte).isalpha() for byte in content if byte < 0x80)
    if letters >= _CYRILLIC * len(high) and small > 0.5 * letters and len(high) > ascii_letters:
        return "cp1251", "Windows-1251 (Cyrillic)"
    return "cp1252", "Windows-1252 (Western European)"


def _is_no_text(text: str) -> bool:
    odd = sum(c == "\N{REPLACEMENT CHARACTER}" or (c < " " and c not in "\t\n\r\f\v") for c in text)
    return "\0" in text or odd > 0.1 * len(text)
