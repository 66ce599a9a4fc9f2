"""Linguistic-based key motion acquisition: the key motions K at the key frames I, from the audio features A."""

from ..model.config import KMTalkConfig
from .attention import LocalDecoderLayer
from .spacing import key_gaps
from .tensors import Convolution, FloatArray, IndexArray, LayerNorm, Linear, Tensors


class PhoneConditioning:
    """What is being said, given to the network as posteriors of the phone classes."""

    def __init__(self, tensors: Tensors) -> None:
        self.embed = Linear(tensors.of("embedding"))
        self.poses = Convolution(tensors.of("pose"))


class KeyMotionDecoder:
    """KMD, the key motion-focused decoder: works on the audio features at the key indices (paper)."""

    def __init__(self, tensors: Tensors, config: KMTalkConfig) -> None:
        self._flow_reach = config.flow_reach
        self._is_linear = not config.key_motion
        self._head = Linear(tensors.of("head"))
        if self._is_linear:
            return
        self._query = Linear(tensors.of("query"))
        self._previous_gap, self._next_gap = tensors["previous_gap.weight"], tensors["next_gap.weight"]
        self._memory_norm = LayerNorm(tensors.of("memory_norm"))
        layers = tensors.of("layers")
        self._layers = [LocalDecoderLayer(layers.of(index)) for index in range(config.key_layers)]
        self._norm = LayerNorm(tensors.of("norm"))

    def __call__(self, audio: FloatArray, keys: IndexArray) -> FloatArray:
        """Audio features (time, width) and key frames (n,) to scaled K (n, motion width)."""
        if self._is_linear:
            return self._head(audio[keys])
        before, after = key_gaps(keys, self._flow_reach)
        queries = self._query(audio[keys]) + self._previous_gap[before] + self._next_gap[after]
        memory = self._memory_norm(audio)
        for layer in self._layers:
            queries = layer(queries, keys, memory)
        return self._head(self._norm(queries))
