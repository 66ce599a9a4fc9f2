"""Words of a transcript are shown where they are said: in the list of key motions and in the lane."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faces_at_work import SENTENCE, action_of, line_in
from keys_at_work import free_key, set_value

WRITTEN = SENTENCE.rstrip(".").split()


@pytest.fixture
def animated(scene: Any, head: Any, speech: Path) -> Any:
    import bpy

    scene.render.fps, scene.frame_start = 30, 11
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    return head


def first_words(line: Any) -> list[str]:
    return [key.word for key in line.key_motions if key.word and not key.goes_on]


def test_each_key_says_its_word(addon: Callable[[str], Any], animated: Any) -> None:
    import bpy

    line = line_in(action_of(animated))
    assert first_words(line) == WRITTEN
    take, timeline = addon("take.store").take_of(line), addon("take.store").story_of(line).timeline
    assert [word.text for word in take.words] == WRITTEN
    for key in line.key_motions:
        if key.word:
            spans = [(w.start, w.end) for w in take.words if w.text == key.word]
            assert any(a - 0.03 <= timeline.time_at(key.frame) <= b + 0.03 for a, b in spans), key.frame
    set_value(addon, action_of(animated), free_key(action_of(animated)).frame, 0.8125)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert first_words(line_in(action_of(animated))) == WRITTEN


def test_a_key_that_is_added_lies_in_the_word_of_the_one_before(animated: Any) -> None:
    import bpy

    keys = line_in(action_of(animated)).key_motions
    frames = {key.frame for key in keys}
    key = next(key for key in keys if key.word == "moon" and key.frame + 1 not in frames)
    bpy.context.scene.frame_set(key.frame + 1)
    assert bpy.ops.kmtalk.add_key() == {"FINISHED"}
    added = next(key for key in line_in(action_of(animated)).key_motions if key.state == "added")
    assert (added.word, added.goes_on) == ("moon", True)


def test_the_lane_shows_words_above_phones_and_the_later_line_where_two_overlap(
    addon: Callable[[str], Any], scene: Any, animated: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    lane = addon("ui.lane")
    line = line_in(action_of(animated))
    cells, is_all = lane.seen(bpy.context, line.first, line.last)
    assert is_all and [cell.text for cell in cells.words] == WRITTEN
    rows = cells.rows(2000)
    assert rows == [cells.phones, cells.words]
    assert cells.rows(1) == [cells.lines] and cells.lines[0].text == line.name
    moon = cells.words[-1]
    lane.go_to(bpy.context, moon)
    assert abs(scene.frame_current - moon.first) <= 1
    middle = round(0.5 * (line.first + line.last))
    add_strip("over", frame=middle)
    bpy.ops.kmtalk.animate(strip="over", text=SENTENCE)
    cells, _ = lane.seen(bpy.context, line.first, line.last + 500)
    edges = [cell.first for cell in cells.words]
    assert edges == sorted(edges) and len({cell.uid for cell in cells.words}) == 2
    assert all(cell.last <= middle for cell in cells.words if cell.uid == line_in(action_of(animated), 0).uid)


def test_a_lane_that_has_no_time_left_shows_what_it_knows(addon: Callable[[str], Any], animated: Any) -> None:
    import bpy

    lane, line = addon("ui.lane"), line_in(action_of(animated))
    lane.lane().cells.clear()
    assert lane.seen(bpy.context, line.first, line.last, budget=-1.0) == (lane.Cells(), False)
    assert lane.seen(bpy.context, line.first, line.last)[0].words


def test_lines_without_words_list_their_keys_without(scene: Any, head: Any, speech: Path) -> None:
    import bpy

    bpy.ops.kmtalk.animate(file=str(speech))
    line = line_in(action_of(head))
    assert len(line.key_motions) and first_words(line) == []
