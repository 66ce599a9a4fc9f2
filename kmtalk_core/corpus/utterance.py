"""One utterance of a synthetic voice, with the times of its phones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..phones import CLASS_INDEX

RATE = 16000

Samples: TypeAlias = npt.NDArray[np.int16]
Segment: TypeAlias = tuple[float, float, int]
"""Start and end in seconds, index of the phone class."""

_FIRST_OF_TWO = 0.55  # a diphthong or an affricate spends a little longer on its first half


@dataclass(frozen=True)
class Utterance:
    """What a voice said: `samples` (n,) at 16 kHz and the `segments` that tile it; `voice` names who."""

    samples: Samples
    segments: tuple[Segment, ...]
    voice: str

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / RATE


def to_samples(wave: npt.NDArray[np.floating], rate: int) -> Samples:
    """A wave in -1 to 1 at `rate` Hz as 16-bit samples at 16 kHz."""
    if rate != RATE:
        import soxr

        wave = soxr.resample(np.asarray(wave, np.float64), rate, RATE)
    return (np.clip(wave, -1, 1) * 32767).astype(np.int16)


def to_segments(
    labelled: Iterable[tuple[float, float, Sequence[str]]], shift: float, duration: float
) -> tuple[Segment, ...]:
    """Segments of phones given as (start, end, class names), moved by `shift` seconds and clipped to the sound.

    The shift corrects an engine whose labels run late or early; a phone of two classes is split between them.
    """
    segments: list[Segment] = []
    for start, end, names in labelled:
        cuts = np.linspace(start, end, len(names) + 1)
        if len(names) == 2:
            cuts[1] = start + _FIRST_OF_TWO * (end - start)
        for name, low, high in zip(names, cuts[:-1], cuts[1:], strict=True):
            low, high = (min(max(float(t) + shift, 0.0), duration) for t in (low, high))
            if high > low:
                segments.append((low, high, CLASS_INDEX[name]))
    if segments and shift > 0:
        segments[0] = (0.0, *segments[0][1:])
    return tuple(segments)
