"""Stage two of the starter: KMTalk learns key motions and their completion on top of the frozen encoder.

Half of the crops are *heard*: their phones are the encoder's posteriors, their keys the boundaries it hears, and what
they are to show is the rule applied to just that (or mixed with the truth); so the network keeps the rule's judgement
where the encoder is in doubt, as it is on real speech.  The others are *told*: phones and boundaries as a transcript
would give them, slightly wrong.  Some keys are bent, and the motion with them, so that the completion follows its keys.
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

from ..corpus.articulation import articulate, one_hot
from ..corpus.clips import Clip
from ..corpus.face import arkit_motion
from ..errors import CorpusError
from ..localize.neural import boundary_frames
from ..model.audio_encoder import EncodedSpeech
from ..model.config import STARTER, KMTalkConfig
from ..model.kmtalk import KMTalk
from ..model.log_mel import FRAME_RATE
from ..model.log_mel_encoder import LogMelEncoder
from ..model.spacing import KeySpacing
from ..motion.arkit import ARKIT_INDEX
from ..motion.opening import LOWER_LIP, UPPER_LIP
from ..motion.spaces import ARKIT
from ..phones import PHONE_CLASSES
from ..progress import Job, Progress
from .acoustic import disturb
from .first_weights import let_keys_be_heard
from .resume import Stateful
from .steps import StepTraining, steps_job

FloatArray: TypeAlias = npt.NDArray[np.float32]
Chances: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]

_MOTION_STEP, _FEATURE_STEP = 6, 20  # frames in the 0.2 s after which motion, features and outputs coincide again
_KEY_JITTER = 1  # frames
_BOUNDARY_NOISE = 0.015  # seconds, as of a forced alignment
_WRONG_LABELS = 0.05
_KEY_GAIN, _DISTANCE_SPREAD = 2.4, 0.05  # deviations of first weights


@dataclass(frozen=True)
class MotionTraining(StepTraining):
    """How stage two is trained; `frames` are the motion's.

    `heard_share` of the crops are heard; `rule_share` of what these are to show is the rule applied to the posteriors;
    `bent_share` of the crops have bent keys; the visible opening's error counts `opening_weight` times beside those of
    motion, velocity and key poses, which count 1 each.
    """

    steps: int = 1200
    batch: int = 16
    frames: int = 180
    rate: float = 1e-3
    heard_share: float = 0.5
    rule_share: float = 1.0
    bent_share: float = 0.6
    opening_weight: float = 1.0


@dataclass(frozen=True)
class MotionExample:
    """A clip and the face that goes with it."""

    clip: Clip
    motion: npt.NDArray[np.float16]  # (frames at 30 fps, 52)


@dataclass(frozen=True)
class MotionBatch:
    """Crops as tensors: `features` (B, T100, 81), `motion` (B, T, 52); `told_phones` (B, T, classes) and how far they
    are to be believed, `trust` (B,); `told_keys`, frames of each crop; `heard` (B,), whether the crop is heard."""

    features: Tensor
    motion: Tensor
    told_phones: Tensor
    trust: Tensor
    told_keys: list[IntArray]
    heard: Tensor


def examples(clips: Iterable[Clip], frames: int) -> Iterator[MotionExample]:
    """Clips that are long enough for a crop of `frames` of motion, with their faces."""
    for clip in clips:
        tracks = articulate(one_hot(clip.labels()))
        motion = arkit_motion(tracks, clip.features[:, -1].astype(np.float32)).astype(np.float16)
        if len(motion) >= frames + _MOTION_STEP:
            yield MotionExample(clip, motion)


def draw(pool: list[MotionExample], chances: Chances, settings: MotionTraining, step: int) -> MotionBatch:
    """The batch of `step`: the same for the same seed, whether or not training was interrupted before it."""
    rng = np.random.default_rng([settings.seed, step, 2])
    length = settings.frames * _FEATURE_STEP // _MOTION_STEP
    features, motions, phones, keys = [], [], [], []
    for index in rng.choice(len(pool), settings.batch, p=chances):
        example = pool[index]
        place = int(rng.integers(0, (len(example.motion) - settings.frames) // _MOTION_STEP + 1))
        first = place * _FEATURE_STEP
        features.append(disturb(example.clip.features[first : first + length].astype(np.float32), rng))
        low = place * _MOTION_STEP
        motions.append(example.motion[low : low + settings.frames].astype(np.float32))
        start = first / FRAME_RATE
        phones.append(told_phones(example.clip, start, settings.frames, rng))
        keys.append(told_keys(example.clip, start, settings.frames, rng))
    stack = lambda values: torch.from_numpy(np.stack(values))  # noqa: E731
    heard = torch.from_numpy(rng.random(settings.batch) < settings.heard_share)
    trust = torch.from_numpy(rng.choice([0.5, 0.8, 1.0], settings.batch).astype(np.float32))
    return MotionBatch(stack(features), stack(motions), stack(phones), trust, keys, heard)


def told_phones(clip: Clip, start: float, frames: int, rng: np.random.Generator) -> FloatArray:
    """Shares (frames, classes) of each motion frame's time, from phones with somewhat wrong times and labels."""
    times = np.array([s for s, _, _ in clip.segments]) + rng.normal(0, _BOUNDARY_NOISE, len(clip.segments))
    classes = np.array([c for _, _, c in clip.segments])
    wrong = rng.random(len(classes)) < _WRONG_LABELS
    classes = np.where(wrong, rng.integers(0, len(PHONE_CLASSES), len(classes)), classes)
    fine = 10  # samples a frame
    moments = start + (np.arange(frames * fine) / fine - 0.5 + 0.5 / fine) / ARKIT.fps
    labels = classes[np.maximum(np.searchsorted(np.maximum.accumulate(times), moments, side="right") - 1, 0)]
    return one_hot(labels).reshape(frames, fine, -1).mean(axis=1)


def told_keys(clip: Clip, start: float, frames: int, rng: np.random.Generator) -> IntArray:
    """Key frames of a crop: its phone boundaries, up to a frame off, and its first and last frame."""
    times = np.array([s for s, _, _ in clip.segments]) - start
    jitter = rng.integers(-_KEY_JITTER, _KEY_JITTER + 1, len(times))
    return framed(np.round(times * ARKIT.fps).astype(np.int64) + jitter, frames)


def framed(keys: IntArray, frames: int) -> IntArray:
    inside = keys[(keys > 0) & (keys < frames - 1)]
    return np.unique(np.concatenate([[0], inside, [frames - 1]]))


def visible_opening(motion: Tensor) -> Tensor:
    """How far the lips are apart (…,) in `motion` (…, 52)."""

    def channel(name: str) -> Tensor:
        return motion[..., ARKIT_INDEX[name]]

    jaw = functional.relu(channel("jawOpen") - channel("mouthClose"))
    lower = LOWER_LIP * (channel("mouthLowerDownLeft") + channel("mouthLowerDownRight"))
    upper = UPPER_LIP * (channel("mouthUpperUpLeft") + channel("mouthUpperUpRight"))
    return jaw + lower + upper


def motion_loss(motion: Tensor, wanted: Tensor, opening_weight: float) -> Tensor:
    """Squared error of poses (B, T, 52), plus `opening_weight` times that of the visible opening."""
    opening = functional.mse_loss(visible_opening(motion), visible_opening(wanted))
    return functional.mse_loss(motion, wanted) + opening_weight * opening


def train_motion_job(
    clips: Iterable[Clip],
    encoder: LogMelEncoder,
    settings: MotionTraining,
    checkpoint: Path,
    config: KMTalkConfig = STARTER,
) -> Job[KMTalk]:
    """Train KMTalk over the frozen `encoder`, going on from `checkpoint` where there is one.

    Raises `CorpusError` where no clip is as long as a crop.
    """
    pool: list[MotionExample] = []
    for example in examples(clips, settings.frames):
        pool.append(example)
        if len(pool) % 100 == 0:
            yield Progress("moving faces by rule", 0.0)
    if not pool:
        raise CorpusError("The corpus has no clip long enough to train on: synthesize more speech.")
    chances = settings.chances([len(e.motion) for e in pool], [e.clip.natural for e in pool])
    torch.manual_seed(settings.seed)
    model = KMTalk(config)
    model.audio_encoder.backbone.load_state_dict(encoder.state_dict())
    let_keys_be_heard(model.motion_flow_encoder, _KEY_GAIN, _DISTANCE_SPREAD)
    model.to(settings.device).train()
    model.audio_encoder.backbone.requires_grad_(False).eval()
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, settings.rate, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.rate, total_steps=settings.steps, pct_start=0.1)
    parts: dict[str, Stateful] = {"model": model, "optimizer": optimizer, "schedule": schedule}

    def loss_of(step: int) -> Tensor:
        return _loss(model, draw(pool, chances, settings, step), settings, step)

    yield from steps_job("motion", loss_of, parts, settings, checkpoint)
    return model.eval()


def _loss(model: KMTalk, batch: MotionBatch, settings: MotionTraining, step: int) -> Tensor:
    device, frames = settings.device, settings.frames
    rng = np.random.default_rng([settings.seed, step, 3])
    encoded = model.audio_encoder(batch.features.to(device), frames)
    heard = batch.heard.to(device)[:, None, None]
    wanted = torch.lerp(
        batch.motion, _ruled(encoded, batch), settings.rule_share * batch.heard[:, None, None].float()
    ).to(device)
    told = torch.lerp(encoded.phones, batch.told_phones.to(device), batch.trust.to(device)[:, None, None])
    phones = torch.where(heard, encoded.phones, told)
    keys, mask = padded_keys(_keys(encoded, batch, frames), device)
    key_motions = model.key_motions(model.listen(encoded, phones), keys, mask)
    bend = bends(batch.motion, keys.cpu(), mask.cpu(), settings.bent_share, rng).to(device)
    motion = model.complete(model.listen(encoded, phones), keys, key_motions + bend, mask)
    followed = wanted + KeySpacing.of(keys, mask, frames, model.config.flow_reach).interpolate(bend)
    rows = torch.arange(len(keys), device=device)[:, None]
    return (
        motion_loss(motion, followed, settings.opening_weight)
        + functional.mse_loss(motion.diff(dim=1), followed.diff(dim=1))
        + motion_loss(key_motions[mask], wanted[rows, keys][mask], settings.opening_weight)
    )


def _ruled(encoded: EncodedSpeech, batch: MotionBatch) -> Tensor:
    """Motion (B, T, 52) by the rule from the posteriors of the heard crops; brows as they are in all crops."""
    assert encoded.evidence is not None
    ruled = batch.motion.clone()
    posteriors = encoded.evidence.phones.detach().softmax(-1).cpu()
    between = 0.5 * (posteriors + torch.cat([posteriors[:, 1:], posteriors[:, -1:]], dim=1))
    fine = torch.stack([posteriors, between], dim=2).flatten(1, 2)[:, : batch.features.shape[1]]
    for index in batch.heard.nonzero().flatten().tolist():
        loudness = batch.features[index, :, -1].numpy()
        motion = torch.from_numpy(arkit_motion(articulate(fine[index].numpy()), loudness))
        length = min(len(motion), ruled.shape[1])
        ruled[index, :length, _RULED] = motion[:length, _RULED]
    return ruled


_LOUD = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")  # what loudness moves and not phones
_UNRULED = np.union1d(ARKIT.in_region("eyes"), ARKIT.indices_of(_LOUD))
_RULED = torch.from_numpy(np.setdiff1d(np.arange(ARKIT.width), _UNRULED))


def _keys(encoded: EncodedSpeech, batch: MotionBatch, frames: int) -> list[IntArray]:
    assert encoded.evidence is not None
    boundaries = encoded.evidence.boundaries.detach().sigmoid().flatten(1).cpu().numpy()
    found = []
    for evidence, told, heard in zip(boundaries, batch.told_keys, batch.heard.tolist(), strict=True):
        peaks = np.round(boundary_frames(evidence) * (ARKIT.fps / FRAME_RATE)).astype(np.int64)
        found.append(framed(peaks, frames) if heard else told)
    return found


def padded_keys(keys: list[IntArray], device: str) -> tuple[Tensor, Tensor]:
    longest = max(map(len, keys))
    padded = torch.zeros(len(keys), longest, dtype=torch.long)
    mask = torch.zeros(len(keys), longest, dtype=torch.bool)
    for row, frames in enumerate(keys):
        padded[row, : len(frames)] = torch.from_numpy(frames)
        mask[row, : len(frames)] = True
    return padded.to(device), mask.to(device)


def bends(motion: Tensor, keys: Tensor, mask: Tensor, share: float, rng: np.random.Generator) -> Tensor:
    """What is added to key poses (B, n, 52), as a person's edits might.

    Up to half of a bent crop's keys go some way towards, beyond or away from other poses of the crop, sometimes in a
    few channels only.
    """
    bend = torch.zeros(*keys.shape, motion.shape[-1])
    for row in np.flatnonzero(rng.random(len(keys)) < share):
        count = int(mask[row].sum())
        chosen = torch.from_numpy(np.flatnonzero(rng.random(count) < rng.uniform(0, 0.5)))
        others = torch.from_numpy(rng.integers(motion.shape[1], size=len(chosen)))
        ways = torch.from_numpy(rng.uniform(-0.7, 1.5, (len(chosen), 1)).astype(np.float32))
        channels = torch.from_numpy(rng.random((len(chosen), motion.shape[-1])) < rng.choice([0.1, 0.4, 1.0]))
        bend[row, chosen] = ways * channels * (motion[row, others] - motion[row, keys[row, chosen]])
    return bend
