"""Words are pronounced where eSpeak NG is not: by tables of its own language, and never by a file that lies."""

import gzip
import sys
from pathlib import Path

import pytest

from kmtalk_core import audio, espeak
from kmtalk_core.engines import STARTER_WEIGHTS
from kmtalk_core.errors import AlignmentError
from kmtalk_core.localize import letters, localize
from kmtalk_core.phones import classes_of
from kmtalk_core.progress import finish
from kmtalk_core.training import letters as training

SPANISH = [
    "casa",
    "cosa",
    "queso",
    "que",
    "quien",
    "gente",
    "gato",
    "guerra",
    "hijo",
    "llamar",
    "lluvia",
    "niño",
    "año",
    "rey",
    "perro",
    "caro",
    "hola",
    "hacer",
    "chico",
    "zapato",
]


def table(rules: dict[str, str]) -> letters.Letters:
    return letters.Letters("xx", rules)


def test_the_longest_stretch_that_is_known_decides() -> None:
    known = table(
        {"_c_": "k", "_c_h": "tʃ", "_h_": "", "_a_": "a", "s_c_h": "ʃ", "_s_": "s", "#s_c_hu": "x", "_u_": "u"}
    )
    assert known.phones("ca") == ("k", "a")
    assert known.phones("cha") == ("tʃ", "a")
    assert known.phones("scha") == ("s", "ʃ", "a")
    assert known.phones("schu")[1] == "x"
    assert known.phones("ca7") == ("k", "a")


def test_a_table_is_learnt_and_kept_and_its_errors_are_counted(tmp_path: Path) -> None:
    words = SPANISH * 3
    learnt, errors = finish(training.train_job(words, "es"))
    assert 0 <= errors.phones < 0.5 and errors.words <= 1
    size = training.save(learnt, tmp_path / "es.json.gz")
    assert size == (tmp_path / "es.json.gz").stat().st_size < 5000
    assert letters.load("es", tmp_path) == learnt
    right = sum(learnt.phones(w) == tuple(p.strip("ˈˌ") for p in espeak.phonemes(w, "es")[0]) for w in SPANISH)
    assert right > 0.8 * len(SPANISH)
    assert letters.phonemes("La casa.", "es-419", tmp_path) is not None


def test_what_is_wrong_missing_or_too_much_counts_as_an_error() -> None:
    known = table({"_a_": "a", "_b_": "b", "_c_": "k"})
    found = training.errors_of(
        known, [("abc", ("a", "b", "k")), ("ab", ("a", "b", "s")), ("aa", ("a",)), ("b", ("p",))]
    )
    assert (found.phones, found.words) == (3 / 8, 3 / 4)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no gzip", gzip.compress(b"[" * 100_000), gzip.compress(b"[]"), gzip.compress(b'{"format": 9}'),
        gzip.compress(b'{"format": 1, "phones": ["a"], "rules": {"_a_": 7}}'),
        gzip.compress(b'{"format": 1, "phones": 3, "rules": {"_a_": 0}}'), gzip.compress(b"\xff\xfe"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "xy.json.gz").write_bytes(content)
    assert letters.load("xy", tmp_path) is None
    assert letters.phonemes("a", "xy", tmp_path) is None
    assert letters.load("../xy", tmp_path) is None


def test_english_numbers_are_read_as_words() -> None:
    for value, words in ((0, "zero"), (17, "seventeen"), (42, "forty two"), (300, "three hundred"),
                         (1984, "one thousand nine hundred eighty four"), (5_000_002, "five million two")):  # fmt: skip
        assert " ".join(letters.number(value)) == words


@pytest.mark.skipif(not (letters.FOLDER / "en.json.gz").exists(), reason="no tables here")
@pytest.mark.parametrize("language", training.LANGUAGES)
def test_every_table_that_comes_along_pronounces_its_language(language: str) -> None:
    text = {
        "en": "Good morning, today we are going for a walk in the park with our friends.",
        "de": "Guten Morgen, heute ist ein schöner Tag und wir gehen zusammen in den Park.",
        "fr": "Bonjour, nous allons nous promener dans le parc avec nos amis.",
        "es": "Buenos días, hoy vamos a pasear por el parque con nuestros amigos.",
        "it": "Buongiorno, oggi andiamo a passeggiare nel parco con i nostri amici.",
        "pt": "Bom dia, hoje vamos passear no parque com os nossos amigos.",
        "nl": "Goedemorgen, vandaag gaan we wandelen in het park met onze vrienden.",
        "pl": "Dzień dobry, dzisiaj idziemy na spacer do parku z naszymi przyjaciółmi.",
        "sv": "God morgon, idag går vi en promenad i parken med våra vänner.",
        "ru": "Доброе утро, сегодня мы идём гулять в парк с нашими друзьями.",
    }[language]
    ours = letters.phonemes(text, language)
    theirs = espeak.phonemes(text, {"en": "en-us", "pt": "pt-br"}.get(language, language))
    assert ours is not None
    one, other = ([c for word in said for phone in word for c in classes_of(phone)] for said in (ours, theirs))
    assert training._distance(one, other) < 0.25 * len(other)


@pytest.mark.skipif(not (letters.FOLDER / "en.json.gz").exists(), reason="no tables here")
@pytest.mark.skipif(not (STARTER_WEIGHTS / "model.safetensors").exists(), reason="no starter weights")
def test_words_are_placed_with_numpy_alone(monkeypatch: pytest.MonkeyPatch, speech: Path) -> None:
    sound = audio.load(speech)

    def missing(*arguments: object) -> None:
        raise espeak.EspeakError("eSpeak NG is missing; install the package espeakng-loader.")

    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    monkeypatch.setattr(espeak, "phonemes", missing)
    found = finish(localize(sound, text="Bob made a map of the moon in 42 days."[:27]))
    assert found.method == "transcript"
    spoken = [classes_of(phone.label)[0] for phone in found.phones if not phone.is_silence]
    assert spoken[0] == "b" and spoken.count("m") >= 3
    with pytest.raises(AlignmentError, match="cannot be pronounced here"):
        finish(localize(sound, method="transcript", text="안녕하세요", language="ko"))
