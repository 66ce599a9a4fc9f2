"""Lines of a face: each in its own span of one action, known by what it is and never by a name."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, line_in, make_face, points_of, said_on
from keys_at_work import JAW, free_key, set_value
from lines_at_work import animate, edit, shown


def test_three_lines_lie_in_one_action_and_the_face_rests_beside_them(
    scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    for number, start in enumerate((1, 201, 401)):
        add_strip(f"line {number}", frame=start, channel=number + 1)
        animate(strip=f"line {number}")
    action = action_of(head)
    assert said_on(head) == ["line 0", "line 1", "line 2"] and len(bpy.data.actions) == 1
    assert not head.data.shape_keys.animation_data.nla_tracks
    rest = [key.name for key in head.data.shape_keys.key_blocks[1:]]
    for frame in (-40, 150, 350, 600):
        assert all(shown(head, frame, name) == 0.0 for name in rest), frame
    last = line_in(action, 0).last
    jaws = [shown(head, frame) for frame in range(last, last + 12)]
    assert jaws[-1] == 0.0 and max(abs(np.diff(jaws))) < max(0.5 * jaws[0], 0.02)


def test_a_strip_cut_inside_a_word_closes_the_mouth(scene: Any, head: Any, add_strip: Callable[..., Any]) -> None:
    strip = add_strip()
    strip.frame_offset_end = 24
    animate()
    last = line_in(action_of(head)).last
    after = [shown(head, frame) for frame in range(last, last + 12)]
    assert after[-1] == 0.0 and all(a >= b - 1e-6 for a, b in itertools.pairwise(after))


def test_a_file_stays_off_the_timeline_where_that_is_wished(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path
) -> None:
    animate(file=str(speech), add_strip=False)
    assert not addon("compat").strips(scene)
    animate(file=str(speech), add_strip=False)
    assert len(said_on(head)) == 1


def test_of_lines_that_overlap_the_later_takes_over_and_gives_back_what_it_covered(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    add_strip("one", frame=1, channel=1)
    animate(strip="one")
    alone = points_of(addon, action_of(head))
    edited = edit(addon, head, 0)  # not regenerated yet: it must not be lost under the other
    add_strip("two", frame=edited - 6, channel=2)
    animate(strip="two")
    said = addon("jobs.runner").desk().notice
    assert "“two” takes over from “one”" in said
    second = line_in(action_of(head), 1)
    take = addon("take.store").take_of(second)
    jaw = take.motion[:, take.space.index_of("jawOpen")]
    for frame in (second.first + 3, second.last):
        assert shown(head, frame) == pytest.approx(
            np.interp((frame - second.first) / 24 * 30, range(len(jaw)), jaw), abs=0.03
        )
    steps = np.abs(np.diff([shown(head, frame) for frame in range(edited - 20, second.last + 20)]))
    assert steps.max() < 0.4
    action_of(head).kmtalk_lines.index = 1
    assert bpy.ops.kmtalk.remove_line() == {"FINISHED"}
    assert said_on(head) == ["one"]
    back = points_of(addon, action_of(head))
    assert all(np.array_equal(alone[name], back[name]) for name in alone if name != JAW)
    assert shown(head, edited) == pytest.approx(0.8125)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}


def test_a_line_follows_its_strip_with_its_edits(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    strip = add_strip()
    animate()
    watch = addon("ui.watch").watch()
    frame = edit(addon, head)
    strip.frame_start += 100
    strip.name = "renamed"
    watch.ask(action_of(head))
    watch.look(scene)
    line = line_in(action_of(head))
    assert watch.states == {line.uid: ["moved"]} and watch.counts == {line.uid: 1}
    assert bpy.ops.kmtalk.follow_strip() == {"FINISHED"}
    line = line_in(action_of(head))
    assert (line.first, shown(head, frame + 100), shown(head, frame)) == (101, pytest.approx(0.8125), 0.0)
    watch.look(scene)
    assert not watch.states and watch.counts == {line.uid: 1}
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    animate()
    assert said_on(head) == ["renamed"]  # the same line, whatever its strip is called
    assert shown(head, frame + 100) == pytest.approx(0.8125)


def test_what_is_asked_of_sounds_and_events_follows_the_strip_too(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    strip = add_strip()
    animate()
    store, events, phones = (addon(f"take.{name}") for name in ("store", "events", "phones"))

    def asked() -> Any:
        line = line_in(action_of(head))
        return events.edits_of(line, store.take_of(line), store.story_of(line)), phones.asked_of(line)

    key = free_key(action_of(head)).frame
    scene.frame_set(key + 1)
    assert bpy.ops.kmtalk.move_phone() == bpy.ops.kmtalk.add_event(kind="frown") == {"FINISHED"}
    line = line_in(action_of(head))
    assert len(line.events) > 1
    next(row for row in line.events if row.made).frame += 3
    rows, edits, (wish,) = [row.frame for row in line.events], *asked()
    assert len(edits) == 2 and all("time" in edit for edit in edits)
    strip.frame_start += 100
    assert bpy.ops.kmtalk.follow_strip() == {"FINISHED"}
    assert [row.frame for row in line_in(action_of(head)).events] == [frame + 100 for frame in rows]
    now, wishes = asked()
    assert now == [{**edit, "time": pytest.approx(edit["time"])} for edit in edits]
    assert [tuple(each) for each in wishes] == [(wish[0] + 100, wish[1])]
    scene.frame_set(wishes[0][0])
    assert bpy.ops.kmtalk.reset_key() == {"FINISHED"}
    assert not asked()[1]


def test_a_line_whose_strip_is_gone_says_so_and_can_be_removed(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    strip = add_strip()
    animate()
    editor = scene.sequence_editor
    (editor.strips if hasattr(editor, "strips") else editor.sequences).remove(strip)
    watch = addon("ui.watch").watch()
    watch.ask(action_of(head))
    watch.look(scene)
    assert list(watch.states.values()) == [["no strip"]]
    assert bpy.ops.kmtalk.remove_line() == {"FINISHED"}
    assert not bpy.data.actions and not scene.timeline_markers
    assert all(key.value == 0.0 for key in head.data.shape_keys.key_blocks[1:])


def test_keys_of_an_artists_on_our_action_outlive_its_last_line(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    compat = addon("compat")
    add_strip()
    animate()
    head.shape_key_add(name="Ears")
    action, keys = action_of(head), head.data.shape_keys
    slot = compat.slot_of(action, keys)
    ears = compat.new_curve(action, compat.handle_of_slot(slot), 'key_blocks["Ears"].value', 0, "Mine")
    ears.keyframe_points.insert(5, 0.5)
    jaw = next(curve for curve in compat.read_curves(action, slot) if curve.data_path == JAW)
    jaw.keyframe_points.insert(400, 0.375)
    assert bpy.ops.kmtalk.remove_line() == {"FINISHED"}
    assert action_of(head) == action and "kmtalk" not in action
    assert (shown(head, 5, "Ears"), shown(head, 400), shown(head, 10, "mouthPucker")) == pytest.approx((0.5, 0.375, 0))
    left = {curve.data_path: len(curve.keyframe_points) for curve in compat.read_curves(action, slot)}
    assert left == {ears.data_path: 1, JAW: 1}
    animate()
    assert action_of(head) == action and shown(head, 5, "Ears") == pytest.approx(0.5)
    assert {c.data_path: len(c.keyframe_points) for c in compat.read_curves(action, slot)} == left


def test_a_range_changes_that_range_alone(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    add_strip()
    animate()
    before = points_of(addon, action_of(head))
    animate(use_range=True, range_start=15, range_end=25, strength_lower=0.2)
    after = points_of(addon, action_of(head))
    old, new = (dict(curves[JAW].tolist()) for curves in (before, after))
    assert all(old[f] == pytest.approx(new[f], abs=1e-6) for f in old if not 14 <= f <= 26)
    assert max(abs(old[f] - new[f]) for f in range(15, 26)) > 0.01
    assert said_on(head) == ["line"]


def test_every_strip_is_animated_on_its_character(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    anna, bert = make_face(scene, "Anna"), make_face(scene, "Bert")
    teeth = make_face(scene, "A teeth", ("jawOpen", "mouthClose"))
    teeth.parent = anna
    add_strip("anna 01", frame=1, channel=1)
    add_strip("Bert", frame=41, channel=2)
    add_strip("annabel", frame=81, channel=3)
    assert bpy.ops.kmtalk.animate_all(way="NAME") == {"FINISHED"}
    assert said_on(anna) == ["anna 01"] and said_on(bert) == ["Bert"]
    assert "“annabel” fits no character" in addon("jobs.runner").desk().notice
    assert teeth.data.shape_keys.animation_data is not None
    assert bpy.ops.kmtalk.animate_all(way="CHANNEL") == {"FINISHED"}
    assert said_on(anna) == ["anna 01"] and said_on(bert) == ["Bert"]


def test_beside_an_artists_action_ours_lies_as_chosen_each_time_and_opens_for_editing(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    block = head.data.shape_keys.key_blocks["jawOpen"]
    block.value = 0.4
    block.keyframe_insert("value", frame=1)
    animation = head.data.shape_keys.animation_data
    theirs = animation.action
    was = [
        tuple(point.co)
        for point in addon("compat").read_curves(theirs, addon("compat").assigned_slot(animation))[0].keyframe_points
    ]
    add_strip()
    animate()
    assert animation.action == theirs and shown(head, 20) == pytest.approx(0.4)
    animate(foreign="above")
    assert animation.action != theirs and shown(head, 20) != pytest.approx(0.4)
    animate()
    assert animation.action == theirs and len(animation.nla_tracks) == 1
    (strip,) = animation.nla_tracks[0].strips
    line = line_in(strip.action)
    line.key_index = len(line.key_motions) // 2
    assert animation.use_tweak_mode and animation.action == strip.action
    frame = line.key_motions[len(line.key_motions) // 2].frame
    assert bpy.context.scene.frame_current == frame
    set_value(addon, animation.action, frame, 0.75, 'key_blocks["mouthPucker"].value')
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert bpy.ops.kmtalk.close_action() == {"FINISHED"}
    assert not animation.use_tweak_mode and animation.action == theirs
    assert shown(head, frame, "mouthPucker") == pytest.approx(0.75)
    curves = addon("compat").read_curves(theirs, addon("compat").assigned_slot(animation))
    assert [tuple(point.co) for point in curves[0].keyframe_points] == was


@pytest.mark.parametrize("deed", ["scaled", "cut", "moved", "doubled"])
def test_nla_strips_of_ours_that_an_artist_arranged_stay(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], deed: str
) -> None:
    import bpy

    compat = addon("compat")
    add_strip()
    animate()
    animation = head.data.shape_keys.animation_data
    action, slot = animation.action, compat.assigned_slot(animation)
    animation.action = None
    track = animation.nla_tracks.new()
    for number in range(2 if deed == "doubled" else 1):
        strip = track.strips.new(f"mine {number}", 1 + 900 * number, action)
        compat.assign(strip, action, slot)
    if deed == "scaled":
        strip.scale = 2.0
    elif deed == "cut":
        strip.action_frame_end = 40
    elif deed == "moved":
        strip.frame_start_ui = 51

    def arranged() -> list[tuple[float, ...]]:
        return [
            (s.scale, s.frame_start, s.frame_end, s.action_frame_start, s.action_frame_end)
            for each in animation.nla_tracks
            for s in each.strips
        ]

    before = arranged()
    edit_at = line_in(action).key_motions[3].frame
    set_value(addon, action, edit_at, 0.75)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"} and arranged() == before
    job = addon("jobs.animate").animate(addon("jobs.animate").request(bpy.context, scene.kmtalk))
    assert "arranged by hand" in addon("core").progress.finish(job)
    assert arranged() == before and animation.action is None
    assert [line.name for line in action.kmtalk_lines.lines] == ["line"]


def test_a_sound_is_added_at_the_playhead_and_markers_are_switched_at_any_time(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path
) -> None:
    import bpy

    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender has no audio")
    scene.frame_set(37)
    assert bpy.ops.kmtalk.add_sound(filepath=str(speech)) == {"FINISHED"}
    animate()
    assert line_in(action_of(head)).first == 37
    count = len(line_in(action_of(head)).key_motions)
    assert len(scene.timeline_markers) == count
    scene.kmtalk.timeline_markers = False
    assert not scene.timeline_markers
    scene.kmtalk.timeline_markers = True
    assert len(scene.timeline_markers) == count
    names = {m.name for m in scene.timeline_markers}
    edit(addon, head)
    bpy.ops.kmtalk.regenerate()
    assert {m.name for m in scene.timeline_markers} <= names  # as IPA, before and after


def test_sounds_share_a_channel_where_they_follow_each_other_and_a_head_that_is_alone_says_them_all(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path
) -> None:
    import bpy

    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender has no audio")
    strips = []
    for frame in (1, 400, 410):
        scene.frame_set(frame)
        assert bpy.ops.kmtalk.add_sound(filepath=str(speech)) == {"FINISHED"}
        strips.append(addon("compat").active_strip(scene))
    assert [strip.channel for strip in strips] == [1, 1, 2]
    pairing = addon("pairing")
    assert [pair.objects for pair in pairing.pairs(scene, scene, "CHANNEL")] == [(head,)] * 3
    make_face(scene, "Second")
    heads = [head.name, head.name, "Second"]
    assert [pair.objects[0].name for pair in pairing.pairs(scene, scene, "CHANNEL")] == heads
