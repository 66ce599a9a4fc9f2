"""Phones of an alignment as posteriors at the motion rate: what a transcript or a TextGrid tells the network."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment
from ..phones import CLASS_INDEX, PHONE_CLASSES, SILENCE, classes_of

FloatArray: TypeAlias = npt.NDArray[np.float32]

TRUST = {"textgrid": 0.4, "transcript": 0.4}
"""How much the phones of a localization count beside what the encoder hears, by its method; not at all for others.

Known labels are right and their times 10 to 30 ms off, what is heard is the other way round, so neither serves alone.
Measured by `python -m kmtalk_core evaluate-speech INDEX.json --guide text phones --trust 0 0.3 0.4 0.8 1` on the six
sentences of recorded speech with captured motion and a forced alignment: the correlation of the mouth opening is .767,
.772, .771, .763 and .755 with that alignment as a TextGrid; with transcripts .749 at 0.3, .750 at 0.4, .743 at 0.8."""


class AlignedPhones:
    """The phones of `alignment`, `delay` seconds later, for any stretch of motion frames."""

    def __init__(self, alignment: Alignment, fps: float, delay: float = 0.0) -> None:
        pieces = []
        for phone in alignment.phones:
            names = classes_of(phone.label) or (SILENCE,)
            share = (phone.end - phone.start) / len(names)
            cuts = [*(phone.start + i * share for i in range(len(names))), phone.end]
            pieces += [(cuts[i], cuts[i + 1], CLASS_INDEX[name], phone.edited) for i, name in enumerate(names)]
        table = np.array(pieces, np.float64).reshape(-1, 4)
        self._starts, self._ends = (table[:, :2].T + delay) * fps
        self._classes = table[:, 2].astype(np.int64)
        self._edited = table[:, 3] > 0

    def posteriors(self, first: int, last: int) -> FloatArray:
        """(last - first, classes): the share of each frame's time that each class fills; rows sum to 1.

        A frame lasts from half a frame before its moment to half a frame after it.
        """
        shares, _ = self._shares(first, last)
        shares[:, CLASS_INDEX[SILENCE]] += np.maximum(1 - shares.sum(axis=1), 0)
        return shares / shares.sum(axis=1, keepdims=True)

    def trust(self, first: int, last: int, usual: float) -> FloatArray:
        """(last - first, 1): how much `posteriors` count: `usual`, and wholly where a hand has set the phone."""
        _, edited = self._shares(first, last)
        return usual + (1 - np.float32(usual)) * np.minimum(edited, 1)[:, None]

    def _shares(self, first: int, last: int) -> tuple[FloatArray, FloatArray]:
        """How much of each frame's time each class fills, (last - first, classes), and phones of a hand's together."""
        shares = np.zeros((last - first, len(PHONE_CLASSES)), np.float32)
        edited = np.zeros(last - first, np.float32)
        frames = np.arange(first, last)
        begin = int(np.searchsorted(self._ends, first - 0.5))
        end = int(np.searchsorted(self._starts, last + 0.5))
        for index in range(begin, end):
            start, stop = self._starts[index], self._ends[index]
            low = max(int(np.floor(start + 0.5)) - first, 0)
            high = min(int(np.ceil(stop + 0.5)) - first, last - first)
            near = frames[low:high]
            filled = np.minimum(near + 0.5, stop) - np.maximum(near - 0.5, start)
            shares[low:high, self._classes[index]] += np.maximum(filled, 0)
            if self._edited[index]:
                edited[low:high] += np.maximum(filled, 0)
        return shares, edited
