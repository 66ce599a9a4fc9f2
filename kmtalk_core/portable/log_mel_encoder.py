"""The starter's audio encoder: dilated convolutions over log-mel features, with heads for what the mouth does."""

from typing import NamedTuple

import numpy as np

from ..model import sizes
from .tensors import Convolution, FloatArray, Tensors, gelu, mean, sigmoid


class SpeechEvidence(NamedTuple):
    """What the encoder hears, at 50 Hz.

    `hidden` (T, C); `articulation` (T, 5) from 0 to 1 in the order of `sizes.ARTICULATION`; `phones` (T, classes)
    logits; `boundaries` (T, 2) logits that a phone starts at the output's centre or 10 ms after it.
    """

    hidden: FloatArray
    articulation: FloatArray
    phones: FloatArray
    boundaries: FloatArray


class _ChannelNorm:
    """Root-mean-square normalisation over channels."""

    def __init__(self, tensors: Tensors) -> None:
        self._gain = tensors["gain"].reshape(-1)

    def __call__(self, x: FloatArray) -> FloatArray:
        scale = mean(np.square(x))
        scale += np.float32(1e-5)
        normalised: FloatArray = x / np.sqrt(scale)
        normalised *= self._gain
        return normalised


class Block:
    """A residual convolution; an output depends on `reach` inputs on each side."""

    def __init__(self, tensors: Tensors, dilation: int) -> None:
        self.reach = dilation * (sizes.KERNEL // 2)
        self._norm = _ChannelNorm(tensors.of("norm"))
        self._spread = Convolution(tensors.of("spread"), dilation=dilation)
        self._mix = Convolution(tensors.of("mix"))

    def __call__(self, x: FloatArray, first: int = 0) -> FloatArray:
        """(T, C) to (T - first, C): outputs from `first` on."""
        mixed = self._mix(gelu(self._spread(self._norm(x), first)))
        mixed += x[first:]
        return mixed


class LogMelEncoder:
    """Features (T, 81) at 100 Hz → `SpeechEvidence` at 50 Hz, of ceil(T / 2) frames."""

    margin = sizes.margin()

    def __init__(self, tensors: Tensors) -> None:
        self.entry = Convolution(tensors.of("entry"), stride=sizes.STRIDE)
        blocks = tensors.of("blocks")
        self.blocks = [Block(blocks.of(index), dilation) for index, dilation in enumerate(sizes.dilations())]
        self._norm = _ChannelNorm(tensors.of("norm"))
        self._phones = Convolution(tensors.of("phones"))
        self._boundaries = Convolution(tensors.of("boundaries"))
        self._articulators = Convolution(tensors.of("articulators"))
        self._articulation = Convolution(tensors.of("articulation"))

    def __call__(self, features: FloatArray) -> SpeechEvidence:
        x = self.entry(features)
        for block in self.blocks:
            x = block(x)
        return self.heads(x)

    def heads(self, x: FloatArray, first: int = 0) -> SpeechEvidence:
        """What the last block's output (T, C) tells from `first` on, of `sizes.ARTICULATORS_KERNEL` frames each."""
        hidden = self._norm(x)
        articulated = self._articulation(gelu(self._articulators(hidden, first)))
        hidden = hidden[first:]
        return SpeechEvidence(hidden, sigmoid(2 * articulated - 1), self._phones(hidden), self._boundaries(hidden))
