"""Phone labels as they are shown: in IPA, whatever an aligner writes; and the words they are part of.  No bpy here."""

import re
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kmtalk_core.take import Take

_SLACK = 5e-3  # seconds between the start of a word and that of its first phone

_IPA = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "axr": "ɚ", "ay": "aɪ", "b": "b",
    "ch": "tʃ", "d": "d", "dh": "ð", "dx": "ɾ", "eh": "ɛ", "el": "l̩", "em": "m̩", "en": "n̩", "er": "ɝ",
    "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h", "hv": "ɦ", "ih": "ɪ", "ix": "ɨ", "iy": "i", "jh": "dʒ", "k": "k",
    "l": "l", "m": "m", "n": "n", "nx": "ɾ̃", "ng": "ŋ", "ow": "oʊ", "oy": "ɔɪ", "p": "p", "r": "ɹ", "s": "s",
    "sh": "ʃ", "t": "t", "th": "θ", "uh": "ʊ", "uw": "u", "ux": "ʉ", "v": "v", "w": "w", "y": "j", "z": "z",
    "zh": "ʒ",
}  # fmt: skip


@lru_cache(4096)
def shown(label: str) -> str:
    """`label` in IPA: ARPAbet (`AH0`) is translated, anything else is shown as it is, no label as a dot.

    As in `phones.classes_of`, one lower-case letter is IPA already.
    """
    arpabet = re.sub(r"\d+$", "", label).lower()
    if arpabet not in _IPA or (len(arpabet) == 1 and not label.isupper()):
        return label or "·"
    return "ə" if label.lower() == "ah0" else _IPA[arpabet]


_SHAPES = {
    "closed lips": ("p", "b", "m"), "lip on teeth": ("f", "v"), "tongue on teeth": ("th", "dh"),
    "tongue up": ("t", "d", "n", "l", "el", "en", "dx", "nx"), "back": ("k", "g", "ng", "hh", "hv"),
    "teeth": ("s", "z"), "hush": ("sh", "zh", "ch", "jh"), "round": ("uw", "uh", "w", "ux", "er", "axr", "r"),
    "open round": ("ao", "ow", "oy", "aw"), "wide": ("iy", "ih", "y", "ix", "ey"),
    "open": ("aa", "ah", "ax", "ay", "ae", "eh"),
}  # fmt: skip
_BY_PHONE = {phone: shape for shape, phones in _SHAPES.items() for phone in phones}
_BY_IPA = {ipa: _BY_PHONE[phone] for phone, ipa in _IPA.items() if phone in _BY_PHONE}


def named(label: str) -> str:
    """What the mouth does for a phone, in a word: for those who do not read IPA."""
    if label in ("sil", "SIL", "", "pau"):
        return "rest" if label else "·"
    text = shown(label)
    found = _BY_IPA.get(text) or _BY_IPA.get(text[:1])
    return f"{found} ({text})" if found else text


def words_of(take: "Take") -> dict[int, tuple[str, bool]]:
    """By the frame of every key the word that it lies in, empty for none, and whether the key before does so too."""
    starts = [word.start for word in take.words]
    delay = float(take.settings.get("delay") or 0.0)
    found: dict[int, tuple[str, bool]] = {}
    before = -1
    for key in take.keys:
        time = key.time - delay + _SLACK
        index = bisect_right(starts, time) - 1
        if index >= 0 and time >= take.words[index].end:
            index = -1
        found[key.frame] = (take.words[index].text, index == before) if index >= 0 else ("", False)
        before = index
    return found
