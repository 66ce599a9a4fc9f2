"""Attention that never looks further than a number of frames; see `model.attention`."""

import numpy as np

from ..model.sizes import MASKED
from .tensors import FloatArray, IndexArray, LayerNorm, Linear, Tensors, gelu, padded, softmax

_BLOCK = 32


class LocalSelfAttention:
    """Multi-head attention of each frame to the frames within reach, with a learned bias for each distance."""

    def __init__(self, tensors: Tensors) -> None:
        self._distance_bias = tensors["distance_bias"]
        self._heads, self._reach = len(self._distance_bias), (self._distance_bias.shape[1] - 1) // 2
        self._project_in, self._project_out = Linear(tensors.of("project_in")), Linear(tensors.of("project_out"))
        self._bias = self._block_bias()

    def __call__(self, frames: FloatArray, first: int = 0) -> FloatArray:
        """(time, width) to (time - first, width): frames from `first` on."""
        return self._few(frames, first) if len(frames) <= _BLOCK else self._many(frames)[first:]

    def _few(self, frames: FloatArray, first: int) -> FloatArray:
        """So few frames that each may look at all of them at once."""
        time, width = frames.shape
        parts = self._project_in(frames).reshape(time, 3, self._heads, -1)
        query, key, value = parts[first:, 0].swapaxes(0, 1), parts[:, 1].transpose(1, 2, 0), parts[:, 2].swapaxes(0, 1)
        score = query @ key
        score *= np.float32((width // self._heads) ** -0.5)
        score += self._bias[:, first:time, self._reach : self._reach + time]
        mixed = softmax(score) @ value
        return self._project_out(mixed.swapaxes(0, 1).reshape(-1, width))

    def _many(self, frames: FloatArray) -> FloatArray:
        time, width = frames.shape
        query, key, value = np.split(self._project_in(frames), 3, axis=1)
        blocks = -(-time // _BLOCK)
        fill = blocks * _BLOCK - time
        at = np.arange(blocks)[:, None] * _BLOCK + np.arange(_BLOCK + 2 * self._reach)  # in the padded frames
        queries = padded(query, 0, fill).reshape(blocks, _BLOCK, self._heads, -1).swapaxes(1, 2)
        keys, values = (self._around_blocks(x, at, fill) for x in (key, value))
        score = queries @ keys.swapaxes(2, 3)
        score *= np.float32((width // self._heads) ** -0.5)
        score += self._bias
        is_absent = (at < self._reach) | (at >= time + self._reach)
        score += np.where(is_absent, np.float32(MASKED), np.float32(0))[:, None, None]
        mixed = softmax(score) @ values
        return self._project_out(mixed.swapaxes(1, 2).reshape(-1, width)[:time])

    def _around_blocks(self, values: FloatArray, at: IndexArray, fill: int) -> FloatArray:
        """(time, width) to (blocks, heads, block + 2 reach, width / heads): each block with what is in its reach."""
        wide = padded(values, self._reach, self._reach + fill)
        return wide[at].reshape(*at.shape, self._heads, -1).swapaxes(1, 2)

    def _block_bias(self) -> FloatArray:
        """(heads, block, block + 2 reach): what the distance between two frames adds to their score."""
        offset = np.arange(_BLOCK + 2 * self._reach) - np.arange(_BLOCK)[:, None]
        is_near = (offset >= 0) & (offset <= 2 * self._reach)
        return np.where(is_near, self._distance_bias[:, offset.clip(0, 2 * self._reach)], np.float32(MASKED))


class LocalCrossAttention:
    """Multi-head attention of queries that stand at frames to the frames within reach of each.

    Where the network tells segments apart, a learned bias does, for so many on each side.
    """

    def __init__(self, tensors: Tensors) -> None:
        self._distance_bias = tensors["distance_bias"]
        self._heads, self._reach = len(self._distance_bias), (self._distance_bias.shape[1] - 1) // 2
        self._segment_bias = tensors.get("segment_bias")
        self._project_query = Linear(tensors.of("project_query"))
        self._project_memory = Linear(tensors.of("project_memory"))
        self._project_out = Linear(tensors.of("project_out"))

    def __call__(self, queries: FloatArray, at: IndexArray, memory: FloatArray) -> FloatArray:
        """`queries` (n, width) at frames `at` (n,) of `memory` (time, width), to their shape."""
        time, width = memory.shape
        around = at[:, None] + np.arange(-self._reach, self._reach + 1)
        is_inside = (around >= 0) & (around < time)
        around = around.clip(0, time - 1)
        heard = self._project_memory(memory)[around].reshape(*around.shape, 2, self._heads, width // self._heads)
        key, value = heard[:, :, 0].swapaxes(1, 2), heard[:, :, 1].swapaxes(1, 2)  # (n, heads, frames, width / heads)
        query = self._project_query(queries).reshape(len(at), self._heads, width // self._heads, 1)
        score = (key @ query)[..., 0]
        score *= np.float32((width // self._heads) ** -0.5)
        score += self._distance_bias
        if self._segment_bias is not None:
            reach = self._segment_bias.shape[1] // 2
            place = segments_apart(at, around, time).clip(-reach, reach - 1) + reach
            score += self._segment_bias.T[place].swapaxes(1, 2)
        score = np.where(is_inside[:, None], score, np.float32(MASKED))
        mixed = softmax(score)[:, :, None] @ value
        return self._project_out(mixed.reshape(len(at), width))


def segments_apart(at: IndexArray, frames: IndexArray, time: int) -> IndexArray:
    """How many segments from each of `at` (n,) to `frames` (n, w): 0 is the one that begins there.

    Frames below `time` are cut into segments at `at`.
    """
    segment = np.searchsorted(at, np.arange(time), side="right")
    return segment[frames] - np.arange(1, len(at) + 1)[:, None]


class FeedForward:
    """Two linear maps with a GELU between them."""

    def __init__(self, tensors: Tensors) -> None:
        self._spread, self._mix = Linear(tensors.of(0)), Linear(tensors.of(3))  # between them GELU and dropout

    def __call__(self, x: FloatArray) -> FloatArray:
        """(n, width) to the same."""
        return self._mix(gelu(self._spread(x)))


class LocalEncoderLayer:
    """A pre-norm transformer layer over frames with local self-attention."""

    def __init__(self, tensors: Tensors) -> None:
        self._attention_norm = LayerNorm(tensors.of("attention_norm"))
        self._attention = LocalSelfAttention(tensors.of("attention"))
        self._feedforward_norm = LayerNorm(tensors.of("feedforward_norm"))
        self._feedforward = FeedForward(tensors.of("feedforward"))

    def __call__(self, frames: FloatArray, first: int = 0) -> FloatArray:
        """(time, width) to (time - first, width): frames from `first` on."""
        frames = frames[first:] + self._attention(self._attention_norm(frames), first)
        return frames + self._feedforward(self._feedforward_norm(frames))


class LocalDecoderLayer:
    """A pre-norm transformer layer over queries that stand at frames, with local attention to the frames."""

    def __init__(self, tensors: Tensors) -> None:
        self._attention_norm = LayerNorm(tensors.of("attention_norm"))
        self._attention = LocalCrossAttention(tensors.of("attention"))
        self._feedforward_norm = LayerNorm(tensors.of("feedforward_norm"))
        self._feedforward = FeedForward(tensors.of("feedforward"))

    def __call__(self, queries: FloatArray, at: IndexArray, memory: FloatArray) -> FloatArray:
        """`queries` (n, width) at frames `at` of `memory` (time, width), to their shape."""
        queries = queries + self._attention(self._attention_norm(queries), at, memory)
        return queries + self._feedforward(self._feedforward_norm(queries))
