"""What is heard of a voice: its pitch, its stressed syllables, its phrases."""

import itertools

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.expression import pitch
from kmtalk_core.expression.prosody import Prosody, prosody_job
from kmtalk_core.progress import finish


def tone(hertz: float, seconds: float = 2.0, noise: float = 0.0) -> np.ndarray:
    t = np.arange(int(seconds * audio.RATE)) / audio.RATE
    voice = sum(np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, 10))
    return (0.2 * voice + noise * np.random.default_rng(0).standard_normal(len(t))).astype(np.float32)


def heard(samples: np.ndarray) -> Prosody:
    sound = audio.from_samples(samples, audio.RATE)
    return finish(prosody_job(sound, Alignment((Phone(0.0, sound.duration, "a"),), sound.duration, "neural")))


@pytest.mark.parametrize("hertz", [80.0, 121.3, 233.0, 410.0])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_the_pitch_of_a_voice_is_found_in_noise_too(hertz: float, noise: float) -> None:
    found = heard(tone(hertz, noise=noise)).f0[5:-5]
    assert (found > 0).mean() > 0.95
    np.testing.assert_allclose(np.median(found[found > 0]), hertz, rtol=0.01)


def test_silence_and_hiss_have_no_pitch() -> None:
    hiss = 0.1 * np.random.default_rng(1).standard_normal(2 * audio.RATE).astype(np.float32)
    assert (heard(hiss).f0 > 0).mean() < 0.1
    assert not heard(np.zeros(audio.RATE, np.float32)).f0.any()


def test_the_strongest_pitches_are_candidates_in_their_order() -> None:
    """Else which of them are would be up to how a NumPy sorts, and a performance to the Blender that makes it."""
    noise = np.random.default_rng(4).normal(size=pitch.SAMPLE_RATE)
    _, strength = pitch.candidates(noise, 24, float(abs(noise).max()))
    assert (np.diff(strength[:, : pitch.CANDIDATES - 1], axis=1) < 0.1).all()


def test_pitch_is_the_same_from_whatever_frame_it_is_read(spoken) -> None:
    sound = spoken[0]
    samples = pitch.slowed(sound.read(0, 4 * audio.RATE))
    whole = pitch.candidates(samples, 100, sound.peak)[0]
    np.testing.assert_allclose(pitch.candidates(samples[160 * 10 :], 50, sound.peak)[0], whole[10:60], rtol=1e-6)


def test_loud_syllables_are_the_prominent_ones(spoken, prosody: Prosody) -> None:
    stressed, found = np.array(spoken[2]), np.array([p.time for p in prosody.prominences])
    assert (abs(stressed[:, None] - found).min(axis=1) < 0.05).mean() > 0.9
    assert (abs(found[:, None] - stressed).min(axis=1) < 0.1).mean() > 0.9
    rises = [p.rises for p in prosody.prominences]
    assert np.mean(rises) > 0.5


def test_pauses_and_phrases_take_turns_over_the_whole_sound(spoken, prosody: Prosody) -> None:
    assert prosody.pauses[0][0] == 0
    edges = sorted([*prosody.pauses, *prosody.phrases])
    assert all(before[1] == after[0] for before, after in itertools.pairwise(edges))
    assert edges[-1][1] == pytest.approx(spoken[0].duration)
    assert 3 < prosody.rate < 7


def test_who_shouts_high_and_fast_is_more_aroused() -> None:
    t = np.arange(6 * audio.RATE) / audio.RATE
    calm = (0.05 * np.sin(2 * np.pi * 110 * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)
    bend = np.cumsum(220 + 90 * np.sin(2 * np.pi * 2 * t)) / audio.RATE
    wild = sum(np.sin(2 * np.pi * k * bend) / np.sqrt(k) for k in range(1, 14)) * (
        0.6 + 0.4 * np.sin(2 * np.pi * 6 * t)
    )
    assert heard((0.1 * wild).astype(np.float32)).arousal.mean() > heard(calm).arousal.mean() + 0.1


def test_a_sound_without_speech_has_neither_phrases_nor_stress() -> None:
    sound = audio.from_samples(np.zeros(3 * audio.RATE, np.float32), audio.RATE)
    found = finish(prosody_job(sound, Alignment((Phone(0.0, 3.0, "sil"),), 3.0, "neural")))
    assert found.phrases == () and found.prominences == () and np.isfinite(found.arousal).all()
