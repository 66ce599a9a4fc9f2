"""Transcripts in whatever encoding they were saved are read, and a guess is called one."""

from pathlib import Path

import pytest

from kmtalk_core.errors import AlignmentError
from kmtalk_core.transcript import beside, decode, read_file

FRENCH = "L’été, les élèves sont allés à la forêt où naît la rivière — cœur léger."
RUSSIAN = "Доброе утро, сегодня мы идём гулять в парк с нашими друзьями."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", ["Hello there.", FRENCH, "Ça va?"])
def test_unicode_is_read_without_a_word(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == (text, None)


@pytest.mark.parametrize("mark", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("text", [RUSSIAN, "早上好,今天去公园。", "おはようございます"])
def test_other_scripts_with_a_mark_are_read_without_a_word(text: str, mark: str) -> None:
    assert decode(text.encode(mark)) == (text, None)


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (FRENCH, "cp1252", "Windows-1252"),
        ("Grüße aus Köln, schöne Füße", "latin-1", "Windows-1252"),
        ("¿Qué pasó, señor?", "cp1252", "Windows-1252"),
        (RUSSIAN, "cp1251", "Windows-1251"),
        ("おはようございます、きょうはいいてんきです。", "cp932", "Shift-JIS"),
        ("안녕하세요, 오늘 우리는 공원에 갑니다.", "cp949", "EUC-KR"),
        ("早上好,今天我们和朋友一起去公园散步。", "gb18030", "GB 18030"),
    ],
)
def test_code_pages_are_guessed_and_told(text: str, encoding: str, name: str) -> None:
    found, note = decode(text.encode(encoding))
    assert found == text
    assert note is not None and name in note and "UTF-8" in note


def test_a_file_that_is_no_text_or_far_too_large_or_missing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "b.txt").write_bytes(b"a" * (2 << 20))
    for name, reason in (("a.txt", "holds no text"), ("b.txt", "larger than"), ("c.txt", "check the path")):
        with pytest.raises(AlignmentError, match=reason):
            read_file(tmp_path / name)


def test_what_lies_beside_a_sound_is_found(tmp_path: Path) -> None:
    sound = tmp_path / "line 1.wav"
    assert beside(sound) is None
    sound.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHi\n")
    assert beside(sound) == sound.with_suffix(".srt")
    sound.with_suffix(".txt").write_text("Hi\n")
    assert beside(sound) == sound.with_suffix(".txt")
    assert read_file(sound.with_suffix(".txt")) == ("Hi", ())


@pytest.mark.parametrize("content", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "line.txt").write_bytes(content)
    text, notes = read_file(tmp_path / "line.txt")
    assert text == "" and len(notes) == 1 and "line.txt” is empty" in notes[0]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (r"{\rtf1\ansi\f0\pard Good morning.\par}", "rich text"),
        ('{"segments": [{"start": 0, "text": "Good morning."}]}', "JSON"),
        (' [ {"word": "Good"} ]', "JSON"),
        ('<?xml version="1.0"?>\n<FinalDraft DocumentType="Script"></FinalDraft>', "Final Draft"),
    ],
)
def test_texts_of_programs_are_refused_by_what_they_are(tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(AlignmentError, match=kind):
        read_file(tmp_path / "a.txt")


@pytest.mark.parametrize(
    "text", ["[[music]] Good morning.", "{sighs} Good morning.", "<i>Good</i> morning.", '["Hi"] Good.']
)
def test_brackets_at_the_beginning_make_no_program(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    assert read_file(tmp_path / "a.txt")[0] == text


def test_lines_of_two_programs_are_each_read_rightly_and_told() -> None:
    lines = ["Grüße aus Köln", "Add thrée more", "¿Qué pasó?", "plain"]
    content = b"\n".join([lines[0].encode(), lines[1].encode("cp1252"), lines[2].encode(), lines[3].encode()])
    found, note = decode(content)
    assert found.split("\n") == lines
    assert note is not None and note.startswith("Some lines") and "Windows-1252" in note
