"""Lines are known by what they are and never by a name: none touches another's curves or takes another's take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, line_in, make_face, points_of, said_on
from lines_at_work import animate, choose, edit, shown


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


def test_the_line_of_an_appended_character_is_animated_again_on_its_sound_and_not_beside_it(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], speech: Path, tmp_path: Path
) -> None:
    import bpy

    add_strip()
    animate()
    path = str(tmp_path / "character.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    rate = scene.render.fps
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.render.fps = rate
    editor = bpy.context.scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    for name, frame in (("of another name", 1), ("later", 400)):
        strips.new_sound(name=name, filepath=str(speech), channel=1, frame_start=frame)
    with bpy.data.libraries.load(path) as (_, wanted):
        wanted.objects = ["Head"]
    (appended,) = wanted.objects
    bpy.context.scene.collection.objects.link(appended)
    choose(appended)
    edit(addon, appended)
    animate(strip="of another name")
    assert said_on(appended) == ["of another name"]
    animate(strip="later")
    assert said_on(appended) == ["of another name", "later"]
