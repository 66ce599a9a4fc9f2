"""One small inventory of phone classes, and the way into it from IPA and ARPAbet.

A class is what the lips can tell apart plus what the ear needs to find it: 36 of them, named by their IPA symbol.
Diphthongs and affricates spelt as two symbols become two classes.
"""

import re
import unicodedata

SILENCE = "sil"

PHONE_CLASSES: tuple[str, ...] = (
    SILENCE,
    *("p", "b", "m", "f", "v", "θ", "t", "d", "n", "s", "z", "ʃ", "tʃ", "k", "ɡ", "ŋ", "h", "x", "l", "ɹ", "r", "j", "w"),
    *("i", "ɪ", "e", "ɛ", "æ", "a", "ʌ", "ə", "ɜ", "ɔ", "o", "ʊ", "u", "y", "ø"),
)  # fmt: skip
"""Class names; the index into this tuple is the class index everywhere (heads, posteriors, conditioning)."""

CLASS_INDEX: dict[str, int] = {name: index for index, name in enumerate(PHONE_CLASSES)}

VOWELS = frozenset(PHONE_CLASSES[24:])
BILABIALS = frozenset("pbm")

_IPA_MEMBERS = {
    "p": "pɸ", "b": "bβɓ", "m": "mɱ", "f": "f", "v": "vʋⱱ", "θ": "θð", "t": "tʈʔ", "d": "dɖɾɗ", "n": "nɳɲ", "s": "s", "z": "z",
    "ʃ": "ʃʒʂʐɕʑç", "k": "kqc", "ɡ": "ɡgɢɣɟɠ", "ŋ": "ŋɴ", "h": "hɦʕħ", "x": "xχʁʀ", "l": "lɭʎɫɬʟ", "ɹ": "ɹɻ", "r": "r",
    "j": "jʝ", "w": "wʍɥɰ", "i": "iɨ", "ɪ": "ɪᵻ", "e": "e", "ɛ": "ɛ", "æ": "æ", "a": "aɑɐɒ", "ʌ": "ʌ", "ə": "əɘ", "ɜ": "ɜɝɚɞ",
    "ɔ": "ɔ", "o": "oɤ", "ʊ": "ʊᵿ", "u": "uɯʉ", "y": "yʏ", "ø": "øœɵɶ",
}  # fmt: skip
_IPA = {symbol: name for name, members in _IPA_MEMBERS.items() for symbol in members}
_AFFRICATES = {"ts": "s", "dz": "z", "tʃ": "tʃ", "dʒ": "tʃ", "tɕ": "tʃ", "dʑ": "tʃ", "tʂ": "tʃ", "dʐ": "tʃ"}

_ARPABET = {
    "aa": "a", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "a ʊ", "ax": "ə", "axr": "ɜ", "ay": "a ɪ", "b": "b", "ch": "tʃ", "d": "d",
    "dh": "θ", "dx": "d", "eh": "ɛ", "el": "l", "em": "m", "en": "n", "er": "ɜ", "ey": "e ɪ", "f": "f", "g": "ɡ", "hh": "h",
    "hv": "h", "ih": "ɪ", "ix": "ɪ", "iy": "i", "jh": "tʃ", "k": "k", "l": "l", "m": "m", "n": "n", "nx": "n", "ng": "ŋ",
    "ow": "o ʊ", "oy": "ɔ ɪ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t", "th": "θ", "uh": "ʊ", "uw": "u", "ux": "u",
    "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʃ",
}  # fmt: skip
_SILENCES = frozenset({"", "sil", "sp", "spn", "pau", "brth", "_", "#", "<sil>", "<eps>", "<p:>", "h#", "+noise+", "+spn+", "[noise]"})


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


def _classes_of_ipa(text: str) -> tuple[str, ...]:
    decomposed = unicodedata.normalize("NFD", text)
    plain = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Lm", "Sk") and c not in "ː͡\"'.")
    if plain[:2] in _AFFRICATES:
        return (_AFFRICATES[plain[:2]],)
    found = [_IPA[c] for c in plain if c in _IPA]
    if len(found) > 1 and found[-1] == "h":  # aspiration
        found.pop()
    return tuple(found)
