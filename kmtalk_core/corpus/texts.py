"""What the synthetic voices say: sentences of our own, word salad, numbers and spelling, in many languages."""

import random
import re
from functools import cache
from pathlib import Path

_PUNCTUATION = ".,?!¿¡।，。？、！"
_FUNCTION_WORDS = (
    "the", "a", "of", "to", "and", "in", "for", "with", "on", "by", "was", "is", "but", "from", "have", "be", "at",
    "my", "your", "our", "this", "that", "more", "some", "people", "we", "you", "they",
)  # fmt: skip
_WITHOUT_SPACES = {"cmn": ("，", "。"), "ja": ("、", "。")}  # language → (pause mark, full stop)


@cache
def sentences(language: str) -> tuple[str, ...]:
    """The sentences of one language, named as eSpeak NG names it (`en`, `de`, `cmn` …)."""
    found: dict[str, list[str]] = {}
    here: list[str] = []
    for line in Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            here = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            here.append(line)
    return tuple(found[language])


@cache
def english_words() -> tuple[str, ...]:
    """Words of the pronouncing dictionary that ships with PocketSphinx; () where it is not installed."""
    try:
        from pocketsphinx import get_model_path
    except ImportError:
        return ()
    text = (Path(get_model_path("en-us")) / "cmudict-en-us.dict").read_text(encoding="utf-8")
    words = (line.split(maxsplit=1)[0] for line in text.splitlines() if line)
    return tuple(word for word in words if re.fullmatch("[a-z']{2,11}", word))


def text(language: str, rng: random.Random) -> str:
    """Something to say in `language`: what the corpus is made of."""
    return _english(rng) if language == "en" else _foreign(language, rng)


def _english(rng: random.Random) -> str:
    choice = rng.random()
    if choice < 0.45:
        return rng.choice(sentences("en"))
    if choice < 0.85:
        return _word_salad(rng)
    if choice < 0.93:
        return _numbers(rng)
    return ", ".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(rng.randint(3, 7))) + "."


def _word_salad(rng: random.Random) -> str:
    vocabulary = english_words() or _words_of("en")
    words: list[str] = []
    for _ in range(rng.randint(3, 8)):
        if rng.random() < 0.55:
            words.append(rng.choice(_FUNCTION_WORDS))
        words.append(rng.choice(vocabulary))
    if rng.random() < 0.3:
        words[len(words) // 2] += ","
    return " ".join(words).capitalize() + rng.choice("..?!")


def _numbers(rng: random.Random) -> str:
    what = rng.choice(["Call", "Room", "Number", "Page", "Flight", "Bus", "Platform"])
    link = rng.choice(["maybe", "about", "before", "from"])
    things = rng.choice(["boxes", "people", "maps", "minutes", "oranges", "pounds", "volumes"])
    return f"{what} {rng.randint(1, 9999)}, {link} {rng.randint(2, 90)} {things}."


@cache
def _words_of(language: str) -> tuple[str, ...]:
    if language in _WITHOUT_SPACES:
        return tuple(c for sentence in sentences(language) for c in sentence if c not in _PUNCTUATION)
    return tuple(word.strip(_PUNCTUATION) for sentence in sentences(language) for word in sentence.split())


def _foreign(language: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(sentences(language))
    words = _words_of(language)
    if language in _WITHOUT_SPACES:
        pause, stop = _WITHOUT_SPACES[language]
        signs = [rng.choice(words) for _ in range(rng.randint(6, 16))]
        signs.insert(len(signs) // 2, pause)
        return "".join(signs) + stop
    return " ".join(rng.choice(words) for _ in range(rng.randint(4, 9))) + "."
