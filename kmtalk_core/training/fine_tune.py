"""Fine-tuning: the starter's weights go on learning from captured takes of one actor.

What hears stays frozen, for a few minutes of one voice would only spoil it; key motions and their completion learn what
was captured.  Channels that were not captured are held to what the weights made of them before, and some keys are bent
as in the starter's own training, so that edits are still followed.  Lips that the weights let meet stay together where
the capture does not tell clearly that they part.  What is learnt is the mean of all that may be right, which is flatter
than a face: so channels get the amplitude back that they lack on held-out takes.  These decide when to stop: the
weights that serve them best are kept, and where none serve them better than the ones it began with, those stay.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from ..animate import Animator
from ..audio import load_job
from ..datasets.captures import Capture
from ..errors import DataSetError, TrainingError
from ..localize.neural import boundary_frames
from ..model import checkpoint
from ..model.engine import TorchNetwork, pick_device
from ..model.kmtalk import KMTalk
from ..model.log_mel import FRAME_RATE, features, statistics_job
from ..model.spacing import KeySpacing
from ..motion.spaces import ARKIT
from ..progress import Job, Progress
from ..shaping import articulated
from .calibrate import LEAST_SECONDS, MATCHED, HeldOut, Material, held_out_scores, material_job, merit
from .motion import bends, framed, motion_loss, padded_keys, visible_opening

FloatArray: TypeAlias = npt.NDArray[np.float32]

_MOTION_STEP, _FEATURE_STEP = 6, 20  # frames in the 0.2 s after which motion, features and outputs coincide again
_FOLDS = 5  # parts of what is held out, whose openings are correlated apart
_HELD_OUT = 0.2  # of a take that is alone
_CLIPPED_NORM = 1.0
_UNSEEN = 0.01  # of correlation: what a nearer face may cost
_CLOSED, _AJAR = 0.03, 0.12  # visible openings up to which lips meet, and from which on they are apart
_MATCHES = (0.0, 0.5, 1.0)  # how much of the amplitude that is lacking comes back
_MOST_MATCHED = 2.0


@dataclass(frozen=True)
class FineTuning:
    """`steps` of `batch` crops of `frames` of motion, AdamW at `rate`; every `look_every` steps held-out takes are
    looked at, and training ends when `patience` looks in a row were no better.

    `keep` is the weight of what was not captured beside what was, `closure_weight` that of the opening where the lips
    meet, and `shut_weight` where they did in the weights it began with: a mean squared error alone rounds closures off.
    """

    steps: int = 600
    batch: int = 8
    frames: int = 120
    rate: float = 3e-4
    look_every: int = 40
    patience: int = 4
    keep: float = 0.3
    closure_weight: float = 3.0
    shut_weight: float = 3.0
    bent_share: float = 0.5
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.look_every, self.patience) < 1 or not 0 < self.rate < 1:
            raise TrainingError("Steps and batch must be 1 or more, and the rate between 0 and 1.")


@dataclass(frozen=True)
class FineTuned:
    """The weights, from some `seconds` of takes, kept after `step` of `steps` steps (0: they are as they were), with
    which share of the amplitude that they lacked, and how they do on what was held out, before and after."""

    model: KMTalk
    seconds: float
    step: int
    steps: int
    matched: float
    before: HeldOut
    after: HeldOut

    @property
    def is_better(self) -> bool:
        return self.step > 0


@dataclass(frozen=True, eq=False)
class Example:
    """One take, while it is both heard and seen: `heard` (frames at 100 Hz, 81), `captured` (frames at 30 fps, 52), and
    the mask (52,) of what moves."""

    heard: FloatArray
    captured: FloatArray
    moving: npt.NDArray[np.bool_]


def fine_tune_job(
    takes: Sequence[Capture], held_out: Sequence[Capture], weights: Path, settings: FineTuning
) -> Job[FineTuned]:
    """Go on with the weights in the folder `weights` from `takes`, all with sounds; stop by `held_out`.

    Where nothing is held out, the last fifth of every take is.  Raises DataSetError where there is too little to learn
    from, TrainingError for weights that move other channels or hear by another encoder.
    """
    model = checkpoint.load(weights)
    if model.config.motion_space is not ARKIT or not model.config.encoder.hears_phones:
        raise TrainingError(f"{weights} cannot be fine-tuned on captured faces: give the starter weights.")
    device = pick_device(settings.device, is_small=True)
    base = Animator(TorchNetwork(model), weights, "")
    whole = []
    for number, take in enumerate((*takes, *held_out)):
        yield Progress(f"listening to {take.name}", number / (len(takes) + len(held_out)))
        whole.append((yield from example_job(take)))
    examples = whole[: len(takes)] if held_out else [_part(example, 0.0, 1 - _HELD_OUT) for example in whole]
    looked_at = held_out or takes
    seconds = sum(len(example.captured) for example in examples) / ARKIT.fps
    examples = [example for example in examples if len(example.captured) >= settings.frames + _MOTION_STEP]
    if seconds < LEAST_SECONDS or not examples:
        raise DataSetError(f"{seconds:.1f} s of takes with sound are too little to fine-tune on; calibrate instead.")
    before, _ = yield from _look_job(base, looked_at, bool(held_out))
    teacher = as_shown(model).to(device).eval().requires_grad_(False)
    learner = copy.deepcopy(teacher).requires_grad_(True).train()
    learner.audio_encoder.backbone.requires_grad_(False).eval()
    learnt = [p for p in learner.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learnt, settings.rate, weight_decay=0.01)
    best, best_step, matched, most, after = model, 0, 0.0, 0.0, before
    waited = step = 0
    for step in range(1, settings.steps + 1):
        torch.manual_seed(settings.seed * 1_000_003 + step)
        error = loss(learner, teacher, drawn(examples, settings, step), settings, step)
        if not bool(torch.isfinite(error)):
            raise TrainingError(f"The loss is not a number at step {step}; lower --rate.")
        optimizer.zero_grad()
        error.backward()
        torch.nn.utils.clip_grad_norm_(learnt, _CLIPPED_NORM)
        optimizer.step()
        yield Progress(f"learning, loss {error.item():.4f}", step / settings.steps)
        if step % settings.look_every and step < settings.steps:
            continue
        waited += 1
        plain: Material | None = None
        for share in _MATCHES:
            now = copy.deepcopy(learner).cpu().eval()
            if plain is not None:
                match(now, plain, share)
            found, seen = yield from _look_job(replace(base, network=TorchNetwork(now)), looked_at, bool(held_out))
            plain = plain or seen
            is_sound = found[2] >= before[2] and found[0] > before[0] - _UNSEEN and found[1] < before[1]
            worth = merit(found, before) + MATCHED * share
            if is_sound and worth > most:
                best, best_step, matched, most, after, waited = now, step, share, worth, found, 0
        if waited >= settings.patience:
            break
    best.requires_grad_(True)
    return FineTuned(best.eval(), seconds, best_step, step, matched, before, after)


def as_shown(model: KMTalk) -> KMTalk:
    """A copy of `model` that moves each channel as far as `model` is shown, and is shown as it is.

    What comes to be seen is learnt from captures, so what is learnt has to be what is seen; how far round lips part is
    learnt as well.
    """
    shown = copy.deepcopy(model)
    shown.config = replace(model.config, articulation={})
    ones = np.ones(model.config.motion_space.width, np.float32)
    _spread(shown, articulated(model.config.motion_space, ones, model.config.articulation), np.zeros(len(ones)))
    return shown


@torch.no_grad()
def _spread(model: KMTalk, gains: npt.NDArray[np.floating], rests: npt.NDArray[np.floating]) -> None:
    """Let `model` show `gains` x + `rests` (both (channels,)) for what it made x, in place; keys come in alike."""
    gain, rest = (torch.from_numpy(np.asarray(values, np.float32)) for values in (gains, rests))
    for head in (model.key_motion_decoder.head, model.multimodal_guided_decoder.head):
        head.weight.mul_(gain[:, None])
        head.bias.mul_(gain).add_(rest * model.config.motion_scale)
    if model.phone_conditioning is not None:
        model.phone_conditioning.pose.weight.mul_(gain[:, None, None])
    embed = model.motion_flow_encoder.embed
    embed.weight.div_(torch.where(gain > 0, gain, 1.0))
    embed.bias.sub_(embed.weight @ rest * model.config.motion_scale)


def match(model: KMTalk, seen: Material, share: float) -> None:
    """Give `model`, in place, a `share` (0 to 1) of the amplitude that what it made lacks beside what was captured."""
    lost = seen.captured.std(axis=0) / np.maximum(seen.made.std(axis=0), 1e-6)
    gains = np.where(seen.moving, np.clip(lost, 1, _MOST_MATCHED), 1.0) ** share
    _spread(model, gains, (1 - gains) * seen.made.mean(axis=0))


def example_job(take: Capture) -> Job[Example]:
    """What a take has to teach; it begins where motion and features coincide."""
    assert take.sound is not None
    sound = yield from load_job(take.sound)
    statistics = yield from statistics_job(sound)
    heard = features(sound, statistics, 0, statistics.frames)
    place = math.ceil(max(-take.lag, 0.0) * ARKIT.fps / _MOTION_STEP - 1e-6)  # nothing is seen before
    begin = place * _MOTION_STEP / ARKIT.fps
    end = min(len(heard) / FRAME_RATE, take.duration - take.lag)
    times = begin + np.arange(max(int((end - begin) * ARKIT.fps + 1e-6), 0)) / ARKIT.fps
    moving = take.moving.copy()
    moving[np.setdiff1d(np.arange(ARKIT.width), ARKIT.in_region("mouth"))] = False
    return Example(heard[place * _FEATURE_STEP :], take.at(times), moving)


def _part(example: Example, begin: float, end: float) -> Example:
    """From `begin` to `end`, as shares of the whole; both on the grid where motion and features coincide."""
    low, high = (int(share * len(example.captured)) // _MOTION_STEP for share in (begin, end))
    heard = example.heard[low * _FEATURE_STEP : high * _FEATURE_STEP]
    return replace(example, heard=heard, captured=example.captured[low * _MOTION_STEP : high * _MOTION_STEP])


def _look_job(animator: Animator, takes: Sequence[Capture], whole: bool) -> Job[tuple[HeldOut, Material]]:
    """How takes are met that are not learnt from, and what was made of them: all of each, or its last fifth."""
    parts: list[Material] = []
    for take in takes:
        found = yield from material_job(take, animator)
        rows = np.arange(len(found.made)) >= (0 if whole else int((1 - _HELD_OUT) * len(found.made)))
        parts.append(found.part(rows))
    together = Material(
        np.concatenate([part.captured for part in parts]),
        np.concatenate([part.made for part in parts]),
        np.concatenate([part.phones for part in parts]),
        np.any([part.moving for part in parts], axis=0),
    )
    count = len(together.made)
    return held_out_scores(together, together.made, np.arange(count) * _FOLDS // max(count, 1)), together


def drawn(examples: Sequence[Example], settings: FineTuning, step: int) -> tuple[Tensor, Tensor, Tensor]:
    """Crops of `step`: features (B, T100, 81), captured motion (B, T, 52) and which of it counts (B, 1, 52)."""
    rng = np.random.default_rng([settings.seed, step, 5])
    lengths = np.array([len(example.captured) for example in examples], float)
    heard, captured, moving = [], [], []
    for index in rng.choice(len(examples), settings.batch, p=lengths / lengths.sum()):
        example = examples[index]
        place = int(rng.integers(0, (len(example.captured) - settings.frames) // _MOTION_STEP + 1))
        low, first = place * _MOTION_STEP, place * _FEATURE_STEP
        part = example.heard[first : first + settings.frames * _FEATURE_STEP // _MOTION_STEP]
        missing = settings.frames * _FEATURE_STEP // _MOTION_STEP - len(part)
        part = np.pad(part, ((0, missing), (0, 0)), mode="edge").copy()
        part[:, :-1] = part[:, :-1] * rng.uniform(0.93, 1.07) + rng.normal(0, 0.08)  # another level and microphone
        heard.append(part.astype(np.float32))
        captured.append(example.captured[low : low + settings.frames])
        moving.append(example.moving[None])
    return tuple(torch.from_numpy(np.stack(parts)) for parts in (heard, captured, moving))  # type: ignore[return-value]


def loss(
    learner: KMTalk, teacher: KMTalk, crops: tuple[Tensor, Tensor, Tensor], settings: FineTuning, step: int
) -> Tensor:
    """How far `learner` is from what was captured in `crops` (see `drawn`), and from `teacher` beside that."""
    device = learner.audio_encoder.project.weight.device
    heard, captured, moving = (part.to(device) for part in crops)
    rng = np.random.default_rng([settings.seed, step, 6])
    frames = captured.shape[1]
    encoded = learner.audio_encoder(heard, frames)
    assert encoded.evidence is not None
    boundaries = encoded.evidence.boundaries.detach().sigmoid().flatten(1).cpu().numpy()
    peaks = [np.round(boundary_frames(row) * (ARKIT.fps / FRAME_RATE)).astype(np.int64) for row in boundaries]
    keys, mask = padded_keys([framed(row, frames) for row in peaks], str(device))
    with torch.no_grad():
        usual = teacher(teacher.audio_encoder(heard, frames), keys, mask).motion
    wanted = torch.where(moving, captured, usual)
    weight = torch.where(moving, 1.0, settings.keep)
    listened = learner.listen(encoded)
    poses = learner.key_motions(listened, keys, mask)
    bend = bends(wanted.cpu(), keys.cpu(), mask.cpu(), settings.bent_share, rng).to(device)
    motion = learner.complete(listened, keys, poses + bend, mask)
    bent = KeySpacing.of(keys, mask, frames, learner.config.flow_reach).interpolate(bend)
    followed = wanted + bent
    rows = torch.arange(len(keys), device=device)[:, None]
    root = weight.sqrt()
    opened, meant, made = (visible_opening(shown) for shown in (followed, usual + bent, motion))
    closed = (opened < _CLOSED).float()
    shut = ((_AJAR - meant) / (_AJAR - _CLOSED)).clamp(0, 1)
    parted = functional.relu(made - torch.minimum(opened, meant.clamp(min=0)))
    return (
        motion_loss(motion, followed, 1.0)
        + settings.closure_weight * _mean(closed, (made - opened).square())
        + settings.shut_weight * _mean(shut, parted.square())
        + functional.mse_loss(root * motion.diff(dim=1), root * followed.diff(dim=1))
        + functional.mse_loss((root * poses)[mask], (root * wanted[rows, keys])[mask])
    )


def _mean(weight: Tensor, values: Tensor) -> Tensor:
    return (weight * values).sum() / weight.sum().clamp(min=1.0)
