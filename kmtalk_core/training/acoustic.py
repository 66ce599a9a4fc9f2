"""Stage one of the starter: the log-mel encoder learns articulation, phones and boundaries from the synthetic corpus.

Train it briefly.  After some hundred steps it learns the synthesisers, and real speech gets worse while the loss still
falls.  What is kept is a running average of the weights, which hears real speech better than any single step's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ..corpus.articulation import articulate, one_hot
from ..corpus.clips import Clip
from ..errors import CorpusError
from ..model.log_mel import MEL_BANDS
from ..model.log_mel_encoder import LogMelEncoder, SpeechEvidence
from ..progress import Job, Progress
from .resume import Stateful
from .steps import StepTraining, steps_job

FloatArray: TypeAlias = npt.NDArray[np.float32]

_ARTICULATION_WEIGHTS = (4.0, 1.5, 1.0, 1.0, 0.7)
_ARTICULATION_SHARE, _PHONE_SHARE, _BOUNDARY_SHARE = 10.0, 0.4, 0.6
_LABEL_SMOOTHING = 0.05
_BOUNDARY_WEIGHT = 2.0  # boundaries are rarer than what lies between them
_WARM_UP = 70  # steps
_MEMORY = 0.99  # share of the running average that a step leaves


@dataclass(frozen=True)
class AcousticTraining(StepTraining):
    """How stage one is trained; `frames` are the features' at 100 Hz."""

    steps: int = 700
    batch: int = 24
    frames: int = 320
    rate: float = 2e-3


@dataclass(frozen=True)
class Example:
    """A clip with what the encoder should say about it, all at 100 Hz."""

    features: npt.NDArray[np.float16]  # (frames, 81)
    articulation: npt.NDArray[np.float16]  # (frames, 5)
    phones: npt.NDArray[np.uint8]  # (frames,)
    boundaries: npt.NDArray[np.float16]  # (frames,)
    natural: bool


@dataclass(frozen=True)
class Batch:
    """Crops as tensors: `features` (B, T, 81) at 100 Hz, the targets at 50 Hz as in `SpeechEvidence`."""

    features: Tensor
    articulation: Tensor
    phones: Tensor
    boundaries: Tensor

    def to(self, device: str) -> "Batch":
        return Batch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def examples(clips: Iterable[Clip], frames: int) -> Iterator[Example]:
    """Examples of all clips that are long enough for a crop of `frames`."""
    for clip in clips:
        if len(clip.features) < frames + 4:
            continue
        labels = clip.labels()
        targets = articulate(one_hot(labels)).targets().astype(np.float16)
        yield Example(clip.features, targets, labels, clip.boundaries().astype(np.float16), clip.natural)


def draw(pool: list[Example], chances: npt.NDArray[np.float64], settings: AcousticTraining, step: int) -> Batch:
    """The batch of `step`: the same for the same seed, whether or not training was interrupted before it."""
    rng = np.random.default_rng([settings.seed, step])
    crops = []
    for index in rng.choice(len(pool), settings.batch, p=chances):
        example = pool[index]
        start = 2 * int(rng.integers(0, (len(example.features) - settings.frames) // 2))
        window = slice(start, start + settings.frames)
        crops.append(
            (
                disturb(example.features[window].astype(np.float32), rng),
                example.articulation[window][::2].astype(np.float32),
                example.phones[window][::2].astype(np.int64),
                example.boundaries[window].astype(np.float32).reshape(-1, 2),
            )
        )
    return Batch(*(torch.from_numpy(np.stack(column)) for column in zip(*crops, strict=True)))


def disturb(features: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Another vocal tract, level and microphone, and holes in time and frequency; features (frames, 81) at 100 Hz."""
    mel = features[:, :MEL_BANDS]
    bands = np.arange(MEL_BANDS)
    warped = np.clip(bands + rng.uniform(-3, 3) * np.linspace(0.4, 1, MEL_BANDS), 0, MEL_BANDS - 1)
    below = np.floor(warped).astype(int)
    share = (warped - below).astype(np.float32)
    mel = mel[:, below] * (1 - share) + mel[:, np.minimum(below + 1, MEL_BANDS - 1)] * share
    tilt = np.interp(bands, [0, 25, 50, MEL_BANDS - 1], rng.normal(0, 0.25, 4))
    mel = mel * np.float32(rng.uniform(0.85, 1.15)) + (rng.normal(0, 0.15) + tilt).astype(np.float32)
    if rng.random() < 0.5:
        low = rng.integers(0, 70)
        mel[:, low : low + rng.integers(1, 10)] = 0
    if rng.random() < 0.3:
        first = rng.integers(0, max(len(mel) - 20, 1))
        mel[first : first + rng.integers(2, 15)] = 0
    return np.concatenate([mel, features[:, MEL_BANDS:]], axis=1).astype(np.float32)


def acoustic_loss(evidence: SpeechEvidence, batch: Batch) -> Tensor:
    """10 × weighted squared error of the articulators + 0.4 × cross-entropy of phones + 0.6 × boundaries.

    The phones are what carries lip closure: without them the error of the articulators alone blurs it away.
    """
    weights = torch.tensor(_ARTICULATION_WEIGHTS, device=batch.articulation.device)
    articulation = (weights * (evidence.articulation - batch.articulation).pow(2)).mean()
    phones = functional.cross_entropy(
        evidence.phones.flatten(0, 1), batch.phones.flatten(), label_smoothing=_LABEL_SMOOTHING
    )
    rarity = torch.tensor(_BOUNDARY_WEIGHT, device=batch.boundaries.device)
    boundaries = functional.binary_cross_entropy_with_logits(evidence.boundaries, batch.boundaries, pos_weight=rarity)
    return _ARTICULATION_SHARE * articulation + _PHONE_SHARE * phones + _BOUNDARY_SHARE * boundaries


def train_encoder_job(clips: Iterable[Clip], settings: AcousticTraining, checkpoint: Path) -> Job[LogMelEncoder]:
    """Train an encoder on `clips`, going on from `checkpoint` where there is one; it is kept up to date on the way.

    Raises `CorpusError` where no clip is as long as a crop.
    """
    pool: list[Example] = []
    for example in examples(clips, settings.frames):
        pool.append(example)
        if len(pool) % 100 == 0:
            yield Progress("reading the corpus", 0.0)
    if not pool:
        raise CorpusError("The corpus has no clip long enough to train on: synthesize more speech.")
    chances = settings.chances([len(e.features) for e in pool], [e.natural for e in pool])
    torch.manual_seed(settings.seed)
    encoder = LogMelEncoder().to(settings.device).train()
    optimizer = torch.optim.AdamW(encoder.parameters(), settings.rate, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / _WARM_UP, 1.0, _WARM_UP)
    average = AveragedModel(encoder, multi_avg_fn=get_ema_multi_avg_fn(_MEMORY))
    parts: dict[str, Stateful] = {
        "encoder": encoder,
        "average": average,
        "optimizer": optimizer,
        "schedule": schedule,
    }

    def loss_of(step: int) -> Tensor:
        batch = draw(pool, chances, settings, step).to(settings.device)
        return acoustic_loss(encoder(batch.features), batch)

    yield from steps_job(
        "encoder", loss_of, parts, settings, checkpoint, after=lambda: average.update_parameters(encoder)
    )
    averaged = average.module.eval()
    assert isinstance(averaged, LogMelEncoder)
    return averaged
