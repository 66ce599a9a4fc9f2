"""Phone labels as they are shown: in IPA, whatever an aligner writes.  No bpy here."""

import re

_IPA = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "axr": "ɚ", "ay": "aɪ", "b": "b",
    "ch": "tʃ", "d": "d", "dh": "ð", "dx": "ɾ", "eh": "ɛ", "el": "l̩", "em": "m̩", "en": "n̩", "er": "ɝ",
    "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h", "hv": "ɦ", "ih": "ɪ", "ix": "ɨ", "iy": "i", "jh": "dʒ", "k": "k",
    "l": "l", "m": "m", "n": "n", "nx": "ɾ̃", "ng": "ŋ", "ow": "oʊ", "oy": "ɔɪ", "p": "p", "r": "ɹ", "s": "s",
    "sh": "ʃ", "t": "t", "th": "θ", "uh": "ʊ", "uw": "u", "ux": "ʉ", "v": "v", "w": "w", "y": "j", "z": "z",
    "zh": "ʒ",
}  # fmt: skip


def shown(label: str) -> str:
    """`label` in IPA: ARPAbet (`AH0`) is translated, anything else is shown as it is, no label as a dot.

    As in `phones.classes_of`, one lower-case letter is IPA already.
    """
    arpabet = re.sub(r"\d+$", "", label).lower()
    if arpabet not in _IPA or (len(arpabet) == 1 and not label.isupper()):
        return label or "·"
    return "ə" if label.lower() == "ah0" else _IPA[arpabet]
