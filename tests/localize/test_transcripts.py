"""Transcripts that are not word for word what is said are used as far as they are, on speech whose words are known."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio, espeak
from kmtalk_core.alignment import Alignment, Mark
from kmtalk_core.errors import AlignmentError
from kmtalk_core.localize import localize
from kmtalk_core.progress import finish

WALK = "Good morning, today we are going for a walk in the park with our friends."
BATH = "She hung the wet umbrella above the bath to dry."
BOAT = "My uncle built a wooden boat and painted it blue."
BANK = "Nobody knows what happened to the money in the old bank."


def spoken(*sentences: str, voice: str = "en-us") -> tuple[audio.Sound, list[float]]:
    """The sentences one after the other, and where each begins and the last ends."""
    parts = [espeak.synthesize(sentence, voice, words_per_minute=160) for sentence in sentences]
    edges = [0.0, *itertools.accumulate(len(part.samples) / part.rate for part in parts)]
    return audio.from_samples(np.concatenate([part.samples for part in parts]), parts[0].rate), edges


def part_of(sound: audio.Sound, start: float, end: float) -> audio.Sound:
    return audio.from_samples(sound.read(round(start * audio.RATE), round(end * audio.RATE)), audio.RATE)


def labels(found: Alignment) -> list[str]:
    return [phone.label for phone in found.phones if not phone.is_silence]


def of(found: Alignment, start: float, end: float) -> list[str]:
    return [p.label for p in found.phones if not p.is_silence and start < (p.start + p.end) / 2 < end]


def subrip(sentences: Sequence[str], edges: Sequence[float], offset: float = 0.0) -> str:
    def clock(seconds: float) -> str:
        return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{seconds % 60:06.3f}".replace(".", ",")

    rows = zip(sentences, edges[:-1], edges[1:], strict=True)
    return "\n".join(f"{n}\n{clock(a + offset)} --> {clock(b + offset)}\n{t}\n" for n, (t, a, b) in enumerate(rows, 1))


def test_a_sentence_that_is_not_said_is_lost_alone() -> None:
    sound, edges = spoken(WALK, BOAT)
    found = finish(localize(sound, text=f"{WALK} {BATH} {BOAT}"))
    assert found.method == "transcript"
    assert any("10 words" in note and "She hung the wet umbrella" in note for note in found.notes)
    alone, after = finish(localize(spoken(BOAT)[0], text=BOAT)), of(found, edges[1], edges[2])
    assert after == labels(alone)


def test_a_sentence_that_is_not_written_is_heard_and_the_rest_is_aligned() -> None:
    sound, edges = spoken(WALK, BATH, BOAT)
    found = finish(localize(sound, text=f"{WALK} {BOAT}"))
    assert found.method == "transcript" and any("found by ear" in note for note in found.notes)
    assert " ".join(of(found, edges[2] + 0.2, edges[3])).find("NG K AH L B IH L T") in (0, 3)
    assert len(of(found, edges[1], edges[2])) > 20


@pytest.mark.parametrize("times", [3, 200])
def test_a_part_of_a_longer_recording_takes_its_part_of_the_transcript(times: int) -> None:
    text = " ".join([WALK, BOAT, BANK] * times + [BATH] + [BANK, WALK, BOAT] * times)
    found = finish(localize(spoken(BATH)[0], text=text))
    assert labels(found) == labels(finish(localize(spoken(BATH)[0], text=BATH)))
    assert any("only 10 words are said in this sound" in note for note in found.notes)


def test_a_strip_may_begin_and_end_within_a_word() -> None:
    sound, edges = spoken(WALK, BATH, BOAT, BANK)
    found = finish(localize(part_of(sound, edges[1] + 0.8, edges[3] - 0.7), text=f"{WALK} {BATH} {BOAT} {BANK}"))
    written = " ".join(labels(found))
    assert found.method == "transcript" and "AH M B R EH L AH AH B AH V DH AH B AE TH T AH D R AY M AY" in written


def test_a_transcript_half_of_which_is_wrong_is_half_used() -> None:
    sound, edges = spoken(WALK, BATH)
    found = finish(localize(sound, text=f"{WALK} {BANK}"))
    assert found.method == "transcript"
    assert of(found, 0, 0.5)[:3] == ["G", "UH", "D"] and len(of(found, edges[1], edges[2])) > 15


@pytest.mark.parametrize(("said", "written"), [(WALK, BOAT), (BATH, f"{BANK} {WALK}")])
def test_a_wrong_transcript_is_left_aside(said: str, written: str) -> None:
    found = finish(localize(spoken(said)[0], text=written))
    assert found.method == "neural" and "left aside" in found.notes[0]


@pytest.mark.parametrize("offset", [0.0, 3600.0])
def test_subtitles_and_their_marks_are_placed_whatever_their_times_begin_at(offset: float) -> None:
    sentences = ["(happy) " + WALK, BATH, "[sad 40%] " + BOAT]
    sound, edges = spoken(WALK, BATH, BOAT)
    found = finish(localize(sound, text=subrip(sentences, edges, offset)))
    assert [(mark.name, mark.strength) for mark in found.marks] == [("happy", None), ("sad", 0.4)]
    assert found.marks[1].time == pytest.approx(edges[2], abs=0.25)
    assert any("they are moved" in note for note in found.notes) == bool(offset)


def test_the_begin_of_a_part_is_known_to_its_subtitles() -> None:
    sound, edges = spoken(WALK, BATH, BOAT)
    text = subrip([WALK, "(sad) " + BATH, BOAT], edges)
    found = finish(localize(part_of(sound, edges[1] - 0.5, edges[3]), text=text, begin=edges[1] - 0.5))
    assert found.marks[0].time == pytest.approx(0.5, abs=0.25)
    assert not any("moved" in note for note in found.notes)


def test_subtitles_place_words_in_noise_in_which_they_cannot_be_heard() -> None:
    sound, edges = spoken(WALK, BATH)
    noise = np.random.default_rng(0).normal(0, 0.3, sound.length).astype(np.float32)
    noisy = audio.from_samples(sound.read(0, sound.length) + noise, audio.RATE)
    found = finish(localize(noisy, text=subrip([WALK, "(sad) " + BATH], edges)))
    assert found.method == "transcript" and found.marks == (Mark(pytest.approx(edges[1], abs=0.4), "sad"),)
    plain = finish(localize(noisy, text=f"{WALK} {BATH}"))
    assert plain.method != "transcript"


def test_marks_of_words_that_are_not_said_make_way_for_the_next() -> None:
    found = finish(localize(spoken(BOAT)[0], text=f"(happy) {WALK} (sad) {BANK} (angry) {BOAT} (beat)"))
    assert [mark.name for mark in found.marks] == ["angry", "beat"]
    assert found.marks[0].time < 0.2 and found.marks[1].time > found.duration - 0.5


OTHERS = {
    "de": "Guten Morgen, heute ist ein schöner Tag und wir gehen zusammen in den Park.",
    "fr": "Bonjour, aujourd'hui nous allons nous promener dans le parc avec nos amis.",
    "es": "Buenos días, hoy vamos a pasear por el parque con nuestros amigos.",
    "it": "Buongiorno, oggi andiamo a passeggiare nel parco con i nostri amici.",
    "pt-br": "Bom dia, hoje vamos passear no parque com os nossos amigos.",
    "ru": "Доброе утро, сегодня мы идём гулять в парк с нашими друзьями.",
    "ar": "صباح الخير، سنذهب اليوم إلى الحديقة مع أصدقائنا.",
    "ko": "안녕하세요, 오늘 우리는 친구들과 함께 공원에 갑니다.",
}  # fmt: skip


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("variant", ["", "+m7"])
def test_a_right_transcript_in_the_right_language_is_used(language: str, variant: str) -> None:
    speech = espeak.synthesize(OTHERS[language], language + variant)
    found = finish(localize(audio.from_samples(speech.samples, speech.rate), text=OTHERS[language], language=language))
    assert found.method == "transcript"
    truth = [event.time - 0.01 for event in speech.events]
    near = [min(abs(time - phone.start) for phone in found.phones) < 0.06 for time in truth]
    assert np.mean(near) > 0.7


@pytest.mark.parametrize("language", ["es", "fr"])
def test_a_language_that_nobody_named_is_told_by_the_words(language: str) -> None:
    speech = espeak.synthesize(OTHERS[language], language)
    found = finish(localize(audio.from_samples(speech.samples, speech.rate), text=OTHERS[language]))
    assert found.method == "transcript" and "is pronounced so; set its language" in found.notes[0]


@pytest.mark.parametrize("language", ["de", "it", "ru"])
def test_a_wrong_transcript_of_another_language_is_left_aside(language: str) -> None:
    others = {"de": "Die Kinder spielen im Garten hinter dem Haus.", "it": "Il treno per Roma parte fra un'ora.",
              "ru": "Вчера вечером шёл сильный дождь."}  # fmt: skip
    speech = espeak.synthesize(OTHERS[language], language)
    sound = audio.from_samples(speech.samples, speech.rate)
    assert finish(localize(sound, text=others[language], language=language)).method == "neural"
    with pytest.raises(AlignmentError):
        finish(localize(sound, method="transcript", text="???", language=language))


REAL = Path(__file__).parents[3] / "shared" / "data" / "real" / "index.json"


@pytest.mark.skipif(not REAL.exists(), reason="the recorded clips are not here")
def test_recorded_speech_takes_its_own_transcript_and_no_other() -> None:
    clips = [clip for clip in json.loads(REAL.read_text(encoding="utf-8")) if clip.get("text")]
    english = [clip for clip in clips if clip["language"].startswith("en")]
    others = {clip["name"]: other["text"] for clip, other in zip(english, english[5:] + english[:5], strict=True)}
    for clip in english:
        sound = audio.load(REAL.parent / clip["audio"])
        assert finish(localize(sound, text=clip["text"])).method == "transcript", clip["name"]
        other = others[clip["name"]]
        if min(len(other.split()), len(clip["text"].split())) > 3 and other[:3] != clip["text"][:3]:
            assert finish(localize(sound, text=other)).method == "neural", (clip["name"], other)
