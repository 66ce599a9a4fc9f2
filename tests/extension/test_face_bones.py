"""Where the rig has a jaw and eyes, they move with the take, and nobody's action is touched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, line_in, make_face

RIGS = {
    "Rigify": ("jaw_master", "master_eye.L", "master_eye.R"),
    "FLAME": ("jaw", "left_eye_smplhf", "right_eye_smplhf"),
    "Reallusion": ("CC_Base_JawRoot", "CC_Base_L_Eye", "CC_Base_R_Eye"),
}


def make_rig(scene: Any, names: tuple[str, str, str]) -> Any:
    """A rig that looks along −Y: a jaw that points forward, eyes, and a spine."""
    import bpy

    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    scene.collection.objects.link(rig)
    active = bpy.context.view_layer.objects.active
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    places = {"spine": ((0, 0, 0), (0, 0, 1)), names[0]: ((0, 0, 1), (0, -0.1, 0.96))}
    places |= {names[1]: ((0.03, -0.05, 1.1), (0.03, -0.07, 1.1)), names[2]: ((-0.03, -0.05, 1.1), (-0.03, -0.07, 1.1))}
    for name, (head, tail) in places.items():
        bone = data.edit_bones.new(name)
        bone.head, bone.tail = head, tail
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = active
    return rig


@pytest.fixture
def rigged(scene: Any) -> tuple[Any, Any]:
    head = make_face(scene, "Head")
    rig = make_rig(scene, RIGS["Rigify"])
    head.modifiers.new("Armature", "ARMATURE").object = rig
    return head, rig


def chin(rig: Any, name: str) -> np.ndarray:
    import bpy

    bpy.context.view_layer.update()
    return np.array(rig.matrix_world @ rig.pose.bones[name].tail)


@pytest.mark.parametrize("make", RIGS)
def test_bones_are_known_by_their_names(addon: Callable[[str], Any], scene: Any, make: str) -> None:
    import bpy

    head = make_face(scene, "Head")
    rig = make_rig(scene, RIGS[make])
    head.parent = rig
    assert bpy.ops.kmtalk.use_rig() == {"FINISHED"}
    own = head.kmtalk_face
    assert (own.jaw_bone, own.eye_left_bone, own.eye_right_bone) == RIGS[make]


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "YZX", "AXIS_ANGLE"])
def test_the_jaw_bone_opens_with_the_take_in_every_rotation_mode(
    addon: Callable[[str], Any], scene: Any, rigged: tuple[Any, Any], speech: Path, mode: str
) -> None:
    import bpy

    head, rig = rigged
    scene.render.fps = 30
    rig.pose.bones["jaw_master"].rotation_mode = mode
    assert bpy.ops.kmtalk.use_rig() == {"FINISHED"}
    rest = chin(rig, "jaw_master")
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    action = head.data.shape_keys.animation_data.action
    take = addon("take.store").take_of(line_in(action))
    jaw = take.motion[:, take.space.index_of("jawOpen")]
    drops = []
    for frame in range(len(jaw)):
        scene.frame_set(1 + frame)
        drops.append(rest[2] - chin(rig, "jaw_master")[2])
    assert np.corrcoef(drops, jaw)[0, 1] > 0.97
    widest = int(jaw.argmax())
    expected = 0.1077 * 0.35 * jaw[widest]
    assert drops[widest] == pytest.approx(expected, rel=0.15)
    paths = {curve.data_path for curve in addon("take.lines").curves_by_name(action).values()}
    assert not any("jawOpen" in path or "eyeLook" in path for path in paths)
    assert any("mouthClose" in path for path in paths)


def test_shape_keys_may_move_beside_the_bones(
    addon: Callable[[str], Any], rigged: tuple[Any, Any], speech: Path
) -> None:
    import bpy

    head, _ = rigged
    bpy.ops.kmtalk.use_rig()
    head.kmtalk_face.keys_too = True
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    paths = {
        c.data_path for c in addon("take.lines").curves_by_name(head.data.shape_keys.animation_data.action).values()
    }
    assert any("jawOpen" in path for path in paths)


def test_an_action_of_the_riggers_stays_and_a_second_run_replaces_only_ours(
    addon: Callable[[str], Any], scene: Any, rigged: tuple[Any, Any], speech: Path
) -> None:
    import bpy

    _, rig = rigged
    rig.pose.bones["spine"].keyframe_insert("location", frame=1)
    theirs = rig.animation_data.action
    bpy.ops.kmtalk.use_rig()
    for _ in range(2):
        assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    assert rig.animation_data.action == theirs
    strips = [strip for track in rig.animation_data.nla_tracks for strip in track.strips]
    assert len(strips) == 1 and strips[0].action != theirs
    scene.frame_set(6)
    opened = chin(rig, "jaw_master")
    scene.frame_set(int(strips[0].frame_end) + 5)
    assert np.linalg.norm(opened - chin(rig, "jaw_master")) > 1e-4


@pytest.fixture
def jaw_keys(addon: Callable[[str], Any]) -> Callable[[], dict[str, dict[int, float]]]:
    """Every key of the jaw's curves, by curve and frame."""
    import bpy

    def read() -> dict[str, dict[int, float]]:
        rig = bpy.data.objects["Rig"]
        compat = addon("compat")
        action = rig.animation_data.action
        curves = compat.read_curves(action, compat.slot_of(action, rig))
        jaw = [curve for curve in curves if "jaw_master" in curve.data_path]
        assert jaw
        return {
            f"{curve.data_path}[{curve.array_index}]": {round(p.co[0]): p.co[1] for p in curve.keyframe_points}
            for curve in jaw
        }

    return read


def open_by_hand(rig: Any, frame: int, angle: float) -> np.ndarray:
    """Turn the jaw by `angle` more on a frame, as an artist would, with a twist that no take makes."""
    import bpy
    from mathutils import Quaternion, Vector

    bpy.context.scene.frame_set(frame)
    jaw = rig.pose.bones["jaw_master"]
    left = jaw.bone.matrix_local.to_3x3().inverted() @ Vector((1.0, 0.0, 0.0))
    jaw.rotation_quaternion = Quaternion((0, 1, 0), 0.02) @ Quaternion(left, angle) @ jaw.rotation_quaternion
    jaw.keyframe_insert("rotation_quaternion", frame=frame)
    return np.array(jaw.rotation_quaternion)


@pytest.mark.parametrize("mode", ["EVERY", "REDUCED"])
def test_a_bone_edited_by_hand_is_a_key_edited_by_hand(
    addon: Callable[[str], Any],
    scene: Any,
    rigged: tuple[Any, Any],
    speech: Path,
    mode: str,
    jaw_keys: Callable[[], dict[str, dict[int, float]]],
) -> None:
    import bpy

    head, rig = rigged
    scene.render.fps = 30
    scene.kmtalk.bake_mode = mode
    bpy.ops.kmtalk.use_rig()
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    store = addon("take.store")
    action = head.data.shape_keys.animation_data.action
    before, take = jaw_keys(), store.take_of(line_in(action))
    inner = take.keys[len(take.keys) // 2]
    frame = 1 + inner.frame
    wanted = open_by_hand(rig, frame, 0.2)
    with pytest.raises(RuntimeError, match="regenerate first"):
        bpy.ops.kmtalk.apply_face()
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    action = head.data.shape_keys.animation_data.action
    made = store.take_of(line_in(action))
    jaw = made.space.index_of("jawOpen")
    assert made.motion[inner.frame, jaw] - take.motion[inner.frame, jaw] == pytest.approx(0.2 / 0.35, abs=0.02)
    edited = next(key for key in made.keys if key.frame == inner.frame)
    assert edited.state == "edited"
    scene.frame_set(frame)
    assert np.allclose(rig.pose.bones["jaw_master"].rotation_quaternion, wanted, atol=1e-5)
    after = jaw_keys()
    changed = {f for curve in after for f in after[curve] if after[curve][f] != before[curve].get(f)}
    assert changed and max(abs(f - frame) for f in changed) < 30
    assert len([f for f in changed if f != frame]) > 2 or mode == "REDUCED"
    with pytest.raises(RuntimeError, match="No key was changed"):
        bpy.ops.kmtalk.regenerate()


def test_a_bone_is_reset_with_its_key(
    addon: Callable[[str], Any],
    scene: Any,
    rigged: tuple[Any, Any],
    speech: Path,
    jaw_keys: Callable[[], dict[str, dict[int, float]]],
) -> None:
    import bpy

    head, rig = rigged
    scene.render.fps = 30
    bpy.ops.kmtalk.use_rig()
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    before = jaw_keys()
    action = head.data.shape_keys.animation_data.action
    number = len(line_in(action).key_motions) // 2
    open_by_hand(rig, line_in(action).key_motions[number].frame, 0.2)
    assert jaw_keys() != before
    line_in(action).key_index = number
    assert bpy.ops.kmtalk.reset_key() == {"FINISHED"}
    assert jaw_keys() == before


def test_after_other_settings_the_bones_are_written_anew(
    addon: Callable[[str], Any], scene: Any, rigged: tuple[Any, Any], speech: Path
) -> None:
    import bpy

    head, rig = rigged
    scene.render.fps = 30
    bpy.ops.kmtalk.use_rig()
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    action = head.data.shape_keys.animation_data.action
    take = addon("take.store").take_of(line_in(action))
    widest = 1 + int(take.motion[:, take.space.index_of("jawOpen")].argmax())
    scene.frame_set(widest)
    rest = chin(rig, "jaw_master")
    head.kmtalk_face.jaw_angle *= 2
    first = line_in(action).key_motions[2].frame
    for curve in addon("take.lines").curves_by_name(action).values():
        if "mouthSmileLeft" in curve.data_path:
            next(p for p in curve.keyframe_points if round(p.co[0]) == first).co[1] += 0.2
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    scene.frame_set(widest)
    assert chin(rig, "jaw_master")[2] < rest[2] - 0.005


def test_a_jaw_bone_closes_lips_that_no_key_closes(
    addon: Callable[[str], Any], scene: Any, speech: Path, jaw_keys: Callable[[], dict[str, dict[int, float]]]
) -> None:
    import bpy

    head = make_face(scene, "Head", ("mouthPucker", "mouthFunnel", "mouthSmileLeft", "mouthSmileRight", "jawOpen"))
    head.modifiers.new("Armature", "ARMATURE").object = rig = make_rig(scene, RIGS["Rigify"])
    scene.render.fps = 30
    bpy.ops.kmtalk.use_rig()
    rest = chin(rig, "jaw_master")
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    take = addon("take.store").take_of(line_in(head.data.shape_keys.animation_data.action))
    held = next(key.frame for key in take.keys if take.motion[key.frame, take.space.index_of("mouthClose")] > 0.03)
    scene.frame_set(1 + held)
    assert np.linalg.norm(rest - chin(rig, "jaw_master")) < 1e-3
    wanted = open_by_hand(rig, 1 + held, 0.1)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    scene.frame_set(1 + held)
    assert np.allclose(rig.pose.bones["jaw_master"].rotation_quaternion, wanted, atol=1e-5)
    angles = next(keys for name, keys in jaw_keys().items() if name.endswith("rotation_quaternion[0]"))
    assert 2 * np.arccos(min(angles[2 + held], 1.0)) > 0.03  # the frame beside it comes along


PRODUCTION: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # bones above one another, and which turn: head first
    "Rigify": (("torso", "neck", "head"), ("head", "neck")),
    "Unreal": (("pelvis", "spine_05", "neck_01", "neck_02", "head"), ("head", "neck_01")),
    "Mixamo": (("mixamorig:Hips", "mixamorig:Neck", "mixamorig:Head"), ("mixamorig:Head", "mixamorig:Neck")),
    "in no list": (("Körper_CTRL", "Hals_CTRL", "Kopf_CTRL"), ("Kopf_CTRL", "Hals_CTRL")),
    "in no list, numbered": (("b01_root", "b07_Neck_jnt", "b08_Head_jnt"), ("b08_Head_jnt", "b07_Neck_jnt")),
}


@pytest.mark.parametrize("up", ["Z", "Y"])
@pytest.mark.parametrize("kind", PRODUCTION)
def test_head_and_neck_of_a_rig_turn_with_the_take_beside_keys(
    addon: Callable[[str], Any], scene: Any, kind: str, up: str
) -> None:
    import bpy
    from rigs_at_work import armature

    names, (head_bone, neck_bone) = PRODUCTION[kind]
    head = make_face(scene, "Head")
    bones = {}
    for number, (name, parent) in enumerate(zip(names, ("", *names), strict=False)):
        low, high = ((0.0, 0.0, 0.3 * (number + step)) for step in (0, 1))
        bones[name] = (low, high, parent) if up == "Z" else ((0.0, low[2], 0.0), (0.0, high[2], 0.0), parent)
    rig = armature(scene, "Rig", bones)
    if up == "Y":
        rig.rotation_euler.x = np.pi / 2
    head.modifiers.new("Armature", "ARMATURE").object = rig
    bpy.context.view_layer.objects.active = head
    face = addon("options").face_of([head])
    breathes = " · Rig: 1 bone that breathes" if "spine_05" in names else ""
    assert face.turns_head and face.what_moves == f"Head: 52 keys · Rig: head and neck{breathes}"
    target = next(target for target in face.targets if target.item == rig)
    assert set(target.bones) == {head_bone, neck_bone}
    values = target.drive(np.array([[0.4, 0.0, 0.0]], np.float32))[0]  # to the character's left, as X is
    for number, curve in target.curves.items():
        curve.set(target.owner, float(values[number]))
    bpy.context.view_layer.update()
    bone = rig.pose.bones[head_bone]
    turn = (rig.matrix_world @ bone.matrix).to_3x3() @ (rig.matrix_world @ bone.bone.matrix_local).to_3x3().inverted()
    looks = turn @ (rig.matrix_world.to_3x3() @ _forward(up))
    assert np.degrees(np.arctan2(looks.x, -looks.y)) == pytest.approx(np.degrees(0.4), abs=0.1)
    assert looks.z == pytest.approx(0.0, abs=1e-3)


def _forward(up: str) -> Any:
    from mathutils import Vector

    return Vector((0, -1, 0)) if up == "Z" else Vector((0, 0, 1))


def test_bones_that_the_artist_animates_are_left_and_a_head_that_a_driver_reads_too(
    addon: Callable[[str], Any], scene: Any
) -> None:
    import bpy
    from rigs_at_work import armature

    head = make_face(scene, "Head")
    rig = armature(scene, "Rig", {"neck": ((0, 0, 0), (0, 0, 1), ""), "head": ((0, 0, 1), (0, 0, 2), "neck")})
    head.parent = rig
    bpy.context.view_layer.objects.active = head
    rig.pose.bones["neck"].keyframe_insert("rotation_quaternion", frame=1)
    face = addon("options").face_of([head])
    assert face.what_moves == "Head: 52 keys · Rig: head" and "own animation: neck" in face.sentence
    rig.kmtalk_face.artists_bones = True
    assert addon("options").face_of([head]).what_moves == "Head: 52 keys · Rig: head and neck"


def test_a_jaw_of_a_viseme_set_is_moved_once(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    visemes = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
    head = make_face(scene, "Head", visemes)
    head.modifiers.new("Armature", "ARMATURE").object = make_rig(scene, RIGS["Rigify"])
    assert "jaw" not in addon("options").face_of([head]).what_moves
    assert bpy.ops.kmtalk.use_rig() == {"FINISHED"}  # aa opens the mouth already
    assert head.kmtalk_face.jaw_bone == "" and head.kmtalk_face.eye_left_bone == "master_eye.L"


def test_a_jaw_opens_a_face_whose_keys_do_not(addon: Callable[[str], Any], scene: Any) -> None:
    head = make_face(scene, "Head", ("mouthPucker", "mouthFunnel", "mouthSmileLeft", "mouthSmileRight", "mouthClose"))
    head.modifiers.new("Armature", "ARMATURE").object = make_rig(scene, RIGS["Rigify"])
    face = addon("options").face_of([head])
    assert face.what_moves == "Head: 5 keys · Rig: jaw and 2 eye bones" and not face.warnings
