"""Transcripts as people have them: what is said, how and when; and what was left out is told."""

import pytest

from kmtalk_core.transcript import Script, read_script
from kmtalk_core.transcript.directions import Manner


def said(script: Script) -> str:
    return " ".join(script.text.split())


def manners(script: Script) -> list[tuple[str, str]]:
    """Each manner with the words after it."""
    return [(manner.name, part.text.split("\n")[0]) for part in script.parts for manner in part.manners]


SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello there,</i>
my friend.

2
00:00:03,000 --> 00:00:04,250
- ANNA: {\\an8}[whispering] Come in.
- Thank you.

3
00:01:00,5 --> 00:01:02
42 dogs &amp; cats
"""

VTT = """WEBVTT - a title
Kind: captions

NOTE this is not said
nor this

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start position:0%
<v Anna Smith>Hello <c.loud>there</c>,<00:00:02.000> my friend.</v>

00:00:03.000 --> 00:00:04.250
(happy) Come in.
"""


def test_subrip_is_cues_with_times() -> None:
    script = read_script(SRT.replace("\n", "\r\n"))
    assert said(script) == "Hello there, my friend. Come in. Thank you. 42 dogs & cats"
    assert [(part.start, part.end) for part in script.parts] == [(1.0, 2.5), (3.0, 4.25), (60.5, 62.0)]
    assert manners(script) == [("whispering", "Come in. Thank you.")]
    assert any("ANNA" in note for note in script.notes) and any("whispering" in note for note in script.notes)


def test_webvtt_is_cues_with_times() -> None:
    script = read_script(VTT)
    assert said(script) == "Hello there, my friend. Come in."
    assert [(part.start, part.end) for part in script.parts] == [(1.0, 2.5), (3.0, 4.25)]
    assert manners(script) == [("happy", "Come in.")]


SUBSTATION = """[Script Info]
Title: Scene 3

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:03.00,0:00:04.25,Default,,0,0,0,,Come in, please.
Dialogue: 0,0:00:01.00,0:00:02.50,Default,Anna,0,0,0,,{\\an8}Hello there,\\Nmy friend.
Comment: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,not said
"""
SBV = "0:00:01.000,0:00:02.500\nHello there,\nmy friend.\n\n0:00:03.000,0:00:04.250\nCome in, please.\n"


@pytest.mark.parametrize("text", [SUBSTATION, SBV])
def test_other_subtitles_are_cues_with_times(text: str) -> None:
    script = read_script(text)
    assert said(script) == "Hello there, my friend. Come in, please."
    assert [(part.start, part.end) for part in script.parts] == [(1.0, 2.5), (3.0, 4.25)]


def test_lines_that_rolling_captions_repeat_are_said_once() -> None:
    rolling = """WEBVTT

00:00:00.000 --> 00:00:02.000
so today we

00:00:02.000 --> 00:00:02.010
so today we

00:00:02.010 --> 00:00:04.000
so today we
go to the park

00:00:04.000 --> 00:00:04.010
go to the park

00:00:04.010 --> 00:00:06.000
go to the park
with friends
"""
    assert said(read_script(rolling)) == "so today we go to the park with friends"


def test_a_cue_that_is_said_twice_is_kept_twice() -> None:
    twice = "1\n00:00:00,000 --> 00:00:01,000\nNo!\n\n2\n00:00:01,000 --> 00:00:02,000\nNo!\n"
    assert said(read_script(twice)) == "No! No!"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ANNA: Hello there.\nBOB: Hi.", "Hello there. Hi."),
        ("Anna: Hello there.\nBob: Hi.", "Hello there. Hi."),
        ("**Anna:** Hello there.\n**Bob:** Hi.", "Hello there. Hi."),
        ("Speaker 1: Hello there.\nSpeaker 2: Hi.", "Hello there. Hi."),
        ("SPEAKER_00: Hello there.", "Hello there."),
        ("DR. O'NEIL-SMITH: Hello there.", "Hello there."),
        ("ÉLODIE : Bonjour.", "Bonjour."),
        (">> ANNA: Hello there.\n>> Hi.", "Hello there. Hi."),
        ("АННА: Привет.", "Привет."),
        ("Remember: never do that.", "Remember: never do that."),
        ("I said: no.", "I said: no."),
        ("Mr. von Braun: a fool?\nHe said: yes.", "a fool? He said: yes."),
        ("GUARD #1: Halt!\nGUARD #2: Who goes there?", "Halt! Who goes there?"),
        ("NARRATOR (V.O.)\nOnce upon a time.", "Once upon a time."),
        ("ROMEO\nBut soft.\n\nJULIET\nAy me!", "But soft. Ay me!"),
        ("It was 10:30 at night.", "It was 10:30 at night."),
        ("10:30 is when we meet.", "10:30 is when we meet."),
    ],
)
def test_names_of_speakers_are_not_said(text: str, words: str) -> None:
    assert said(read_script(text)) == words


@pytest.mark.parametrize(
    ("text", "words", "names"),
    [
        ("(happy) Hello there.", "Hello there.", ["happy"]),
        ("[whispering, very softly] Hello.", "Hello.", ["whispering, very softly"]),
        ("Hello {laughs} there.", "Hello there.", ["laughs"]),
        ("Hello <laughs> there.", "Hello there.", ["laughs"]),
        ("Hello *sighs deeply* there.", "Hello there.", ["sighs deeply"]),
        ("你好【笑】朋友", "你好 朋友", ["笑"]),
        ("こんにちは(笑)", "こんにちは", ["笑"]),
        ("Hello there. (to Bob) Come in.", "Hello there. Come in.", ["to bob"]),
        ("ANNA (angrily): Go away!", "Go away!", ["angrily"]),
        ("ANNA [sad, 30%]: Go away!", "Go away!", ["sad"]),
        ("Hello.\n(She walks slowly over to the other side of the big room.)\nHi.", "Hello. Hi.",
         ["she walks slowly over to the other side of the big room"]),
        ("Hello [she turns\nround] there", "Hello there", ["she turns round"]),
        ("I like dogs (and cats too).", "I like dogs and cats too .", []),
        ("This is *very* good, *this* too.", "This is very good, this too.", []),
        ("See the note [1] and ANNA (V.O.) (CONT'D)", "See the note and ANNA", []),
        ("<laughs>Yes</laughs> &amp; <break time='1s'/>no", "Yes & no", ["laughs"]),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3", []),
        ("<b>Bold</b> and <font color='red'>red</font>", "Bold and red", []),
    ],
)  # fmt: skip
def test_what_stands_in_brackets_is_a_manner_or_said(text: str, words: str, names: list[str]) -> None:
    script = read_script(text)
    assert said(script) == words
    assert [manner.name for part in script.parts for manner in part.manners] == names
    assert any("brackets" in note for note in script.notes) == bool(names)


@pytest.mark.parametrize(("text", "strength"), [("(happy 40%)", 0.4), ("(happy, .25)", 0.25), ("(happy)", None)])
def test_a_manner_may_have_a_strength(text: str, strength: float | None) -> None:
    assert read_script(f"{text} Hello.").parts[0].manners == (Manner("happy", strength),)


def test_a_manner_stands_before_the_words_it_is_about() -> None:
    script = read_script("(happy) Hello there. [whispering] Come in. (beat)")
    assert manners(script) == [("happy", "Hello there."), ("whispering", "Come in."), ("beat", "")]


MARKDOWN = """---
title: Scene 3
---
# Scene 3

<!-- draft -->
> Hello **there**, my _friend_.

- Come [in](https://example.org/a), please.
- Thank you.

1. Wash the dishes.
2. Feed the dog.
3) Sleep.

| a | b |
|---|---|
***
```
code
```
"""


def test_markdown_is_read_without_its_signs() -> None:
    words = "Hello there, my friend. Come in, please. Thank you. Wash the dishes. Feed the dog. Sleep."
    assert said(read_script(MARKDOWN)).startswith(words)
    assert "Scene" not in said(read_script(MARKDOWN)) and "code" not in said(read_script(MARKDOWN))


def test_numerals_are_labels_only_where_a_list_counts() -> None:
    assert said(read_script("1. Wash the dishes.\n2. Feed the dog.")) == "Wash the dishes. Feed the dog."
    assert said(read_script("7. That is my number.")) == "7. That is my number."
    assert said(read_script("3 dogs\n4 cats")) == "3 dogs 4 cats"


SCREENPLAY = """INT. KITCHEN - DAY

Anna stands at the window. She turns.

                    ANNA (V.O.)
          (angry)
     Where have you been?
     I waited for you.

                    BOB
     At the park.

CUT TO:

EXT. PARK - NIGHT

Rain.
"""


def test_of_a_screenplay_only_the_dialogue_is_said() -> None:
    script = read_script(SCREENPLAY)
    assert said(script) == "Where have you been? I waited for you. At the park."
    assert manners(script) == [("angry", "Where have you been?")]
    assert any("scenes and action" in note for note in script.notes)
    assert any("ANNA, BOB" in note for note in script.notes)


def test_a_text_all_in_capitals_is_said() -> None:
    text = "HELLO THERE MY FRIENDS\nHOW ARE YOU TODAY\n\nI AM FINE"
    assert said(read_script(text)) == " ".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "[00:01] Hello there.\n[00:03.5] Come in.\n[00:06] Bye.",
        "00:01 Hello there.\n00:03.5 Come in.\n00:06 Bye.",
        "0:00:01 - Hello there.\n0:00:03.5 - Come in.\n0:00:06 - Bye.",
        "(0:01)\nHello there.\n(0:03.5)\nCome in.\n(0:06)\nBye.",
    ],
)
def test_times_at_lines_are_times(text: str) -> None:
    script = read_script(text)
    assert said(script) == "Hello there. Come in. Bye."
    assert [part.start for part in script.parts] == [1.0, 3.5, 6.0]
    assert [part.end for part in script.parts] == [3.5, 6.0, 16.0]


def test_lines_may_say_when_they_end() -> None:
    script = read_script("[00:01.000 --> 00:03.000] Hello.\n[00:05.000 --> 00:06.500] Bye.\n[ti:Song]")
    assert [(part.text, part.start, part.end) for part in script.parts] == [("Hello.", 1.0, 3.0), ("Bye.", 5.0, 6.5)]


def test_plain_words_stay_as_they_are_and_nothing_is_said_of_them() -> None:
    text = "Well, it's 5 o'clock - time for tea & cake; isn't it? (No.)\nYes: a 1/2 hour ago, at $3.50..."
    script = read_script("“Hello” -- he said…\n" + text.replace("(No.)", ""))
    assert script.notes == () and not script.has_times and len(script.parts) == 1
    assert read_script("") == Script(()) and read_script("[music]").text == ""


@pytest.mark.parametrize(
    "mark", ["(traurig, 0.4)", "（生气）", "(en colère)", "(sehr wütend)", "(грустно 40%)", "(怒って)"]
)
def test_moods_in_any_language_are_no_speech_in_the_midst_of_it(mark: str) -> None:
    parts = read_script(f"He turned {mark} and faced them.").parts
    assert [part.text.split() for part in parts] == [["He", "turned"], ["and", "faced", "them."]]
    assert len(parts[1].manners) == 1


@pytest.mark.parametrize("said", ["(so to say)", "(plain English)", "(mit dem Auto)", "(very well)"])
def test_words_in_brackets_that_tell_no_mood_are_said(said: str) -> None:
    assert (
        read_script(f"He turned {said} and faced them.").text.split()
        == f"He turned {said[1:-1]} and faced them.".split()
    )


CUES = "1\n{}\nHello there.\n\n2\n{}\nCome in, please.\n"


@pytest.mark.parametrize(
    ("first", "second", "times"),
    [
        ("-00:00:01,000 --> 00:00:01,000", "00:00:02,000 --> 00:00:03,000", [(-1.0, 1.0), (2.0, 3.0)]),
        ("00:00:01,000 --> 00:00:00,000", "00:00:02,000 --> 00:00:02,000", [(0.0, 1.0), (2.0, 2.1)]),
        ("12345:00:01,000 --> 12345:00:02,000", "12345:00:03,000 --> 12345:00:04,000", [(44442001.0, 44442002.0)]),
    ],
)
def test_cues_of_odd_times_keep_their_words(first: str, second: str, times: list[tuple[float, float]]) -> None:
    script = read_script(CUES.format(first, second))
    assert said(script) == "Hello there. Come in, please."
    assert [(part.start, part.end) for part in script.parts][: len(times)] == times


def test_cues_are_said_in_the_order_of_their_times() -> None:
    script = read_script(CUES.format("00:00:02,000 --> 00:00:03,000", "00:00:00,000 --> 00:00:01,000"))
    assert said(script) == "Come in, please. Hello there."
