"""Every way to find phones, on synthetic speech whose phones are known, and on what no user meant to give."""

import itertools
import json
import time
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio, espeak
from kmtalk_core.alignment import Alignment
from kmtalk_core.errors import AlignmentError, WeightsError
from kmtalk_core.localize import METHODS, frame_count_of, key_frames, key_ratio, localize
from kmtalk_core.phones import classes_of
from kmtalk_core.progress import finish
from kmtalk_core.textgrid import write_textgrid

TEXT = "She hung the wet umbrella above the bath to dry."
WRONG = "Good evening my friends, what a lovely party."
NO_WEIGHTS = Path("no such folder")


def spoken(text: str = TEXT, voice: str = "en-us+f2", before: float = 0.0, after: float = 0.0) -> audio.Sound:
    speech = espeak.synthesize(text, voice, words_per_minute=150)
    silence = [np.zeros(round(seconds * speech.rate), np.float32) for seconds in (before, after)]
    return audio.from_samples(np.concatenate([silence[0], speech.samples, silence[1]]), speech.rate)


def labelled() -> list[float]:
    """Boundaries that eSpeak NG says it made; it says so 10 ms late."""
    return [event.time - 0.01 for event in espeak.synthesize(TEXT, "en-us+f2", words_per_minute=150).events]


def f1(truth: list[float], found: Alignment, tolerance: float) -> float:
    """Of the boundaries, each used once."""
    free = sorted({round(time, 4) for phone in found.phones for time in (phone.start, phone.end)})
    count, hits = len(free), 0
    for boundary in truth:
        near = [time for time in free if abs(time - boundary) <= tolerance]
        if near:
            free.remove(min(near, key=lambda time: abs(time - boundary)))
            hits += 1
    return 2 * hits / (count + len(truth))


def check(alignment: Alignment, sound: audio.Sound) -> None:
    """Phones cover the sound without gaps, and name classes where they name anything."""
    assert alignment.duration == sound.duration
    assert alignment.phones[0].start == 0 and alignment.phones[-1].end == pytest.approx(sound.duration)
    for before, after in itertools.pairwise(alignment.phones):
        assert before.end == pytest.approx(after.start) and after.end > after.start
        assert not (before.is_silence and after.is_silence)
    assert all(0 <= phone.confidence <= 1 for phone in alignment.phones)


@pytest.mark.parametrize(("method", "least"), [("transcript", 0.85), ("allphone", 0.7)])
def test_boundaries_lie_where_the_phones_are(method: str, least: float) -> None:
    sound = spoken()
    found = finish(localize(sound, method=method, text=TEXT))
    check(found, sound)
    assert found.method == method
    assert f1(labelled(), found, 0.05) > least
    keys = key_frames(found, 30, frame_count_of(sound.duration, 30))
    assert 0.2 < key_ratio(keys, frame_count_of(sound.duration, 30)) < 0.5


def test_a_transcript_gives_its_own_phones_in_order() -> None:
    found = finish(localize(spoken("Bob made a map of the moon.", "en-us"), text="bob MADE a map, of the moon"))
    labels = [phone.label for phone in found.phones if not phone.is_silence]
    assert labels[:6] == ["B", "AA", "B", "M", "EY", "D"] and labels[-3:] == ["M", "UW", "N"]
    assert (found.method, found.notes) == ("transcript", ())


@pytest.mark.parametrize(("gain", "tolerance"), [(1e-3, 0.05), (1e-2, 0.02), (30000.0, 0.02)])
def test_the_level_does_not_matter(gain: float, tolerance: float) -> None:
    sound = spoken()
    scaled = audio.from_samples(sound.read(0, sound.length) * gain, audio.RATE)
    expected, found = (finish(localize(one, method="transcript", text=TEXT)) for one in (sound, scaled))
    assert f1([phone.start for phone in expected.phones], found, tolerance) > 0.96


def test_silence_before_and_after_stays_silence() -> None:
    found = finish(localize(spoken(before=2.0, after=3.0), method="transcript", text=TEXT))
    assert found.phones[0].is_silence and found.phones[0].end == pytest.approx(2.0, abs=0.1)
    assert found.phones[-1].is_silence and found.phones[-1].end - found.phones[-1].start > 2.8


def test_unknown_words_are_aligned_and_told() -> None:
    text = "Frobnix Zhang paid 42 dollars to Gorblax."
    found = finish(localize(spoken(text), method="transcript", text=text))
    assert "Frobnix" in found.notes[0] and "Gorblax" in found.notes[0]
    assert [phone.label for phone in found.phones if not phone.is_silence][:4] == ["F", "R", "AA", "B"]


def test_another_language_keeps_its_phones() -> None:
    text = "Die Kinder spielen im Garten hinter dem Haus."
    found = finish(localize(spoken(text, "de"), method="transcript", text=text, language="de"))
    labels = [phone.label for phone in found.phones if not phone.is_silence]
    assert labels[0] == "d" and "ʊ" not in labels[:3] and all(classes_of(label) for label in labels)


def test_a_wrong_transcript_is_refused() -> None:
    with pytest.raises(AlignmentError, match="does not seem to be what is said"):
        finish(localize(spoken(), method="transcript", text=WRONG))


def test_auto_leaves_a_wrong_transcript_aside_and_says_so() -> None:
    found = finish(localize(spoken(), text=WRONG, weights=NO_WEIGHTS))
    assert found.method == "allphone"
    assert "transcript was left aside" in found.notes[0] and "PocketSphinx" in found.notes[1]


def test_a_transcript_that_goes_on_after_the_sound_is_aligned_as_far_as_it_goes() -> None:
    found = finish(localize(spoken(), method="transcript", text=TEXT + " Then they all went home to eat and sleep."))
    assert f1(labelled(), found, 0.05) > 0.8
    assert any("sound ends before" in note for note in found.notes)


def test_what_a_transcript_leaves_out_is_heard_and_told() -> None:
    sound = spoken(TEXT + " My uncle built a wooden boat.")
    found = finish(localize(sound, text=TEXT, weights=NO_WEIGHTS))
    check(found, sound)
    assert found.method == "transcript" and "not in the transcript" in found.notes[0]
    last = [phone for phone in found.phones if not phone.is_silence][-1]
    assert last.end > sound.duration - 0.5
    rests = finish(localize(sound, method="transcript", text=TEXT))
    assert rests.phones[-1].is_silence and "the mouth rests there" in rests.notes[-1]


@pytest.mark.parametrize("text", ["", "  ", "?!", "[music]"])
def test_a_transcript_without_words_is_refused_by_name_and_nothing_to_auto(text: str) -> None:
    with pytest.raises(AlignmentError):
        finish(localize(spoken("map"), method="transcript", text=text))
    assert finish(localize(spoken("map"), text=text, weights=NO_WEIGHTS)).method == "allphone"


def test_a_transcript_far_too_long_is_refused_at_once() -> None:
    begun = time.process_time()
    with pytest.raises(AlignmentError, match="far longer"):
        finish(localize(spoken("map"), method="transcript", text="a long story " * 100_000))
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("method", ["transcript", "allphone", "uniform"])
@pytest.mark.parametrize("samples", [1, 160, 800, 1700])
def test_next_to_no_sound_is_covered_or_refused(method: str, samples: int) -> None:
    sound = audio.from_samples(np.random.default_rng(0).normal(0, 0.1, samples), audio.RATE)
    try:
        check(finish(localize(sound, method=method, text="a")), sound)
    except AlignmentError:
        assert method == "transcript"


def test_silence_is_one_silence_by_ear_and_no_place_for_words() -> None:
    sound = audio.from_samples(np.zeros(32000), audio.RATE)
    assert [phone.label for phone in finish(localize(sound, method="allphone")).phones] == ["sil"]
    with pytest.raises(AlignmentError, match="silent"):
        finish(localize(sound, method="transcript", text=TEXT))


def test_noise_and_music_are_no_place_for_words() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * audio.RATE)
    chord = sum(np.sin(2 * np.pi * f * np.arange(3 * audio.RATE) / audio.RATE) for f in (220, 277, 330))
    for samples in (noise, chord):
        with pytest.raises(AlignmentError):
            finish(localize(audio.from_samples(samples, audio.RATE), method="transcript", text=TEXT))


def test_a_textgrid_comes_before_a_text(tmp_path: Path) -> None:
    sound = spoken("map")
    write_textgrid(finish(localize(sound, method="uniform")), tmp_path / "a.TextGrid")
    with pytest.raises(AlignmentError):  # its labels name no phones
        finish(localize(sound, text="map", textgrid=tmp_path / "a.TextGrid"))
    write_textgrid(finish(localize(sound, method="allphone")), tmp_path / "b.TextGrid")
    assert finish(localize(sound, text="map", textgrid=tmp_path / "b.TextGrid")).method == "textgrid"


def test_uniform_keys_are_a_third_of_the_frames() -> None:
    sound = audio.from_samples(np.ones(10 * audio.RATE), audio.RATE)
    found = finish(localize(sound, method="uniform"))
    check(found, sound)
    assert key_ratio(key_frames(found, 30, 300), 300) == pytest.approx(1 / 3, abs=0.01)
    assert {phone.confidence for phone in found.phones} == {0.0}


def test_methods_without_what_they_need_say_so() -> None:
    sound = spoken("map")
    for method, missing in (
        ("transcript", "needs the words"),
        ("textgrid", "needs a TextGrid"),
        ("guess", "no localization"),
    ):
        with pytest.raises(AlignmentError, match=missing):
            finish(localize(sound, method=method))
    with pytest.raises(WeightsError):
        finish(localize(sound, method="neural", weights=NO_WEIGHTS))
    assert METHODS[0] == "auto"


def test_two_runs_are_the_same() -> None:
    sound = spoken()
    for method in ("transcript", "allphone"):
        assert len({finish(localize(sound, method=method, text=TEXT)) for _ in range(2)}) == 1


@pytest.fixture(scope="module")
def minutes() -> tuple[audio.Sound, str, int]:
    """A minute and a half of speech: longer than one window, with pauses."""
    speech = espeak.synthesize(TEXT, "en-us+f2", words_per_minute=150)
    turn = np.concatenate([speech.samples, np.zeros(speech.rate // 2, np.float32)])
    repeats = int(90 * speech.rate / len(turn)) + 1
    return audio.from_samples(np.tile(turn, repeats), speech.rate), f"{TEXT} " * repeats, repeats


def test_a_long_sound_is_aligned_window_by_window(minutes: tuple[audio.Sound, str, int]) -> None:
    sound, text, repeats = minutes
    found = finish(localize(sound, method="transcript", text=text))
    check(found, sound)
    period = sound.duration / repeats
    truth = [turn * period + boundary for turn in range(repeats) for boundary in labelled()]
    assert f1(truth, found, 0.05) > 0.8
    assert found.notes == ()


def test_words_after_minutes_of_silence_are_found() -> None:
    sound = spoken(before=80.0, after=70.0)
    found = finish(localize(sound, method="transcript", text=TEXT))
    check(found, sound)
    assert f1([80 + boundary for boundary in labelled()], found, 0.05) > 0.8
    assert found.phones[0].end == pytest.approx(80, abs=0.15)


@pytest.mark.parametrize("method", ["transcript", "allphone"])
def test_a_long_job_yields_often_and_can_be_dropped(minutes: tuple[audio.Sound, str, int], method: str) -> None:
    job = localize(minutes[0], method=method, text=minutes[1])
    fractions, slowest = [], 0.0
    for _ in range(60):
        begun = time.process_time()
        step = next(job)
        slowest = max(slowest, time.process_time() - begun)
        fractions.append(step.fraction)
    job.close()
    assert slowest < 1.0
    assert all(0 <= fraction <= 1 for fraction in fractions)


REAL = Path(__file__).parents[3] / "shared" / "data" / "real" / "index.json"


@pytest.mark.skipif(not REAL.exists(), reason="the recorded clips are not here")
@pytest.mark.parametrize(("method", "least"), [("transcript", 0.85), ("allphone", 0.75)])
def test_real_speech_with_hand_set_boundaries(method: str, least: float) -> None:
    scores = []
    for clip in json.loads(REAL.read_text(encoding="utf-8")):
        if "phones" in clip:
            sound = audio.load(REAL.parent / clip["audio"])
            phones = json.loads((REAL.parent / clip["phones"]).read_text(encoding="utf-8"))
            truth = sorted({round(phone[edge], 3) for phone in phones for edge in ("start", "end")})
            scores.append(f1(truth, finish(localize(sound, method=method, text=clip["text"])), 0.05))
    assert np.mean(scores) > least


def test_a_sound_without_speech_is_told_and_silence_is_told_once() -> None:
    hiss = audio.from_samples(0.1 * np.random.default_rng(0).standard_normal(16000), 16000)
    found = finish(localize(hiss))
    assert all(phone.is_silence for phone in found.phones)
    assert found.notes == (
        "No speech is heard in this sound, so that the mouth rests; check that it is the right one.",
    )
    nothing = audio.from_samples(np.zeros(16000), 16000)
    assert finish(localize(nothing)).notes == () and len(nothing.notes) == 1
