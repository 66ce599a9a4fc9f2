"""Where the rig has a jaw and eyes, they move with the take, and nobody's action is touched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, make_face

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
    take = addon("store").take_of(action)
    jaw = take.motion[:, take.channels.index("jawOpen")]
    drops = []
    for frame in range(len(jaw)):
        scene.frame_set(1 + frame)
        drops.append(rest[2] - chin(rig, "jaw_master")[2])
    assert np.corrcoef(drops, jaw)[0, 1] > 0.97
    widest = int(jaw.argmax())
    expected = 0.1077 * 0.35 * jaw[widest]
    assert drops[widest] == pytest.approx(expected, rel=0.15)
    paths = {curve.data_path for curve in addon("store").curves_by_name(action).values()}
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
    paths = {c.data_path for c in addon("store").curves_by_name(head.data.shape_keys.animation_data.action).values()}
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
