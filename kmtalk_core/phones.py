"""One small inventory of phone classes, and the way into it from IPA and ARPAbet.

A class is what the lips can tell apart plus what the ear needs to find it: 39 of them, named by their IPA symbol.
Diphthongs and affricates spelt as two symbols become two classes.
"""

import re
import unicodedata
from functools import lru_cache

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
_PAIRED = frozenset({*_AFFRICATES, "pf", "bv", "kx", "tɬ", "dɮ", "tθ", "dð", "kp", "ɡb", "ŋm", "cç", "ɟʝ", "tɹ", "dɹ"})

ARPABET = {
    "aa": "a", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "a ʊ", "ax": "ə", "axr": "ɜ", "ay": "a ɪ", "b": "b", "ch": "tʃ",
    "d": "d", "dh": "θ", "dx": "d", "eh": "ɛ", "el": "l", "em": "m", "en": "n", "er": "ɜ", "ey": "e ɪ", "f": "f",
    "g": "ɡ", "hh": "h", "hv": "h", "ih": "ɪ", "ix": "ɪ", "iy": "i", "jh": "tʃ", "k": "k", "l": "l", "m": "m",
    "n": "n", "nx": "n", "ng": "ŋ", "ow": "o ʊ", "oy": "ɔ ɪ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t",
    "th": "θ", "uh": "ʊ", "uw": "u", "ux": "u", "v": "v", "w": "w", "y": "j", "z": "z", "zh": "ʃ", "ax-h": "ə",
    "eng": "ŋ", "q": "t", "tq": "t", "pcl": "p", "bcl": "b", "tcl": "t", "dcl": "d", "kcl": "k", "gcl": "ɡ",
}  # fmt: skip
"""Classes of each ARPAbet phone in lower case, those of TIMIT and Buckeye among them."""
ARPABET |= {f"{name}n": classes for name, classes in ARPABET.items() if classes[0] in VOWELS}  # Buckeye's nasal vowels
_STRESSED = {"ah0": "ə"}
_SILENCES = frozenset(
    {
        "", "sil", "silence", "sp", "spn", "nsn", "pau", "pause", "brth", "br", "epi", "noise", "ns", "lg", "cg", "ls",
        "vocnoise", "iver", "laugh", "unknown", "exclude", "{b_trans}", "{e_trans}", "_", "-", "#", "h#", "#h", "xxx",
        "silb", "sile",  # as Julius writes them
    }
)  # fmt: skip


@lru_cache(4096)  # a language has some dozens of labels, and a minute of speech hundreds of phones
def classes_of(label: str) -> tuple[str, ...]:
    """Phone classes of one label as an aligner writes it: ARPAbet (`AH0`), IPA (`tʃʰ`, `aɪ`) or a silence mark.

    A label in lower-case ASCII is read as ARPAbet only where it has two letters or more, or is no IPA symbol.
    Returns () for what names no sound of speech.
    """
    text = label.strip()
    if text.lower() in _SILENCES or text[:1] in "<+[(":
        return (SILENCE,)
    arpabet = re.sub(r"\d+$", "", text).lower()
    if arpabet in ARPABET and (len(arpabet) > 1 or text.isupper() or arpabet not in _IPA):
        return tuple(_STRESSED.get(text.lower(), ARPABET[arpabet]).split())
    return _classes_of_ipa(text)


_VOWEL_SYMBOLS = frozenset(symbol for symbol, name in _IPA.items() if name in VOWELS)
_GLIDE_SYMBOLS = frozenset("jwɥɹɻr")
_IGNORED = "ː͡\"'.˥˦˧˨˩0123456789"


def ipa_symbols(label: str) -> str | None:
    """The base symbols of an IPA label that is one phone: a consonant or an affricate, a vowel or a diphthong.

    None for what is more than a phone, as words are, and for what holds anything else than IPA.
    """
    decomposed = unicodedata.normalize("NFD", label.strip().replace("ç", "ɕ")).replace("ə˞", "ɚ")
    plain = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Lm", "Sk") and c not in _IGNORED)
    if not 0 < len(plain) <= 4 or any(symbol not in _IPA for symbol in plain):
        return None
    nucleus = plain.lstrip("jwɥ") if len(plain) > 2 else plain
    vowels = nucleus.rstrip("".join(_GLIDE_SYMBOLS)) if nucleus[:1] in _VOWEL_SYMBOLS else nucleus
    if vowels and all(symbol in _VOWEL_SYMBOLS for symbol in vowels) and len(nucleus) <= 3:
        return plain
    bare = plain[:-1] if len(plain) > 1 and plain[-1] == "h" else plain
    is_consonant = not any(symbol in _VOWEL_SYMBOLS for symbol in bare)
    is_one = len(bare) == 1 or (len(bare) == 2 and (bare in _PAIRED or bare[0] == bare[1]))
    return plain if is_consonant and is_one else None


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
