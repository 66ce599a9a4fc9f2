"""Words are known where a transcript or a TextGrid tells them, and stay with the take."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio, espeak
from kmtalk_core.alignment import Alignment, Phone, Word
from kmtalk_core.edits import plan, read_edits
from kmtalk_core.errors import TakeError
from kmtalk_core.localize import localize
from kmtalk_core.localize.pronunciation import read_transcript
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.progress import finish
from kmtalk_core.take import Key, Take, Track, load_take, read_header, save_take
from kmtalk_core.textgrid import TextGrid, Tier, alignment_of, parse_textgrid, textgrid_of

Row = tuple[float, float, str]
WORDS = ((0.0, 0.2, "she"), (0.2, 0.6, "hung"), (0.6, 0.7, "a"), (0.7, 1.0, "wet"), (1.0, 1.2, ""))
LABELS = ["SH", "IY1", "HH", "AH1", "NG", "K", "AH0", "W", "EH1", "T", "sp", "sp"]
PHONES = tuple((i / 10, (i + 1) / 10, label) for i, label in enumerate(LABELS))


def texts(words: tuple[Word, ...]) -> list[str]:
    return [word.text for word in words]


def said(text: str) -> audio.Sound:
    speech = espeak.synthesize(text, "en-us", words_per_minute=150)
    return audio.from_samples(speech.samples, speech.rate)


def a_take(**changes: object) -> Take:
    motion = np.zeros((60, ARKIT.width), np.float32)
    keys = tuple(Key(frame, frame / 60, "a", 1.0, motion[frame]) for frame in (0, 30, 59))
    phones = (Phone(0.0, 0.4, "m"), Phone(0.4, 0.7, "a"), Phone(0.7, 1.0, "t"))
    words = (Word(0.0, 0.4, "hm"), Word(0.4, 1.0, "at"))
    return replace(Take((Track(ARKIT, motion),), keys, phones, fps=60.0, words=words), **changes)


def test_the_words_of_a_transcript_lie_where_they_are_said() -> None:
    sound = said("She hung the wet umbrella above the bath")
    found = finish(localize(sound, text="She hung the wet umbrella, above the bath!"))
    assert texts(found.words) == ["She", "hung", "the", "wet", "umbrella", "above", "the", "bath"]
    edges = {round(edge, 3) for phone in found.phones for edge in (phone.start, phone.end)}
    for before, word in zip((None, *found.words), found.words, strict=False):
        assert before is None or before.end <= word.start
        assert round(word.start, 3) in edges and round(word.end, 3) in edges
    assert finish(localize(sound)).words == ()  # nothing tells them


@pytest.mark.parametrize(
    ("text", "language", "written"),
    [
        ("Der Hund hat 21 Flöhe.", "de", ["Der", "Hund", "hat", "21", "Flöhe"]),
        ("Qu'est-ce que c'est ?", "fr", None),
        ("It costs 1984 pounds", "en", ["It", "costs", "1984", "pounds"]),
    ],
)
def test_words_of_other_languages_are_as_they_are_written(text: str, language: str, written: list[str] | None) -> None:
    words = read_transcript(text, None, language).words
    spelt = [word.spelling for word in words if word.spelling]
    assert words[0].spelling
    assert written is None or spelt == written


@pytest.mark.parametrize("name", ["words", "ORT-MAU", "Ann - words", "tier 2"])
def test_the_words_of_a_textgrid_come_along(name: str) -> None:
    utterance = Tier("utterance", ((0.0, 1.0, "she hung a wet"), (1.0, 1.2, "")))
    other = Tier("Bea - words", ((0.05, 0.37, "other"), (0.37, 0.93, "speaker")))
    syllables = Tier("syllables", ((0.0, 0.2, "she"), (0.2, 0.6, "hung"), (0.6, 0.7, "a"), (0.7, 1.0, "wet")))
    grid = TextGrid(0.0, 1.2, (utterance, other, syllables, Tier(name, WORDS), Tier("phones", PHONES)))
    assert [(w.start, w.end, w.text) for w in alignment_of(grid, 1.2).words] == list(WORDS[:4])


def test_what_is_no_tier_of_words_gives_none() -> None:
    narrow = Tier("phonetic", tuple((start, end, "SH") for start, end, _ in PHONES))
    utterance = Tier("utterance", ((0.0, 1.0, "she hung a wet"),))
    backwards = Tier("Bea", ((0.9, 0.33, "a"), (0.44, 0.55, "b")))
    grid = TextGrid(0.0, 1.2, (narrow, utterance, backwards, Tier("phones", PHONES)))
    assert alignment_of(grid, 1.2).words == ()


def test_words_survive_a_textgrid_of_ours() -> None:
    words = (Word(0.1, 0.4, 'a"b"'), Word(0.4, 1.0, "c"))
    alignment = Alignment((Phone(0.0, 0.1, "sil"), Phone(0.1, 0.4, "a"), Phone(0.4, 1.0, "b")), 1.0, "x", words=words)
    grid = parse_textgrid(textgrid_of(alignment))
    assert [tier.name for tier in grid.tiers] == ["words", "phones"]
    assert grid.tiers[0].intervals[0] == (0.0, 0.1, "") and alignment_of(grid, 1.0).words == words


def test_a_take_keeps_its_words(tmp_path: Path) -> None:
    save_take(a_take(), tmp_path / "take.npz")
    assert load_take(tmp_path / "take.npz").words == a_take().words
    assert read_header(tmp_path / "take.npz")["words"][1] == {"start": 0.4, "end": 1.0, "text": "at"}


@pytest.mark.parametrize("bad", ["x", {"start": 1.0, "end": 0.5, "text": "a"}, {"start": 0, "end": 1, "text": 5}])
def test_takes_without_words_are_read_and_malformed_ones_refused(tmp_path: Path, bad: object) -> None:
    save_take(a_take(), tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz") as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    del header["words"]
    np.savez(tmp_path / "old.npz", **{**arrays, "header": np.array(json.dumps(header))})
    assert load_take(tmp_path / "old.npz").words == ()
    np.savez(tmp_path / "bad.npz", **{**arrays, "header": np.array(json.dumps({**header, "words": [bad]}))})
    with pytest.raises(TakeError, match="malformed"):
        load_take(tmp_path / "bad.npz")


def test_a_word_ends_where_its_phone_is_moved_to() -> None:
    take = a_take()
    moved = plan(take, read_edits([{"phone": 1, "start": 0.5}], take))
    assert moved.words == (Word(0.0, 0.5, "hm"), Word(0.5, 1.0, "at"))
    split = plan(take, read_edits([{"phone": 1, "split": 0.55}], take))
    assert split.words == take.words


def test_the_sound_of_a_part_has_the_words_of_its_part() -> None:
    sound = said("My uncle built a wooden boat")
    whole = finish(localize(sound, text="My uncle built a wooden boat"))
    third = whole.words[3]
    part = audio.from_samples(
        sound.read(round(third.start * audio.RATE), round(sound.duration * audio.RATE)), audio.RATE
    )
    found = finish(localize(part, text="My uncle built a wooden boat"))
    assert texts(found.words)[-3:] == ["a", "wooden", "boat"]
    assert found.words[-1].end <= part.duration
