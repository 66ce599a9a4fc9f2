"""TextGrids as people have them: the tier of phones is found, small faults are mended, and all of it is said."""

import itertools

import pytest

from kmtalk_core.alignment import Alignment
from kmtalk_core.errors import AlignmentError
from kmtalk_core.phones import SILENCE, classes_of
from kmtalk_core.textgrid import TextGrid, Tier, alignment_of, parse_textgrid

Row = tuple[float, float, str]


def evenly(labels: str, step: float = 0.1, start: float = 0.0) -> tuple[Row, ...]:
    """`labels` one after the other, `_` for none."""
    return tuple(
        (start + i * step, start + (i + 1) * step, "" if label == "_" else label)
        for i, label in enumerate(labels.split())
    )


def grid_of(end: float, **tiers: tuple[Row, ...]) -> TextGrid:
    return TextGrid(0.0, end, tuple(Tier(name.replace("__", " - "), rows) for name, rows in tiers.items()))


def spoken(alignment: Alignment) -> list[str]:
    return [phone.label for phone in alignment.phones if not phone.is_silence]


WORDS = evenly("she hung a wet map _", 0.2)
PHONES = evenly("SH IY1 HH AH1 NG AH0 W EH1 T M AE1 P")


@pytest.mark.parametrize("words", ["words", "phones", "segments", "MAU", "phone", "Mary"])
@pytest.mark.parametrize("phones", ["phones", "Mary", "tier 2", "a"])
def test_words_are_never_phones_whatever_their_tier_is_called(words: str, phones: str) -> None:
    grid = TextGrid(0.0, 1.2, (Tier(words, WORDS), Tier(phones, PHONES)))
    assert spoken(alignment_of(grid, 1.2)) == [text for _, _, text in PHONES]


@pytest.mark.parametrize("name", ["phones", "segment", "MAU", "words"])
@pytest.mark.parametrize(
    "text", ["she hung a wet map", "I am so at it", "ich bin am See", "o no he is on it", "ma1 ba1 ni3"]
)
def test_a_tier_of_words_alone_is_refused(name: str, text: str) -> None:
    with pytest.raises(AlignmentError, match="no tier of phones"):
        alignment_of(TextGrid(0.0, 1.2, (Tier(name, evenly(text, 0.2)),)), 1.2)


def test_how_the_labels_are_read_is_said() -> None:
    assert "The labels are read as ARPAbet." in alignment_of(grid_of(1.2, phones=PHONES), 1.2).notes
    german = alignment_of(grid_of(0.5, MAU=evenly("h a: b @ n")), 0.5)
    assert "The labels are read as SAMPA." in german.notes and spoken(german) == ["h", "aː", "b", "ə", "n"]


def test_positions_in_the_word_are_taken_off() -> None:
    found = alignment_of(grid_of(0.9, phones=evenly("SIL_S HH_B AH0_I L_I OW1_E AH0_S B_B IY1_E SIL_S")), 0.9)
    assert spoken(found) == ["HH", "AH0", "L", "OW1", "AH0", "B", "IY1"]
    assert found.phones[0].is_silence and found.phones[-1].is_silence


def test_the_notation_is_that_of_all_speakers_together() -> None:
    grid = grid_of(1.2, Ann__phones=evenly("S N _ _ _ _ _ _ _ _ _ _"), Bea__phones=PHONES)
    assert "The labels are read as ARPAbet." in alignment_of(grid, 1.2).notes


def test_of_several_speakers_the_one_is_taken_whom_the_sound_holds() -> None:
    ann, bea = evenly("M AA1 M AA1", 0.25), evenly("B IY1 B IY1 B IY1 B IY1", 0.25, 2.0)
    grid = grid_of(4.0, Ann__words=evenly("ma ma", 0.5), Ann__phones=ann, Bea__words=evenly("bee bee"), Bea__phones=bea)
    for pauses, labels in ((((1.1, 4.0),), ["M", "AA1"]), (((0.0, 2.0),), ["B", "IY1"])):
        found = alignment_of(grid, 4.0, pauses=pauses)
        assert spoken(found)[:2] == labels
        assert "Phones come from the tier" in found.notes[0] and "delete it" in found.notes[0]
    assert spoken(alignment_of(grid, 4.0))[:2] == ["B", "IY1"]  # where nothing is known of the sound, who says most


@pytest.mark.parametrize("overlap", [0.001, 0.01, 0.03, 0.05])
def test_small_overlaps_are_cut_at_the_middle_and_told(overlap: float) -> None:
    rows = tuple((max(start - overlap, 0), end, text) for start, end, text in PHONES)
    found = alignment_of(grid_of(1.2, phones=rows), 1.2)
    assert spoken(found) == [text for _, _, text in PHONES]
    for number, (before, after) in enumerate(itertools.pairwise(found.phones), 1):
        assert before.end == after.start == pytest.approx(0.1 * number - overlap / 2)
    assert any("overlap by up to" in note for note in found.notes) == (overlap > 0.002)


def test_larger_overlaps_and_labels_out_of_order_are_refused() -> None:
    for rows in (((0.0, 0.5, "M"), (0.2, 0.6, "AA1")), ((0.2, 0.3, "M"), (0.1, 0.2, "AA1"), (0.3, 0.4, "P"))):
        with pytest.raises(AlignmentError, match="goes back in time at 0"):
            alignment_of(grid_of(1.0, phones=rows), 1.0)


def test_a_first_label_just_before_the_sound_is_cut_and_told() -> None:
    found = alignment_of(grid_of(1.2, phones=((-0.02, 0.1, "SH"), *PHONES[1:])), 1.2)
    assert (found.phones[0].start, found.phones[0].end, found.phones[0].label) == (0.0, 0.1, "SH")
    assert any("20 ms before the sound" in note for note in found.notes)


def test_a_fault_in_a_tier_that_is_not_used_does_no_harm() -> None:
    grid = grid_of(1.2, words=((0.0, 0.9, "she"), (0.3, 0.6, "hung")), phones=PHONES)
    assert len(spoken(alignment_of(grid, 1.2))) == len(PHONES)


def test_phones_outside_the_sound_are_refused_and_mostly_outside_are_told() -> None:
    grid = grid_of(60.0, phones=evenly("SH IY1 HH AH1 NG M AE1 P", 0.1, start=50.0))
    with pytest.raises(AlignmentError, match=r"50\.00 to 50\.80 s, outside the sound of 5\.00 s"):
        alignment_of(grid, 5.0)
    assert any("Only 25 % of the phones" in note for note in alignment_of(grid, 50.2).notes)


def test_a_part_of_a_sound_takes_its_part_of_the_grid() -> None:
    grid = grid_of(20.0, phones=evenly("SH IY1 HH AH1 NG M AE1 P", 0.1, start=10.0))
    found = alignment_of(grid, 5.0, begin=8.0)
    assert next(p for p in found.phones if not p.is_silence).start == pytest.approx(2.0)
    of_the_part = alignment_of(grid_of(5.0, phones=PHONES), 5.0, begin=8.0)
    assert of_the_part.phones[0].label == "SH" and of_the_part.phones[0].start == 0.0


CHRONOLOGICAL = '''"Praat chronological TextGrid text file"
0 0.5   ! Time domain.
3   ! Number of tiers.
"IntervalTier" "words" 0 0.5
"TextTier" "clicks" 0 0.5
"IntervalTier" "phones" 0 0.5

! words:
1 0 0.5
"map ""2"""

! phones:
3 0 0.2
"M"

! clicks:
2 0.1
"!"

! phones:
3 0.2 0.4
"AE1"

! phones:
3 0.4 0.5
""
'''


def test_the_chronological_form_is_read() -> None:
    grid = parse_textgrid(CHRONOLOGICAL)
    assert [tier.name for tier in grid.tiers] == ["words", "phones"] and grid.tiers[0].intervals[0][2] == 'map "2"'
    found = alignment_of(grid, 0.5)
    assert [(p.start, p.end, p.label) for p in found.phones] == [(0, 0.2, "M"), (0.2, 0.4, "AE1"), (0.4, 0.5, SILENCE)]


def test_letters_and_labels_of_no_notation_are_told() -> None:
    notes = alignment_of(grid_of(1.0, letters=evenly("w e s e l o n")), 1.0).notes
    assert any("look like phones; check that they are not letters" in note for note in notes)
    korean = alignment_of(grid_of(1.2, phones=evenly("a n nj eo ng h a s e p i m")), 1.2)
    assert any("read letter by letter: ng, nj." in note for note in korean.notes), korean.notes


def test_japanese_in_latin_letters_is_read() -> None:
    labels = evenly("silB ky o: w a ch o cl t o ry U sh i m a s sp j u N by o: silE")
    found = alignment_of(grid_of(2.2, phones=labels), 2.2)
    assert "The labels are read as Japanese in Latin letters." in found.notes and len(found.notes) == 1
    by_label = {phone.label: classes_of(phone.label) for phone in found.phones}
    assert by_label["kj"] == ("k", "j") and by_label["ɾj"] == ("d", "j")
    assert by_label["oː"] == ("o",) and by_label["dʒ"] == ("tʃ",) and found.phones[0].is_silence


def test_commas_in_numbers_are_read() -> None:
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n0\n0,5\n<exists>\n1\n'
    head += '"IntervalTier"\n"phones"\n0\n0,5\n2\n'
    found = alignment_of(parse_textgrid(head + '0\n0,25\n"M"\n0,25\n0,5\n"AA1"\n'), 0.5)
    assert [(phone.start, phone.end, phone.label) for phone in found.phones] == [(0, 0.25, "M"), (0.25, 0.5, "AA1")]
