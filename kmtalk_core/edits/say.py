"""Phones as animators name them: by their sound, or by the shape of the mouth."""

from ..errors import TakeError
from ..phones import ARPABET, SILENCE, classes_of, ipa_symbols

MOUTH_SHAPES: dict[str, str] = {
    "oo": "u", "ou": "u", "w-oo": "u", "round": "u", "ee": "i", "wide": "i", "oh": "o", "ah": "a", "open": "a",
    "mbp": "m", "pp": "p", "closed": "m", "fv": "f", "ff": "f", "wq": "w", "qw": "w", "dd": "d", "kk": "k", "ss": "s",
    "nn": "n", "rr": "ɹ", "ll": "l", "rest": SILENCE, "x": SILENCE,
}  # fmt: skip
"""What the shapes of other tools and of drawn animation are called, and a phone that looks so."""


def label_of(name: str, where: str) -> str:
    """The label of the phone that `name` stands for: itself in IPA or ARPAbet, or a mouth shape's.

    Raises TakeError, which starts with `where`.
    """
    text = name.strip()
    shape = MOUTH_SHAPES.get(text.lower())
    if shape is not None:
        return shape
    found = classes_of(text) if text else ()
    if found == (SILENCE,):
        return SILENCE
    if found and (ipa_symbols(text) is not None or text.rstrip("012").lower() in ARPABET):
        return text
    raise TakeError(
        f"{where}: there is no phone {name!r:.40}; name it in IPA (ʃ), in ARPAbet (SH) or by a mouth shape, "
        f"as {', '.join(list(MOUTH_SHAPES)[:8])} or m."
    )
