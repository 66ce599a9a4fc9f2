"""Labels of every aligner we know end in the same classes."""

import pytest

from kmtalk_core.phones import CLASS_INDEX, PHONE_CLASSES, SILENCE, VOWELS, classes_of, ipa_symbols


def test_every_class_is_its_own_label() -> None:
    for name in PHONE_CLASSES:
        assert classes_of(name) == (name,)
    assert CLASS_INDEX[SILENCE] == 0
    assert {"a", "i", "ə", "ø"} <= VOWELS


@pytest.mark.parametrize(
    "label", ["", "sil", "SIL", "sp", "spn", "<eps>", "<p:>", "h#", "pau", "+NSN+", "[noise]", "(...)"]
)
def test_what_marks_a_pause_is_silence(label: str) -> None:
    assert classes_of(label) == (SILENCE,)


@pytest.mark.parametrize(
    ("label", "classes"),
    [
        ("AH0", "ə"), ("AH1", "ʌ"), ("AH2", "ʌ"), ("AH", "ʌ"), ("ahn", "ʌ"), ("tq", "t"),
        ("B", "b"), ("JH", "tʃ"), ("AY1", "a ɪ"), ("R", "ɹ"), ("hh", "h"), ("pcl", "p"), ("ax-h", "ə"),
        ("tʃʰ", "tʃ"), ("ˈaɪ", "a ɪ"), ("d͡ʒ", "tʃ"), ("tʲ", "t"), ("ɔ̃", "ɔ"), ("uː", "u"), ("r", "r"), ("ɚ", "ɜ"),
        ("ə˞", "ɜ"), ("ɫ", "l"), ("ç", "ʃ"), ("x", "x"), ("yː", "y"), ("aj", "a ɪ"), ("ow", "o ʊ"), ("j", "j"),
        ("ts.h", "tʃ"), ("s.", "ʃ"), ("i2", "i"), ("uəɜ", "u ə"), ("ɜː", "ɜ"), ("kh", "k"), ("ts", "s"), ("ɧ", "ʃ"),
    ],
)  # fmt: skip
def test_labels_of_many_notations_name_their_classes(label: str, classes: str) -> None:
    assert classes_of(label) == tuple(classes.split())


@pytest.mark.parametrize("label", ["?", "5", "´"])
def test_what_names_no_sound_has_no_class(label: str) -> None:
    assert classes_of(label) == ()


@pytest.mark.parametrize("label", ["t", "tʃʰ", "d͡ʒ", "aɪ", "aj", "ɔ̃", "kʷ", "tː", "ɚ", "aw˥˩", "ʐ̩", "wai", "ts.h", "ç"])
def test_a_single_phone_is_told_as_one(label: str) -> None:
    assert ipa_symbols(label)


@pytest.mark.parametrize("label", ["the", "map", "no", "in", "and", "m@p", "ⴰ", "", "umbrella", "ma", "st"])
def test_a_word_is_no_phone(label: str) -> None:
    assert ipa_symbols(label) is None
