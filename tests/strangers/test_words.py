"""What strangers write as TextGrids and transcripts is read or refused in a sentence; what was written comes back.

`--examples 5000` looks longer.
"""

import itertools
import string
from pathlib import Path

import pytest

pytest.importorskip("hypothesis")
from hypothesis import assume, given
from hypothesis import strategies as st

from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.errors import AlignmentError
from kmtalk_core.notation import read_labels
from kmtalk_core.phones import SILENCE, classes_of
from kmtalk_core.textgrid import TextGrid, Tier, alignment_of, parse_textgrid, read_textgrid, textgrid_of
from kmtalk_core.transcript import decode, read_file, read_script

TOKENS = st.sampled_from(
    ['"ooTextFile"', '"TextGrid"', "<exists>", '"IntervalTier"', '"TextTier"', '"phones"', '"M"', '""', '"', "<", "0",
     "1", "2", "0.5", "1e999", "nan", "-1", "9" * 40, "! x\n", "size =", '"Praat chronological TextGrid text file"',
     "\0"]
)  # fmt: skip
ARPABET = st.sampled_from(["AA1", "AH0", "B", "CH", "IY2", "M", "NG", "P", "S", "SH", "sil", "", "spn", "ER0"])


def check(found: Alignment, duration: float) -> None:
    """What every alignment is, wherever it comes from."""
    assert found.phones[0].start == 0 and found.phones[-1].end == pytest.approx(duration)
    for before, after in itertools.pairwise(found.phones):
        assert before.start < before.end == after.start
    assert all(note and note[-1] in ".;:)" and "\n" not in note for note in found.notes)


def read_or_refused(text: str, duration: float) -> None:
    try:
        found = alignment_of(parse_textgrid(text, "x.TextGrid"), duration, "x.TextGrid")
    except AlignmentError as error:
        assert "x.TextGrid" in str(error) and "\n" not in str(error)
    else:
        check(found, duration)


@given(st.lists(TOKENS, max_size=60), st.floats(0.01, 1e5))
def test_any_tokens_of_a_textgrid_are_read_or_refused(tokens: list[str], duration: float) -> None:
    read_or_refused(" ".join(tokens), duration)
    read_or_refused(" ".join(['"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "phones" 0 1', *tokens]), duration)


@given(st.integers(0, 400), st.text(max_size=6), st.floats(0.1, 10))
def test_a_textgrid_that_was_tampered_with_is_read_or_refused(place: int, text: str, duration: float) -> None:
    phones = [Phone(0.1 * i, 0.1 * i + 0.1, label) for i, label in enumerate(["M", "AE1", "P", "S"])]
    good = textgrid_of(Alignment.covering(phones, 0.5, "test"))
    read_or_refused(good[:place] + text + good[place + 1 :], duration)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    for read in (read_textgrid, read_file):
        try:
            read(path)
        except AlignmentError as error:
            assert "\n" not in str(error)


@given(
    st.lists(st.tuples(ARPABET, st.floats(0.02, 0.5), st.floats(0, 0.01)), min_size=4, max_size=40),
    st.sampled_from(["", "_B"]),
    st.randoms(use_true_random=False),
)
def test_labels_keep_their_classes_whatever_small_fault_the_file_has(rows, suffix: str, random) -> None:
    assume(sum(label[:1].isupper() for label, _, _ in rows) > 2)
    time, intervals = 0.0, []
    for label, length, overlap in rows:
        start = max(time - overlap, 0.0)
        time += length
        intervals.append((start, time, label + suffix if label else ""))
    tiers = [Tier("words", ((0.0, time, "whatever is said"),)), Tier("x", tuple(intervals))]
    random.shuffle(tiers)
    found = alignment_of(TextGrid(0.0, time, tuple(tiers)), time)
    check(found, time)
    wanted = [classes_of(label) for label, _, _ in rows if classes_of(label) != (SILENCE,)]
    assert [classes_of(phone.label) for phone in found.phones if not phone.is_silence] == wanted


@given(st.lists(st.text(alphabet=string.printable + "əʃŋ˥", max_size=8), max_size=30))
def test_any_labels_have_a_notation(labels: list[str]) -> None:
    found = read_labels(labels)
    assert 0 <= found.share <= 1
    for label in labels:
        assert isinstance(found.plain(label), str) and (not found.knows(label) or classes_of(found.plain(label)))


LINES = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            ["WEBVTT", "1", "00:00:01,000 --> 00:00:02,000", "00:01.5 --> 00:00.5", "ANNA: Hi.", "(happy 40%)", "[",
             "((", "# Title", "- a", "1. b", "INT. ROOM - DAY", "ANNA", "```", "---", "<v Bob>Hi", "{\\an8}",
             "*laughs*", "", "|-|", "0:12 Hello", "99:99:99,999 --> 99:99:99,999", "<!--", "/*"]
        ),
    ),
    max_size=25,
)  # fmt: skip


@given(LINES)
def test_any_text_is_a_script(lines: list[str]) -> None:
    script = read_script("\n".join(lines))
    for part in script.parts:
        assert part.text == part.text.strip() and (part.text or part.manners)
        assert (part.start is None) == (part.end is None) and (part.start is None or part.start < part.end)
        assert all(manner.strength is None or 0 <= manner.strength <= 1 for manner in part.manners)
    assert all("\n" not in note for note in script.notes)


@given(st.lists(st.text(alphabet="abcdefghi jklmnopqrstuvwxyzäöüéñ", min_size=1, max_size=30), min_size=1, max_size=6))
def test_plain_words_are_kept_word_for_word(lines: list[str]) -> None:
    assert read_script("\n".join(lines)).text.split() == " ".join(lines).split()


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_any_text_in_unicode_comes_back(text: str, encoding: str) -> None:
    assume(not any(0xD800 <= ord(c) < 0xE000 for c in text))
    assume(encoding != "utf-8" or not text.startswith("\ufeff"))
    assume("\0" not in text)
    assert decode(text.encode(encoding)) == (text, None)
