"""Sequences of a data set as tensors: what the network hears, the keys, and the motion it should make."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ...audio import Sound
from ...datasets.alignments import AlignmentStore, IndexArray, phoneme_keys, uniform_keys
from ...datasets.reader import MotionDataSet, MotionSequence
from ...model.audio_encoder import normalized
from ...model.conditioning import TRUST, AlignedPhones
from ...model.config import EncoderConfig, KMTalkConfig
from ...model.log_mel import features, statistics_job
from ...phones import PHONE_CLASSES
from ...progress import finish

FloatArray: TypeAlias = npt.NDArray[np.float32]
KeyFinder: TypeAlias = Callable[[MotionSequence], IndexArray]

_KEPT = 1 << 30  # bytes of motion that stay in memory; more is read from disk each time


class Batch(NamedTuple):
    """Sequences side by side.  `signal` is waveforms (B, samples) or log-mel features (B, steps, 81).

    `motion` (B, T, width) in the unit of the space; `keys` (B, N) rising; the masks (B, T) and (B, N) mark what is no
    padding; `phones` (B, T, classes) and `trust` (B,) how far they count beside what the encoder hears.
    """

    names: tuple[str, ...]
    signal: Tensor
    motion: Tensor
    frame_mask: Tensor
    keys: Tensor
    key_mask: Tensor
    phones: Tensor
    trust: Tensor

    def to(self, device: torch.device) -> "Batch":
        return Batch(self.names, *(part.to(device) for part in self[1:] if isinstance(part, Tensor)))


@dataclass(frozen=True)
class Item:
    """One sequence; as in `Batch`, without the batch."""

    name: str
    signal: FloatArray
    motion: FloatArray
    keys: IndexArray
    phones: FloatArray
    trust: float


class SequenceItems(Dataset[Item]):
    """Items of `sequences`.  Signals are kept once computed, motion too where all of it is small."""

    def __init__(
        self,
        data: MotionDataSet,
        sequences: Sequence[MotionSequence],
        config: KMTalkConfig,
        store: AlignmentStore,
        keys: KeyFinder | None = None,
        with_phones: bool = False,
    ) -> None:
        self.data, self.sequences, self.store = data, tuple(sequences), store
        self._encoder = config.encoder
        self._needs_phones = config.phone_conditioning or with_phones
        self._keys = keys or key_finder(config, data, store)
        self._signals: dict[str, FloatArray] = {}
        self._motions: dict[str, FloatArray] = {}
        frames = sum(data.frame_count(sequence) for sequence in self.sequences)
        self._keeps_motion = frames * data.space.width * 4 <= _KEPT

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> Item:
        sequence = self.sequences[index]
        motion = self._motion(sequence)
        phones, trust = self._phones(sequence, len(motion))
        return Item(sequence.name, self._signal(sequence), motion, self._keys(sequence), phones, trust)

    def _motion(self, sequence: MotionSequence) -> FloatArray:
        if sequence.name in self._motions:
            return self._motions[sequence.name]
        motion = self.data.motion(sequence)
        if self._keeps_motion:
            self._motions[sequence.name] = motion
        return motion

    def _signal(self, sequence: MotionSequence) -> FloatArray:
        if sequence.name not in self._signals:
            self._signals[sequence.name] = signal_of(self.data.sound(sequence), self._encoder)
        return self._signals[sequence.name]

    def _phones(self, sequence: MotionSequence, frames: int) -> tuple[FloatArray, float]:
        if not self._needs_phones:
            return np.zeros((frames, len(PHONE_CLASSES)), np.float32), 0.0
        alignment = self.store.get(sequence.name)
        trust = TRUST.get(alignment.method, 0.0)
        return AlignedPhones(alignment, self.data.space.fps).posteriors(0, frames), trust


def key_finder(config: KMTalkConfig, data: MotionDataSet, store: AlignmentStore) -> KeyFinder:
    """Where the keys of a sequence are, as the config says: at its phones, or every third frame."""
    if config.keys == "uniform":
        return lambda sequence: uniform_keys(data.frame_count(sequence))
    return lambda sequence: phoneme_keys(store.get(sequence.name), data, sequence)


def signal_of(sound: Sound, encoder: EncoderConfig) -> FloatArray:
    """What the encoder hears of the whole sound: a waveform (samples,) or log-mel features (steps, 81)."""
    if encoder.hears_phones:
        statistics = finish(statistics_job(sound))
        return features(sound, statistics, 0, statistics.frames)
    return normalized(sound.read(0, sound.length))


def collate(items: Sequence[Item]) -> Batch:
    """Items side by side, shorter ones padded with zeros; masks say where."""
    frames = [len(item.motion) for item in items]
    counts = [len(item.keys) for item in items]
    return Batch(
        names=tuple(item.name for item in items),
        signal=_padded([item.signal for item in items]),
        motion=_padded([item.motion for item in items]),
        frame_mask=_mask(frames),
        keys=_padded([item.keys for item in items]),
        key_mask=_mask(counts),
        phones=_padded([item.phones for item in items]),
        trust=torch.tensor([item.trust for item in items]),
    )


def _padded(arrays: Sequence[npt.NDArray[Any]]) -> Tensor:
    longest = max(len(array) for array in arrays)
    if len(arrays) == 1:
        return torch.from_numpy(np.ascontiguousarray(arrays[0]))[None]
    joined = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), arrays[0].dtype)
    for row, array in zip(joined, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(joined)


def _mask(lengths: Sequence[int]) -> Tensor:
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


def epoch_batches(count: int, batch: int, seed: int, epoch: int, rank: int, processes: int) -> Iterator[list[int]]:
    """Indices of the batches of one process in one epoch: the same order whether or not training was interrupted.

    All processes get equally many batches; what does not divide waits for another epoch's order.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count).tolist()
    if count >= processes:
        order = order[: count - count % processes]
    else:  # fewer sequences than processes: everyone takes them all
        order = [index for index in order for _ in range(processes)]
    mine = order[rank::processes]
    for first in range(0, len(mine), batch):
        yield mine[first : first + batch]
