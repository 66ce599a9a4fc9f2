"""Animate from audio, blocking, with a real worker."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, STARTER, action_of, line_in, make_face, played_by_strips, points_of

FILM = 24000 / 1001


def animate(**options: Any) -> None:
    import bpy

    assert bpy.ops.kmtalk.animate(text=SENTENCE, **options) == {"FINISHED"}


def test_a_strip_trimmed_offset_and_at_23_976_fps_puts_keys_where_the_phones_are_heard(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    scene.render.fps, scene.render.fps_base = 24, 1.001
    strip = add_strip(frame=31)
    strip.frame_offset_start = 12
    strip.frame_offset_end = 6
    animate()
    take = addon("take.store").take_of(line_in(action_of(head)))
    heard = strip.frame_final_end - strip.frame_final_start
    assert take.duration == pytest.approx(heard / FILM, abs=0.04)
    frames = [round(strip.frame_final_start + key.frame / take.fps * FILM) for key in take.keys]
    assert [item.frame for item in line_in(action_of(head)).key_motions] == pytest.approx(frames, abs=1)
    assert [marker.frame for marker in action_of(head).pose_markers] == pytest.approx(frames, abs=1)
    assert frames[0] == 43


def test_the_scene_end_may_grow_and_never_shrinks_and_the_playhead_stays(
    scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    add_strip(frame=300)
    scene.frame_start, scene.frame_end, scene.frame_current = 5, 310, 7
    animate()
    assert (scene.frame_start, scene.frame_current) == (5, 7) and scene.frame_end > 310
    scene.frame_end = 1000
    animate()
    assert scene.frame_end == 1000


def test_an_action_of_the_artists_is_left_alone(scene: Any, head: Any, add_strip: Callable[..., Any]) -> None:
    import bpy

    key = head.data.shape_keys
    key.key_blocks["jawOpen"].value = 0.4
    key.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    theirs = key.animation_data.action
    add_strip()
    animate()
    assert key.animation_data.action == theirs and theirs.users == 1
    assert played_by_strips(head) == ["KMTalk: Head"]
    animate()
    assert len([action for action in bpy.data.actions if action.name.startswith("KMTalk")]) == 1


def test_head_teeth_and_tongue_move_together(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    make_face(scene, "Teeth", ("jawOpen", "mouthClose"))
    make_face(scene, "Tongue", ("jawOpen", "tongueOut"))
    add_strip()
    animate(faces="Head;Teeth;Tongue")
    import bpy

    written = [points_of(addon, action_of(bpy.data.objects[name])) for name in ("Head", "Teeth", "Tongue")]
    jaws = [curves['key_blocks["jawOpen"].value'] for curves in written]
    assert np.array_equal(jaws[0], jaws[1]) and np.array_equal(jaws[0], jaws[2])


def test_reduced_curves_stay_within_the_error_with_fewer_keys(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any], weights: Path
) -> None:
    add_strip()
    animate()
    every = points_of(addon, action_of(head))
    animate(bake_mode="REDUCED", error=0.01)
    reduced = {name.split("|")[1]: curve for name, curve in addon("take.lines").curves_by_name(action_of(head)).items()}
    written = points_of(addon, action_of(head))
    for path, points in every.items():
        worst = max(abs(reduced[path].evaluate(frame) - value) for frame, value in points)
        assert worst <= 0.0101, path
    kept = sum(map(len, written.values()))
    full = len(every) * max(len(points) for points in every.values())
    assert kept < full
    if weights == STARTER:
        assert kept <= full * 0.25


def test_a_packed_sound_is_animated(
    scene: Any, head: Any, add_strip: Callable[..., Any], tmp_path: Path, speech: Path
) -> None:
    copy = tmp_path / "größe 音.wav"
    shutil.copy(speech, copy)
    strip = add_strip(path=copy)
    strip.sound.pack()
    copy.unlink()
    strip.mute = True
    animate()
    assert len(line_in(action_of(head)).key_motions) > 10


def test_a_file_with_its_words_beside_it_and_a_range(
    addon: Callable[[str], Any], scene: Any, head: Any, tmp_path: Path, speech: Path
) -> None:
    import bpy

    path = tmp_path / "line.wav"
    shutil.copy(speech, path)
    path.with_suffix(".txt").write_text(SENTENCE, encoding="utf-8")
    scene.kmtalk.transcript = "BESIDE"
    bpy.ops.kmtalk.animate(file=str(path), use_range=True, range_start=13, range_end=24)
    take = addon("take.store").take_of(line_in(action_of(head)))
    assert take.text == SENTENCE and take.duration == pytest.approx(0.5, abs=0.05)
    assert line_in(action_of(head)).key_motions[0].frame == 13


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("line.txt", "(café) Bob made a map of the moon.".encode("cp1252")),
        ("line.txt", "(café) Bob made a map of the moon.".encode("utf-16")),
        ("line.srt", b"1\r\n00:00:00,000 --> 00:00:02,500\r\nBob made a map of the moon.\r\n"),
        ("line.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.500\n<v Ann>Bob made a map of the moon.\n"),
    ],
)
def test_words_beside_a_file_are_read_in_any_form(
    addon: Callable[[str], Any], scene: Any, head: Any, tmp_path: Path, speech: Path, name: str, content: bytes
) -> None:
    import bpy

    shutil.copy(speech, tmp_path / "line.wav")
    (tmp_path / name).write_bytes(content)
    scene.kmtalk.transcript = "BESIDE"
    bpy.ops.kmtalk.animate(file=str(tmp_path / "line.wav"))
    take = addon("take.store").take_of(line_in(action_of(head)))
    assert take.settings["method"] == "transcript" and "Bob made a map" in take.text
    assert ("Windows-1252" in addon("jobs.runner").desk().notice) == (b"\xe9)" in content)


def test_a_textgrid_beside_a_file_is_used_and_said(
    addon: Callable[[str], Any], scene: Any, head: Any, tmp_path: Path, speech: Path
) -> None:
    import bpy

    shutil.copy(speech, tmp_path / "line.wav")
    rows = '0 0.2 ""\n0.2 0.5 "M"\n0.5 0.9 "AA1"\n0.9 2.5 ""\n'
    (tmp_path / "line.TextGrid").write_text(
        f'"ooTextFile" "TextGrid" 0 2.5 <exists> 1 "IntervalTier" "p" 0 2.5 4 {rows}'
    )
    scene.kmtalk.transcript = "BESIDE"
    bpy.ops.kmtalk.animate(file=str(tmp_path / "line.wav"))
    take = addon("take.store").take_of(line_in(action_of(head)))
    assert [phone.label for phone in take.phones if phone.label != "sil"] == ["M", "AA1"]
    assert "line.TextGrid beside it" in addon("jobs.runner").desk().notice
    scene.kmtalk.transcript = "FIELD"
    bpy.ops.kmtalk.animate(file=str(tmp_path / "line.wav"))
    assert addon("take.store").take_of(line_in(action_of(head))).settings["method"] == "neural"


def test_a_file_beside_it_that_is_no_text_is_told_and_left(
    addon: Callable[[str], Any], scene: Any, head: Any, tmp_path: Path, speech: Path
) -> None:
    import bpy

    shutil.copy(speech, tmp_path / "line.wav")
    (tmp_path / "line.txt").write_bytes(bytes(range(256)) * 9)
    scene.kmtalk.transcript = "BESIDE"
    bpy.ops.kmtalk.animate(file=str(tmp_path / "line.wav"))
    assert addon("take.store").take_of(line_in(action_of(head))).text is None
    assert "line.txt” holds no text" in addon("jobs.runner").desk().notice


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda scene: None, "Add a sound to the sequencer"),
        (lambda scene: setattr(scene.kmtalk, "source", "FILE"), "Choose a sound file"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(scene: Any, head: Any, change: Any, said: str) -> None:
    import bpy

    change(scene)
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.kmtalk.animate()
    assert head.data.shape_keys.animation_data is None


def test_a_mesh_without_face_keys_and_a_linked_one_say_what_to_do(
    scene: Any, head: Any, add_strip: Callable[..., Any], tmp_path: Path
) -> None:
    import bpy

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"), copy=True)
    add_strip()
    make_face(scene, "Box", ("smile",))
    with pytest.raises(RuntimeError, match="shape keys"):
        bpy.ops.kmtalk.animate(faces="Box")
    bpy.data.objects.remove(head)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Head"]
    scene.collection.objects.link(bpy.data.objects["Head"])
    with pytest.raises(RuntimeError, match="is linked from"):
        bpy.ops.kmtalk.animate(faces="Head")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_worker_leaves_the_scene_as_it_was_and_says_so(
    addon: Callable[[str], Any],
    scene: Any,
    head: Any,
    add_strip: Callable[..., Any],
    long_speech: Path,
    by_pytorch: None,
) -> None:
    import bpy

    add_strip(path=long_speech)
    runner, animating = addon("jobs.runner"), addon("jobs.animate")
    running = runner.desk().start("Animating", animating.animate(animating.request(bpy.context, scene.kmtalk)))
    while running.step.stage in ("starting", "starting the engine"):
        running.advance()
    os.kill(runner.desk().workers.pids()[0], signal.SIGKILL)
    while not running.is_ended:
        running.advance()
    runner.desk().settle(running)
    assert "ended in the middle" in runner.desk().notice and runner.desk().notice_is_error
    assert head.data.shape_keys.animation_data is None and not bpy.data.actions


def test_a_cancelled_job_and_one_whose_mesh_is_gone_change_nothing(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    add_strip()
    runner, animating = addon("jobs.runner"), addon("jobs.animate")
    cancelled = runner.RunningJob("a", animating.animate(animating.request(bpy.context, scene.kmtalk)))
    cancelled.advance()
    cancelled.cancel()
    orphaned = runner.RunningJob("b", animating.animate(animating.request(bpy.context, scene.kmtalk)))
    orphaned.advance()
    bpy.data.objects.remove(head)
    while not orphaned.is_ended:
        orphaned.advance()
    assert "deleted in the meantime" in orphaned.error
    assert not bpy.data.actions


def test_a_strip_is_mixed_down_alone_as_a_retimed_one_has_to_be(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], speech: Path, tmp_path: Path
) -> None:
    import bpy
    import soundfile

    strip = add_strip(frame=11)
    add_strip("other", frame=1, channel=2)
    strip.mute = True  # adding retiming keys crashes Blender where there is no window, so the strip here has none
    scenes = len(bpy.data.scenes)
    mixing = addon("audio.mixdown").start(scene, strip, tmp_path / "mixed.wav")
    mixed, rate = soundfile.read(mixing.out, always_2d=True)
    original, own = soundfile.read(speech, always_2d=True)
    assert len(mixed) / rate == pytest.approx(strip.frame_final_duration / 24, abs=0.05)
    loudness = np.sqrt((mixed**2).mean()), np.sqrt((original**2).mean())
    assert 0.6 < loudness[0] / loudness[1] < 1.2 and own  # Blender pans a mono sound to two channels
    assert len(bpy.data.scenes) == scenes and strip.mute


def test_a_strip_of_another_scene_drives_a_face_in_this_one(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path
) -> None:
    import bpy

    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender has no audio")
    edit = bpy.data.scenes.new("Edit")
    edit.render.fps, edit.render.fps_base = 48, 1.0
    assert not addon("options").other_scenes_sound(bpy.context)  # so the panel offers no scene
    editor = edit.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_sound(name="line", filepath=str(speech), channel=3, frame_start=97)
    assert addon("options").other_scenes_sound(bpy.context)
    scene.kmtalk.strip_scene = edit
    animate()
    assert line_in(action_of(head)).key_motions[0].frame == pytest.approx(97 / 2, abs=1)


def test_a_library_override_is_animated_and_says_what_it_took(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"), copy=True)
    bpy.data.objects.remove(head)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Head"]
    override = bpy.data.objects["Head"].override_create(remap_local_usages=True)
    scene.collection.objects.link(override)
    bpy.ops.kmtalk.animate(file=str(speech), faces=override.name)
    assert "library override now too" in addon("jobs.runner").desk().notice
    assert len(line_in(action_of(override)).key_motions) > 10
