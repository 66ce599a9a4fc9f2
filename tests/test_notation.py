"""The labels of a file, as programs write them, are read in the notation that explains them best."""

import pytest

from kmtalk_core.notation import read_labels
from kmtalk_core.phones import SILENCE, classes_of


def of(text: str) -> list[str]:
    return text.split()


MFA = of("sil HH AH0 L OW1 W ER1 L D spn P AE1 S M IY1 B")
P2FA = of("sp M AA1 N sp B AH0 T IH2 F Y UW1 T R IY0 L AE1 F ns")
KALDI = of("SIL_S HH_B AH0_I L_I OW1_E W_B ER1_I L_I D_E AH0_S SPN_S")
TIMIT = of("h# sh iy hv ae dcl d y er dcl d aa r kcl k s ux q epi pau ax-h axr em")
BUCKEYE = of("SIL dh ae tq ahn s ow VOCNOISE b ih n k iyn eng er IVER nx el")
MAUS_GERMAN = of("<p:> h a: b @ n v i:6 S 2: n E6 t_h N aU OY pf ts Q 9 Y C x")
MAUS_ENGLISH = of("<p:> D @ k { t s { t Q n Z 3: tS dZ eI @U I@ V")
X_SAMPA = of('r\\ t` s\\ { A: @ "a b_< u~ z`')
IPA = of("m ə r y ʃ tʃ aj ow d̪ ʔ ɒː ɫ̩ spn")
MFA_MANDARIN = of("n i˧˥ x aw˨˩ tɕʰ y˥˩ ʂ ʐ̩˥˩ ə̃")
PINYIN = of("sil n i3 h ao3 zh ong1 g uo2 b a1 m en5 x ve2 sh")


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (MFA, "ARPAbet"), (P2FA, "ARPAbet"), (KALDI, "ARPAbet"), (TIMIT, "ARPAbet"), (BUCKEYE, "ARPAbet"),
        (MAUS_GERMAN, "SAMPA"), (MAUS_ENGLISH, "SAMPA"), (X_SAMPA, "SAMPA"), (IPA, "IPA"), (MFA_MANDARIN, "IPA"),
        (PINYIN, "pinyin"), (["S", "N", "M", "T"], "ARPAbet"), (["m", "a", "n"], "IPA"), ([], "IPA"),
    ],
)  # fmt: skip
def test_each_notation_is_told_by_all_of_its_labels(labels: list[str], name: str) -> None:
    found = read_labels(labels)
    assert found.notation.name == name
    assert all(found.knows(label) and classes_of(found.plain(label)) for label in labels)


@pytest.mark.parametrize(
    ("labels", "label", "classes"),
    [
        (MFA, "M", "m"), (MFA, "P", "p"), (MFA, "S", "s"), (MFA, "AH0", "ə"), (MFA, "HH", "h"), (MFA, "spn", SILENCE),
        (P2FA, "R", "ɹ"), (P2FA, "Y", "j"), (P2FA, "ns", SILENCE), (P2FA, "B", "b"), (KALDI, "AH0_I", "ə"),
        (KALDI, "D_E", "d"), (KALDI, "SIL_S", SILENCE), (TIMIT, "y", "j"), (TIMIT, "r", "ɹ"), (TIMIT, "q", "t"),
        (TIMIT, "h#", SILENCE), (TIMIT, "ax-h", "ə"), (BUCKEYE, "ahn", "ʌ"), (BUCKEYE, "VOCNOISE", SILENCE),
        (MAUS_GERMAN, "2:", "ø"), (MAUS_GERMAN, "OY", "ɔ y"), (MAUS_GERMAN, "i:6", "i a"), (MAUS_GERMAN, "t_h", "t"),
        (MAUS_GERMAN, "<p:>", SILENCE), (MAUS_GERMAN, "S", "ʃ"), (MAUS_GERMAN, "C", "ʃ"), (MAUS_ENGLISH, "{", "æ"),
        (MAUS_ENGLISH, "@U", "ə ʊ"), (MAUS_ENGLISH, "V", "ʌ"), (X_SAMPA, "r\\", "ɹ"), (X_SAMPA, "s\\", "ʃ"),
        (X_SAMPA, '"a', "a"), (IPA, "r", "r"), (IPA, "y", "y"), (IPA, "ow", "o ʊ"), (MFA_MANDARIN, "aw˨˩", "a ʊ"),
        (PINYIN, "zh", "tʃ"), (PINYIN, "h", "x"), (PINYIN, "ao3", "a ʊ"), (PINYIN, "ong1", "ʊ ŋ"), (PINYIN, "b", "p"),
    ],
)  # fmt: skip
def test_a_label_is_read_as_the_rest_of_its_file(labels: list[str], label: str, classes: str) -> None:
    assert classes_of(read_labels(labels).plain(label)) == tuple(classes.split())


def test_one_odd_label_does_not_change_the_reading() -> None:
    found = read_labels([*MFA * 3, "@", "foo"])
    assert found.notation.name == "ARPAbet" and not found.knows("foo") and found.share > 0.9


def test_words_are_explained_by_no_notation() -> None:
    for text in ("she hung the wet umbrella above the bath", "THE MAN AND HIS DOG", "les amis sont dans la rue"):
        assert read_labels(text.split()).share < 0.4
