from dataclasses import replace

import numpy as np
import pytest
import torch

from kmtalk_core.corpus.articulation import articulate, one_hot
from kmtalk_core.corpus.clips import Clip, make_clips
from kmtalk_core.corpus.espeak import say
from kmtalk_core.corpus.face import WIDEST, arkit_motion, at_motion_rate
from kmtalk_core.model.log_mel_encoder import LogMelEncoder
from kmtalk_core.phones import CLASS_INDEX, PHONE_CLASSES
from kmtalk_core.progress import finish
from kmtalk_core.training.motion import MotionTraining, told_keys, told_phones, train_motion_job, visible_opening

SETTINGS = MotionTraining(steps=4, batch=2, frames=36)


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    spoken = [say(f"My puppy {number} is at home by the pool.", "en-us") for number in ("one", "two", "three")]
    return make_clips([u for u in spoken if u is not None], False, "test", [])


@pytest.fixture(scope="module")
def encoder() -> LogMelEncoder:
    torch.manual_seed(0)
    return LogMelEncoder().eval()


def weights_of(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_interrupted_training_ends_in_the_very_same_weights(clips, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr("kmtalk_core.training.steps._STEPS_A_CHECKPOINT", 1)
    through = finish(train_motion_job(clips, encoder, SETTINGS, tmp_path / "through.pt"))
    job = train_motion_job(clips, encoder, SETTINGS, tmp_path / "halved.pt")
    for step in job:
        if step.fraction == pytest.approx(0.5):
            break
    job.close()
    halved = finish(train_motion_job(clips, encoder, SETTINGS, tmp_path / "halved.pt"))
    assert torch.equal(weights_of(through), weights_of(halved))


def test_the_encoder_stays_as_it_was_and_the_motion_is_learned(clips, encoder, tmp_path):
    losses = []
    settings = replace(SETTINGS, steps=25)
    model = finish(train_motion_job(clips, encoder, settings, tmp_path / "m.pt"), lambda s: losses.append(s.stage))
    assert torch.equal(weights_of(encoder), weights_of(model.audio_encoder.backbone))
    values = [float(stage.split()[-1]) for stage in losses if "loss" in stage]
    assert np.mean(values[-4:]) < 0.6 * np.mean(values[:4])


def test_what_a_transcript_tells_is_right_but_for_small_errors(clips):
    clip, rng = clips[0], np.random.default_rng(0)
    shares = told_phones(clip, 0.2, 60, rng)
    assert shares.shape == (60, len(PHONE_CLASSES))
    assert np.allclose(shares.sum(axis=1), 1)
    truth = clip.labels()[np.round(100 * (0.2 + np.arange(60) / 30)).astype(int)]
    assert 0.7 < (shares.argmax(axis=1) == truth).mean() <= 1
    keys = told_keys(clip, 0.2, 60, rng)
    assert keys[0] == 0
    assert keys[-1] == 59
    assert np.all(np.diff(keys) > 0)
    times = np.array([start for start, _, _ in clip.segments])
    assert all(np.abs(times - 0.2 - key / 30).min() < 0.06 for key in keys[1:-1])


def test_the_visible_opening_is_what_the_rule_says():
    labels = np.repeat([CLASS_INDEX[p] for p in ("a", "m", "i", "p", "u")], 12)
    tracks = articulate(one_hot(labels))
    motion = torch.from_numpy(arkit_motion(tracks, np.full(len(labels), 0.75, np.float32)))
    wanted = WIDEST * at_motion_rate(tracks.opening[:, None])[:, 0]
    assert np.allclose(visible_opening(motion).numpy(), wanted, atol=0.02)
