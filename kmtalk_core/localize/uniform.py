"""Evenly spaced keys: the paper's ablation, which shows what phonemes are good for."""

from ..alignment import Alignment, Phone
from ..audio import Sound

UNKNOWN = "?"
"""Label of what may be any phone, or none."""

KEY_SPACING = 0.1
"""Seconds; at 30 fps every third frame is a key, as in the paper's comparison (33 %)."""


def uniform(sound: Sound) -> Alignment:
    """Unlabelled stretches of equal length over the whole sound, with no confidence."""
    count = max(round(sound.duration / KEY_SPACING), 1)
    step = sound.duration / count
    phones = (Phone(index * step, (index + 1) * step, UNKNOWN, 0.0) for index in range(count))
    return Alignment(tuple(phones), sound.duration, "uniform")
