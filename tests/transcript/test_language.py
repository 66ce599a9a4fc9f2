"""A text tells its language where it clearly can."""

import pytest

from kmtalk_core.transcript.language import guess_language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Guten Morgen, heute ist ein schöner Tag und wir gehen zusammen in den Park.", "de"),
        ("Bonjour, aujourd'hui nous allons nous promener dans le parc avec nos amis.", "fr"),
        ("Buenos días, hoy vamos a pasear por el parque con nuestros amigos.", "es"),
        ("Buongiorno, oggi andiamo a passeggiare nel parco con i nostri amici.", "it"),
        ("Bom dia, hoje vamos passear no parque com os nossos amigos.", "pt-br"),
        ("Ik heb vandaag geen tijd om met je naar het park te gaan.", "nl"),
        ("Dzień dobry, dzisiaj nie mogę, ale jutro jest dobrze.", "pl"),
        ("Jag har inte tid att gå till parken med dig idag.", "sv"),
        ("Bugün çok güzel bir gün ve biz parka gidiyoruz.", "tr"),
        ("Доброе утро, сегодня мы идём гулять.", "ru"),
        ("おはようございます、今日は公園に行きます。", "ja"),
        ("早上好,今天我们去公园。", "cmn"),
        ("안녕하세요", "ko"),
    ],
)
def test_languages_are_told_by_script_and_common_words(text: str, code: str) -> None:
    assert guess_language(text)[1] == code


@pytest.mark.parametrize(
    "text",
    [
        "", "No.", "Hello there, my friend!", "She hung the wet umbrella above the bath to dry.",
        "Bin blue at f two now.",
        "He said c'est la vie and left for the Rio de Janeiro of his dreams.", "Que sera, sera.", "42", "La la la la.",
        "Das Boot is a film about war.", "Frobnix Zhang paid 42 dollars to Gorblax.", "NO WAY, MAN!",
    ],
)  # fmt: skip
def test_what_may_be_english_is_left_to_be_english(text: str) -> None:
    assert guess_language(text) == ("", "")
