"""In which notation the phones of a file are written: the one whose table explains its labels best.

One label does not tell: `r`, `y`, `M` and `N` name different sounds in each notation, all of them together do.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .phones import ARPABET, SILENCE, classes_of, ipa_symbols

_POSITION = re.compile(r"_[BIES]$")  # of a phone in its word, as Kaldi writes it
_LEAST_POSITIONS = 0.6  # of the labels; in X-SAMPA a rare tone looks alike

_SAMPA = str.maketrans({
    "@": "ə", "{": "æ", "6": "ɐ", "9": "œ", "2": "ø", "A": "ɑ", "B": "β", "C": "ç", "D": "ð", "E": "ɛ", "F": "ɱ",
    "G": "ɣ", "H": "ɥ", "I": "ɪ", "J": "ɲ", "K": "ɬ", "L": "ʎ", "M": "ɯ", "N": "ŋ", "O": "ɔ", "P": "ʋ", "Q": "ɒ",
    "R": "ʁ", "S": "ʃ", "T": "θ", "U": "ʊ", "V": "ʌ", "W": "ʍ", "X": "χ", "Y": "ʏ", "Z": "ʒ", "?": "ʔ", "3": "ɜ",
    "1": "ɨ", "7": "ɤ", "8": "ɵ", "&": "ɶ", "}": "ʉ", "g": "ɡ", "4": "ɾ", "5": "ɫ", "~": "̃", ":": "ː",
})  # fmt: skip
_X_SAMPA = {
    "r\\`": "ɻ", "r\\": "ɹ", "h\\": "ɦ", "s\\": "ɕ", "z\\": "ʑ", "R\\": "ʀ", "j\\": "ʝ", "J\\": "ɟ", "x\\": "ɧ",
    "p\\": "ɸ", "B\\": "b", "v\\": "ʋ", "K\\": "ɮ", "G\\": "ɢ", "N\\": "ɴ", "l\\": "ɺ", "I\\": "ᵻ", "U\\": "ᵿ",
    "@\\": "ɘ", "3\\": "ɞ", "M\\": "ɰ", "H\\": "ħ", "?\\": "ʕ", "t`": "ʈ", "d`": "ɖ", "n`": "ɳ", "l`": "ɭ", "r`": "ɽ",
    "s`": "ʂ", "z`": "ʐ", "@`": "ɚ", "3`": "ɝ",
}  # fmt: skip
_SAMPA_AFTER = r"(?::|~|=|`|\\|_[^_\s]|')*"
_SAMPA_VOWEL = rf"(?:[aeiouyAEIOUYVQM@{{}}&1236789]{_SAMPA_AFTER})"
_SAMPA_CONSONANT = (
    rf"(?:(?:t_?s|d_?z|t_?S|d_?Z|p_?f|t_?K)\\?|([bcdfghjklmnpqrstvwxzBCDFGHJKLNPRSTWXZ45])\1?|\?){_SAMPA_AFTER}"
)
_SAMPA_LABEL = re.compile(
    rf"[\"'%]*(?:{_SAMPA_CONSONANT}|{_SAMPA_VOWEL}(?:[IU@69iu]{_SAMPA_AFTER}){{0,2}}|OY|9y|Oy|Ey|ao|ae|eo)"
)

_INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ", "h": "x",
    "j": "tɕ", "q": "tɕʰ", "x": "ɕ", "zh": "tʂ", "ch": "tʂʰ", "sh": "ʂ", "r": "ʐ", "z": "ts", "c": "tsʰ", "s": "s",
    "w": "w", "y": "j",
}  # fmt: skip
_FINALS = {
    "a": "a", "o": "o", "e": "ɤ", "i": "i", "u": "u", "v": "y", "ü": "y", "ai": "aɪ", "ei": "eɪ", "ao": "aʊ",
    "ou": "oʊ", "an": "an", "en": "ən", "ang": "aŋ", "eng": "əŋ", "ong": "ʊŋ", "er": "ɚ", "ia": "ia", "ie": "iɛ",
    "iao": "iaʊ", "iu": "ioʊ", "iou": "ioʊ", "ian": "iɛn", "in": "in", "iang": "iaŋ", "ing": "iŋ", "iong": "iʊŋ",
    "ua": "ua", "uo": "uo", "uai": "uaɪ", "ui": "ueɪ", "uei": "ueɪ", "uan": "uan", "un": "uən", "uen": "uən",
    "uang": "uaŋ",
    "ueng": "uəŋ", "ue": "yɛ", "ve": "yɛ", "üe": "yɛ", "van": "yɛn", "vn": "yn", "ix": "ɨ", "iy": "ɨ", "ii": "ɨ",
    "iii": "ɨ", "rr": "ɚ", "xr": "ɚ", "io": "io",
}  # fmt: skip

_ROMAJI = {
    **{vowel + length: vowel + "ː" * bool(length) for vowel in "aiueo" for length in ("", ":")},
    **{vowel.upper(): vowel for vowel in "aiueo"},  # devoiced, as Open JTalk writes them
    "k": "k", "g": "ɡ", "s": "s", "z": "z", "t": "t", "d": "d", "n": "n", "h": "h", "b": "b", "p": "p", "m": "m",
    "y": "j", "r": "ɾ", "w": "w", "f": "ɸ", "v": "v", "sh": "ʃ", "ch": "tʃ", "ts": "ts", "j": "dʒ", "N": "ɴ",
    "q": "ʔ", "cl": "ʔ", "kw": "kw", "gw": "ɡw",
}  # fmt: skip
_ROMAJI |= {f"{name}y": f"{_ROMAJI[name]}j" for name in "kgnhbpmrdtf"}


@dataclass(frozen=True)
class Notation:
    """A way to write phones: `plain` turns a label into one that `classes_of` reads right, None where it is not its."""

    name: str
    plain: Callable[[str], str | None]


def _arpabet(label: str) -> str | None:
    bare = label.rstrip("0123456789")
    if bare.lower() not in ARPABET or len(label) - len(bare) > 1 or bare not in (bare.upper(), bare.lower()):
        return None
    return label.upper()


def _sampa(label: str) -> str | None:
    if not _SAMPA_LABEL.fullmatch(label):
        return None
    text = re.sub(r"_[^_\s]", "", label.strip("\"'%").replace("t_s", "ts").replace("t_S", "tS").replace("d_Z", "dZ"))
    pieces = re.split(r"(r\\`|[A-Za-z@3?][\\`])", text)
    plain = "".join(_X_SAMPA.get(piece) or piece.translate(_SAMPA) for piece in pieces)
    return re.sub(r"[\\`=']", "", plain)


def _pinyin(label: str) -> str | None:
    bare = label.rstrip("0123456789")
    if label == bare and label in _INITIALS:
        return _INITIALS[label]
    return _FINALS.get(bare) if len(label) - len(bare) < 2 else None


def _romaji(label: str) -> str | None:
    return _ROMAJI.get(label)


def _ipa(label: str) -> str | None:
    """One consonant, affricate, vowel or diphthong with whatever surrounds it."""
    symbols = ipa_symbols(label)
    if symbols is None:
        return None
    if label.isascii() and len(symbols) > 1 and label.lower().rstrip("0123456789") in ARPABET.keys() - {"aw", "ow"}:
        return None
    return label


ARPABET_NOTATION = Notation("ARPAbet", _arpabet)
NOTATIONS = (
    *(Notation("IPA", _ipa), ARPABET_NOTATION, Notation("SAMPA", _sampa), Notation("pinyin", _pinyin)),
    Notation("Japanese in Latin letters", _romaji),
)
"""The first of those that explain a file alike is its notation; ARPAbet comes before all where all is in capitals."""


@dataclass(frozen=True)
class Labels:
    """How the labels of a file are to be read: the notation, and the share it knows of those that are no pauses."""

    notation: Notation
    share: float
    has_positions: bool

    def plain(self, label: str) -> str:
        """`label` such that `classes_of` reads it right."""
        bare = _bare(label, self.has_positions)
        if classes_of(bare) == (SILENCE,):
            return SILENCE if bare else ""
        return self.notation.plain(bare) or bare

    def knows(self, label: str) -> bool:
        """Whether `label` is a pause or a phone of the notation."""
        bare = _bare(label, self.has_positions)
        return classes_of(bare) == (SILENCE,) or self.notation.plain(bare) is not None


def read_labels(labels: Iterable[str]) -> Labels:
    """Decide how `labels`, all of one file, are to be read."""
    counted = Counter(label.strip() for label in labels)
    texts = [label for label in counted if label]
    has_positions = bool(texts) and sum(bool(_POSITION.search(t)) for t in texts) >= _LEAST_POSITIONS * len(texts)
    spoken: Counter[str] = Counter()
    for label, count in counted.items():
        bare = _bare(label, has_positions)
        if classes_of(bare) != (SILENCE,):
            spoken[bare] += count
    letters = "".join(spoken)
    order = sorted(NOTATIONS, key=lambda n: n is not ARPABET_NOTATION) if letters.isupper() else NOTATIONS
    total = max(spoken.total(), 1)
    shares = {n: sum(c for text, c in spoken.items() if n.plain(text) is not None) / total for n in order}
    best = max(order, key=shares.__getitem__)
    return Labels(best, shares[best], has_positions)


def _bare(label: str, has_positions: bool) -> str:
    text = label.strip()
    return _POSITION.sub("", text) if has_positions else text
