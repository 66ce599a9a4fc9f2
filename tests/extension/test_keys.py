"""Keys changed by hand, and the motion made anew beside them alone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, action_of, line_in, make_face, points_of
from keys_at_work import JAW, changed_frames, free_key, neighbours, set_value


@pytest.fixture
def animated(scene: Any, head: Any, speech: Path) -> Any:
    """A head that speaks, at the take's own rate so that keys and frames are the same."""
    import bpy

    scene.render.fps, scene.frame_start = 30, 11
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    return head


def test_an_edited_key_is_hit_and_only_the_spans_beside_it_change(addon: Callable[[str], Any], animated: Any) -> None:
    import bpy

    action = action_of(animated)
    frame = free_key(action).frame
    first, last = neighbours(action, frame)
    before = points_of(addon, action)
    set_value(addon, action, frame, 0.8125)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    action = action_of(animated)
    after = points_of(addon, action)
    assert dict(after[JAW])[frame] == 0.8125
    changed = changed_frames(before, after)
    assert frame in changed and len(changed) > 1 and all(first < f < last for f in changed)
    assert {key.frame: key.state for key in line_in(action).key_motions}[frame] == "edited"
    with pytest.raises(RuntimeError, match="No key was changed"):
        bpy.ops.kmtalk.regenerate()


def test_a_marker_dragged_in_time_moves_its_key(addon: Callable[[str], Any], animated: Any) -> None:
    import bpy

    action = action_of(animated)
    frame = free_key(action).frame
    first, last = neighbours(action, frame)
    pose = dict(points_of(addon, action)[JAW])[frame]
    before = points_of(addon, action)
    next(m for m in action.pose_markers if m.frame == frame).frame = frame + 1
    bpy.ops.kmtalk.regenerate()
    action = action_of(animated)
    after = points_of(addon, action)
    assert dict(after[JAW])[frame + 1] == pose
    assert all(first < f < last for f in changed_frames(before, after))
    frames = [key.frame for key in line_in(action).key_motions]
    assert frame + 1 in frames and frame not in frames
    assert sorted(m.frame for m in action.pose_markers) == frames


def test_two_keys_on_one_frame_are_told_by_the_frame_of_the_scene(addon: Callable[[str], Any], animated: Any) -> None:
    import bpy

    action = action_of(animated)
    frame = free_key(action).frame
    _, last = neighbours(action, frame)
    next(m for m in action.pose_markers if m.frame == frame).frame = last
    with pytest.raises(RuntimeError, match=rf"Two keys would stand at frame {last};"):
        bpy.ops.kmtalk.regenerate()


def move_column(addon: Callable[[str], Any], action: Any, frame: int, target: int | None) -> None:
    """Drag the keys of all curves at one frame to another, or delete them, as the Dope Sheet does."""
    for curve in addon("take.lines").curves_by_name(action).values():
        points = {round(point.co[0]): point for point in curve.keyframe_points}
        value = points[frame].co[1]
        if target is not None:
            curve.keyframe_points.insert(target, value, keyframe_type="EXTREME")
        curve.keyframe_points.remove(next(p for p in curve.keyframe_points if round(p.co[0]) == frame))


@pytest.mark.parametrize("step", [1, -1])
def test_a_column_of_keys_dragged_in_the_dope_sheet_moves_its_key(
    addon: Callable[[str], Any], animated: Any, step: int
) -> None:
    import bpy

    action = action_of(animated)
    frame = free_key(action).frame
    first, last = neighbours(action, frame)
    before = points_of(addon, action)
    pose = {path: dict(points)[frame] for path, points in before.items() if frame in dict(points)}
    count = len(line_in(action).key_motions)
    move_column(addon, action, frame, frame + step)
    bpy.ops.kmtalk.regenerate()
    action = action_of(animated)
    after = points_of(addon, action)
    assert {path: dict(after[path])[frame + step] for path in pose} == pose
    assert all(first < f < last for f in changed_frames(before, after))
    assert {len(points) for points in after.values()} == {len(points) for points in before.values()}
    frames = [key.frame for key in line_in(action).key_motions]
    assert frame + step in frames and frame not in frames and len(frames) == count


def test_a_column_of_keys_deleted_in_the_dope_sheet_deletes_its_key(addon: Callable[[str], Any], animated: Any) -> None:
    import bpy

    action = action_of(animated)
    frame = free_key(action).frame
    first, last = neighbours(action, frame)
    before = points_of(addon, action)
    move_column(addon, action, frame, None)
    bpy.ops.kmtalk.regenerate()
    action = action_of(animated)
    after = points_of(addon, action)
    assert all(first < f < last for f in changed_frames(before, after))
    assert frame in dict(after[JAW]) and frame not in [key.frame for key in line_in(action).key_motions]


def test_teeth_that_share_a_key_follow_what_was_edited_on_the_head(
    addon: Callable[[str], Any], scene: Any, animated: Any, speech: Path
) -> None:
    import bpy

    teeth = make_face(scene, "Teeth", ("jawOpen",))
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE, faces="Head;Teeth")
    action = action_of(animated)
    frame = free_key(action).frame
    set_value(addon, action, frame, 0.8125)
    bpy.context.view_layer.objects.active = animated
    bpy.ops.kmtalk.regenerate()
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    shown = [item.data.shape_keys.evaluated_get(graph).key_blocks["jawOpen"].value for item in (animated, teeth)]
    assert shown == pytest.approx([0.8125, 0.8125])


def test_a_marker_dragged_on_the_action_of_one_mesh_moves_the_key_of_all(
    addon: Callable[[str], Any], scene: Any, animated: Any, speech: Path
) -> None:
    import bpy

    make_face(scene, "A")  # Blender sorts actions by name: the head's is not the first
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE, faces="Head;A")
    bpy.context.view_layer.objects.active = animated
    scene.kmtalk.meshes.add().object = animated
    action = action_of(animated)
    frame = free_key(action).frame
    next(m for m in action.pose_markers if m.frame == frame).frame = frame + 1
    bpy.ops.kmtalk.regenerate()
    for item in (animated, bpy.data.objects["A"]):
        frames = [key.frame for key in line_in(action_of(item)).key_motions]
        assert frame + 1 in frames and frame not in frames
        assert sorted(m.frame for m in action_of(item).pose_markers) == frames


def test_keys_are_added_and_deleted_from_the_list(addon: Callable[[str], Any], scene: Any, animated: Any) -> None:
    import bpy

    action = action_of(animated)
    key = free_key(action)
    index, count = list(line_in(action).key_motions).index(key), len(line_in(action).key_motions)
    new = key.frame + 1
    scene.frame_set(new)
    bpy.ops.kmtalk.add_key()
    pose = dict(points_of(addon, action)[JAW])[new]
    bpy.ops.kmtalk.regenerate()
    action = action_of(animated)
    states = {key.frame: key.state for key in line_in(action).key_motions}
    assert states[new] == "added" and len(states) == count + 1
    assert dict(points_of(addon, action)[JAW])[new] == pose
    line_in(action).key_index = index + 1
    assert scene.frame_current == new
    bpy.ops.kmtalk.delete_key()
    bpy.ops.kmtalk.regenerate()
    action = action_of(animated)
    assert len(line_in(action).key_motions) == count


def test_a_locked_key_survives_a_new_animate_and_a_reset_one_goes_back(
    addon: Callable[[str], Any], animated: Any, speech: Path
) -> None:
    import bpy

    action = action_of(animated)
    index = list(line_in(action).key_motions).index(free_key(action))
    frame = line_in(action).key_motions[index].frame
    line_in(action).key_index = index
    made = dict(points_of(addon, action)[JAW])[frame]
    set_value(addon, action, frame, 0.9375)
    bpy.ops.kmtalk.lock_key()
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE, strength_lower=0.5)
    action = action_of(animated)
    assert dict(points_of(addon, action)[JAW])[frame] == 0.9375
    assert {key.frame: key.state for key in line_in(action).key_motions}[frame] == "locked"
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    action = action_of(animated)
    line_in(action).key_index = [key.frame for key in line_in(action).key_motions].index(frame)
    bpy.ops.kmtalk.reset_key()
    bpy.ops.kmtalk.regenerate()
    action = action_of(animated)
    assert dict(points_of(addon, action)[JAW])[frame] == pytest.approx(made, abs=0.02)


def test_reduced_curves_are_edited_in_their_spans_alone(
    addon: Callable[[str], Any], animated: Any, speech: Path
) -> None:
    import bpy

    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE, bake_mode="REDUCED", error=0.01)
    action = action_of(animated)
    frame = free_key(action).frame
    first, last = neighbours(action, frame)
    curve = next(c for name, c in addon("take.lines").curves_by_name(action).items() if name.endswith(JAW))
    curve.keyframe_points.insert(frame, 0.75, keyframe_type="KEYFRAME")
    before = points_of(addon, action)
    curves = addon("take.lines").curves_by_name(action)
    shown = {name: [c.evaluate(f) for f in range(11, 90)] for name, c in curves.items() if not name.endswith(JAW)}
    bpy.ops.kmtalk.regenerate()
    action = action_of(animated)
    after = points_of(addon, action)
    assert dict(after[JAW])[frame] == 0.75
    take = addon("take.store").take_of(line_in(action))
    for name, values in shown.items():
        path = name.split("|")[1]
        kept = sorted(dict(before[path]))
        reach = max((f for f in kept if f <= first), default=0), min((f for f in kept if f >= last), default=99)
        assert all(reach[0] < f < reach[1] for f in changed_frames({path: before[path]}, after)), path
        now = [addon("take.lines").curves_by_name(action)[name].evaluate(f) for f in range(11, 90)]
        outside = [f - 11 for f in range(11, 90) if not reach[0] < f < reach[1]]
        assert np.allclose([now[f] for f in outside], [values[f] for f in outside], atol=1e-6)
        channel = take.space.index_of(path.split('"')[1])
        assert np.abs(now[: take.frame_count] - take.motion[:, channel]).max() <= 0.0101


def test_the_take_survives_saving_reopening_and_appending(
    addon: Callable[[str], Any], animated: Any, tmp_path: Path
) -> None:
    import bpy

    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    item = bpy.data.objects["Head"]
    action = action_of(item)
    frame = free_key(action).frame
    set_value(addon, action, frame, 0.5625)
    bpy.ops.kmtalk.regenerate()
    action = action_of(item)
    assert dict(points_of(addon, action)[JAW])[frame] == 0.5625
    bpy.ops.wm.save_mainfile()

    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(path) as (_, wanted):
        wanted.objects = ["Head"]
    item = bpy.data.objects["Head"]
    bpy.context.scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    action = action_of(item)
    assert {key.frame: key.state for key in line_in(action).key_motions}[frame] == "edited"
    other = max((key.frame for key in list(line_in(action).key_motions)[1:-1]), key=lambda other: abs(other - frame))
    set_value(addon, action, other, 0.6875)
    bpy.ops.kmtalk.regenerate()
    action = action_of(item)
    curve = dict(points_of(addon, action)[JAW])
    assert (curve[frame], curve[other]) == (0.5625, 0.6875)


def test_a_shot_that_moved_with_its_sound_beside_it_regenerates(
    addon: Callable[[str], Any], animated: Any, speech: Path, tmp_path: Path
) -> None:
    import bpy

    action = action_of(animated)
    scene = bpy.context.scene
    for strip in addon("compat").strips(scene):
        strip.sound = None
    told = addon("take.store").story_of(line_in(action))
    elsewhere = type(told)(**{**vars(told), "audio": rf"C:\shots\{speech.name}"})
    line_in(action).story = json.dumps(vars(elsewhere))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    set_value(addon, action, free_key(action).frame, 0.5625)
    with pytest.raises(RuntimeError, match=f"put {speech.name} back"):
        bpy.ops.kmtalk.regenerate()
    shutil.copy(speech, tmp_path)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
