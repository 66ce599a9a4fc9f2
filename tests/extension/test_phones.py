"""Sounds that were heard wrongly are moved, split and joined by hand, and said so."""

from collections.abc import Callable
from typing import Any

import pytest
from faces_at_work import action_of, line_in
from keys_at_work import free_key
from lines_at_work import animate


@pytest.mark.parametrize("deed", ["move", "split", "join"])
def test_sounds_are_moved_split_and_joined_at_the_playhead(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], deed: str
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    store, line = addon("take.store"), line_in(action_of(head))
    shown_as = addon("take.labels").shown
    take, timeline = store.take_of(line), store.story_of(line).timeline
    number = next(n for n, phone in enumerate(take.phones) if shown_as(phone.label) == "ɑ")
    phone = take.phones[number]
    frame = round(timeline.frame_at(0.5 * (phone.start + phone.end)))
    scene.frame_set(frame)
    ask = {
        "move": bpy.ops.kmtalk.move_phone,
        "split": lambda: bpy.ops.kmtalk.split_phone(labels="ɑ oo"),
        "join": bpy.ops.kmtalk.join_phone,
    }[deed]
    assert ask() == {"FINISHED"}
    watch = addon("ui.watch").watch()
    watch.ask(action_of(head))
    watch.look(scene)
    assert watch.counts == {line_in(action_of(head)).uid: 1}
    with pytest.raises(RuntimeError, match="regenerate first"):
        bpy.ops.kmtalk.apply_face()  # it would write the line without what was asked for
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    line = line_in(action_of(head))
    now = store.take_of(line).phones
    time = pytest.approx(timeline.time_at(frame), abs=1e-3)
    if deed == "move":
        edges = [each.start for each in now]
        assert len(now) == len(take.phones) and time in edges
    elif deed == "split":
        assert [shown_as(each.label) for each in now[number : number + 2]] == ["ɑ", "u"] and now[number].end == time
    else:
        assert now[number].end == take.phones[number + 1].end and len(now) == len(take.phones) - 1
    assert not addon("take.phones").asked_of(line)
    with pytest.raises(RuntimeError, match="No key was changed"):
        bpy.ops.kmtalk.regenerate()


def test_a_change_of_a_sound_that_makes_no_sense_is_told_at_once_and_one_is_taken_back(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    scene.frame_set(line_in(action_of(head)).last + 50)
    with pytest.raises(RuntimeError, match="move the playhead onto its sound"):
        bpy.ops.kmtalk.join_phone()
    key = free_key(action_of(head))
    scene.frame_set(key.frame)
    for labels, told in (("ɑ", "splits into two"), ("ɑ nonsense", "there is no phone")):
        with pytest.raises(RuntimeError, match=told):
            bpy.ops.kmtalk.split_phone(labels=labels)
    bpy.ops.kmtalk.join_phone()
    asked = addon("take.phones").asked_of
    assert len(asked(line_in(action_of(head)))) == 1
    bpy.ops.kmtalk.reset_key()
    assert not asked(line_in(action_of(head)))


def test_a_sound_that_waits_to_be_moved_is_moved_by_a_new_animate_too(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    store, line = addon("take.store"), line_in(action_of(head))
    frame = free_key(action_of(head)).frame + 1
    time = store.story_of(line).timeline.time_at(frame)
    assert not any(abs(phone.start - time) < 1e-3 for phone in store.take_of(line).phones)
    scene.frame_set(frame)
    bpy.ops.kmtalk.move_phone()
    animate()
    assert any(abs(phone.start - time) < 1e-3 for phone in store.take_of(line_in(action_of(head))).phones)


def test_what_is_asked_while_the_engine_works_is_told_for_it_is_gone(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    keys = line_in(action_of(head)).key_motions
    keys[3].state = "locked"
    scene.frame_set(free_key(action_of(head)).frame + 1)
    running = addon("jobs.runner").RunningJob("Regenerating", addon("jobs.regenerate").regenerate(bpy.context))
    while running.step.stage in ("starting", "looking"):
        running.advance()
    assert not running.is_ended
    assert bpy.ops.kmtalk.move_phone() == bpy.ops.kmtalk.add_event(kind="frown") == {"FINISHED"}
    keys = line_in(action_of(head)).key_motions
    keys[5].state = "locked"
    (wish,) = addon("take.phones").asked_of(line_in(action_of(head)))
    while not running.is_ended:
        running.advance()
    line = line_in(action_of(head))
    assert "1 edit, " in running.outcome and line.key_motions[3].state == "locked"
    told = running.outcome.split("What you asked of ")[1]
    for what in (f"sound at frame {wish[0]}", f"event at frame {scene.frame_current}", "key motion at frame"):
        assert f"the {what}" in told
    assert f"the key motion at frame {line.key_motions[3].frame}" not in told and "ask again" in told
    assert line.key_motions[5].state == "generated" and not addon("take.phones").asked_of(line)


@pytest.mark.parametrize("deed", ["join_phone", "add_event"])
def test_settings_are_not_applied_over_what_waits_for_regenerate(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], deed: str
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    scene.frame_set(free_key(action_of(head)).frame)
    assert getattr(bpy.ops.kmtalk, deed)() == {"FINISHED"}
    with pytest.raises(RuntimeError, match="was changed by hand: regenerate first"):
        bpy.ops.kmtalk.apply_face()
    assert addon("take.pending").wishes_of(line_in(action_of(head)))
