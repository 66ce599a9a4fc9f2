"""eSpeak NG speaks and spells, says when it cannot, and stands several threads."""

import threading
from pathlib import Path

import pytest

from kmtalk_core import espeak


def test_speech_has_phones_in_time_order_within_its_samples() -> None:
    speech = espeak.synthesize("Bob made a map of the moon.")
    times = [event.time for event in speech.events]
    assert times == sorted(times) and times[-1] <= len(speech.samples) / speech.rate
    assert [event.label for event in speech.events[:3]] == ["b", "ˈɑː", "b"]
    assert 0.05 < abs(speech.samples).max() <= 1


def test_faster_speech_is_shorter() -> None:
    slow, fast = (espeak.synthesize("hello my friend", words_per_minute=rate) for rate in (120, 240))
    assert len(fast.samples) < 0.7 * len(slow.samples)


def test_words_are_spelt_phone_by_phone_over_several_sentences() -> None:
    assert espeak.phonemes("A map. Two") == (("ɐ",), ("m", "ˈæ", "p"), ("t", "ˈuː"))
    assert espeak.phonemes("") == espeak.phonemes("... \0") == ()


@pytest.mark.parametrize("voice", ["en-us", "en-GB", "de_DE", "fr-CA", "zh", "en-us+f3", "pt-br"])
def test_usual_names_of_languages_are_understood(voice: str) -> None:
    assert espeak.phonemes("o", voice)


@pytest.mark.parametrize("voice", ["", "nowhere", "x" * 5000, "../../etc"])
def test_unknown_voices_are_refused(voice: str) -> None:
    with pytest.raises(espeak.EspeakError, match="no voice"):
        espeak.synthesize("hello", voice)


def test_many_threads_may_speak_at_once() -> None:
    lengths: list[int] = []
    threads = [threading.Thread(target=lambda: lengths.append(len(espeak.synthesize("map").events))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lengths) == 8 and len(set(lengths)) == 1


def test_data_in_a_folder_with_a_long_name_is_reached_by_a_short_one(tmp_path: Path) -> None:
    data = tmp_path / ("deep" * 40) / "espeak-ng-data"
    data.mkdir(parents=True)
    (data / "phondata").touch()
    path, link = espeak._data_folder(data)
    assert len(path) < 160 and (Path(path.decode()) / "espeak-ng-data" / "phondata").exists()
    assert link is not None
    link.cleanup()
    assert (data / "phondata").exists()
