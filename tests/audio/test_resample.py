"""Every rate becomes 16 kHz: exact below, nothing left of what lies above, and alike however it comes in."""

import numpy as np
import pytest

from kmtalk_core.audio.resample import Resampler

WANTED = 16000


def tones(rate: int, seconds: float, hertz: tuple[float, ...]) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return np.sum([0.2 * np.sin(2 * np.pi * f * time + f) for f in hertz], axis=0).astype(np.float32)


def resampled(wave: np.ndarray, rate: int, block: int = 10_000) -> np.ndarray:
    stream = Resampler(rate, WANTED)
    parts = [stream(wave[start : start + block]) for start in range(0, len(wave), block)]
    return np.concatenate([*parts, stream.finish()])


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 22051, 24000, 32000, 44056, 44100, 48000, 96000, 192000])
def test_what_both_rates_can_hold_comes_out_as_it_was(rate: int) -> None:
    hertz = (80.0, 1000.0, 0.45 * min(rate, WANTED) - 200)
    found = resampled(tones(rate, 3.0, hertz), rate)
    assert len(found) == 3 * WANTED
    inner = slice(WANTED // 4, -WANTED // 4)
    assert np.abs(found - tones(WANTED, 3.0, hertz))[inner].max() < 1e-5


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
def test_what_the_new_rate_cannot_hold_is_gone(rate: int) -> None:
    found = resampled(tones(rate, 3.0, (8100.0, 0.45 * rate)), rate)
    assert np.abs(found[WANTED // 4 : -WANTED // 4]).max() < 1e-4


@pytest.mark.parametrize("rate", [11025, 44100, 48000])
def test_it_is_the_same_in_any_blocks(rate: int) -> None:
    wave = np.random.default_rng(0).standard_normal(5 * rate).astype(np.float32)
    whole = resampled(wave, rate, len(wave))
    for block in (777, 9999, 131072):
        assert np.array_equal(resampled(wave, rate, block), whole)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_a_click_stays_where_it_is_up_to_the_last_sample(rate: int) -> None:
    for second in (0.0, 1.0, 2.3, 3.9):
        wave = np.zeros(4 * rate, np.float32)
        wave[round(second * rate)] = 1.0
        found = resampled(wave, rate)
        assert np.abs(found).argmax() / WANTED == pytest.approx(second, abs=1 / min(rate, WANTED))
        assert len(found) == 4 * WANTED


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_a_few_samples_come_out_as_a_few(count: int) -> None:
    assert len(resampled(np.ones(count, np.float32), 48000)) == round(count / 3)
