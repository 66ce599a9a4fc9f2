"""Where each frame stands between its key frames, in terms that depend on nothing far away."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class KeySpacing:
    """For each frame, tensors (batch, time): which keys are beside it, how far, and how much each counts.

    `previous` and `next` index the keys; distances are in frames, `reach` at most; the two weights are those of
    linear interpolation, faded to zero where a key is `reach` frames away, so they sum to 1 only near keys.
    """

    previous: Tensor
    next: Tensor
    previous_distance: Tensor
    next_distance: Tensor
    previous_weight: Tensor
    next_weight: Tensor
    reach: int

    @staticmethod
    def of(keys: Tensor, key_mask: Tensor | None, frame_count: int, reach: int) -> "KeySpacing":
        """Spacing of `frame_count` frames between `keys` (batch, n), of which `key_mask` marks the real ones.

        Where n is 0, as in a window within a long pause, every frame is as far from any key as can be.
        """
        if not keys.shape[1]:
            far = torch.full((len(keys), frame_count), reach, device=keys.device)
            none = torch.zeros_like(far)
            weightless = none.to(torch.get_default_dtype())
            return KeySpacing(none, none, far, far, weightless, weightless, reach)
        time = torch.arange(frame_count, device=keys.device)
        absent = frame_count + reach
        real = keys if key_mask is None else torch.where(key_mask, keys, absent)
        passed = (real[..., None] <= time).sum(dim=1)
        reached = (real[..., None] < time).sum(dim=1)
        previous, following = (passed - 1).clamp(min=0), reached.clamp(max=keys.shape[1] - 1)
        since = torch.where(passed > 0, time - real.gather(1, previous), reach)
        until = torch.where(reached < keys.shape[1], real.gather(1, following) - time, reach)
        previous_distance, next_distance = since.clamp(0, reach), until.clamp(0, reach)
        apart = previous_distance + next_distance
        share = torch.where(apart > 0, next_distance / apart.clamp(min=1), 0.5)
        return KeySpacing(
            previous=previous,
            next=following,
            previous_distance=previous_distance,
            next_distance=next_distance,
            previous_weight=share * _fade(previous_distance, reach),
            next_weight=(1 - share) * _fade(next_distance, reach),
            reach=reach,
        )

    def interpolate(self, values: Tensor) -> Tensor:
        """`values` (batch, n, channels) at the keys, to (batch, time, channels) between them; zero far from any key."""
        if not values.shape[1]:
            return values.new_zeros(len(values), self.previous.shape[1], values.shape[2])
        rows = torch.arange(len(values), device=values.device)[:, None]
        before = values[rows, self.previous] * self.previous_weight[..., None]
        return before + values[rows, self.next] * self.next_weight[..., None]


def key_gaps(keys: Tensor, key_mask: Tensor | None, reach: int) -> tuple[Tensor, Tensor]:
    """Frames from each key to the key before and to the key after, (batch, n) each, `reach` at most."""
    gaps = keys.diff(dim=1).clamp(1, reach)
    if key_mask is not None:
        gaps = torch.where(key_mask[:, 1:], gaps, reach)
    far = torch.full_like(keys[:, :1], reach)
    return torch.cat([far, gaps], dim=1), torch.cat([gaps, far], dim=1)


def _fade(distance: Tensor, reach: int) -> Tensor:
    """1 up to half the reach, then straight down to 0 at the reach."""
    return (2 - 2 * distance / reach).clamp(0, 1)
