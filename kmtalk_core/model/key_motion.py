"""Linguistic-based key motion acquisition: the key motions K at the key frames I, from the audio features A."""

import torch
from torch import Tensor, nn

from ..phones import PHONE_CLASSES
from .attention import LocalDecoderLayer
from .config import KMTalkConfig
from .sizes import PHONE_SPAN
from .spacing import key_gaps


def zero_linear(width: int, outputs: int) -> nn.Linear:
    """A linear map that starts at zero, so that an untrained network gives the neutral face."""
    linear = nn.Linear(width, outputs)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear


def at_frames(values: Tensor, frames: Tensor) -> Tensor:
    """`values` (batch, time, n) at `frames` (batch, k): (batch, k, n)."""
    return values[torch.arange(len(values), device=values.device)[:, None], frames]


class PhoneConditioning(nn.Module):
    """What is being said, given to the network as posteriors of the phone classes (our choice, not the paper's).

    `embed` goes beside the audio features.  `poses` adds a learned pose for each phone over a few frames to keys and
    motion alike, so that a closure of two frames on p, b or m need not squeeze through the attention layers.
    """

    def __init__(self, width: int, motion_width: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(len(PHONE_CLASSES), width, bias=False)
        self.pose = nn.Conv1d(len(PHONE_CLASSES), motion_width, PHONE_SPAN, padding=PHONE_SPAN // 2, bias=False)
        nn.init.zeros_(self.pose.weight)

    def embed(self, phones: Tensor) -> Tensor:
        """Posteriors (batch, time, classes) to (batch, time, width)."""
        return self.embedding(phones)

    def poses(self, phones: Tensor) -> Tensor:
        """Posteriors (batch, time, classes) to what they add to the motion (batch, time, motion width)."""
        return self.pose(phones.transpose(1, 2)).transpose(1, 2)


class KeyMotionDecoder(nn.Module):
    """KMD, the key motion-focused decoder: works on the audio features at the key indices (paper).

    Our choice: a transformer decoder whose queries are a projection of A[I] and the learned spacing to the neighbouring
    keys, whose memory is A within `reach` frames of each key, with a zero-initialised linear head.  With
    `segment_reach` its attention knows which phone a frame belongs to, for phones lie between keys.  Without
    `key_motion` (ablation) the key motions are a linear map of A[I].
    """

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        width = config.width
        self.flow_reach = config.flow_reach
        self.is_linear = not config.key_motion
        self.head = zero_linear(width, config.motion_space.width)
        if self.is_linear:
            return
        self.query = nn.Linear(width, width)
        self.previous_gap = nn.Embedding(config.flow_reach + 1, width)
        self.next_gap = nn.Embedding(config.flow_reach + 1, width)
        self.memory_norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(
            LocalDecoderLayer(
                width, config.heads, config.reach, config.feedforward, config.dropout, config.segment_reach
            )
            for _ in range(config.key_layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(
        self, audio: Tensor, keys: Tensor, key_mask: Tensor | None = None, frame_mask: Tensor | None = None
    ) -> Tensor:
        """Audio features (batch, time, width) and key frames (batch, n) to scaled K (batch, n, motion width)."""
        if self.is_linear:
            return self.head(at_frames(audio, keys))
        before, after = key_gaps(keys, key_mask, self.flow_reach)
        queries = self.query(at_frames(audio, keys)) + self.previous_gap(before) + self.next_gap(after)
        memory = self.memory_norm(audio)
        for layer in self.layers:
            queries = layer(queries, keys, memory, frame_mask, key_mask)
        return self.head(self.norm(queries))
