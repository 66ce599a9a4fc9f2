"""From a transcript to phones: what each word may sound like, in the phones of PocketSphinx's English model.

English words come from the model's dictionary.  What is not in it (names, numbers, abbreviations), and every word of
another language, is pronounced by eSpeak NG's rules and mapped to the nearest English phones; the label keeps the
phone of the language, so that a French `y` still rounds the lips.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from .. import espeak
from ..errors import AlignmentError
from ..transcript import Part, read_script
from ..transcript.directions import Manner
from ..transcript.language import guess_language
from . import letters

Pronunciation = tuple[tuple[str, str], ...]
"""Phones of one word: (phone of the English model, label to report)."""

Lookup = Callable[[str], Iterable[str]]
"""From a lower-case word to its pronunciations in the dictionary, each as ARPAbet phones with spaces between."""

_MANY_LISTED = 6
_LONGEST_WORD = 60
_PUNCTUATION = '"“”„«»‹›()[]{}<>*_~|\\:;,!?¡¿•·^='

_SPOKEN_AS = {
    "dr": ("doctor",), "st": ("saint", "street"), "prof": ("professor",), "vs": ("versus",), "jr": ("junior",),
    "sr": ("senior",), "approx": ("approximately",), "dept": ("department",), "&": ("and",), "w/": ("with",),
}  # fmt: skip
_INTERJECTIONS = {
    "shh": "SH",
    "sh": "SH",
    "psst": "P S T",
    "mm": "M",
    "mmm": "M",
    "zzz": "Z",
    "grr": "G ER",
    "brr": "B ER",
}

_PAIRS = {
    **dict.fromkeys(("aɪ", "ai"), "AY"), **dict.fromkeys(("aʊ", "au", "ɑu"), "AW"), **dict.fromkeys(("eɪ", "ei"), "EY"),
    **dict.fromkeys(("oʊ", "əʊ", "ou"), "OW"), **dict.fromkeys(("ɔɪ", "oɪ", "ɔø", "ɔʏ"), "OY"), "sx": "SH",
    "əl": "AH L", **dict.fromkeys(("tʃ", "tɕ", "tʂ"), "CH"), **dict.fromkeys(("dʒ", "dʑ", "dʐ"), "JH"),
}  # fmt: skip
_MEMBERS = {
    "P": "p", "B": "bɓ", "T": "tʈ", "D": "dɖɗɾ", "K": "kqc", "G": "gɡɟɢɠɣ", "F": "fɸ", "V": "vβʋⱱ", "TH": "θ",
    "DH": "ð", "S": "s", "Z": "z", "SH": "ʃʂɕɧɬ", "ZH": "ʒʐʑ", "HH": "hxχħɦ", "M": "mɱ", "N": "nɲɳ", "NG": "ŋɴ",
    "L": "lɫɭʎ", "R": "rɹɻʁ", "W": "wʍɥɰ", "Y": "jʝ", "IY": "i", "IH": "ɪɨʏᵻ", "EY": "e", "EH": "ɛœ", "AE": "æɶ",
    "AA": "aɑɒ", "AH": "ɐʌəɘɤ", "ER": "ɜɝɚø", "AO": "ɔ", "OW": "o", "UH": "ʊɯɵᵿ", "UW": "uʉy",
}  # fmt: skip
_ENGLISH = _PAIRS | {symbol: phone for phone, members in _MEMBERS.items() for symbol in members}


@dataclass(frozen=True)
class Pronounced:
    """One spoken word and the ways it may be pronounced, best first; `by_rule` where no dictionary knew it.

    `spelling` is empty where it belongs to what is written of the word before, as of a number.
    """

    spelling: str
    pronunciations: tuple[Pronunciation, ...]
    by_rule: bool


@dataclass(frozen=True)
class Transcript:
    """Words in the order they are said, and whole sentences on what the user should know of how they were read.

    `manners` are pairs of a manner and the index of the first word that is said so; `times` are (first, last, start,
    end): words `first` up to `last` are shown from `start` to `end`, in seconds of the recording.
    """

    words: tuple[Pronounced, ...]
    notes: tuple[str, ...]
    manners: tuple[tuple[int, Manner], ...] = ()
    times: tuple[tuple[int, int, float, float], ...] = ()

    @property
    def shortest_phones(self) -> int:
        """How many phones are said at least."""
        return sum(min(map(len, word.pronunciations)) for word in self.words)


def read_transcript(text: str, lookup: Lookup | None, language: str = "en") -> Transcript:
    """Words of `text` with their pronunciations.

    `lookup` is the dictionary of English words; where it is None rules pronounce them all.  `language` is an eSpeak NG
    code; text that is given as English and clearly is not is taken for what it looks like.  Raises AlignmentError where
    nothing can be spoken.
    """
    script = read_script(text)
    notes = list(script.notes)
    parts = [replace(part, text=_clean(part.text)) for part in script.parts]
    plain = " ".join(part.text for part in parts)
    if not any(c.isalnum() for c in plain):
        raise AlignmentError("The transcript holds no words; write down what is said, or leave it empty.")
    language = (language or "en").lower()
    if language.split("-")[0] == "en":
        name, guess = guess_language(plain)
        if not guess:
            shouted = plain.upper() == plain  # then capitals are no sign of an abbreviation
            voice = language if language != "en" else "en-us"
            spoken = [list(_english(part.text, lookup or (lambda word: ()), voice, shouted)) for part in parts]
            notes += _notes_on_english(spoken) if lookup else ()
            return _assembled(parts, spoken, tuple(notes), language)
        notes.append(f"The transcript looks like {name} and is pronounced so; set its language if it is another.")
        language = guess
    if language.startswith("ja") and any("CJK" in unicodedata.name(c, "") for c in plain):
        raise AlignmentError("Kanji cannot be pronounced by rule; write the transcript in kana, or leave it empty.")
    return _assembled(parts, [list(_foreign(part.text, language)) for part in parts], tuple(notes), language)


def _assembled(parts: list[Part], spoken: list[list[Pronounced]], notes: tuple[str, ...], language: str) -> Transcript:
    words: list[Pronounced] = []
    manners: list[tuple[int, Manner]] = []
    times: list[tuple[int, int, float, float]] = []
    for part, found in zip(parts, spoken, strict=True):
        manners += [(len(words), manner) for manner in part.manners]
        if found and part.start is not None and part.end is not None:
            times.append((len(words), len(words) + len(found), part.start, part.end))
        words += found
    if not words:
        raise AlignmentError(f"Nothing in the transcript can be pronounced in “{language}”; check the language.")
    return Transcript(tuple(words), notes, tuple(manners), tuple(times))


@lru_cache(maxsize=4096)
def english_phones(phone: str) -> Pronunciation:
    """One IPA phone in phones of the English model, each with the label that keeps what was said."""
    decomposed = unicodedata.normalize("NFD", phone.replace("ç", "ɕ"))  # whose cedilla is no diacritic
    plain = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Lm", "Sk"))
    plain = plain.replace("s.", "ʂ").replace("z.", "ʐ")
    plain = re.sub(r"(?<=[aeiouyɑɐəɛɔɯ])ɜ$", "", plain)  # a tone mark of eSpeak's
    plain = re.sub(r"(?<=[ptksʂɕ])h$", "", plain)  # aspiration
    found: list[tuple[str, str]] = []
    while plain:
        symbol = plain[:2] if plain[:2] in _PAIRS else plain[0]
        plain = plain[len(symbol) :]
        models = _ENGLISH.get(symbol, "").split()
        found += [(model, symbol if len(models) == 1 else model) for model in models]
    return tuple(found)


def _clean(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub("[\u2018\u2019\u02bc\u02b9\u0060\u00b4]", "'", plain)
    return " ".join("".join(_kept(c) for c in plain).split())


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":  # soft hyphens, direction marks
        return ""
    return " " if category in ("Cc", "Cn", "Co", "Cs", "So", "Sk") or character.isspace() else character


def _foreign(text: str, language: str) -> Iterator[Pronounced]:
    said = _by_rule(text, language) if text else ()
    for phones, spelling in zip(said, _spellings(text, said, language), strict=True):
        pronunciation = tuple(part for phone in phones for part in english_phones(phone))
        if pronunciation:
            yield Pronounced(spelling, (pronunciation,), by_rule=True)


def _spellings(text: str, said: tuple[tuple[str, ...], ...], language: str) -> list[str]:
    """How each of the words that are said of `text` is written there; in IPA where that cannot be told."""
    tokens = [token[:_LONGEST_WORD] for token in _tokens(text)]
    if len(tokens) == len(said):
        return tokens
    counts = {token: len(_by_rule(token, language)) for token in dict.fromkeys(tokens)}
    if sum(counts[token] for token in tokens) != len(said):
        return ["".join(phones) for phones in said]
    spellings: list[str] = []
    for token in tokens:
        signs = [sign for sign in token if sign.isalnum()]
        of_signs = len(signs) == counts[token] > 1 and not any(sign.isdigit() for sign in signs)  # as in Chinese
        spellings += signs if of_signs else [token, *[""] * (counts[token] - 1)][: counts[token]]
    return spellings


def _by_rule(text: str, language: str) -> tuple[tuple[str, ...], ...]:
    try:
        return espeak.phonemes(text, language)
    except espeak.EspeakError as error:
        spelt = letters.phonemes(text, language)
        if spelt is None:
            raise AlignmentError(f"Words in “{language}” cannot be pronounced here. {error}") from error
        return spelt


def _english(text: str, lookup: Lookup, voice: str, shouted: bool) -> Iterator[Pronounced]:
    for token in _tokens(text):
        yield from _english_words(token, lookup, voice, shouted)


def _notes_on_english(spoken: Iterable[Iterable[Pronounced]]) -> Iterator[str]:
    words = [word for found in spoken for word in found]
    guessed = list(dict.fromkeys(word.spelling for word in words if word.by_rule))
    if guessed:
        more = f" and {len(guessed) - _MANY_LISTED} more" if len(guessed) > _MANY_LISTED else ""
        yield f"Not in the dictionary and pronounced by rule: {', '.join(guessed[:_MANY_LISTED])}{more}."
    if len(words) > 2 and sum(word.by_rule for word in words) > 0.5 * len(words):
        yield "Most words are not in the English dictionary; set the language if it is another."


def _tokens(text: str) -> Iterator[str]:
    """What stands between spaces and dashes, without the punctuation around it; sums of money as they are said."""
    text = re.sub(r"([$£€])(\d[\d,]*)\.(\d\d)\b", _money, text)
    text = re.sub(r"([$£€])(\d[\d,]*(?:\.\d+)?)", _money, text)
    text = re.sub(r"[‐‑‒–—―−]|--+|\.\.+|…|(?<=\d)-(?=\d)|(?<=[^\W\d])/(?=[^\W\d])", " ", text)
    for token in text.split():
        token = token.strip(_PUNCTUATION)
        if not re.fullmatch(r"(?:\w\.)+", token):  # U.S. keeps its stops
            token = token.strip("." + _PUNCTUATION)
        if any(c.isalnum() or c in "&@%+" for c in token):
            yield token


def _money(match: re.Match[str]) -> str:
    unit = {"$": "dollars", "£": "pounds", "€": "euros"}[match[1]]
    return " ".join((match[2], unit, *match.groups()[2:]))


def _english_words(token: str, lookup: Lookup, voice: str, shouted: bool) -> Iterator[Pronounced]:
    spelling = token[:_LONGEST_WORD]
    known = _known(token.lower(), lookup)
    if known:
        yield Pronounced(spelling, known, by_rule=False)
        return
    parts = [part for part in token.split("-") if any(c.isalnum() for c in part)]
    if len(parts) > 1 and not any(c.isdigit() for c in token):
        for part in parts:
            yield from _english_words(part, lookup, voice, shouted)
        return
    spoken = _ways_to_say(token, shouted)
    found = (_one_word(_by_rule(way, voice)) for way in spoken)
    pronunciations = tuple(dict.fromkeys(pronunciation for pronunciation in found if pronunciation))
    if pronunciations:
        yield Pronounced(spelling, pronunciations, by_rule=True)


def _known(word: str, lookup: Lookup) -> tuple[Pronunciation, ...]:
    """Pronunciations that the dictionary has for `word`, its common spellings, or what it abbreviates."""
    bare = word.strip("'")
    drawn_out = tuple(re.sub(r"(.)\1{2,}", shorter, bare) for shorter in (r"\1\1", r"\1"))
    found: list[str] = [_INTERJECTIONS[bare]] if bare in _INTERJECTIONS else []
    for spellings in (_SPOKEN_AS.get(bare.rstrip("."), ()), (word,), (bare,), (bare.replace("-", ""),), drawn_out):
        if not found:
            found = [phones for spelling in spellings if spelling for phones in lookup(spelling)]
    return tuple(tuple((phone, phone) for phone in phones.split()) for phones in dict.fromkeys(found))


def _ways_to_say(token: str, shouted: bool) -> list[str]:
    """The token, and for numbers and capitals the other ways in which people read them."""
    ways = [token]
    digits = token.replace(",", "")
    if digits.isdecimal() and len(digits) == 4 and digits[2:] != "00":
        ways.append(f"{digits[:2]} {digits[2:]}" if digits[2] != "0" else f"{digits[:2]} oh {digits[3]}")
    if digits.isdecimal() and 2 < len(digits) <= _LONGEST_WORD:
        ways.append(" ".join(digits))
    if not shouted and token.isupper() and token.isalpha() and len(token) <= 6:
        ways.append(" ".join(token))
    return ways


def _one_word(words: Iterable[Iterable[str]]) -> Pronunciation:
    """Everything that one token is read as, in the labels of the English model."""
    phones = (model for word in words for phone in word for model, _ in english_phones(phone))
    return tuple((model, model) for model in phones)
