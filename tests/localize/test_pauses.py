"""Pauses are where the sound falls to its own background, however loud or soft it is."""

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.localize.pauses import pauses_job
from kmtalk_core.progress import finish


def babble(gain: float, noise: float, pauses: list[tuple[float, float]], seconds: float = 4.0) -> audio.Sound:
    """Syllable-like bursts with silent `pauses`, over noise, both relative to full scale."""
    time = np.arange(int(seconds * audio.RATE)) / audio.RATE
    voice = np.sin(2 * np.pi * 150 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))
    for start, end in pauses:
        voice[(time >= start) & (time < end)] = 0
    hiss = np.random.default_rng(0).normal(0, noise, len(time))
    return audio.from_samples((gain * (voice + hiss)).astype(np.float32), audio.RATE)


@pytest.mark.parametrize("gain", [1e-4, 0.01, 0.9])
@pytest.mark.parametrize("noise", [0.0, 0.001, 0.05])
def test_pauses_are_found_at_any_level_and_in_noise(gain: float, noise: float) -> None:
    truth = [(0.0, 0.5), (1.5, 1.8), (3.0, 4.0)]
    found = finish(pauses_job(babble(gain, noise, truth)))
    assert np.allclose(found, truth, atol=0.05)


def test_short_gaps_such_as_closures_are_no_pauses() -> None:
    assert finish(pauses_job(babble(0.5, 0.001, [(1.0, 1.12), (2.0, 2.1)]))) == ()


def test_where_nothing_stands_out_nothing_is_told() -> None:
    hiss = np.random.default_rng(0).normal(0, 0.1, 32000)
    assert finish(pauses_job(audio.from_samples(hiss, audio.RATE))) is None
    assert finish(pauses_job(audio.from_samples(np.zeros(32000), audio.RATE))) is None


def test_the_last_sample_is_looked_at() -> None:
    sound = babble(0.5, 0.001, [(3.0, 4.1)], seconds=4.0037)
    assert finish(pauses_job(sound))[-1][1] == sound.duration
