"""One small inventory of phone classes, and the way into it from IPA and ARPAbet.

A class is what the lips can tell apart plus what the ear needs to find it: 39 of them, named by their IPA symbol.
Diphthongs and affricates spelt as two symbols become two classes.
"""

import re
import unicodedata
from collections.abc import Sequence

SILENCE = "sil"

PHONE_CLASSES: tuple[str, ...] = (
    SILENCE,
    *("p", "b", "m", "f", "v", "θ", "t", "d", "n", "s", "z", "ʃ", "tʃ"),
    *("k", "ɡ", "ŋ", "h", "x", "l", "ɹ", "r", "j", "w"),
    *("i", "ɪ", "e", "ɛ", "æ", "a", "ʌ", "ə", "ɜ", "ɔ", "o", "ʊ", "u", "y", "ø"),
)  # fmt: skip
"""Class names; the index into this tuple is the class index everywhere (heads, posteriors, conditioning)."""

CLASS_INDEX: dict[str, int] = {name: index for index, name in enumerate(PHONE_CLASSES)}

VOWELS = frozenset(PHONE_CLASSES[24:])
BILABIALS = frozenset("pbm")

_IPA_MEMBERS = {
    "p": "pɸ", "b": "bβɓ", "m": "mɱ", "f": "f", "v": "vʋⱱ", "θ": "θð", "t": "tʈʔ", "d": "dɖɾɗ", "n": "nɳɲ", "s": "s",
    "z": "z", "ʃ": "ʃʒʂʐɕʑçɧ", "k": "kqc", "ɡ": "ɡgɢɣɟɠ", "ŋ": "ŋɴ", "h": "hɦʕħ", "x": "xχʁʀ", "l": "lɭʎɫɬɮʟɺ",
    "ɹ": "ɹɻ", "r": "r", "j": "jʝ", "w": "wʍɥɰ", "i": "iɨ", "ɪ": "ɪᵻ", "e": "e", "ɛ": "ɛ", "æ": "æ", "a": "aɑɐɒ",
    "ʌ": "ʌ", "ə": "əɘ", "ɜ": "ɜɝɚɞ", "ɔ": "ɔ", "o": "oɤ", "ʊ": "ʊᵿ", "u": "uɯʉ", "y": "yʏ", "ø": "øœɵɶ",
}  # fmt: skip
_IPA = {symbol: name for name, members in _IPA_MEMBERS.items() for symbol in members}
_GLIDES = {"j": "ɪ", "w": "ʊ"}  # the second half of a diphthong as MFA writes it
_AFFRICATES = {"sx": "ʃ", "ts": "s", "dz": "z", "tʃ": "tʃ", "dʒ": "tʃ", "tɕ": "tʃ", "dʑ": "tʃ", "tʂ": "tʃ", "dʐ": "tʃ"}

_ARPABET = {
    "aa": "a", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "a ʊ", "ax": "ə", "axr": "ɜ", "ay": "a ɪ", "b": "b", "ch": "tʃ",
    "d": "d", "dh": "θ", "dx": "d", "eh": "ɛ", "el": "l", "em": "m", "en": "n", "er": "ɜ", "ey": "e ɪ", "f": "f",
    "g": "ɡ", "hh": "h", "hv": "h", "ih": "ɪ", "ix": "ɪ", "iy": "i", "jh": "tʃ", "k": "k", "l": "l", "m": "m",
    "n": "n", "nx": "n", "ng": "ŋ", "ow": "o ʊ", "oy": "ɔ ɪ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t",
    "th": "θ", "uh": "ʊ", "uw": "u", "ux": "u", "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʃ", "ax-h": "ə",
    "eng": "ŋ", "pcl": "p", "bcl": "b", "tcl": "t", "dcl": "d", "kcl": "k", "gcl": "ɡ",
}  # fmt: skip
_SAMPA = str.maketrans({
    "@": "ə", "{": "æ", "6": "ɐ", "9": "œ", "2": "ø", "A": "ɑ", "B": "β", "C": "ç", "D": "ð", "E": "ɛ", "G": "ɣ",
    "H": "ɥ", "I": "ɪ", "J": "ɲ", "L": "ʎ", "M": "ɯ", "N": "ŋ", "O": "ɔ", "P": "ʋ", "Q": "ɒ", "R": "ʁ", "S": "ʃ",
    "T": "θ", "U": "ʊ", "V": "ʌ", "X": "χ", "Y": "ʏ", "Z": "ʒ", "?": "ʔ", "3": "ɜ", "1": "ɨ", "7": "ɤ", "8": "ɵ",
    "&": "ɶ", "}": "ʉ", "g": "ɡ", "4": "ɾ", "~": "̃", ":": "ː",
})  # fmt: skip
_SILENCES = frozenset(
    {"", "sil", "silence", "sp", "spn", "nsn", "pau", "pause", "brth", "epi", "noise", "_", "-", "#", "h#"}
)


def classes_of(label: str) -> tuple[str, ...]:
    """Phone classes of one label as an aligner writes it: ARPAbet (`AH0`), IPA (`tʃʰ`, `aɪ`) or a silence mark.

    A label in lower-case ASCII is read as ARPAbet only where it has two letters or more, or is no IPA symbol.
    Returns () for what names no sound of speech.
    """
    text = label.strip()
    if text.lower() in _SILENCES or text[:1] in "<+[(":
        return (SILENCE,)
    arpabet = re.sub(r"\d+$", "", text).lower()
    if arpabet in _ARPABET and (len(arpabet) > 1 or text.isupper() or arpabet not in _IPA):
        return tuple(_ARPABET[arpabet].split())
    return _classes_of_ipa(text)


def plain_labels(labels: Sequence[str]) -> list[str]:
    """The labels of one file such that `classes_of` reads each right: lower-case ARPAbet in capitals, SAMPA as IPA.

    One label does not tell: `r`, `y` and `N` name different sounds in each notation, all of them together do.
    """
    spoken = {label for label in labels if classes_of(label) != (SILENCE,)}
    bare = {re.sub(r"\d$", "", label) for label in spoken}
    if any(len(label) > 1 and label not in _AFFRICATES for label in bare) and bare <= _ARPABET.keys():
        return [label.upper() if label in spoken else label for label in labels]
    if any(c in label for label in spoken for c in "@{}") or (bare & set("SZNIEOU") and not bare & set("szʃʒŋɪɛɔʊ")):
        return [label.translate(_SAMPA) if label in spoken else label for label in labels]
    return list(labels)


def _classes_of_ipa(text: str) -> tuple[str, ...]:
    decomposed = unicodedata.normalize("NFD", text.replace("ç", "ɕ"))  # whose cedilla is no diacritic
    decomposed = decomposed.replace("ə˞", "ɚ").replace("s.", "ʂ").replace("z.", "ʐ")  # the latter as eSpeak writes them
    plain = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Lm", "Sk") and c not in "ː͡\"'.")
    if plain[:2] in _AFFRICATES:
        return (_AFFRICATES[plain[:2]],)
    found = [_IPA[c] for c in plain if c in _IPA]
    if len(found) > 1 and found[-1] == "h":  # aspiration
        found.pop()
    if len(found) > 1 and found[-2] in VOWELS:
        if found[-1] == "ɜ" and plain[-1] == "ɜ":  # a tone mark of eSpeak's
            found.pop()
        elif plain[-1] in _GLIDES:
            found[-1] = _GLIDES[plain[-1]]
    return tuple(found)
