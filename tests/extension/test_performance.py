"""A performance in Blender: the head turns its bones, events are edited in their list, regions are left alone."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from performance_at_work import animate, head_rig, line_of, value


@pytest.fixture
def rig(scene: Any, head: Any) -> Any:
    return head_rig(scene, head)


@pytest.fixture
def minute(speech: Path, tmp_path: Path) -> Path:
    """The sentence six times with pauses between: long enough for blinks and nods."""
    samples, rate = soundfile.read(speech, dtype="float32")
    path = tmp_path / "six times.wav"
    soundfile.write(path, np.tile(np.concatenate([samples, np.zeros(rate // 2, np.float32)]), 6), rate)
    return path


def test_head_and_neck_share_the_turn_of_the_head(
    addon: Callable[[str], Any], scene: Any, head: Any, rig: Any, add_strip: Callable[..., Any]
) -> None:
    head.kmtalk_face.neck_share = 0.25
    add_strip(frame=1)
    animate(mood="happy", seed=3)
    take = addon("take.store").take_of(line_of(head))
    motion = take.track("head").motion
    frame = int(np.argmax(abs(motion[:, 1])))
    scene.frame_set(round(1 + frame / take.fps * 24))
    turn = {name: rig.pose.bones[name].matrix_basis.to_quaternion().angle for name in ("head", "neck")}
    assert turn["head"] > math.radians(0.2)
    assert turn["neck"] == pytest.approx(turn["head"] / 3, rel=0.05)
    assert take.settings["mood"] == "happy" and take.settings["seed"] == 3


def test_chin_down_is_forward_and_left_is_the_characters_left(
    addon: Callable[[str], Any], scene: Any, head: Any, rig: Any
) -> None:
    import bpy

    own, bones = head.kmtalk_face, addon("face.bones")
    target = bones.head_target(own, head, bones.taken(own, head, (), True, ()))
    for turns, axis, sign in (((0, 0.3, 0), 1, -1), ((0.3, 0, 0), 0, 1)):
        values = target.drive(np.array([turns], np.float32))[0]
        for number, curve in target.curves.items():
            curve.set(rig, float(values[number]))
        bpy.context.view_layer.update()
        tip = rig.pose.bones["head"].matrix.to_3x3() @ rig.data.bones["head"].matrix_local.to_3x3().inverted()
        nose = tip.col[1] * -1  # the face looks along -Y
        if axis == 1:
            assert nose.z < -0.15  # chin down
        else:
            assert nose.x * sign > 0.15  # +X is the character's left


def test_without_a_head_bone_the_eyes_do_not_turn_against_a_head(
    addon: Callable[[str], Any], scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    add_strip(frame=1)
    animate()
    take = addon("take.store").take_of(line_of(head))
    assert take.track("head") is None and "head" not in take.settings["regions"]


def test_the_object_itself_turns_where_that_is_wished(scene: Any, head: Any, add_strip: Callable[..., Any]) -> None:
    head.kmtalk_face.turn_object = True
    head.rotation_euler = (0.0, 0.0, 0.5)
    add_strip(frame=1)
    animate(liveliness=2.0)
    turns = []
    for frame in range(1, 40):
        scene.frame_set(frame)
        turns.append(tuple(head.delta_rotation_euler))
    assert np.ptp(turns, axis=0).max() > 0.005 and head.rotation_euler.z == pytest.approx(0.5)


def test_events_are_deleted_moved_and_added_in_their_list(
    addon: Callable[[str], Any], scene: Any, head: Any, rig: Any, add_strip: Callable[..., Any], minute: Path
) -> None:
    import bpy

    add_strip(frame=1, path=minute)
    animate()
    line = line_of(head)
    assert {"nod", "blink"} <= {row.kind for row in line.events}
    scene.frame_set((line.first + line.last) // 2)
    assert bpy.ops.kmtalk.add_event(kind="blink") == {"FINISHED"}
    frame = scene.frame_current
    before = value(scene, head, "eyeBlinkLeft", frame)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert value(scene, head, "eyeBlinkLeft", frame) > max(before, 0.6)
    line = line_of(head)
    row = next(row for row in line.events if row.state == "added")
    row.frame += 8
    bpy.ops.kmtalk.regenerate()
    assert value(scene, head, "eyeBlinkLeft", frame) == pytest.approx(before, abs=1e-3)
    assert value(scene, head, "eyeBlinkLeft", frame + 8) > 0.6
    line = line_of(head)
    line.event_index = next(n for n, row in enumerate(line.events) if row.state == "added")
    bpy.ops.kmtalk.delete_event()
    bpy.ops.kmtalk.regenerate()
    assert value(scene, head, "eyeBlinkLeft", frame + 8) < 0.6
    assert not [row for row in line_of(head).events if row.state == "added"]


def test_another_take_keeps_what_is_locked(
    scene: Any, head: Any, rig: Any, add_strip: Callable[..., Any], minute: Path
) -> None:
    import bpy

    add_strip(frame=1, path=minute)
    animate()
    line = line_of(head)
    line.event_index = 0
    kept = line.events[0].kind, line.events[0].frame
    bpy.ops.kmtalk.lock_event()
    assert bpy.ops.kmtalk.another_take() == {"FINISHED"}
    rows = [(row.kind, row.frame) for row in line_of(head).events if row.state == "locked"]
    assert rows == [kept] and scene.kmtalk.seed == 1


def test_another_take_tells_why_it_cannot_be_made_and_is_no_other_then(
    scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    import bpy

    add_strip(frame=1)
    scene.kmtalk.regions = set()
    with pytest.raises(RuntimeError) as told:
        bpy.ops.kmtalk.another_take()
    assert str(told.value).strip() == "Error: No region is chosen: choose at least the mouth."
    assert scene.kmtalk.seed == 0


def test_a_region_that_is_left_alone_keeps_its_curves(scene: Any, head: Any, add_strip: Callable[..., Any]) -> None:
    add_strip(frame=1)
    brow = head.data.shape_keys.key_blocks["browInnerUp"]
    brow.value = 0.37
    animate(regions={"mouth"})
    scene.frame_set(20)
    assert brow.value == pytest.approx(0.37)
    assert value(scene, head, "jawOpen", 20) != value(scene, head, "jawOpen", 1)


def test_the_gaze_goes_to_an_object(addon: Callable[[str], Any], scene: Any, head: Any) -> None:
    import bpy

    there = bpy.data.objects.new("There", None)
    scene.collection.objects.link(there)
    face = addon("face").find_face([head])
    there.location = (5.0, -5.0, 0.0)
    bpy.context.view_layer.update()
    left, up = addon("face.looking").direction(face, there)
    assert left == pytest.approx(math.radians(45), abs=0.15) and abs(up) < 0.2
    require = addon("face.looking").require_other
    require(face, there)
    with pytest.raises(addon("core").errors.FaceError, match="look at itself"):
        require(face, head)
    scene.kmtalk.look_at = there
    scene.collection.objects.unlink(there)  # as Delete does: the property still keeps it
    with pytest.raises(addon("core").errors.FaceError, match="was deleted"):
        require(face, there)
    scene.kmtalk.look_at = None


def test_a_mood_keyed_on_the_face_changes_along_the_timeline(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path
) -> None:
    own = head.kmtalk_face
    for frame, mood in ((1, "neutral"), (13, "angry")):
        own.mood = mood
        own.keyframe_insert("mood", frame=frame)
    face = addon("face").find_face([head])
    marks = addon("face.looking").marks(face, 1.0, 24.0, 2.0)
    assert [(round(mark["time"], 1), mark["name"]) for mark in marks] == [(0.0, "neutral"), (0.5, "angry")]


def test_a_head_bone_posed_by_hand_is_kept_by_regenerate_and_by_another_take(
    addon: Callable[[str], Any], scene: Any, head: Any, rig: Any, add_strip: Callable[..., Any], minute: Path
) -> None:
    import bpy
    from mathutils import Quaternion

    add_strip(frame=1, path=minute)
    animate()
    line = line_of(head)
    frame = line.key_motions[len(line.key_motions) // 2].frame
    scene.frame_set(frame)
    bone = rig.pose.bones["head"]
    bone.rotation_mode = "QUATERNION"
    wanted = bone.rotation_quaternion.copy()
    wanted.rotate(Quaternion((0.0, 1.0, 0.0), 0.2))
    bone.rotation_quaternion = wanted
    assert bone.keyframe_insert("rotation_quaternion", frame=frame)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    scene.frame_set(frame)
    assert bone.rotation_quaternion.rotation_difference(wanted).angle < 0.01
    take = addon("take.store").take_of(line_of(head))
    assert abs(take.track("head").motion[:, 0]).max() > 0.12
    assert bpy.ops.kmtalk.another_take() == {"FINISHED"}
    scene.frame_set(frame)
    assert bone.rotation_quaternion.rotation_difference(wanted).angle < 0.01


def test_settings_and_regions_go_over_the_command_line(
    addon: Callable[[str], Any], scene: Any, head: Any, rig: Any, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = addon("command_line").main
    sound = ["animate", "--audio", str(speech), "--face", head.name, "--no-save"]
    wished = ["--set", "mood=sad", "--set", "liveliness=calm", "--set", "delay=0.5", "--regions", "upper,head"]
    assert main([*sound, *wished]) == 0
    settings = addon("take.store").take_of(line_of(head)).settings
    assert (settings["mood"], settings["regions"]) == ("sad", "upper,head")
    assert (settings["liveliness"], settings["delay"]) == pytest.approx((0.8, 0.5))
    assert main([*sound, "--set", "mood=splendid"]) == 2
    assert "mood must be one of" in capsys.readouterr().err


@pytest.fixture
def body(rig: Any) -> Any:
    """The armature with a chest and two shoulders below the neck."""
    import bpy

    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, foot, top in (
        ("chest", (0, 0, -0.4), (0, 0, -0.05)),
        ("shoulder.L", (0.02, 0, -0.05), (0.18, 0, -0.05)),
        ("shoulder.R", (-0.02, 0, -0.05), (-0.18, 0, -0.05)),
    ):
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = foot, top
        bone.parent = rig.data.edit_bones["chest"] if name != "chest" else None
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def tips(scene: Any, rig: Any, frames: Any) -> dict[str, np.ndarray]:
    """(frames, 3) where the ends of the bones of the chest are."""
    found: dict[str, list[Any]] = {name: [] for name in ("chest", "shoulder.L", "shoulder.R")}
    for frame in frames:
        scene.frame_set(frame)
        for name, places in found.items():
            places.append(tuple(rig.pose.bones[name].tail))
    return {name: np.array(places) for name, places in found.items()}


def test_chest_and_shoulders_rise_with_the_breath_and_rest_at_both_ends(
    addon: Callable[[str], Any], scene: Any, head: Any, body: Any, add_strip: Callable[..., Any], minute: Path
) -> None:
    import bpy

    add_strip(frame=1, path=minute)
    bpy.context.view_layer.objects.active = head
    animate()
    line = line_of(head)
    places = tips(scene, body, range(line.first, line.last + 1))
    for side in ("L", "R"):
        raised = places[f"shoulder.{side}"][:, 2]
        assert 0.002 < np.ptp(raised) < 0.02 and raised.max() - raised[0] > 0.8 * np.ptp(raised)  # up, not down
        assert abs(raised[0] - raised[-1]) < 1e-4
    assert places["chest"][:, 1].max() - places["chest"][0, 1] > 0.001  # it leans back
    rise = addon("take.store").take_of(line).track("chest").motion[:, 0]
    assert rise[0] == pytest.approx(0, abs=0.01) and rise.max() > 0.4


def test_bones_that_breathe_are_counted_in_words(addon: Callable[[str], Any], head: Any, body: Any) -> None:
    import bpy

    assert "3 bones that breathe" in addon("options").face_of([head]).what_moves
    bpy.context.view_layer.objects.active = body
    bpy.ops.object.mode_set(mode="EDIT")
    for side in "LR":
        body.data.edit_bones.remove(body.data.edit_bones[f"shoulder.{side}"])
    bpy.ops.object.mode_set(mode="OBJECT")
    addon("face.moving").forget()
    assert "1 bone that breathes" in addon("options").face_of([head]).what_moves


def bones_on(addon: Callable[[str], Any], action: Any) -> set[str]:
    """The bones that an action moves."""
    paths = [name.partition("|")[2] for name in addon("take.lines").curves_by_name(action)]
    return {path.split('"')[1] for path in paths if path.startswith("pose.bones")}


def test_the_chest_of_a_rig_that_nobody_named_breathes(
    addon: Callable[[str], Any], head: Any, body: Any, add_strip: Callable[..., Any], minute: Path
) -> None:
    import bpy

    own = head.kmtalk_face
    own.armature, own.head_bone, own.neck_bone = None, "", ""
    head.modifiers.new("Armature", "ARMATURE").object = body
    add_strip(frame=1, path=minute)
    bpy.context.view_layer.objects.active = head
    animate()
    moved = set().union(*(bones_on(addon, action) for action in addon("take.lines").actions_of([head, body])))
    assert moved == {"head", "neck", "chest", "shoulder.L", "shoulder.R"}


def test_a_chest_that_an_artist_moves_is_left_alone_and_so_it_is_where_that_is_wished(
    addon: Callable[[str], Any], scene: Any, head: Any, body: Any, add_strip: Callable[..., Any], minute: Path
) -> None:
    import bpy

    add_strip(frame=1, path=minute)
    bpy.context.view_layer.objects.active = head
    animate()
    breathing = {"chest", "shoulder.L", "shoulder.R"}
    assert breathing <= bones_on(addon, addon("take.lines").actions_of([head, body])[-1])
    assert bpy.ops.kmtalk.remove_line() == {"FINISHED"}
    animate(regions={"mouth", "upper", "eyes", "head"})
    moved = set().union(*(bones_on(addon, action) for action in addon("take.lines").actions_of([head, body])))
    assert moved == {"head", "neck"}
    bpy.ops.kmtalk.remove_line()
    bone = body.pose.bones["chest"]
    bone.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (60, 0.5)):
        bone.rotation_euler = (angle, 0.0, 0.0)
        bone.keyframe_insert("rotation_euler", frame=frame)
    animate()
    moved = set().union(*(bones_on(addon, action) for action in addon("take.lines").actions_of([head, body])))
    assert moved == {"head", "neck", "shoulder.L", "shoulder.R"}
    scene.frame_set(60)
    assert bone.rotation_euler.x == pytest.approx(0.5)


def test_a_key_called_breathe_rises_with_the_breath(
    scene: Any, head: Any, add_strip: Callable[..., Any], minute: Path
) -> None:
    head.shape_key_add(name="Breathe")
    add_strip(frame=1, path=minute)
    animate()
    line = line_of(head)
    shown = [value(scene, head, "Breathe", frame) for frame in range(line.first, line.last + 1)]
    assert max(shown) > 0.4 and shown[0] < 0.05 and shown[-1] < 0.05


@pytest.mark.parametrize("region", ["head", "chest"])
def test_what_nothing_of_a_face_takes_is_told(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, capsys: pytest.CaptureFixture[str], region: str
) -> None:
    sound = ["animate", "--audio", str(speech), "--face", head.name, "--no-save"]
    assert addon("command_line").main([*sound, "--regions", region]) == 2
    assert f"is moved as {region}: choose its bones" in capsys.readouterr().err
    assert head.data.shape_keys.animation_data is None
