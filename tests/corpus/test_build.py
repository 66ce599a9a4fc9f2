import multiprocessing
import os
from dataclasses import replace

import numpy as np
import pytest

from kmtalk_core.corpus import build
from kmtalk_core.corpus.augmentation import augment
from kmtalk_core.corpus.build import CorpusConfig, synthesize_job
from kmtalk_core.errors import CorpusError
from kmtalk_core.progress import finish


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return CorpusConfig(tmp_path_factory.mktemp("corpus"), minutes=0.15, engines=("espeak",))


@pytest.fixture(scope="module")
def corpus(config):
    stages = []
    folder = finish(synthesize_job(config), stages.append)
    assert {step.stage for step in stages} == {"speaking", "mixing"}
    assert stages[-1].fraction == 1.0
    return folder


def test_the_corpus_holds_clean_and_noisy_clips_with_phones_that_tile_them(corpus):
    clips = list(build.clips(corpus))
    assert sum(len(clip.features) for clip in clips) > 3 * 0.15 * 6000
    for clip in clips:
        assert clip.features.shape[1] == 81
        assert np.isfinite(clip.features.astype(np.float32)).all()
        assert clip.segments[0][0] == 0
        assert abs(clip.segments[-1][1] - (len(clip.features) - 1) / 100) < 0.03
        assert len(clip.labels()) == len(clip.boundaries()) == len(clip.features)
    summary = build.summary(corpus)
    assert summary.minutes >= 0.15
    assert summary.voices


def test_a_finished_corpus_is_not_made_again_and_an_interrupted_one_goes_on(corpus, config):
    whole = {path.name: path.read_bytes() for path in corpus.glob("clips-*.npz")}
    last = max(whole)
    (corpus / last).unlink()
    before = {path.name: path.stat().st_mtime_ns for path in corpus.glob("clips-*.npz")}
    finish(synthesize_job(config))
    assert {name: (corpus / name).stat().st_mtime_ns for name in before} == before
    assert (corpus / last).read_bytes() == whole[last]


def test_the_same_seed_makes_the_same_corpus(corpus, config, tmp_path):
    again = finish(synthesize_job(replace(config, folder=tmp_path)))
    for path in corpus.glob("*.npz"):
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_a_folder_without_a_corpus_says_what_to_do(tmp_path):
    with pytest.raises(CorpusError, match="synthesize"):
        list(build.clips(tmp_path))


def test_augmentation_keeps_the_length_and_stays_finite():
    wave = np.sin(np.arange(16000) * 0.05) * np.hanning(16000)
    babble = [(1000 * np.sin(np.arange(8000) * 0.1)).astype(np.int16)]
    for seed in range(30):
        noisy = augment(wave, np.random.default_rng(seed), babble)
        assert noisy.shape == wave.shape
        assert np.isfinite(noisy).all()
        assert np.array_equal(noisy, augment(wave, np.random.default_rng(seed), babble))


def _threads(_: int) -> str:
    return os.environ["OMP_NUM_THREADS"]


def test_each_process_computes_in_one_thread_and_ours_is_as_before(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with build._one_thread_each(), multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(_threads, [0]) == ["1"]
    assert "OMP_NUM_THREADS" not in os.environ
