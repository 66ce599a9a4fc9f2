import random

import pytest

from kmtalk_core.corpus import texts

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ru", "pl", "nl", "sv", "ja", "cmn", "tr", "fi", "cs", "ca", "hi")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_sentences_and_something_new_to_say(language):
    assert len(texts.sentences(language)) >= 7
    said = {texts.text(language, random.Random(seed)) for seed in range(40)}
    assert len(said) > 15
    assert all(line.strip() for line in said)


def test_the_same_seed_says_the_same():
    assert [texts.text("en", random.Random(3)) for _ in range(2)] == [texts.text("en", random.Random(3))] * 2
