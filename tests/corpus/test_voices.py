import random

import numpy as np
import pytest

from kmtalk_core.corpus import espeak, festival, flite, speech
from kmtalk_core.phones import CLASS_INDEX


def check_tiling(utterance):
    starts = np.array([s for s, _, _ in utterance.segments])
    ends = np.array([e for _, e, _ in utterance.segments])
    assert np.all(ends > starts)
    assert np.allclose(starts[1:], ends[:-1])
    assert abs(ends[-1] - utterance.duration) < 0.1
    assert utterance.samples.dtype == np.int16
    assert np.abs(utterance.samples).max() > 1000


def test_espeak_speaks_many_languages_with_phones_that_tile_the_sound():
    spoken = list(espeak.utterances(60, random.Random(0)))
    assert len({u.voice for u in spoken}) > 5
    for utterance in spoken:
        check_tiling(utterance)


def test_phones_are_where_they_are_heard():
    utterance = espeak.say("A papa, a papa, a papa.", "en-us", 140, 40)
    energy = np.array(
        [
            np.abs(utterance.samples[round(16000 * s) : round(16000 * e)].astype(float)).mean()
            for s, e, c in utterance.segments
            if e - s > 0.02
        ]
    )
    classes = np.array([c for s, e, c in utterance.segments if e - s > 0.02])
    assert energy[classes == CLASS_INDEX["p"]].mean() < 0.4 * energy[classes == CLASS_INDEX["a"]].mean()


@pytest.mark.skipif(not flite.available(), reason="flite is not installed")
def test_flite_speaks():
    for utterance in flite.utterances(5, random.Random(0)):
        check_tiling(utterance)


@pytest.mark.skipif(not festival.installed(), reason="festival has none of our voices")
def test_festival_speaks():
    voice = festival.installed()[0]
    for utterance in festival.utterances(voice, 4, random.Random(0)):
        check_tiling(utterance)


def test_festivals_phone_tables_name_known_classes():
    for table in festival._PHONE_SETS.values():
        assert set(table.values()) <= set(CLASS_INDEX)


def test_without_natural_voices_espeak_says_it_all(monkeypatch):
    monkeypatch.setattr(flite, "available", lambda: False)
    monkeypatch.setattr(festival, "installed", lambda: ())
    shards, missing = speech.plan(600, 1)
    assert {shard.engine for shard in shards} == {"espeak"}
    assert sum(shard.seconds for shard in shards) == pytest.approx(600)
    assert len(missing) == 2


def test_speech_survives_its_file(tmp_path):
    spoken = list(espeak.utterances(10, random.Random(1)))
    speech.save(tmp_path / "speech.npz", spoken)
    for before, after in zip(spoken, speech.load(tmp_path / "speech.npz"), strict=True):
        assert np.array_equal(before.samples, after.samples)
        assert before.segments == after.segments
        assert before.voice == after.voice
