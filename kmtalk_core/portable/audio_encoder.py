"""AudioEncoder: log-mel features to features at the motion rate."""

import numpy as np

from ..model import sizes
from ..model.network import Encoded
from .log_mel_encoder import LogMelEncoder, SpeechEvidence
from .tensors import FloatArray, Linear, Tensors, lerp, softmax


class AudioEncoder:
    """Speech features, resampled to the motion rate by linear interpolation at exact times."""

    def __init__(self, tensors: Tensors, fps: float) -> None:
        self.fps = fps
        self.backbone = LogMelEncoder(tensors.of("backbone"))
        self._project = Linear(tensors.of("project"))

    def __call__(self, features: FloatArray, frame_count: int, start: float = 0.0) -> Encoded:
        """Encode features (steps, 81) at 100 Hz for `frame_count` motion frames, the first `start` s into them."""
        return self.at_motion_rate(self.backbone(features), frame_count, start)

    def at_motion_rate(self, evidence: SpeechEvidence, frame_count: int, start: float) -> Encoded:
        """`evidence` for `frame_count` motion frames, the first `start` s into it."""
        spoken = np.concatenate([evidence.hidden, evidence.articulation], axis=1)
        phones = self._resampled(softmax(evidence.phones), frame_count, start)
        return Encoded(self._project(self._resampled(spoken, frame_count, start)), phones)

    def _resampled(self, tokens: FloatArray, frame_count: int, start: float) -> FloatArray:
        """(tokens, n) to (frame_count, n), held beyond the first and the last token."""
        times = start + np.arange(frame_count) / self.fps
        position = np.clip(times * sizes.EVIDENCE_RATE, 0, len(tokens) - 1)
        below = np.floor(position).astype(np.intp)
        above = np.minimum(below + 1, len(tokens) - 1)
        share = (position - below).astype(np.float32)[:, None]
        return lerp(tokens[below], tokens[above], share)
