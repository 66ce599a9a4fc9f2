"""The starter's audio encoder: dilated convolutions over log-mel features, with heads for what the mouth does."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..phones import PHONE_CLASSES
from .log_mel import FEATURES
from .sizes import (
    ARTICULATION,
    ARTICULATORS_KERNEL,
    BLOCKS,
    BOUNDARIES,
    CHANNELS,
    KERNEL,
    STRIDE,
    dilations,
    margin,
)


class SpeechEvidence(NamedTuple):
    """What the encoder hears, at 50 Hz.

    `hidden` (B, T, C); `articulation` (B, T, 5) from 0 to 1 in the order of `ARTICULATION`; `phones` (B, T, classes)
    logits; `boundaries` (B, T, 2) logits that a phone starts at the output's centre or 10 ms after it.
    """

    hidden: Tensor
    articulation: Tensor
    phones: Tensor
    boundaries: Tensor


class _ChannelNorm(nn.Module):
    """Root-mean-square normalisation over channels: every frame by itself, so that windows stay exact."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-5) * self.gain


class _Block(nn.Module):
    def __init__(self, channels: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = _ChannelNorm(channels)
        self.spread = nn.Conv1d(channels, channels, kernel, padding=dilation * (kernel // 2), dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.dropout(self.mix(functional.gelu(self.spread(self.norm(x)))))


class LogMelEncoder(nn.Module):
    """Features (B, T, 81) at 100 Hz → `SpeechEvidence` at 50 Hz, of ceil(T / 2) frames."""

    def __init__(
        self, channels: int = CHANNELS, blocks: int = BLOCKS, kernel: int = KERNEL, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.kernel = kernel
        self.entry = nn.Conv1d(FEATURES, channels, kernel, stride=STRIDE, padding=kernel // 2)
        self.blocks = nn.ModuleList([_Block(channels, kernel, dilation, dropout) for dilation in dilations(blocks)])
        self.norm = _ChannelNorm(channels)
        self.phones = nn.Conv1d(channels, len(PHONE_CLASSES), 1)
        self.boundaries = nn.Conv1d(channels, BOUNDARIES, 1)
        self.articulators = nn.Conv1d(channels, channels, ARTICULATORS_KERNEL, padding=ARTICULATORS_KERNEL // 2)
        self.articulation = nn.Conv1d(channels, len(ARTICULATION), 1)
        self.margin = margin(kernel, blocks)

    def forward(self, features: Tensor) -> SpeechEvidence:
        x = self.entry(features.transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        hidden = self.norm(x)
        articulated = self.articulation(functional.gelu(self.articulators(hidden)))
        return SpeechEvidence(
            hidden=hidden.transpose(1, 2),
            articulation=torch.sigmoid(2 * articulated - 1).transpose(1, 2),
            phones=self.phones(hidden).transpose(1, 2),
            boundaries=self.boundaries(hidden).transpose(1, 2),
        )
