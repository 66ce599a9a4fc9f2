from dataclasses import replace

import numpy as np
import pytest
import torch

from kmtalk_core.corpus.clips import Clip, make_clips
from kmtalk_core.corpus.espeak import say
from kmtalk_core.errors import CorpusError
from kmtalk_core.progress import finish
from kmtalk_core.training.acoustic import AcousticTraining, disturb, train_encoder_job

SETTINGS = AcousticTraining(steps=5, batch=2, frames=100)


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    spoken = [say(f"Bob made number {n} of the maps.", voice) for n in range(3) for voice in ("en-us", "en-gb+f3")]
    return make_clips([u for u in spoken if u is not None], True, "test", [])


def weights_of(encoder) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in encoder.parameters()])


def test_interrupted_training_ends_in_the_very_same_weights(clips, tmp_path, monkeypatch):
    monkeypatch.setattr("kmtalk_core.training.steps._STEPS_A_CHECKPOINT", 1)
    through = finish(train_encoder_job(clips, SETTINGS, tmp_path / "through.pt"))
    job = train_encoder_job(clips, SETTINGS, tmp_path / "halved.pt")
    for step in job:
        if step.fraction == pytest.approx(0.6):
            break
    job.close()
    halved = finish(train_encoder_job(clips, SETTINGS, tmp_path / "halved.pt"))
    assert torch.equal(weights_of(through), weights_of(halved))


def test_a_checkpoint_of_other_settings_is_not_continued(clips, tmp_path):
    path = tmp_path / "encoder.pt"
    first = finish(train_encoder_job(clips, SETTINGS, path))
    second = finish(train_encoder_job(clips, replace(SETTINGS, seed=1), path))
    assert not torch.equal(weights_of(first), weights_of(second))


def test_training_learns(clips, tmp_path):
    losses = []
    settings = replace(SETTINGS, steps=30, batch=4)
    finish(train_encoder_job(clips, settings, tmp_path / "encoder.pt"), lambda step: losses.append(step.stage))
    values = [float(stage.rsplit(" ", 1)[1]) for stage in losses if "loss" in stage]
    assert np.mean(values[-5:]) < 0.8 * np.mean(values[:5])


def test_too_short_a_corpus_is_refused(clips, tmp_path):
    with pytest.raises(CorpusError):
        finish(train_encoder_job(clips, replace(SETTINGS, frames=100_000), tmp_path / "encoder.pt"))


def test_disturbance_leaves_the_loudness_alone():
    features = np.random.default_rng(0).standard_normal((100, 81)).astype(np.float32)
    changed = disturb(features, np.random.default_rng(1))
    assert np.array_equal(changed[:, 80], features[:, 80])
    assert not np.allclose(changed[:, :80], features[:, :80])
