"""The training loop, on one processor or many machines (Hugging Face accelerate), interrupted or not."""

import json
import math
import time
from collections.abc import Generator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import DataLoader

from ...datasets.regions import Regions
from ...errors import TrainingError
from ...files import replacing
from ...motion.errors import lip_errors
from ...progress import Job, Progress
from ...versions import versions
from .. import resume
from .data import Batch, SequenceItems, collate, epoch_batches
from .log import RunLog
from .network import VertexNetwork, loss_of
from .settings import VertexTraining

if TYPE_CHECKING:
    from accelerate import Accelerator

RESUME_FILE, TRAINING_FILE = "resume.pt", "training.json"
BEST, LAST = "best", "last"

_DIVERGED = 4.0  # times the squared error of a face that does not move, which is what the first step makes


@dataclass(frozen=True)
class Trained:
    """A finished training: the best validation LVE and its epoch, frames of motion a second, parameters that learnt."""

    network: VertexNetwork
    best_lve: float
    best_epoch: int
    epochs: int
    frames_per_second: float


def accelerator_for(settings: VertexTraining, device: str = "auto") -> "Accelerator":
    """The processes and devices that `accelerate launch` (or nobody) has set up."""
    try:
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState
        from accelerate.utils import DistributedDataParallelKwargs
    except ImportError as error:
        raise TrainingError(
            "Training needs the package accelerate; install it with `pip install accelerate`."
        ) from error
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)  # a speech encoder has parts for pretraining
    if not torch.distributed.is_initialized():
        AcceleratorState._reset_state(reset_partial_state=True)  # a training before this one may have set another
    try:
        return Accelerator(mixed_precision=settings.mixed, cpu=device == "cpu", kwargs_handlers=[unused])
    except (ValueError, RuntimeError) as error:
        raise TrainingError(f"Training cannot run so here: {error!s:.200}") from error


def train_job(
    network: VertexNetwork,
    training: SequenceItems,
    validation: SequenceItems | None,
    regions: Regions,
    settings: VertexTraining,
    out: Path | None = None,
    card: str = "",
    accelerator: "Accelerator | None" = None,
) -> Job[Trained]:
    """Train `network`; the weights with the best validation LVE are in it at the end, or in `out`/best.

    In `out` lie also the `last/` checkpoint, a log, and what is needed to go on after an interruption, which happens
    by itself.  Raises TrainingError, naming the batch, as soon as a loss is no number.
    """
    accelerator = accelerator or accelerator_for(settings, "cpu")
    run = _Run(network, settings, accelerator, out, card)
    yield Progress("starting", 0.0)
    first = run.restore()
    run.describe()
    with RunLog(out if accelerator.is_main_process else None) as log:
        for epoch in range(first, settings.epochs if not run.is_over else first):
            yield from run.epoch(training, epoch, log)
            is_last = epoch + 1 == settings.epochs or run.is_over
            if validation is not None and (is_last or (epoch + 1) % settings.validate_every == 0):
                run.consider(validate(network, validation, regions, accelerator), epoch, log)
            run.store(epoch + 1)
            run.stop_if_diverged(epoch)
            if is_last:
                break
    return run.finish()


class _Run:
    """One training on its way: what changes, and how it is kept."""

    def __init__(
        self, network: VertexNetwork, settings: VertexTraining, accelerator: "Accelerator", out: Path | None, card: str
    ) -> None:
        self.network, self.settings, self.accelerator, self.out, self.card = network, settings, accelerator, out, card
        learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
        network.to(accelerator.device)
        self.optimizer = torch.optim.Adam(learnt, settings.rate, fused=True)
        self.prepared, self.prepared_optimizer = accelerator.prepare(network, self.optimizer)
        self.step, self.frames, self.seconds, self.epochs = 0, 0, 0.0, 0
        self.best_lve, self.best_epoch = math.inf, 0
        self.beside_still, self.first = 0.0, (0, 0.0)
        self.best_state: dict[str, torch.Tensor] | None = None

    @property
    def is_over(self) -> bool:
        return bool(self.settings.steps) and self.step >= self.settings.steps

    def epoch(self, items: SequenceItems, epoch: int, log: RunLog) -> Generator[Progress, None, None]:
        settings, accelerator = self.settings, self.accelerator
        batches: list[list[int]] = list(
            epoch_batches(
                len(items), settings.batch, settings.seed, epoch, accelerator.process_index, accelerator.num_processes
            )
        )
        loader = DataLoader(items, batch_sampler=batches, collate_fn=collate, num_workers=settings.workers)
        self.network.train()
        last = settings.steps or settings.epochs * math.ceil(len(batches) / settings.accumulation)
        clock = time.perf_counter()
        sums: dict[str, float] = {}
        for index, batch in enumerate(loader):
            for group in self.optimizer.param_groups:
                group["lr"] = settings.rate_at(self.step / last)
            together = (index + 1) % settings.accumulation == 0 or index + 1 == len(batches)
            losses = self._learn(batch.to(accelerator.device), epoch, index, together)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value
            self._count(int(batch.frame_mask.sum()) * accelerator.num_processes, time.perf_counter() - clock)
            clock = time.perf_counter()
            done = (epoch + (index + 1) / len(batches)) / settings.epochs
            if settings.steps:
                done = max(done, self.step / settings.steps)
            yield Progress(f"training, epoch {epoch + 1}, loss {losses['total']:.4g}", min(done, 1.0))
            if self.is_over:
                break
        self.epochs = epoch + 1
        self.beside_still = sums["motion"] / max(sums.pop("still"), 1e-30)
        scalars = {f"loss/{name}": value / (index + 1) for name, value in sums.items()}
        log.write(self.step, epoch + 1, {**scalars, "frames_per_second": self.frames_per_second})

    @property
    def frames_per_second(self) -> float:
        """Of motion; the first step, which sets everything up, counts only where there is no other."""
        frames, seconds = (self.frames, self.seconds) if self.frames else self.first
        return frames / max(seconds, 1e-9)

    def _count(self, frames: int, seconds: float) -> None:
        if not self.first[0]:
            self.first = frames, seconds
            return
        self.frames, self.seconds = self.frames + frames, self.seconds + seconds

    def _learn(self, batch: Batch, epoch: int, index: int, together: bool) -> dict[str, float]:
        """One forward and backward pass; the weights move when `together`."""
        settings, accelerator = self.settings, self.accelerator
        seed = (
            settings.seed * 1_000_003 + (epoch * 10_007 + index) * accelerator.num_processes + accelerator.process_index
        )
        torch.manual_seed(seed)  # dropout, too, is the same after an interruption
        np.random.seed(seed % 2**32)  # transformers draws its masks from NumPy's global generator
        with nullcontext() if together else accelerator.no_sync(self.prepared):
            with accelerator.autocast():
                forecast = self.prepared(batch)
            losses = loss_of(forecast, batch, settings)
            self._check(losses, batch, epoch)
            accelerator.backward(losses["total"] / settings.accumulation)
        if together:
            if settings.clip:
                accelerator.clip_grad_norm_(self.prepared.parameters(), settings.clip)
            self.prepared_optimizer.step()
            self.prepared_optimizer.zero_grad()
            self.step += 1
        still = settings.error_scale**2 * batch.motion[batch.frame_mask].square().mean()
        return {name: float(value.detach()) for name, value in {**losses, "still": still}.items()}

    def stop_if_diverged(self, epoch: int) -> None:
        """Raise TrainingError where the network has become far worse than one that has learnt nothing."""
        flag = torch.tensor([int(self.beside_still > _DIVERGED)], device=self.accelerator.device)
        if not int(self.accelerator.reduce(flag, "sum")):
            return
        kept = f"best/ holds epoch {self.best_epoch}" if self.best_epoch else "nothing of it is worth keeping"
        raise TrainingError(
            f"The training diverged: in epoch {epoch + 1} its error is {max(self.beside_still, _DIVERGED):.3g} times "
            f"that of a face that does not move ({kept}); lower --rate, or bound the gradients with --clip 1, and give "
            "another --out."
        )

    def describe(self) -> None:
        """Write what this training is and what it runs on, so that it can be made again."""
        if self.out is None or not self.accelerator.is_main_process:
            return
        content = {
            "settings": self.settings.identity() | {"epochs": self.settings.epochs, "steps": self.settings.steps},
            "network": self.network.config.to_json(),
            "processes": self.accelerator.num_processes,
            "device": str(self.accelerator.device),
            "versions": versions(),
        }
        self.out.mkdir(parents=True, exist_ok=True)
        with replacing(self.out / TRAINING_FILE) as file:
            file.write((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def _check(self, losses: Mapping[str, torch.Tensor], batch: Batch, epoch: int) -> None:
        """Stop on every process where a loss on any of them is no number."""
        flag = (~torch.isfinite(losses["total"])).long().view(1)
        if not int(self.accelerator.reduce(flag, "sum")):
            return
        broken = [name for name, value in losses.items() if not bool(torch.isfinite(value))]
        if broken:
            raise TrainingError(
                f"The {broken[0]} loss is not a number in epoch {epoch + 1} on {', '.join(batch.names)}: look at that "
                "data, or lower the learning rate."
            )
        raise TrainingError(f"Another process met a loss that is not a number in epoch {epoch + 1}; see its message.")

    def consider(self, lve: float, epoch: int, log: RunLog) -> None:
        """Keep the weights if they are the best so far."""
        log.write(self.step, epoch + 1, {"validation/lve": lve})
        if not math.isfinite(lve):
            raise TrainingError(f"The validation LVE is not a number after epoch {epoch + 1}; lower the learning rate.")
        if lve >= self.best_lve:
            return
        self.best_lve, self.best_epoch = lve, epoch + 1
        if self.out is None:
            self.best_state = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        elif self.accelerator.is_main_process:
            self.network.save(self.out / BEST, self._card())

    def restore(self) -> int:
        """Go on from `out` where a training of the same settings was interrupted; the epoch to begin with."""
        path = self.out / RESUME_FILE if self.out is not None else None
        if path is None or not path.is_file():
            return 0
        state = resume.read(path)
        if state.get("identity") != self._identity():
            raise TrainingError(
                f"{self.out} holds a training with other settings; give another --out, or its settings."
            )
        try:
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.best_lve, self.best_epoch = state["step"], state["best_lve"], state["best_epoch"]
            self.epochs = int(state["epoch"])
        except Exception as error:  # whatever is not as it was written
            raise TrainingError(f"{path} is damaged; delete it to train anew.") from error
        return self.epochs

    def store(self, epoch: int) -> None:
        """Keep everything that an interruption would lose."""
        if self.out is None or not self.accelerator.is_main_process:
            return
        state = {
            "identity": self._identity(),
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": epoch,
            "step": self.step,
            "best_lve": self.best_lve,
            "best_epoch": self.best_epoch,
        }
        resume.write(self.out / RESUME_FILE, state)

    def finish(self) -> Trained:
        """The end: `last/` is written, the best weights are in the network."""
        main = self.accelerator.is_main_process
        if self.out is not None and main:
            self.network.save(self.out / LAST, self._card())
            if self.best_epoch == 0:
                self.network.save(self.out / BEST, self._card())
        self.accelerator.wait_for_everyone()
        if self.best_state is not None:
            self.network.load_state_dict(self.best_state)
        return Trained(self.network.eval(), self.best_lve, self.best_epoch, self.epochs, self.frames_per_second)

    def _identity(self) -> str:
        """A text, so that what is compared is no pickle of classes."""
        return json.dumps(
            {"training": self.settings.identity(), "network": self.network.config.to_json()}, sort_keys=True
        )

    def _card(self) -> str:
        reached = f"Validation LVE {self.best_lve:.6g} after epoch {self.best_epoch}." if self.best_epoch else ""
        return f"{self.card}\n\n{reached}\n\nSettings: `{json.dumps(self.settings.identity())}`\n"


def validate(
    network: VertexNetwork, items: SequenceItems, regions: Regions, accelerator: "Accelerator | None" = None
) -> float:
    """LVE over all frames of `items`, shared between the processes."""
    rank, processes = (accelerator.process_index, accelerator.num_processes) if accelerator else (0, 1)
    device = accelerator.device if accelerator else next(network.parameters()).device
    network.eval()
    total = torch.zeros(2, dtype=torch.float64)
    for index in range(rank, len(items), processes):
        item = items[index]
        made = forecast_one(network, collate([item]).to(device))
        total += torch.tensor([lip_errors(made, item.motion, regions.lips).sum(), len(made)], dtype=torch.float64)
    if accelerator is not None:
        total = accelerator.reduce(total.to(device, torch.float32), "sum").cpu()
    return float(total[0] / total[1])


def forecast_one(network: VertexNetwork, batch: Batch) -> np.ndarray:
    """Motion (T, width) of a batch of one."""
    with torch.inference_mode():
        made: np.ndarray = network(batch).motion[0].float().cpu().numpy()
    return made
