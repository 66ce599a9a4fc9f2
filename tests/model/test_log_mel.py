import time
from dataclasses import dataclass

import numpy as np
import pytest

from kmtalk_core.model import log_mel
from kmtalk_core.progress import finish


@dataclass
class Samples:
    values: np.ndarray

    @property
    def length(self) -> int:
        return len(self.values)

    def read(self, start: int, stop: int) -> np.ndarray:
        window = np.zeros(stop - start, np.float32)
        low, high = max(start, 0), min(stop, self.length)
        window[low - start : high - start] = self.values[low:high]
        return window


def babble(seconds: float, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    loudness = np.interp(
        np.arange(int(seconds * 16000)), np.arange(0, seconds * 16000, 1600), rng.random(int(seconds * 10))
    )
    return Samples((0.1 * loudness * rng.standard_normal(len(loudness))).astype(np.float32))


def features_of(sound: Samples) -> np.ndarray:
    statistics = finish(log_mel.statistics_job(sound))
    return log_mel.features(sound, statistics, 0, statistics.frames)


def test_a_window_of_features_is_bit_for_bit_that_part_of_the_whole():
    sound = babble(20)
    statistics = finish(log_mel.statistics_job(sound))
    whole = log_mel.features(sound, statistics, 0, statistics.frames)
    assert whole.shape == (2001, 81)
    for first, last in ((0, 7), (511, 513), (700, 1400), (1990, 2001), (5, 5)):
        assert np.array_equal(log_mel.features(sound, statistics, first, last), whole[first:last])


def test_streamed_statistics_are_those_of_the_whole_clip():
    sound = babble(150)
    streamed = finish(log_mel.statistics_job(sound))
    at_once = log_mel.statistics_of(log_mel.raw_frames(sound, 0, log_mel.frame_count(sound.length)))
    assert streamed.floor == at_once.floor
    assert np.allclose(streamed.mean, at_once.mean, atol=1e-5)
    assert np.allclose(streamed.deviation, at_once.deviation, atol=1e-5)
    assert np.array_equal(streamed.loudness, at_once.loudness)


def test_a_clip_too_long_to_keep_has_the_same_features(monkeypatch):
    sound = babble(20)
    kept = finish(log_mel.statistics_job(sound))
    monkeypatch.setattr(log_mel, "_MOST_KEPT", 1000)
    read_again = finish(log_mel.statistics_job(sound))
    assert kept.raw is not None
    assert read_again.raw is None
    assert np.array_equal(log_mel.features(sound, kept, 3, 1900), log_mel.features(sound, read_again, 3, 1900))


def test_minutes_of_digital_silence_do_not_change_what_is_heard_of_a_line():
    sound, silence = babble(4), np.zeros(16000 * 200, np.float32)
    within = Samples(np.concatenate([silence, sound.values, silence]))
    alone, padded = features_of(sound), features_of(within)
    assert np.abs(padded[20010:20390] - alone[10:390]).mean() < 0.05


def test_features_do_not_know_how_loud_the_recording_is():
    sound = babble(5)
    assert np.allclose(features_of(sound), features_of(Samples(sound.values * np.float32(0.2))), atol=0.02)


def test_a_frame_is_centred_on_its_time():
    click = np.zeros(16000, np.float32)
    click[8000] = 1
    sound = Samples(click)
    raw = log_mel.raw_frames(sound, 0, 101)
    assert int(raw.sum(axis=1).argmax()) == 50


@pytest.mark.parametrize("length", [1, 100, 399, 16000])
def test_short_and_silent_sounds_have_calm_features(length):
    values = features_of(Samples(np.zeros(length, np.float32)))
    assert values.shape == (length // 160 + 1, 81)
    assert np.isfinite(values).all()
    assert values[:, 80].max() < 0.5


def test_ten_minutes_take_seconds():
    sound = babble(600)
    started = time.process_time()
    features_of(sound)
    assert time.process_time() - started < 20
