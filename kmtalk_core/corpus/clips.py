"""Clips of the corpus: a few utterances of one voice with pauses, as features at 100 Hz and phone times."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..model.log_mel import FEATURES, FRAME_RATE, log_mel, statistics_of
from ..phones import CLASS_INDEX, SILENCE
from .augmentation import augment, noise
from .utterance import RATE, Samples, Segment, Utterance

_MOST_UTTERANCES = 3
_SPEED = (0.82, 1.2)  # of playing: moves pitch, formants and rate together, which makes another voice
_NOISE_ALONE = 0.03  # share of noisy clips in which nobody speaks
_EMPHASIS = 4.0  # dB, of a slow random gain
_SECONDS_A_SWELL = 0.35
_MARGIN = 200  # samples around the first and last frame

Wave: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Clip:
    """Normalised `features` (frames, 81, half precision) at 100 Hz, the `segments` that tile them, and who speaks."""

    features: npt.NDArray[np.float16]
    segments: tuple[Segment, ...]
    voice: str

    @property
    def natural(self) -> bool:
        """Whether the voice is one that sounds like a person's."""
        return not self.voice.startswith("espeak")

    def labels(self) -> npt.NDArray[np.uint8]:
        """Phone class of every frame, the one at its centre."""
        labels = np.full(len(self.features), CLASS_INDEX[SILENCE], np.uint8)
        for start, end, index in self.segments:
            first = round(start * FRAME_RATE)
            labels[first : max(round(end * FRAME_RATE), first + 1)] = index
        return labels

    def boundaries(self) -> npt.NDArray[np.float32]:
        """(frames,): 1 where a phone starts, .45 beside it."""
        starts = np.zeros(len(self.features), np.float32)
        frames = np.array([round(start * FRAME_RATE) for start, _, _ in self.segments], int)
        starts[frames[frames < len(starts)]] = 1
        beside = np.zeros_like(starts)
        beside[1:] = starts[:-1]
        beside[:-1] = np.maximum(beside[:-1], starts[1:])
        return np.maximum(starts, 0.45 * beside)


def make_clips(spoken: Sequence[Utterance], noisy: bool, seed: str, babble: Sequence[Samples]) -> list[Clip]:
    """Clips of one to three utterances of a voice each; `noisy` ones as a real microphone might have caught them."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "little"))
    made = []
    for group in _groups([spoken[index] for index in _order(spoken, rng)], rng):
        wave, segments = _assemble(group, noisy, rng)
        if noisy and rng.random() < _NOISE_ALONE:
            wave, segments = noise(len(wave), rng, ()), [(0.0, len(wave) / RATE, CLASS_INDEX[SILENCE])]
        elif noisy:
            wave = augment(wave, rng, babble)
        else:
            wave = wave + 1e-4 * rng.standard_normal(len(wave))
        made.append(_clip(wave, segments, group[0].voice))
    return made


def _order(spoken: Sequence[Utterance], rng: np.random.Generator) -> list[int]:
    """A random order that keeps each voice's utterances together."""
    voices = {voice: place for place, voice in enumerate(rng.permutation(sorted({u.voice for u in spoken})))}
    shuffled = rng.permutation(len(spoken))
    return sorted(shuffled, key=lambda index: voices[spoken[index].voice])


def _groups(spoken: Sequence[Utterance], rng: np.random.Generator) -> Iterator[list[Utterance]]:
    group: list[Utterance] = []
    most = 0
    for utterance in spoken:
        if group and (len(group) == most or utterance.voice != group[0].voice):
            yield group
            group = []
        if not group:
            most = int(rng.integers(1, _MOST_UTTERANCES + 1))
        group.append(utterance)
    if group:
        yield group


def _assemble(group: Sequence[Utterance], noisy: bool, rng: np.random.Generator) -> tuple[Wave, list[Segment]]:
    """Utterances one after the other with pauses of .05 to 2 s between them."""
    waves: list[Wave] = []
    segments: list[Segment] = []
    length = 0

    def pause(seconds: float) -> None:
        nonlocal length
        waves.append(np.zeros(int(seconds * RATE)))
        segments.append((length / RATE, (length + len(waves[-1])) / RATE, CLASS_INDEX[SILENCE]))
        length += len(waves[-1])

    pause(rng.uniform(0.05, 1.2))
    for utterance in group:
        wave = utterance.samples.astype(np.float64)
        wave *= 0.6 / (np.abs(wave).max() + 1e-6)
        stretch = 1.0
        if noisy and rng.random() < 0.8:
            stretch = rng.uniform(*_SPEED)
            wave = _resample(wave, stretch)
        here = length / RATE
        segments += [
            (here + s * stretch, here + min(e * stretch, len(wave) / RATE), c) for s, e, c in utterance.segments
        ]
        waves.append(wave)
        length += len(wave)
        pause(rng.uniform(0.05, 0.5) if rng.random() < 0.6 else rng.uniform(0.5, 2.0))
    joined = np.concatenate(waves)
    if noisy and rng.random() < 0.6:
        joined = joined * _swell(len(joined), rng)
    return joined, segments


def _resample(wave: Wave, stretch: float) -> Wave:
    import soxr

    return soxr.resample(wave, RATE, RATE * stretch)


def _swell(length: int, rng: np.random.Generator) -> Wave:
    knots = max(3, int(length / RATE / _SECONDS_A_SWELL))
    gain = np.interp(np.arange(length), np.linspace(0, length, knots), _EMPHASIS * rng.standard_normal(knots))
    return 10 ** (gain / 20)


def _clip(wave: Wave, segments: Sequence[Segment], voice: str) -> Clip:
    scaled = (0.9 * wave / (np.abs(wave).max() + 1e-9)).astype(np.float32)
    raw = log_mel(np.pad(scaled, _MARGIN))
    statistics = statistics_of(raw)
    features = np.concatenate([statistics.normalise(raw), statistics.loudness[:, None]], axis=1)
    return Clip(features.astype(np.float16), tuple(segments), voice)


def save(path: Path, made: Sequence[Clip]) -> None:
    """Write clips to `path` (.npz without pickle), whole or not at all."""
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        np.savez(
            file,
            features=np.concatenate([clip.features for clip in made]),
            frames=np.array([len(clip.features) for clip in made], np.int64),
            segments=np.concatenate([np.array(clip.segments, np.float64) for clip in made]),
            counts=np.array([len(clip.segments) for clip in made], np.int64),
            voices=np.array([clip.voice for clip in made]),
        )
    temporary.replace(path)


def load(path: Path) -> Iterator[Clip]:
    """Clips of a file that `save` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        features = np.split(stored["features"].reshape(-1, FEATURES), np.cumsum(stored["frames"])[:-1])
        segments = np.split(stored["segments"], np.cumsum(stored["counts"])[:-1])
        voices = stored["voices"]
    for values, times, voice in zip(features, segments, voices, strict=True):
        yield Clip(values, tuple((float(s), float(e), int(c)) for s, e, c in times), str(voice))
