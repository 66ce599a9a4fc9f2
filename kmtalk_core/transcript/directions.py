"""What stands in brackets: how something is said, what is heard beside it, or words that are said after all."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from .feelings import tells

_BRACKETS = re.compile(
    r"\[([^\[\]]{0,200})\]|<((?! )[^<>]{0,200}(?<! ))>"
    r"|\{([^{}]{0,200})\}|[(（]([^()（）]{0,200})[)）]|[【〔〖]([^【】〔〕〖〗]{0,200})[】〕〗]"
    r"|(?<![*\w])\*([^*\s][^*\n]{0,60})\*(?![*\w])"
)
_TAG = re.compile(
    r"(?:a|abbr|b|big|body|br|center|cite|code|del|div|em|font|h[1-6]|hr|html|i|img|ins|li|mark|ol|p|pre|q|ruby|rt|s|small|"
    r"span|strong|su[bp]|table|tbody|t[dhrt]|thead|u|ul)?(?=[\s./]|$)"
)
_NOT_A_MANNER = re.compile(
    r"v\.? ?o\.?|o\.? ?s\.?|o\.? ?c\.?|cont'?d\.?|continued|more|sic|\?+|[\W\d_]*|inaudible|/.*|.*=.*|"
    r"(?:ti|ar|al|au|by|la|re|ve|length|offset|tool):.*"
)
_STRENGTH = re.compile(r"(?:^|[\s,:]+)(?:(\d{1,3}(?:\.\d+)?)\s*%|(0?\.\d+|[01](?:\.\d+)?))$")
_VOCABULARY = re.compile(
    r"(?:laugh|chuckl|giggl|sigh|gasp|cough|snif|sob|cry|cries|weep|groan|moan|whisper|shout|yell|scream|mutter|mumbl|"
    r"clear|paus|beat|silen|smil|grin|smirk|frown|nod|shak|shrug|yawn|breath|inhal|exhal|applau|clap|music|snort|scof|"
    r"growl|hum|sing|whistl|gulp|swallow|stammer|stutter|hesitat|wink|blink|gestur|look|turn|enter|exit|happ|sad|ang|"
    r"afraid|scared|frighten|fear|disgust|surpris|shock|confiden|excit|bor(?:ed|ing)|play|confus|neutral|calm|nervous|"
    r"shy|serious|sarcas|iron|tired|worried|annoy|furious|proud|joy|cheer|amus|delight|relie|sorr|sotto)\w*|\w+ly"
)
_SPOKEN_LY = re.compile(r"only|really|actually|probably|finally|family|early|likely|daily|apply|reply|supply|july")
_SENTENCE_END = tuple('.?!…:;—–"”’»*]')
_MOST_WORDS = 6


@dataclass(frozen=True)
class Manner:
    """How what follows is said: `(happy 40%)` has the name “happy” and the strength 0.4."""

    name: str
    strength: float | None = None


def pieces(line: str) -> Iterator[str | Manner]:
    """A line as what is said and how, in order; brackets without either are left out."""
    said = ""
    place = 0
    for match in _BRACKETS.finditer(line):
        said += line[place : match.start()]
        place = match.end()
        found = _meaning(match, line)
        if isinstance(found, Manner):
            yield said
            yield found
            said = " "
        else:
            said += found
    yield said + line[place:]


def _meaning(match: re.Match[str], line: str) -> Manner | str:
    """A manner, or what is said in the place of the brackets."""
    _, angle, _, round_, _, stars = match.groups()
    content = next(group for group in match.groups() if group is not None).strip()
    if angle is not None and _TAG.match(angle.strip("/ !").lower()):
        return " " if "/" in angle or angle.lower().startswith("br") else ""
    if round_ is not None and not _is_aside(content, line[: match.start()], line[match.end() :]):
        return f" {content} "
    if stars is not None and not _VOCABULARY.match(content.lower()):
        return content
    return manner_of(content) or " "


def manner_of(content: str) -> Manner | None:
    """The manner that `content` names; None for numbers, signs and what scripts write of a voice's place."""
    name = " ".join(unicodedata.normalize("NFKC", content).casefold().split()).strip(" .,;:!-–—*_\"'")
    if _NOT_A_MANNER.fullmatch(name):
        return None
    strength = None
    if found := _STRENGTH.search(name):
        value = float(found[1]) / 100 if found[1] else float(found[2])
        if value <= 1 and found.start():
            name, strength = name[: found.start()].rstrip(" ,:"), value
    return Manner(name, strength)


def _is_aside(content: str, before: str, after: str) -> bool:
    """Whether round brackets hold no words that are said: many a speaker says what stands in brackets."""
    before, after = before.rstrip(), after.strip()
    if not (before or after.strip(".?!…,")) or not any(c.isalpha() for c in content):
        return True
    words = content.split()
    if any(unicodedata.name(c, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL")) for c in content):
        return True
    if len(words) > _MOST_WORDS or (len(words) > 1 and content[0].isupper() and content[-1] in ".?!"):
        return False
    if tells(content):
        return True
    first = words[0].lower().strip(".,!")
    if _NOT_A_MANNER.fullmatch(content.lower()) or (_VOCABULARY.fullmatch(first) and not _SPOKEN_LY.fullmatch(first)):
        return True
    return not before or before.endswith(_SENTENCE_END)
