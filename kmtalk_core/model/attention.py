"""Attention that never looks further than a number of frames, so that long sounds can be cut into windows.

Our choice: the paper attends to the whole clip.  Speech moves the lips by what is near, and bounded attention makes a
window with enough margin equal to one pass, in time and memory linear in the length of the sound.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .sizes import MASKED

_BLOCK = 32
_LOOKS_BESIDE = 2.0  # what the favoured segment has over the others before anything is learnt


class LocalSelfAttention(nn.Module):
    """Multi-head attention of each frame to the frames within `reach`, with a learned bias for each distance."""

    def __init__(self, width: int, heads: int, reach: int) -> None:
        super().__init__()
        self.heads, self.reach = heads, reach
        self.project_in = nn.Linear(width, 3 * width)
        self.project_out = nn.Linear(width, width)
        self.distance_bias = nn.Parameter(torch.zeros(heads, 2 * reach + 1))

    def forward(self, frames: Tensor, frame_mask: Tensor | None = None) -> Tensor:
        """(batch, time, width) to the same; `frame_mask` (batch, time) is False where a frame is padding."""
        batch, time, width = frames.shape
        query, key, value = self.project_in(frames).chunk(3, dim=-1)
        blocks = -(-time // _BLOCK)
        fill = blocks * _BLOCK - time
        query = functional.pad(query, (0, 0, 0, fill)).view(batch * blocks, _BLOCK, self.heads, -1).transpose(1, 2)
        key, value = (self._around_blocks(x, fill).unflatten(-1, (self.heads, -1)) for x in (key, value))
        exists = frames.new_ones(1, time) if frame_mask is None else frame_mask.to(frames.dtype)
        exists = self._around_blocks(exists.unsqueeze(-1), fill).squeeze(-1)
        absent = ((1 - exists) * MASKED)[:, None, None]
        bias = self._block_bias() + (absent if frame_mask is not None else absent.repeat(batch, 1, 1, 1))
        mixed = functional.scaled_dot_product_attention(query, key.transpose(1, 2), value.transpose(1, 2), bias)
        return self.project_out(mixed.transpose(1, 2).reshape(batch, -1, width)[:, :time])

    def _around_blocks(self, values: Tensor, fill: int) -> Tensor:
        """(batch, time, n) to (batch · blocks, block + 2 reach, n): each block with the frames in its reach."""
        padded = functional.pad(values, (0, 0, self.reach, self.reach + fill))
        windows = padded.unfold(1, _BLOCK + 2 * self.reach, _BLOCK)
        return windows.flatten(0, 1).transpose(1, 2)

    def _block_bias(self) -> Tensor:
        """(heads, block, block + 2 reach): what the distance between two frames adds to their score."""
        device = self.distance_bias.device
        offset = torch.arange(_BLOCK + 2 * self.reach, device=device) - torch.arange(_BLOCK, device=device)[:, None]
        near = (offset >= 0) & (offset <= 2 * self.reach)
        bias = self.distance_bias[:, offset.clamp(0, 2 * self.reach)]
        return bias.masked_fill(~near, MASKED)


class LocalCrossAttention(nn.Module):
    """Multi-head attention of queries that stand at frames to the frames within `reach` of each.

    With `segment_reach`, a learned bias tells apart the segments between the queries' frames, so many on each side: at
    first half of the heads look into the segment before their query, half into the one after it.
    """

    def __init__(self, width: int, heads: int, reach: int, segment_reach: int = 0) -> None:
        super().__init__()
        self.heads, self.reach, self.segment_reach = heads, reach, segment_reach
        self.project_query = nn.Linear(width, width)
        self.project_memory = nn.Linear(width, 2 * width)
        self.project_out = nn.Linear(width, width)
        self.distance_bias = nn.Parameter(torch.zeros(heads, 2 * reach + 1))
        if segment_reach:
            beside = torch.zeros(heads, 2 * segment_reach)
            beside[0::2, segment_reach - 1] = beside[1::2, segment_reach] = _LOOKS_BESIDE
            self.segment_bias = nn.Parameter(beside)

    def forward(
        self,
        queries: Tensor,
        at: Tensor,
        memory: Tensor,
        frame_mask: Tensor | None = None,
        query_mask: Tensor | None = None,
    ) -> Tensor:
        """`queries` (batch, n, width) at frames `at` (batch, n) of `memory` (batch, time, width), to their shape.

        `frame_mask` (batch, time) and `query_mask` (batch, n) are False on padding.
        """
        time = memory.shape[1]
        around = at[..., None] + torch.arange(-self.reach, self.reach + 1, device=at.device)
        inside = (around >= 0) & (around < time)
        around = around.clamp(0, time - 1)
        rows = torch.arange(len(at), device=at.device)[:, None, None]
        if frame_mask is not None:
            inside = inside & frame_mask[rows, around]
        key, value = self.project_memory(memory)[rows, around].chunk(2, dim=-1)
        query = self.project_query(queries).unflatten(-1, (self.heads, -1))
        key, value = (x.unflatten(-1, (self.heads, -1)) for x in (key, value))
        score = torch.einsum("bnhd,bnwhd->bnhw", query, key) * query.shape[-1] ** -0.5 + self.distance_bias
        if self.segment_reach:
            apart = segments_apart(at, query_mask, around, time)
            place = apart.clamp(-self.segment_reach, self.segment_reach - 1) + self.segment_reach
            score = score + self.segment_bias.t()[place].transpose(-1, -2)
        score = score.masked_fill(~inside[:, :, None], MASKED)
        return self.project_out(torch.einsum("bnhw,bnwhd->bnhd", score.softmax(dim=-1), value).flatten(2))


def segments_apart(at: Tensor, mask: Tensor | None, frames: Tensor, time: int) -> Tensor:
    """How many segments from each of `at` (batch, n) to `frames` (batch, n, w): 0 is the one that begins there.

    Frames below `time` are cut into segments at those of `at` that `mask` (batch, n) leaves.
    """
    cuts = at if mask is None else torch.where(mask, at, time)
    segment = (cuts[:, None] <= torch.arange(time, device=at.device)[:, None]).sum(dim=-1)
    rows = torch.arange(len(at), device=at.device)[:, None, None]
    return segment[rows, frames] - torch.arange(1, at.shape[1] + 1, device=at.device)[:, None]


class FeedForward(nn.Sequential):
    """Two linear maps with a GELU between them."""

    def __init__(self, width: int, multiple: int, dropout: float) -> None:
        super().__init__(
            nn.Linear(width, multiple * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(multiple * width, width)
        )


class LocalEncoderLayer(nn.Module):
    """A pre-norm transformer layer over frames with local self-attention."""

    def __init__(self, width: int, heads: int, reach: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = LocalSelfAttention(width, heads, reach)
        self.feedforward_norm = nn.LayerNorm(width)
        self.feedforward = FeedForward(width, feedforward, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor, frame_mask: Tensor | None = None) -> Tensor:
        """(batch, time, width) to the same."""
        frames = frames + self.dropout(self.attention(self.attention_norm(frames), frame_mask))
        return frames + self.dropout(self.feedforward(self.feedforward_norm(frames)))


class LocalDecoderLayer(nn.Module):
    """A pre-norm transformer layer over queries that stand at frames, with local attention to the frames."""

    def __init__(
        self, width: int, heads: int, reach: int, feedforward: int, dropout: float, segment_reach: int = 0
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = LocalCrossAttention(width, heads, reach, segment_reach)
        self.feedforward_norm = nn.LayerNorm(width)
        self.feedforward = FeedForward(width, feedforward, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        queries: Tensor,
        at: Tensor,
        memory: Tensor,
        frame_mask: Tensor | None = None,
        query_mask: Tensor | None = None,
    ) -> Tensor:
        """`queries` (batch, n, width) at frames `at` of `memory` (batch, time, width), to their shape."""
        heard = self.attention(self.attention_norm(queries), at, memory, frame_mask, query_mask)
        queries = queries + self.dropout(heard)
        return queries + self.dropout(self.feedforward(self.feedforward_norm(queries)))
