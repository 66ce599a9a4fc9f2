"""Known words placed by the encoder's own ear: every phone, in any language, for any length, without binaries."""

import sys
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio, espeak
from kmtalk_core.engines import STARTER_WEIGHTS
from kmtalk_core.localize.aligner import Lost
from kmtalk_core.localize.ear_aligner import EarAligner
from kmtalk_core.localize.neural import Heard, NeuralLocalizer
from kmtalk_core.localize.pronunciation import Pronounced, Transcript, english_phones
from kmtalk_core.phones import CLASS_INDEX, PHONE_CLASSES
from kmtalk_core.progress import finish

needs_weights = pytest.mark.skipif(not (STARTER_WEIGHTS / "model.safetensors").exists(), reason="no starter weights")


def word(*ways: str) -> Pronounced:
    return Pronounced(ways[0], tuple(tuple((label, label) for label in way.split()) for way in ways), by_rule=False)


def heard(*phones: tuple[str, float]) -> Heard:
    """What a good ear hears of phones that last so many seconds each."""
    labels = np.concatenate([np.full(round(50 * length), CLASS_INDEX[name]) for name, length in phones])
    posteriors = np.full((len(labels), len(PHONE_CLASSES)), 0.1 / (len(PHONE_CLASSES) - 1), np.float32)
    posteriors[np.arange(len(labels)), labels] = 0.9
    evidence = np.full(2 * len(labels), 0.02, np.float32)
    evidence[2 * np.flatnonzero(np.diff(labels)) + 2] = 0.8
    return Heard(posteriors, evidence)


def align(found: Heard, *words: Pronounced) -> list[tuple[int, str, float, float]]:
    transcript = Transcript(words, ())
    aligned = finish(EarAligner(found, transcript).align_job(range(len(words)), 0.0, len(found.boundaries) / 100))
    return [(w.index, phone.label, phone.start, phone.end) for w in aligned for phone in w.phones]


def test_every_phone_of_every_word_is_placed_where_it_is_heard() -> None:
    spoken = (("sil", 0.3), ("b", 0.08), ("a", 0.14), ("sil", 0.2), ("m", 0.1), ("i", 0.2), ("sil", 0.4))
    placed = align(heard(*spoken), word("B AA"), word("M IY"))
    assert [(index, label) for index, label, _, _ in placed] == [(0, "B"), (0, "AA"), (1, "M"), (1, "IY")]
    assert [start for _, _, start, _ in placed] == pytest.approx([0.3, 0.38, 0.72, 0.82], abs=0.03)
    assert placed[1][3] == pytest.approx(0.52, abs=0.03)


def test_words_that_run_into_each_other_have_no_pause_between_them() -> None:
    placed = align(heard(("sil", 0.1), ("s", 0.1), ("a", 0.2), ("a", 0.2), ("s", 0.1)), word("S AA"), word("AA S"))
    ends = [end for _, _, _, end in placed]
    assert [start for _, _, start, _ in placed][1:] == ends[:-1]


def test_of_several_ways_to_say_a_word_the_one_that_is_said_is_found() -> None:
    for said, way in ((("t", "u"), ["T", "UW"]), (("t", "ə"), ["T", "AX"]), (("d", "a", "x"), ["D", "AA", "x"])):
        found = heard(("sil", 0.2), *((name, 0.12) for name in said), ("sil", 0.2))
        assert [label for _, label, _, _ in align(found, word("T UW", "T AX", "D AA x"))] == way


def test_a_diphthong_is_one_phone() -> None:
    placed = align(heard(("sil", 0.2), ("m", 0.1), ("a", 0.1), ("ɪ", 0.1), ("sil", 0.2)), word("M AY"))
    assert [label for _, label, _, _ in placed] == ["M", "AY"]
    assert placed[1][3] - placed[1][2] == pytest.approx(0.2, abs=0.04)


def test_words_that_do_not_fit_into_the_sound_are_lost() -> None:
    with pytest.raises(Lost):
        align(heard(("sil", 0.2)), *[word("B AA M AA")] * 20)
    with pytest.raises(Lost):
        finish(EarAligner(heard(("sil", 0.2)), Transcript((), ())).align_job(range(0), 0.0, 0.2))


def test_ten_minutes_are_aligned_in_bounded_memory_to_the_last_word() -> None:
    phrase = (("sil", 0.3), ("b", 0.08), ("a", 0.14), ("m", 0.1), ("i", 0.2))
    count = 700
    found = heard(*phrase * count)
    placed = align(found, *[word("B AA M IY")] * count)
    starts = np.array([start for _, label, start, _ in placed if label == "B"])
    assert len(starts) == count
    assert np.abs(starts - (0.3 + 0.82 * np.arange(count))).max() < 0.03


@needs_weights
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en-us", "Peter paid for both my books, but Mary moved away before he came home."),
        ("de", "Morgen bleiben wir lieber zu Hause und spielen Karten mit den Nachbarn."),
        ("fr", "Demain matin nous partons en vacances avec toute la famille."),
        ("pl", "Jutro rano pojedziemy nad morze z całą rodziną."),
    ],
)
def test_speech_of_any_language_is_placed_to_a_few_hundredths(language: str, text: str) -> None:
    spoken = espeak.synthesize(text, language)
    sound = audio.from_samples(spoken.samples, spoken.rate)
    pronunciations = [tuple(p for phone in w for p in english_phones(phone)) for w in espeak.phonemes(text, language)]
    transcript = Transcript(tuple(Pronounced("", (p,), True) for p in pronunciations if p), ())
    _, found = finish(NeuralLocalizer.load(STARTER_WEIGHTS).hear_job(sound))
    aligner = EarAligner(found, transcript)
    words = finish(aligner.align_job(range(len(transcript.words)), 0.0, sound.duration))
    assert [w.index for w in words] == list(range(len(transcript.words)))
    truth = np.array([event.time - 0.01 for event in spoken.events])
    starts = np.array([phone.start for w in words for phone in w.phones])
    assert (np.abs(starts[:, None] - truth).min(axis=1) < 0.05).mean() > 0.85


@needs_weights
def test_a_transcript_is_aligned_where_pocketsphinx_is_not(monkeypatch: pytest.MonkeyPatch, speech: Path) -> None:
    from kmtalk_core.localize import localize

    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    found = finish(localize(audio.load(speech), text="Bob made a map of the moon."))
    assert found.method == "transcript"
    spoken = [phone for phone in found.phones if not phone.is_silence]
    assert [phone.label for phone in spoken][:6] == ["B", "AA", "B", "M", "EY", "D"]
    assert not found.notes
