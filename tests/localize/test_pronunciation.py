"""Whatever stands in a transcript is pronounced, or the user learns in one sentence why not."""

import pytest

from kmtalk_core.errors import AlignmentError
from kmtalk_core.localize.pronunciation import Transcript, english_phones, read_transcript
from kmtalk_core.localize.sphinx import dictionary, new_decoder


@pytest.fixture(scope="module")
def lookup():
    return dictionary(new_decoder())


def said(transcript: Transcript) -> list[str]:
    return [" ".join(model for model, _ in word.pronunciations[0]) for word in transcript.words]


def spelt(transcript: Transcript) -> list[str]:
    return [word.spelling for word in transcript.words]


def test_punctuation_case_and_quotes_do_not_matter(lookup) -> None:
    plain = read_transcript("it's the dog and don't say no", lookup)
    fancy = read_transcript("  “It’s the DOG”—and (don‘t say): *no*…\n", lookup)
    assert said(fancy) == said(plain)
    assert fancy.notes == ()


def test_other_pronunciations_of_a_word_are_offered(lookup) -> None:
    (word,) = read_transcript("the", lookup).words
    assert {" ".join(model for model, _ in way) for way in word.pronunciations} == {"DH AH", "DH IY"}


def test_hyphens_and_slashes_part_words_that_no_dictionary_knows_whole(lookup) -> None:
    assert spelt(read_transcript("a co-op and/or a dog-apple", lookup)) == [
        "a",
        "co-op",
        "and",
        "or",
        "a",
        "dog",
        "apple",
    ]


def test_unknown_words_are_pronounced_by_rule_and_named(lookup) -> None:
    transcript = read_transcript("Frobnix met Zhgwort and Frobnix", lookup)
    assert said(transcript)[0] == "F R AA B N IH K S"
    assert [word.by_rule for word in transcript.words] == [True, False, True, False, True]
    assert transcript.notes[0] == "Not in the dictionary and pronounced by rule: Frobnix, Zhgwort."


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("42", "F AO R"), ("3rd", "TH ER D"), ("50%", "P ER S EH N T"), ("1984", "N AY N T IY N"), ("10:30", "T EH N"),
        ("3.14", "TH R IY"), ("1,000,000", "M IH L IY AH N"), ("0", "Z"), ("-5", "M AY N AH S"), ("½", "W AH N"),
    ],
)  # fmt: skip
def test_numbers_are_spelt_out(lookup, text: str, sound: str) -> None:
    assert sound in " ".join(said(read_transcript(text, lookup)))


def test_years_and_codes_are_offered_as_people_read_them(lookup) -> None:
    (year,) = read_transcript("1984", lookup).words
    ways = [" ".join(model for model, _ in way) for way in year.pronunciations]
    assert any("HH AH N D R" in way for way in ways) and any("HH" not in way and "N AY N T IY N" in way for way in ways)


def test_money_is_said_after_its_amount(lookup) -> None:
    assert spelt(read_transcript("$3.50 and €20", lookup)) == ["3", "dollars", "50", "and", "20", "euros"]


def test_abbreviations_are_spoken(lookup) -> None:
    doctor, _, versus = read_transcript("Dr. Who vs.", lookup).words
    assert " ".join(model for model, _ in doctor.pronunciations[0]) == "D AA K T ER"
    assert " ".join(model for model, _ in versus.pronunciations[0]).startswith("V ER S")
    assert said(read_transcript("U.S.", lookup)) == ["Y UW EH S"]


def test_capitals_may_be_letters_or_a_word_but_not_in_a_text_of_capitals(lookup) -> None:
    mixed, shouted = read_transcript("the XQUB is", lookup), read_transcript("THE XQUB IS", lookup)
    assert len(mixed.words[1].pronunciations) > len(shouted.words[1].pronunciations)


def test_stage_directions_are_left_out_and_told(lookup) -> None:
    transcript = read_transcript("[laughs] hello <i>dog</i>", lookup)
    assert spelt(transcript) == ["hello", "dog"]
    assert "brackets" in transcript.notes[0]


def test_drawn_out_words_and_interjections_are_known(lookup) -> None:
    transcript = read_transcript("nooooo shh mmm gooood", lookup)
    assert said(transcript)[:3] == ["N OW", "SH", "M"]
    assert "G UH D" in {" ".join(model for model, _ in way) for way in transcript.words[3].pronunciations}


def test_emoji_and_control_characters_say_nothing(lookup) -> None:
    assert spelt(read_transcript("hello \U0001f600\u200b\u00ad\x07dog\ufeff", lookup)) == ["hello", "dog"]


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "\U0001f600", "[music]", "\0\0"])
def test_a_transcript_without_words_is_refused(lookup, text: str) -> None:
    with pytest.raises(AlignmentError, match="holds no words"):
        read_transcript(text, lookup)


@pytest.mark.parametrize(
    ("language", "text", "label"),
    [("de", "Köche grüßen", "ø"), ("fr", "une rue", "y"), ("es", "señor", "ɲ"), ("cmn", "你好", "n")],
)
def test_other_languages_keep_their_own_labels(lookup, language: str, text: str, label: str) -> None:
    words = read_transcript(text, lookup, language).words
    labels = [name for word in words for _, name in word.pronunciations[0]]
    assert label in labels or (language == "de" and "œ" in labels)


@pytest.mark.parametrize(
    ("text", "name"), [("привет мир", "Russian"), ("안녕하세요", "Korean"), ("こんにちは", "Japanese")]
)
def test_another_script_is_taken_for_its_language_and_told(lookup, text: str, name: str) -> None:
    transcript = read_transcript(text, lookup)
    assert transcript.words and name in transcript.notes[0]


def test_latin_text_of_another_language_is_pronounced_so_and_told(lookup) -> None:
    notes = read_transcript("jeszcze wczoraj świeciło słońce", lookup).notes
    assert "looks like Polish" in notes[-1] and "set its language" in notes[-1]


def test_words_of_no_known_language_are_pronounced_as_english_and_told(lookup) -> None:
    assert "set the language" in read_transcript("zorp glaxa frimbu dwenk", lookup).notes[-1]


def test_kanji_are_refused_with_what_to_do(lookup) -> None:
    with pytest.raises(AlignmentError, match="kana"):
        read_transcript("真っ昼間なのに", lookup)


def test_an_unknown_language_is_refused(lookup) -> None:
    with pytest.raises(AlignmentError, match="no voice"):
        read_transcript("hello", lookup, "nowhere")


@pytest.mark.parametrize(
    ("ipa", "models", "labels"),
    [
        ("aɪ", ["AY"], ["aɪ"]), ("ts", ["T", "S"], ["t", "s"]), ("ˈyː", ["UW"], ["y"]), ("ç", ["SH"], ["ɕ"]),
        ("tʃ", ["CH"], ["tʃ"]), ("əl", ["AH", "L"], ["AH", "L"]), ("s.", ["SH"], ["ʂ"]),
        ("uəɜ", ["UW", "AH"], ["u", "ə"]),
        ("ʔ", [], []), ("ɔ̃", ["AO"], ["ɔ"]), ("th", ["T"], ["t"]),
    ],
)  # fmt: skip
def test_ipa_becomes_the_nearest_english_phones(ipa: str, models: list[str], labels: list[str]) -> None:
    phones = english_phones(ipa)
    assert [model for model, _ in phones] == models
    assert [label for _, label in phones] == labels
