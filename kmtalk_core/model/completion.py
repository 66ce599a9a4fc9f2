"""Cross-modal motion completion (CMC): from key motions to every frame, guided by the audio."""

import torch
from torch import Tensor, nn

from .attention import LocalEncoderLayer
from .config import KMTalkConfig
from .key_motion import zero_linear
from .linear import linear
from .spacing import KeySpacing


def _layers(config: KMTalkConfig, count: int) -> nn.ModuleList:
    return nn.ModuleList(
        LocalEncoderLayer(config.width, config.heads, config.reach, config.feedforward, config.dropout)
        for _ in range(count)
    )


class MotionFlowEncoder(nn.Module):
    """MFE: key motions and their frames to the motion-flow features Φ (the paper gives its name and its inputs).

    Our choice: the embedded key motions are placed at their frames and interpolated between them, a learned embedding
    of the distance to the previous and to the next key is added, and local encoder layers follow.  A key further than
    `flow_reach` frames away fades into a learned rest, so that a long pause holds no influence from its far end.
    """

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        width = config.width
        self.scale = config.motion_scale
        self.embed = nn.Linear(config.motion_space.width, width)
        self.far = nn.Parameter(torch.zeros(width))
        self.previous_distance = nn.Embedding(config.flow_reach + 1, width)
        self.next_distance = nn.Embedding(config.flow_reach + 1, width)
        self.layers = _layers(config, config.flow_layers)

    def forward(self, key_motions: Tensor, spacing: KeySpacing, frame_mask: Tensor | None = None) -> Tensor:
        """Key motions (batch, n, motion width) to Φ (batch, time, width)."""
        # Scaled after the product, where there is less to multiply.
        embedded = linear(key_motions, self.embed.weight) * self.scale + self.embed.bias
        far = 1 - spacing.previous_weight - spacing.next_weight
        flow = spacing.interpolate(embedded) + far[..., None] * self.far
        flow = flow + self.previous_distance(spacing.previous_distance) + self.next_distance(spacing.next_distance)
        for layer in self.layers:
            flow = layer(flow, frame_mask)
        return flow


class DynamicFusion(nn.Module):
    """A dynamic weight G combines Φ and A (paper): F = G ⊙ Φ + (1 − G) ⊙ A′, G = σ(W [Φ; A; key distance]) (ours).

    A′ is a projection of A.  G has one value a frame and channel; with `fusion` "fixed" (ablation) it is ½ throughout.
    Without `audio_guidance` (ablation) F is Φ alone.
    """

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        width = config.width
        self.is_guided, self.is_dynamic = config.audio_guidance, config.fusion == "dynamic"
        if self.is_guided:
            self.project = nn.Linear(width, width)
        if self.is_guided and self.is_dynamic:
            self.weight = nn.Linear(2 * width + 2, width)

    def gate(self, flow: Tensor, audio: Tensor, spacing: KeySpacing) -> Tensor:
        """G (batch, time, width), 0 to 1: the share of the motion flow."""
        distance = torch.stack([spacing.previous_distance, spacing.next_distance], dim=-1) / spacing.reach
        return torch.sigmoid(self.weight(torch.cat([flow, audio, distance.to(flow.dtype)], dim=-1)))

    def forward(self, flow: Tensor, audio: Tensor, spacing: KeySpacing) -> Tensor:
        """Φ and A (batch, time, width) to F (batch, time, width)."""
        if not self.is_guided:
            return flow
        guide = self.project(audio)
        if not self.is_dynamic:
            return 0.5 * (flow + guide)
        gate = self.gate(flow, audio, spacing)
        return torch.lerp(guide.to(flow), flow, gate.to(flow))  # under autocast they are of different types


class MultimodalGuidedDecoder(nn.Module):
    """MGD: fused features to the full motion Y (the paper gives its name and its inputs).

    Our choice: transformer layers with local attention and a zero-initialised linear head, one product even where the
    motion has 70,110 values a frame.
    """

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        self.layers = _layers(config, config.decoder_layers)
        self.norm = nn.LayerNorm(config.width)
        self.head = zero_linear(config.width, config.motion_space.width)

    def forward(self, fused: Tensor, frame_mask: Tensor | None, core: slice) -> Tensor:
        """F (batch, time, width) to scaled motion (batch, time, motion width) of the frames `core`."""
        for layer in self.layers:
            fused = layer(fused, frame_mask)
        return self.head(self.norm(fused[:, core]))
