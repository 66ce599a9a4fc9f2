"""The log-mel encoder on a sound that goes on."""

from dataclasses import dataclass

import numpy as np

from ..model import log_mel, sizes
from ..model.log_mel import FloatArray
from ..portable.log_mel_encoder import LogMelEncoder, SpeechEvidence
from .features import StreamingFeatures
from .layers import StreamingLayer

_SETTLES = 0.1  # seconds after the frame that shows it


@dataclass(frozen=True)
class HeardWindow:
    """What is heard of the last moments: `evidence` at 50 Hz, from output `first` of the sound on; `end` in seconds."""

    first: int
    evidence: SpeechEvidence
    end: float

    @property
    def start(self) -> float:
        """Seconds."""
        return self.first / sizes.EVIDENCE_RATE


class StreamingEar:
    """Hears samples as they come, and remembers what it made of the last `memory` seconds before the shown frame."""

    def __init__(self, encoder: LogMelEncoder, memory: float) -> None:
        self.features = StreamingFeatures()
        self._layers = [StreamingLayer(encoder.entry, sizes.KERNEL // 2, sizes.STRIDE)]
        self._layers += [StreamingLayer(block, block.reach) for block in encoder.blocks]
        self._heads = StreamingLayer(encoder.heads, sizes.ARTICULATORS_KERNEL // 2)
        self._memory = round(memory * sizes.EVIDENCE_RATE)
        self._first = self._settled = 0
        self._known: SpeechEvidence | None = None

    def hear(self, samples: FloatArray, shown: float) -> HeardWindow:
        """What is heard now that `samples` (n,) at 16 kHz have come too, to show the moment `shown` (seconds)."""
        x = self.features.hear(samples)
        settled = max(int((shown - _SETTLES) * sizes.EVIDENCE_RATE), self._settled)
        for layer in self._layers:
            x = layer(x, settled)
        self.features.settle(settled * sizes.STRIDE)
        evidence = self._heads(x, settled)
        if self._known is not None:
            evidence = SpeechEvidence(*(np.concatenate(pair) for pair in zip(self._known, evidence, strict=True)))
        window = HeardWindow(self._first, evidence, self.features.samples / log_mel.RATE)
        drop = max(settled - self._first - self._memory, 0)
        self._known = SpeechEvidence(*(part[drop : settled - self._first] for part in evidence))
        self._first, self._settled = self._first + drop, settled
        return window
