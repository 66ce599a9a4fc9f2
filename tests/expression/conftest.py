"""Two minutes of a synthetic voice with pauses, and performers of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.alignment import Alignment, Mark, Phone
from kmtalk_core.expression import Performer
from kmtalk_core.expression.plan import planned, script_of
from kmtalk_core.expression.prosody import Prosody, prosody_job
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.progress import finish
from kmtalk_core.settings import Settings

SECONDS, FPS = 120, 30.0


@pytest.fixture(scope="session")
def spoken() -> tuple[audio.Sound, Alignment, list[float]]:
    """Phrases of syllables, every fourth of them loud and high; their sound, phones, and the times of the loud ones."""
    chance = np.random.default_rng(4)
    samples, phones, stressed = np.zeros(SECONDS * audio.RATE, np.float32), [], []
    time, number = 0.6, 0
    while time < SECONDS - 3:
        for _ in range(int(chance.integers(5, 14))):
            number += 1
            is_stressed = number % 4 == 0
            length = 0.24 if is_stressed else 0.17
            phones += [Phone(time, time + 0.06, "t"), Phone(time + 0.06, time + length, "a" if number % 3 else "u")]
            _voice(samples, time + 0.05, length - 0.05, 0.5 if is_stressed else 0.15, 170 if is_stressed else 120)
            if is_stressed:
                stressed.append(time + 0.05 + 0.5 * (length - 0.05))
            time += length
        time += float(chance.choice([0.25, 0.4, 0.8, 1.4]))
    samples += chance.normal(0, 1e-4, len(samples)).astype(np.float32)
    sound = audio.from_samples(samples, audio.RATE)
    return sound, Alignment.covering(phones, sound.duration, "transcript"), stressed


def _voice(samples: np.ndarray, start: float, length: float, size: float, hertz: float) -> None:
    t = np.arange(int(length * audio.RATE)) / audio.RATE
    tones = sum(np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, 12))
    first = int(start * audio.RATE)
    samples[first : first + len(t)] += (size * np.hanning(len(t)) * tones).astype(np.float32)


@pytest.fixture(scope="session")
def prosody(spoken: tuple[audio.Sound, Alignment, list[float]]) -> Prosody:
    return finish(prosody_job(spoken[0], spoken[1]))


@pytest.fixture(scope="session")
def performer(prosody: Prosody) -> Callable[..., Performer]:
    """The performer of that voice with some settings, and marks (time, name)."""

    def made(marks: tuple[tuple[float, str], ...] = (), **settings: Any) -> Performer:
        script = script_of(prosody, [Mark(*mark) for mark in marks], Settings.of(settings))
        return Performer(script, planned(script))

    return made


@pytest.fixture(scope="session")
def mouth(spoken: tuple[audio.Sound, Alignment, list[float]]) -> np.ndarray:
    """(frames, 52) a plain mouth for it: jaws open on vowels, lips round for /u/."""
    times = np.arange(round(SECONDS * FPS)) / FPS
    motion = np.zeros((len(times), ARKIT.width), np.float32)
    for phone in spoken[1].phones:
        if phone.label in ("a", "u"):
            here = np.clip(1 - abs(times - 0.5 * (phone.start + phone.end)) / (phone.end - phone.start), 0, 1)
            for name in ("jawOpen",) if phone.label == "a" else ("mouthPucker", "mouthFunnel"):
                column = motion[:, ARKIT.index_of(name)]
                np.maximum(column, 0.5 * here, out=column)
    return motion
