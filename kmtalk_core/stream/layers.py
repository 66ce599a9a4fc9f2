"""The network's layers on a sound that goes on: each keeps the few inputs that it will want again.

An output is settled once the shown frame is past it: what is heard later changes it no more, and it is not worked out
again.  Each layer so works on what is open alone, and on what it kept.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from ..model.log_mel import FloatArray
from ..portable.log_mel_encoder import SpeechEvidence

Output = TypeVar("Output", FloatArray, SpeechEvidence)


class StreamingLayer(Generic[Output]):
    """One layer: `layer(x, first)` gives its outputs from `first` on; an output wants `reach` inputs on each side."""

    def __init__(self, layer: Callable[[FloatArray, int], Output], reach: int, stride: int = 1) -> None:
        self._layer: Callable[[FloatArray, int], Output] = layer
        self._reach, self._stride = reach, stride
        self._kept: FloatArray | None = None
        self._first = self._settled = 0  # of what is kept, and of the outputs that are open

    def __call__(self, x: FloatArray, settled: int) -> Output:
        """Outputs from the first that was open before this call; from now on `settled` of them are settled.

        `x` (n, inputs) starts with the first input that was open before; all inputs of settled outputs are settled.
        """
        x = x if self._kept is None else np.concatenate([self._kept, x])
        output = self._layer(x, self._settled - self._first // self._stride)
        first = max(settled * self._stride - self._reach, 0)
        self._kept = x[first - self._first : settled * self._stride - self._first]
        self._first, self._settled = first, settled
        return output
