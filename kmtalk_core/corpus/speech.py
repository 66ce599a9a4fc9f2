"""The speech of the corpus: which voice says how much, and the utterances of one shard as a file."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import espeak, festival, flite
from .utterance import Utterance

ENGINES = ("espeak", "flite", "festival")
_SHARES = {"espeak": 0.5, "flite": 0.2, "festival": 0.3}
_LONGEST_SHARD = 300.0  # seconds of speech


@dataclass(frozen=True)
class Shard:
    """Work for one process: `seconds` of speech of an engine (and one of its voices), from its own seed."""

    engine: str
    voice: str
    seconds: float
    seed: int

    @property
    def name(self) -> str:
        return "-".join(part for part in (self.engine, self.voice, str(self.seed)) if part)


def plan(seconds: float, seed: int, engines: Sequence[str] = ENGINES) -> tuple[tuple[Shard, ...], tuple[str, ...]]:
    """Shards that make `seconds` of speech with the engines of this machine, and a line for every engine it lacks.

    Flite and festival sound more like people than eSpeak NG does; what is missing of them eSpeak NG makes up.
    """
    missing = []
    wanted: list[tuple[str, str, float]] = []
    natural = 0.0
    if "flite" in engines and flite.available():
        wanted.append(("flite", "", _SHARES["flite"] * seconds))
        natural += _SHARES["flite"]
    elif "flite" in engines:
        missing.append("flite is not installed: its voices are skipped")
    installed = festival.installed() if "festival" in engines else ()
    total = sum(voice.share for voice in festival.VOICES.values())
    for name in installed:
        share = _SHARES["festival"] * festival.VOICES[name].share / total
        wanted.append(("festival", name, share * seconds))
        natural += share
    absent = sorted(set(festival.VOICES) - set(installed))
    if "festival" in engines and absent:
        missing.append(f"festival's {', '.join(absent)} not installed: skipped")
    wanted.append(("espeak", "", (1 - natural) * seconds))
    return tuple(_shards(wanted, seed)), tuple(missing)


def _shards(wanted: list[tuple[str, str, float]], seed: int) -> Iterator[Shard]:
    for engine, voice, seconds in wanted:
        pieces = max(1, round(seconds / _LONGEST_SHARD))
        for piece in range(pieces):
            yield Shard(engine, voice, seconds / pieces, 1000 * seed + piece)


def utterances(shard: Shard) -> Iterator[Utterance]:
    """What the shard says: the same every time.  Raises `CorpusError` where the engine does not work."""
    rng = random.Random(shard.name)
    if shard.engine == "flite":
        return flite.utterances(shard.seconds, rng)
    if shard.engine == "festival":
        return festival.utterances(shard.voice, shard.seconds, rng)
    return espeak.utterances(shard.seconds, rng)


def save(path: Path, spoken: list[Utterance]) -> None:
    """Write utterances to `path` (.npz without pickle), whole or not at all."""
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        np.savez(
            file,
            samples=np.concatenate([u.samples for u in spoken]),
            lengths=np.array([len(u.samples) for u in spoken], np.int64),
            segments=np.concatenate([np.array(u.segments, np.float64) for u in spoken]),
            counts=np.array([len(u.segments) for u in spoken], np.int64),
            voices=np.array([u.voice for u in spoken]),
        )
    temporary.replace(path)


def load(path: Path) -> list[Utterance]:
    """Utterances of a file that `save` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        samples = np.split(stored["samples"], np.cumsum(stored["lengths"])[:-1])
        segments = np.split(stored["segments"], np.cumsum(stored["counts"])[:-1])
        voices = stored["voices"]
    return [
        Utterance(wave, tuple((float(s), float(e), int(c)) for s, e, c in times), str(voice))
        for wave, times, voice in zip(samples, segments, voices, strict=True)
    ]
