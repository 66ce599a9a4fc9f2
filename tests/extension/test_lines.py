"""Lines of a face: each in its own span of one action, known by what it is and never by a name."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, action_of, line_in, make_face, points_of, said_on
from test_keys import free_key, set_value

JAW = 'key_blocks["jawOpen"].value'


def animate(**options: Any) -> None:
    import bpy

    assert bpy.ops.kmtalk.animate(text=SENTENCE, **options) == {"FINISHED"}


def choose(item: Any) -> None:
    import bpy

    for other in bpy.context.scene.objects:
        other.select_set(other == item)
    bpy.context.view_layer.objects.active = item


def shown(item: Any, frame: int, key: str = "jawOpen") -> float:
    import bpy

    bpy.context.scene.frame_set(frame)
    return float(item.data.shape_keys.key_blocks[key].value)


def edit(addon: Callable[[str], Any], item: Any, number: int = 0, value: float = 0.8125) -> int:
    """Change the jaw at a key of a line; its frame."""
    action = action_of(item)
    keys = line_in(action, number).key_motions
    frame = keys[len(keys) // 2].frame
    set_value(addon, action, frame, value)
    return int(frame)


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


def test_two_faces_on_one_strip_keep_each_their_own(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    anna, bert = make_face(scene, "Anna"), make_face(scene, "Bert")
    add_strip()
    animate(strip="line", faces="Anna")
    animate(strip="line", faces="Bert", strength_lower=0.3)
    berts = points_of(addon, action_of(bert))
    frame = edit(addon, anna)
    choose(anna)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert shown(anna, frame) == pytest.approx(0.8125)
    now = points_of(addon, action_of(bert))
    assert all(np.array_equal(berts[name], now[name]) for name in berts)


def test_files_of_one_name_in_two_folders_are_two_lines(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy
    import soundfile

    samples, rate = soundfile.read(speech)
    for folder, part in (("a", samples), ("b", samples[: len(samples) // 2])):
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "line.wav", part, rate)
    bpy.ops.kmtalk.animate(file=str(tmp_path / "a" / "line.wav"))
    scene.frame_start = 301
    bpy.ops.kmtalk.animate(file=str(tmp_path / "b" / "line.wav"))
    lines = action_of(head).kmtalk_lines.lines
    assert len(lines) == 2 and lines[0].last - lines[0].first > 1.5 * (lines[1].last - lines[1].first)
    sounds = addon("compat").strips(scene)
    assert len(sounds) == (2 if addon("compat").HAS_AUDIO else 0)  # heard too
    bpy.ops.kmtalk.animate(file=str(tmp_path / "b" / "line.wav"))
    assert len(action_of(head).kmtalk_lines.lines) == 2 and len(addon("compat").strips(scene)) == len(sounds)


def test_a_file_stays_off_the_timeline_where_that_is_wished(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path
) -> None:
    animate(file=str(speech), add_strip=False)
    assert not addon("compat").strips(scene)
    animate(file=str(speech), add_strip=False)
    assert len(said_on(head)) == 1


def test_strips_of_one_name_in_two_scenes_are_two_lines(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], speech: Path
) -> None:
    import bpy

    add_strip("line")
    animate(strip="line")
    other = bpy.data.scenes.new("Other")
    other.render.fps = scene.render.fps
    editor = other.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_sound(name="line", filepath=str(speech), channel=1, frame_start=301)
    scene.kmtalk.strip_scene = other
    animate(strip="line")
    assert said_on(head) == ["line", "line"]
    assert [line.first for line in action_of(head).kmtalk_lines.lines] == [1, 301]


def test_a_duplicate_and_a_backup_are_left_alone(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    add_strip()
    animate()
    backup = action_of(head).copy()
    backup.use_fake_user = True
    kept = points_of(addon, backup)
    choose(head)
    bpy.ops.object.duplicate()
    twin = bpy.context.view_layer.objects.active
    assert twin != head
    before = points_of(addon, action_of(head))
    frame = edit(addon, twin)
    choose(twin)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert shown(twin, frame) == pytest.approx(0.8125)
    now = points_of(addon, action_of(head))
    assert all(np.array_equal(before[name], now[name]) for name in before)
    assert all(np.array_equal(kept[name], points_of(addon, backup)[name]) for name in kept)
    uids = {line_in(action).uid for action in (action_of(head), action_of(twin))}
    assert len(uids) == 2


def test_two_faces_that_share_an_action_part_when_one_is_edited(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    add_strip()
    animate()
    twin = make_face(scene, "Twin")
    compat = addon("compat")
    action = action_of(head)
    animation = twin.data.shape_keys.animation_data_create()
    compat.assign(animation, action, compat.slot_of(action, head.data.shape_keys))
    edit(addon, twin)
    choose(twin)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert action_of(twin) != action_of(head)


def test_a_character_appended_twice_is_two(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy

    animate(file=str(speech))
    path = str(tmp_path / "character.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    twins = []
    for _ in range(2):
        with bpy.data.libraries.load(path) as (_, wanted):
            wanted.objects = ["Head"]
        twins.append(wanted.objects[0])
        bpy.context.scene.collection.objects.link(twins[-1])
    one, other = twins
    before = points_of(addon, action_of(one))
    frame = edit(addon, other)
    choose(other)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    now = points_of(addon, action_of(one))
    assert shown(other, frame) == pytest.approx(0.8125)
    assert all(np.array_equal(before[name], now[name]) for name in before)


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


def test_a_range_made_anew_leaves_what_was_changed_by_hand_beside_it(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    scene.render.fps = 30
    add_strip()
    animate()
    frame = edit(addon, head)
    animate(use_range=True, range_start=1, range_end=frame - 8, strength_lower=0.2)
    assert shown(head, frame) == pytest.approx(0.8125)
    assert next(k for k in line_in(action_of(head)).key_motions if k.frame == frame).state == "edited"


def test_a_slider_that_was_moved_and_not_keyed_is_an_edit(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    frame = free_key(action_of(head)).frame
    scene.frame_set(frame)
    head.data.shape_keys.key_blocks["jawOpen"].value = 0.6875
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert shown(head, frame) == pytest.approx(0.6875)


@pytest.mark.parametrize("deed", ["edited", "added", "deleted", "moved"])
def test_animate_again_keeps_the_work_of_a_hand_and_starting_over_does_not(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], deed: str
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    key = free_key(action_of(head))
    frame, count = key.frame, len(line_in(action_of(head)).key_motions)
    scene.frame_set(frame + (deed == "added"))
    if deed == "edited":
        set_value(addon, action_of(head), frame, 0.8125)
    elif deed == "added":
        bpy.ops.kmtalk.add_key()
    elif deed == "deleted":
        bpy.ops.kmtalk.delete_key()
    else:
        next(m for m in action_of(head).pose_markers if m.frame == frame).frame = frame + 1

    def is_kept() -> bool:
        frames = [item.frame for item in line_in(action_of(head)).key_motions]
        if deed == "edited":
            return shown(head, frame) == pytest.approx(0.8125)
        if deed == "added":
            return frame + 1 in frames and len(frames) == count + 1
        return frame not in frames and (deed == "deleted" or frame + 1 in frames)

    animate()
    assert is_kept()
    animate()
    assert is_kept()
    animate(start_over=True)
    assert not is_kept()


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


def test_the_first_regenerate_touches_only_what_is_beside_the_edit_on_several_meshes_too(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    make_face(scene, "A", ("jawOpen", "mouthClose", "mouthPucker"))
    add_strip()
    animate(faces="Head;A")
    choose(head)
    before = points_of(addon, action_of(head))
    frame = edit(addon, head)
    curve = addon("compat").find_curve(
        action_of(head),
        addon("compat").handle_of_slot(
            action_of(head) and addon("compat").slot_of(action_of(head), head.data.shape_keys)
        ),
        JAW,
    )
    curve.extrapolation = "LINEAR"
    curve.modifiers.new("NOISE").mute = True
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    after = points_of(addon, action_of(head))
    changed = {
        int(f) for n in before for (f, v), (_, w) in zip(before[n].tolist(), after[n].tolist(), strict=True) if v != w
    }
    assert changed and max(abs(f - frame) for f in changed) < 20
    assert curve.extrapolation == "LINEAR" and len(curve.modifiers) == 1


def test_a_word_for_a_sound_is_said_as_another(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    scene.render.fps = 30
    add_strip()
    animate()
    line = line_in(action_of(head))
    number = next(n for n, key in enumerate(line.key_motions) if key.name == "ɑ")
    line.key_index = number
    frame = line.key_motions[number].frame
    before = shown(head, frame + 1, "mouthPucker")
    assert bpy.ops.kmtalk.say_as(phone="oo") == {"FINISHED"}
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    take = addon("take.store").take_of(line_in(action_of(head)))
    assert any(phone.label == "u" for phone in take.phones)
    assert shown(head, frame + 1, "mouthPucker") > before + 0.05
    line_in(action_of(head)).key_index = 3
    bpy.ops.kmtalk.say_as(phone="nonsense")
    with pytest.raises(RuntimeError, match="there is no phone"):
        bpy.ops.kmtalk.regenerate()


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


def test_strength_and_delay_are_applied_without_an_engine_and_without_loss(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import bpy

    add_strip()
    animate()
    before = points_of(addon, action_of(head))
    workers = addon("jobs.runner").desk().workers
    monkeypatch.setattr(type(workers), "ask", lambda *_, **__: pytest.fail("an engine was asked"))
    scene.kmtalk.strength_lower = 0.5
    assert bpy.ops.kmtalk.apply_settings() == {"FINISHED"}
    half = points_of(addon, action_of(head))
    assert half[JAW][:, 1].max() < 0.7 * before[JAW][:, 1].max()
    scene.kmtalk.strength_lower = 1.0
    assert bpy.ops.kmtalk.apply_settings() == {"FINISHED"}
    after = points_of(addon, action_of(head))
    assert all(np.allclose(before[name], after[name], atol=1e-5) for name in before)
    with pytest.raises(RuntimeError, match="these settings already"):
        bpy.ops.kmtalk.apply_settings()
