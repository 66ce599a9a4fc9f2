"""Cross-modal motion completion (CMC): from key motions to every frame, guided by the audio."""

import numpy as np

from ..model.config import KMTalkConfig
from .attention import LocalEncoderLayer
from .spacing import KeySpacing
from .tensors import FloatArray, LayerNorm, Linear, Tensors, lerp, sigmoid


def _layers(tensors: Tensors, count: int) -> list[LocalEncoderLayer]:
    layers = tensors.of("layers")
    return [LocalEncoderLayer(layers.of(index)) for index in range(count)]


class MotionFlowEncoder:
    """MFE: key motions and their frames to the motion-flow features Φ."""

    def __init__(self, tensors: Tensors, config: KMTalkConfig) -> None:
        self._scale = np.float32(config.motion_scale)
        self._embed = Linear(tensors.of("embed"))
        self._far = tensors["far"]
        self._previous_distance = tensors["previous_distance.weight"]
        self._next_distance = tensors["next_distance.weight"]
        self.layers = _layers(tensors, config.flow_layers)

    def __call__(self, key_motions: FloatArray, spacing: KeySpacing) -> FloatArray:
        """Key motions (n, motion width) to Φ (time, width)."""
        flow = self.placed(key_motions, spacing)
        for layer in self.layers:
            flow = layer(flow)
        return flow

    def placed(self, key_motions: FloatArray, spacing: KeySpacing) -> FloatArray:
        """Key motions (n, motion width) in their places, before the layers: (time, width)."""
        embedded = key_motions @ self._embed.weight.T * self._scale
        if self._embed.bias is not None:
            embedded += self._embed.bias
        far = 1 - spacing.previous_weight - spacing.next_weight
        flow = spacing.interpolate(embedded) + far[:, None] * self._far
        flow += self._previous_distance[spacing.previous_distance]
        flow += self._next_distance[spacing.next_distance]
        return flow


class DynamicFusion:
    """A dynamic weight G combines Φ and A (paper)."""

    def __init__(self, tensors: Tensors, config: KMTalkConfig) -> None:
        self._is_guided, self._is_dynamic = config.audio_guidance, config.fusion == "dynamic"
        if self._is_guided:
            self._project = Linear(tensors.of("project"))
        if self._is_guided and self._is_dynamic:
            self._weight = Linear(tensors.of("weight"))

    def __call__(self, flow: FloatArray, audio: FloatArray, spacing: KeySpacing) -> FloatArray:
        """Φ and A (time, width) to F (time, width)."""
        if not self._is_guided:
            return flow
        guide = self._project(audio)
        if not self._is_dynamic:
            return np.float32(0.5) * (flow + guide)
        distance = np.stack([spacing.previous_distance, spacing.next_distance], axis=1) / spacing.reach
        gate = sigmoid(self._weight(np.concatenate([flow, audio, distance.astype(np.float32)], axis=1)))
        return lerp(guide, flow, gate)


class MultimodalGuidedDecoder:
    """MGD: fused features to the full motion Y."""

    def __init__(self, tensors: Tensors, config: KMTalkConfig) -> None:
        self.layers = _layers(tensors, config.decoder_layers)
        self._norm = LayerNorm(tensors.of("norm"))
        self._head = Linear(tensors.of("head"))

    def __call__(self, fused: FloatArray, core: slice) -> FloatArray:
        """F (time, width) to scaled motion (frames, motion width) of the frames `core`."""
        for layer in self.layers:
            fused = layer(fused)
        return self.head(fused[core])

    def head(self, decoded: FloatArray) -> FloatArray:
        """What comes out of the layers (frames, width), to scaled motion."""
        return self._head(self._norm(decoded))
