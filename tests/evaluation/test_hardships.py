"""Telephones and noise: what is heard of a sound, and that it is as loud as was asked."""

from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.audio import RATE
from kmtalk_core.evaluation.hardships import HARDSHIPS


def samples(sound: audio.Sound) -> np.ndarray:
    return sound.read(0, sound.length).astype(np.float64)


def test_a_telephone_lets_the_band_of_speech_through(speech: Path) -> None:
    plain = samples(audio.load(speech))
    heard = samples(HARDSHIPS["telephone"](0.0)(audio.load(speech)))
    hertz = np.fft.rfftfreq(len(plain), 1 / RATE)
    before, after = (np.abs(np.fft.rfft(part)) ** 2 for part in (plain, heard))
    inside, above = (hertz > 400) & (hertz < 3300), hertz > 4500
    assert after[inside].sum() == pytest.approx(before[inside].sum(), rel=0.05)
    assert after[above].sum() < 0.02 * before[above].sum()


@pytest.mark.parametrize("kind", ["noise", "babble"])
def test_noise_lies_as_far_below_speech_as_was_asked_and_is_the_same_again(kind: str, speech: Path) -> None:
    plain = samples(audio.load(speech))
    powers = []
    for level in (0.0, 20.0):
        heard = HARDSHIPS[kind](level)(audio.load(speech))
        np.testing.assert_array_equal(samples(heard), samples(HARDSHIPS[kind](level)(audio.load(speech))))
        powers.append(((samples(heard) - plain) ** 2).mean())
    assert powers[0] == pytest.approx(100 * powers[1], rel=0.01)
    assert 1 < powers[0] / (plain**2).mean() < 4  # as loud as speech where somebody speaks


def test_silence_stays_and_is_no_error() -> None:
    quiet = audio.from_samples(np.zeros(RATE, np.float32), RATE)
    for kind in HARDSHIPS:
        assert np.isfinite(samples(HARDSHIPS[kind](0.0)(quiet))).all()
