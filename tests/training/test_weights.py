"""What the shipped weights promise, on synthetic speech that they were not trained on."""

import numpy as np
import pytest
import torch

from kmtalk_core import audio, espeak
from kmtalk_core.animate import STARTER_WEIGHTS, Animator
from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.take import Take
from kmtalk_core.training.motion import visible_opening

pytestmark = pytest.mark.skipif(not (STARTER_WEIGHTS / "config.json").exists(), reason="no starter weights here")


def opening(take: Take) -> np.ndarray:
    return visible_opening(torch.from_numpy(take.motion)).numpy()


@pytest.fixture(scope="module")
def animator() -> Animator:
    return Animator.load(device="cpu")


@pytest.fixture(scope="module")
def spoken() -> espeak.Speech:
    return espeak.synthesize(
        "Papa may buy a map. Emma put the baby to bed, but Bob hopes to be happy.", "en-us", words_per_minute=160
    )


def test_lips_close_on_bilabials_and_open_on_vowels_without_a_transcript(animator, spoken):
    take = animator.animate(audio.from_samples(spoken.samples, spoken.rate))
    lips = opening(take)
    moments = [e.time for e in spoken.events if e.label[:1] in ("p", "b", "m")]
    closed = [lips[max(round(30 * t) - 1, 0) : round(30 * t) + 5].min() for t in moments]
    assert np.mean(np.array(closed) < 0.08) >= 0.8
    assert np.percentile(lips, 95) > 0.3


def test_silence_and_noise_leave_the_face_still(animator):
    rng = np.random.default_rng(0)
    for level in (0.0, 1e-4, 0.1):
        sound = audio.from_samples((level * rng.standard_normal(32000)).astype(np.float32), 16000)
        lips = opening(animator.animate(sound))
        assert lips.max() < 0.12
        assert lips.std() < 0.02


def test_loudness_of_the_recording_does_not_matter(animator, spoken):
    loud, soft = (
        opening(animator.animate(audio.from_samples(gain * spoken.samples, spoken.rate))) for gain in (1.0, 0.03)
    )
    assert np.abs(loud - soft).mean() < 0.02


def test_the_completion_follows_its_keys(animator, spoken):
    sound = audio.from_samples(spoken.samples, spoken.rate)
    take = animator.animate(sound)
    frames = {key.frame for key in take.keys}
    smile = ARKIT_INDEX["mouthSmileLeft"]
    # A key beside the edited one stays as it was, and where a sound ends by a hair more keys may lie side by side.
    alone = [key for key in take.keys[2:-2] if not frames & {key.frame - 1, key.frame + 1}]
    assert len(alone) > 5
    vowel = max(alone, key=lambda key: key.pose[ARKIT_INDEX["jawOpen"]])
    edit = {"frame": vowel.frame, "pose": {"mouthSmileLeft": 0.8}, "state": "edited"}
    edited = animator.complete(take, sound, [edit])
    beside = slice(vowel.frame - 1, vowel.frame + 2)
    assert edited.motion[vowel.frame, smile] == pytest.approx(0.8)
    assert np.all(edited.motion[beside, smile] > take.motion[beside, smile] + 0.1)
