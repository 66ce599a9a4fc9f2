"""Moods by the words for them, and what a name denies is none."""

import pytest

from kmtalk_core.transcript.feelings import is_low, mood_of


@pytest.mark.parametrize(
    "name",
    [
        "not happy", "not very happy", "isn't happy", "no longer angry", "without fear", "neither happy nor sad",
        "nicht wütend", "ohne Zorn, nicht froh", "pas heureux", "pas en colère", "no contento", "non felice",
        "não feliz", "niet boos", "inte ledsen", "nie smutny", "не грустно", "mutlu değil",
        "안 기쁘게", "무서워하지 않고",
        "不高兴", "不太高兴", "不是很高興", "没有生气", "不害怕", "怒っていない", "嬉しくない",
        "怖くありません", "驚かず",
    ],
)  # fmt: skip
def test_what_is_denied_is_no_mood(name: str) -> None:
    assert mood_of(name) is None


@pytest.mark.parametrize(
    ("name", "mood"),
    [
        ("not happy, sad", "sad"), ("not angry but afraid", "afraid"), ("nicht froh, sondern traurig", "sad"),
        ("非常高兴", "happy"), ("不高兴，很难过", "sad"), ("无聊", "bored"), ("怒りではなく悲しみ", "sad"),
        ("悲しくてたまらない", "sad"), ("怒ってずっと", "angry"), ("unhappy", "sad"), ("하지만 화나서", "angry"),
    ],
)  # fmt: skip
def test_what_is_felt_instead_is_the_mood(name: str, mood: str) -> None:
    assert mood_of(name) == mood


def test_a_voice_that_is_not_low_is_none() -> None:
    assert is_low("whispering") and is_low("小声") and not is_low("not whispering") and not is_low("不小声")
