"""Phones cover their sound without gaps, and TextGrids of Praat and MFA come in and go out."""

import re
import time
from pathlib import Path

import pytest

from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.errors import AlignmentError
from kmtalk_core.phones import SILENCE
from kmtalk_core.textgrid import alignment_of, parse_textgrid, read_textgrid, textgrid_of, write_textgrid

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = ""
        intervals [2]:
            xmin = 0.25
            xmax = 1.0
            text = "the ""map"""
        intervals [3]:
            xmin = 1.0
            xmax = 1.5
            text = ""
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 1.5
        points: size = 1
        points [1]:
            number = 0.7
            mark = "b"
    item [3]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1.5
        intervals: size = 5
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = ""
        intervals [2]:
            xmin = 0.25
            xmax = 0.5
            text = "M"
        intervals [3]:
            xmin = 0.5
            xmax = 0.75
            text = "AE1"
        intervals [4]:
            xmin = 0.75
            xmax = 1.0
            text = "P"
        intervals [5]:
            xmin = 1.0
            xmax = 1.5
            text = "sil"
'''

SHORT = """File type = "ooTextFile"
"TextGrid"

0
0.5
<exists>
1
"IntervalTier"
"phone"
0
0.5
2
0
0.2
"m"
0.2
0.5
"a"
"""

EXPECTED = [(0.0, 0.25, SILENCE), (0.25, 0.5, "M"), (0.5, 0.75, "AE1"), (0.75, 1.0, "P"), (1.0, 1.5, SILENCE)]


def rows(alignment: Alignment) -> list[tuple[float, float, str]]:
    return [(round(phone.start, 6), round(phone.end, 6), phone.label) for phone in alignment.phones]


def test_gaps_become_silences_and_the_ends_are_reached() -> None:
    alignment = Alignment.covering([Phone(0.5, 0.6, "a"), Phone(0.2, 0.3, "m")], 1.0, "test")
    assert rows(alignment) == [
        (0.0, 0.2, SILENCE), (0.2, 0.3, "m"), (0.3, 0.5, SILENCE), (0.5, 0.6, "a"), (0.6, 1.0, SILENCE),
    ]  # fmt: skip


def test_overlaps_and_what_lies_outside_the_sound_are_cut_off() -> None:
    alignment = Alignment.covering([Phone(-1, 0.5, "m"), Phone(0.4, 2, "a"), Phone(3, 4, "b")], 1.0, "test")
    assert rows(alignment) == [(0.0, 0.5, "m"), (0.5, 1.0, "a")]


def test_silences_that_touch_are_one_and_share_their_confidence() -> None:
    alignment = Alignment.covering([Phone(0, 0.5, SILENCE, 0.2), Phone(0.5, 1, SILENCE, 0.6)], 1.0, "test")
    assert rows(alignment) == [(0.0, 1.0, SILENCE)]
    assert alignment.phones[0].confidence == pytest.approx(0.4)


def test_no_phones_are_one_silence() -> None:
    assert rows(Alignment.covering([], 0.3, "test")) == [(0.0, 0.3, SILENCE)]


def test_mean_confidence_is_of_speech_alone() -> None:
    alignment = Alignment((Phone(0, 1, SILENCE, 0.1), Phone(1, 2, "a", 0.4), Phone(2, 3, "b", 0.8)), 3.0, "test")
    assert alignment.mean_confidence == pytest.approx(0.6)
    assert Alignment.covering([], 1.0, "test").mean_confidence == 0.0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_the_long_form_is_read_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "Grüße.TextGrid"
    path.write_bytes(LONG.replace("clicks", "Stöße").encode(encoding))
    assert rows(alignment_of(read_textgrid(path), 1.5)) == EXPECTED


def test_the_long_form_with_windows_line_ends_and_comments_is_read() -> None:
    text = LONG.replace("\n", "\r\n").replace("xmax = 0.25", "xmax = 0.25 ! the end", 1)
    assert rows(alignment_of(parse_textgrid(text), 1.5)) == EXPECTED


def test_the_short_form_is_read() -> None:
    assert rows(alignment_of(parse_textgrid(SHORT), 0.5)) == [(0.0, 0.2, "m"), (0.2, 0.5, "a")]


def test_quotes_are_unescaped_and_point_tiers_left_out() -> None:
    grid = parse_textgrid(LONG)
    assert [tier.name for tier in grid.tiers] == ["words", "phones"]
    assert grid.tiers[0].intervals[1] == (0.25, 1.0, 'the "map"')


@pytest.mark.parametrize("name", ["phone", "Phonemes", "speaker 1 - phones", "MAU", "segment"])
def test_the_tier_of_phones_is_found_by_its_name(name: str) -> None:
    grid = parse_textgrid(LONG.replace('"phones"', f'"{name}"'))
    assert rows(alignment_of(grid, 1.5)) == EXPECTED


def test_a_tier_of_another_name_is_taken_when_it_alone_looks_like_phones() -> None:
    text = LONG.replace('"phones"', '"Mary"').replace('the ""map""', "xylophones")
    assert rows(alignment_of(parse_textgrid(text), 1.5)) == EXPECTED


def test_words_alone_are_refused_with_the_names_of_the_tiers() -> None:
    text = re.sub('"(M|AE1|P)"', '"somewhere"', LONG.replace('"phones"', '"sentence"'))
    with pytest.raises(AlignmentError, match=r"words.*sentence"):
        alignment_of(parse_textgrid(text), 1.5)


def test_of_two_speakers_the_one_who_speaks_longer_is_taken_and_named() -> None:
    tier = '"IntervalTier"\n"{name} - phones"\n0\n1\n2\n0\n{turn}\n"m"\n{turn}\n1\n""\n'
    text = 'File type = "ooTextFile"\n"TextGrid"\n0\n1\n<exists>\n2\n' + tier.format(name="Ann", turn=0.2)
    alignment = alignment_of(parse_textgrid(text + tier.format(name="Bea", turn=0.7)), 1.0)
    assert rows(alignment) == [(0.0, 0.7, "m"), (0.7, 1.0, SILENCE)]
    assert "Bea - phones" in alignment.notes[0]


def test_lower_case_arpabet_is_told_from_ipa() -> None:
    text = SHORT.replace('"m"', '"r"').replace('"a"', '"iy"')
    assert [phone.label for phone in alignment_of(parse_textgrid(text), 0.5).phones] == ["R", "IY"]


def test_a_part_cut_out_with_its_times_kept_starts_at_zero() -> None:
    text = SHORT.replace("\n0\n", "\n10\n").replace("0.5", "10.5").replace("0.2", "10.2")
    alignment = alignment_of(parse_textgrid(text), 0.5)
    assert rows(alignment) == [(0.0, 0.2, "m"), (0.2, 0.5, "a")]
    assert "begins at 10.00 s" in alignment.notes[0]


def test_a_textgrid_of_another_length_is_cut_and_told() -> None:
    alignment = alignment_of(parse_textgrid(LONG), 0.8)
    assert rows(alignment)[-1] == (0.75, 0.8, "P")
    assert "1.50 s long and the sound 0.80 s" in alignment.notes[-1]


def test_labels_that_name_no_phone_are_told() -> None:
    alignment = alignment_of(parse_textgrid(LONG.replace('"AE1"', '"??"')), 1.5)
    assert "??" in alignment.notes[-1]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    phones = [Phone(0.1234567, 0.3, "ɔ̃"), Phone(0.3, 0.4, 'a"'), Phone(0.6, 1, "t")]
    alignment = Alignment.covering(phones, 1.1, "test")
    write_textgrid(alignment, tmp_path / "out.TextGrid")
    assert rows(alignment_of(read_textgrid(tmp_path / "out.TextGrid"), 1.1)) == [
        (round(start, 6), end, label) for start, end, label in rows(alignment)
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["out.TextGrid"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AlignmentError, match="cannot be written"):
        write_textgrid(Alignment.covering([], 1.0, "test"), tmp_path / "file" / "out.TextGrid")


HOSTILE = {
    "nothing": "",
    "prose": "this is no TextGrid",
    "another object": LONG.replace('"TextGrid"', '"Sound"'),
    "chronological, without its tiers": '"Praat chronological TextGrid text file"\n0 1\n',
    "chronological, of a tier that is not there": (
        '"Praat chronological TextGrid text file" 0 1 1 "IntervalTier" "phones" 0 1 2 0 1 "m"'
    ),
    "chronological, of many tiers": '"Praat chronological TextGrid text file" 0 1 900000000 "IntervalTier" "a" 0 1',
    "cut off": LONG[:700],
    "cut off in a string": LONG[: LONG.index("map") + 2],
    "more intervals than there are": LONG.replace("size = 5", "size = 1000000000"),
    "a negative count": LONG.replace("size = 5", "size = -5"),
    "a fraction of an interval": LONG.replace("size = 5", "size = 2.5"),
    "an endless time": LONG.replace("xmax = 0.25", "xmax = 1e999", 1),
    "a time that is no number": LONG.replace("xmax = 0.25", "xmax = nan"),
    "an undefined time": LONG.replace("xmax = 0.25", "xmax = --undefined--"),
    "a negative time": LONG.replace("xmin = 0\n            xmax = 0.25", "xmin = -3\n            xmax = 0.25"),
    "intervals that end before they start": LONG.replace("xmax = 0.75", "xmax = 0.45"),
    "intervals that overlap": LONG.replace("xmin = 0.75", "xmin = 0.6"),
    "an unknown tier": LONG.replace('"TextTier"', '"BoomTier"'),
    "open quotes": '"ooTextFile" "TextGrid" 0 1 <exists> 1 ' + '"' * 400_001,
    "open brackets": '"ooTextFile" "TextGrid" 0 1 ' + "<" * 400_000,
    "endless numbers": '"ooTextFile" "TextGrid" ' + "1" * 400_000,
    "endless words": "a" * 4_000_000,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_textgrid_is_refused_in_one_sentence_and_at_once(case: str) -> None:
    begun = time.process_time()
    with pytest.raises(AlignmentError) as caught:
        alignment_of(parse_textgrid(HOSTILE[case], "bad.TextGrid"), 1.5, "bad.TextGrid")
    assert time.process_time() - begun < 2
    assert "bad.TextGrid" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02" * 100, b"\xff\xfe\x00", b"ooBinaryFile\x08TextGrid\x00\x00", b"\xff" * 50]
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.TextGrid").write_bytes(content)
    with pytest.raises(AlignmentError):
        read_textgrid(tmp_path / "x.TextGrid")


def test_a_file_of_absurd_size_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "big.TextGrid").open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(AlignmentError, match="larger than"):
        read_textgrid(tmp_path / "big.TextGrid")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.TextGrid", tmp_path):
        with pytest.raises(AlignmentError, match="check the path"):
            read_textgrid(path)


def test_a_label_as_long_as_a_book_is_no_phone() -> None:
    with pytest.raises(AlignmentError):
        alignment_of(parse_textgrid(SHORT.replace('"a"', '"' + "a" * 100_000 + '"')), 0.5)


def test_the_long_form_that_is_written_says_how_many_intervals_there_are() -> None:
    assert "intervals: size = 2" in textgrid_of(Alignment.covering([Phone(0, 0.5, "m")], 1.0, "test"))
