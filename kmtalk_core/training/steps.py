"""The loop that both stages of the starter share: seeded at every step, so that an interruption changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..progress import Job, Progress
from .resume import Stateful, restore, store

FloatArray: TypeAlias = npt.NDArray[np.float64]

_CLIPPED_NORM = 1.0
_STEPS_A_CHECKPOINT = 100


@dataclass(frozen=True)
class StepTraining:
    """`steps` of `batch` crops of `frames`, AdamW at `rate` with weight `decay`.

    Clips of natural voices are drawn `natural_share` times as often for their length.
    """

    steps: int
    batch: int
    frames: int
    rate: float
    decay: float = 0.01
    natural_share: float = 2.0
    seed: int = 0
    device: str = "cpu"

    def chances(self, lengths: Sequence[int], natural: Sequence[bool]) -> FloatArray:
        """How likely each clip is drawn; they sum to 1."""
        weights = np.array([n * (self.natural_share if own else 1.0) for n, own in zip(lengths, natural, strict=True)])
        chances: FloatArray = weights / weights.sum()
        return chances


def steps_job(
    stage: str,
    loss_of: Callable[[int], Tensor],
    parts: Mapping[str, Stateful],
    settings: StepTraining,
    checkpoint: Path,
    after: Callable[[], None] = lambda: None,
) -> Job[None]:
    """Lower `loss_of` (step) by the `optimizer` and the `schedule` among `parts`, going on from `checkpoint`.

    All of `parts` is kept up to date there; `after` runs when a step has moved the weights.
    """
    optimizer, schedule = parts["optimizer"], parts["schedule"]
    assert isinstance(optimizer, torch.optim.Optimizer) and isinstance(schedule, torch.optim.lr_scheduler.LRScheduler)
    learned = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    first = restore(checkpoint, parts, settings)
    for step in range(first, settings.steps):
        torch.manual_seed(settings.seed * settings.steps + step)  # dropout, too, is the same after a pause
        loss = loss_of(step)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, _CLIPPED_NORM)
        optimizer.step()
        schedule.step()
        after()
        if (step + 1) % _STEPS_A_CHECKPOINT == 0 or step + 1 == settings.steps:
            store(checkpoint, parts, settings, step + 1)
        yield Progress(f"{stage}, loss {loss.item():.4f}", (step + 1) / settings.steps)
