"""Faces of bones open, round, close and blink: by the names of their bones, or by the poses of their library."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rigs_at_work import armature, motion, show

Place = tuple[float, float, float]

# A face 2 wide at the mouth, looking along −Y: where each part is.
PARTS: dict[str, Place] = {
    "jaw": (0.0, 2.0, 0.5), "upper": (0.0, -1.0, 0.05), "lower": (0.0, -1.0, -0.05),
    "corner left": (1.0, -0.6, 0.0), "corner right": (-1.0, -0.6, 0.0),
    "lid upper left": (1.0, -0.8, 2.2), "lid lower left": (1.0, -0.8, 1.8),
    "lid upper right": (-1.0, -0.8, 2.2), "lid lower right": (-1.0, -0.8, 1.8),
    "brow left": (1.0, -0.8, 2.8), "brow right": (-1.0, -0.8, 2.8),
}  # fmt: skip

RIGS: dict[str, dict[str, str]] = {
    "Rigify": {
        "jaw": "jaw_master", "upper": "lip.T", "lower": "lip.B", "corner left": "lips.L", "corner right": "lips.R",
        "lid upper left": "lid.T.L.002", "lid lower left": "lid.B.L.002", "lid upper right": "lid.T.R.002",
        "lid lower right": "lid.B.R.002", "brow left": "brow.T.L.002", "brow right": "brow.T.R.002",
    },
    "Rigify, new face": {
        "jaw": "jaw_master", "upper": "lip.T", "lower": "lip.B", "corner left": "lip_end.L.001",
        "corner right": "lip_end.R.001", "lid upper left": "lid1.T.L", "lid lower left": "lid1.B.L",
        "lid upper right": "lid1.T.R", "lid lower right": "lid1.B.R", "brow left": "brow.T.L", "brow right": "brow.T.R",
    },
    "Auto-Rig Pro": {
        "jaw": "c_jawbone.x", "upper": "c_lips_top.x", "lower": "c_lips_bot.x", "corner left": "c_lips_smile.l",
        "corner right": "c_lips_smile.r", "lid upper left": "c_eyelid_top_02.l", "lid lower left": "c_eyelid_bot_02.l",
        "lid upper right": "c_eyelid_top_02.r", "lid lower right": "c_eyelid_bot_02.r", "brow left": "c_eyebrow_02.l",
        "brow right": "c_eyebrow_02.r",
    },
    "MetaHuman": {
        "jaw": "FACIAL_C_Jaw", "upper": "FACIAL_C_LipUpper", "lower": "FACIAL_C_LipLower",
        "corner left": "FACIAL_L_LipCorner", "corner right": "FACIAL_R_LipCorner",
        "lid upper left": "FACIAL_L_EyelidUpperA", "lid lower left": "FACIAL_L_EyelidLowerA",
        "lid upper right": "FACIAL_R_EyelidUpperA", "lid lower right": "FACIAL_R_EyelidLowerA",
    },
    "MPFB": {
        "jaw": "jaw", "upper": "oris05", "lower": "oris01", "corner left": "oris03.L", "corner right": "oris03.R",
        "lid upper left": "orbicularis03.L", "lid lower left": "orbicularis04.L", "lid upper right": "orbicularis03.R",
        "lid lower right": "orbicularis04.R", "brow left": "oculi01.L", "brow right": "oculi01.R",
    },
    "no list": {
        "jaw": "CTRL_Kiefer", "upper": "lippe oben", "lower": "lippe unten", "corner left": "Mouth_Corner_L",
        "corner right": "Mouth_Corner_R",
    },
}  # fmt: skip


def face_rig(scene: Any, names: dict[str, str], lips_under_jaw: bool = False) -> Any:
    """A rig with a mesh whose vertices follow one bone each, in the order of `names`."""
    import bpy

    bones: dict[str, tuple[Place, Place, str]] = {"head": ((0, 2, -1), (0, 2, 3), "")}
    for part, name in names.items():
        x, y, z = PARTS[part]
        tail = (0.0, -1.5, -0.8) if part == "jaw" else (x, y - 0.3, z)
        under = names["jaw"] if part == "lower" and lips_under_jaw else "head"
        bones[name] = ((x, y, z), tail, under)
    rig = armature(scene, "Rig", bones)
    mesh = bpy.data.meshes.new("Skin")
    mesh.from_pydata([PARTS[part] for part in names], [], [])
    skin = bpy.data.objects.new("Skin", mesh)
    scene.collection.objects.link(skin)
    for number, name in enumerate(names.values()):
        skin.vertex_groups.new(name=name).add([number], 1.0, "REPLACE")
    skin.modifiers.new("Armature", "ARMATURE").object = rig
    bpy.context.view_layer.objects.active = skin
    return skin


def places(skin: Any, names: dict[str, str]) -> dict[str, np.ndarray]:
    import bpy

    shown = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return {part: np.array(shown.to_mesh().vertices[number].co) for number, part in enumerate(names)}


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, scene: Any, addon: Callable[[str], Any]) -> tuple[Any, Any, dict[str, str]]:
    names = RIGS[request.param]
    skin = face_rig(scene, names, lips_under_jaw=request.param in ("Rigify", "MPFB"))
    return addon("options").face_of([skin]), skin, names


def test_it_opens_on_a(rig: tuple[Any, Any, dict[str, str]]) -> None:
    face, skin, names = rig
    show(face, jawOpen=1.0)
    shown = places(skin, names)
    opened = shown["upper"][2] - shown["lower"][2]
    assert 0.6 < opened < 1.6
    assert abs(shown["upper"][2] - PARTS["upper"][2]) < 0.01
    assert 0.15 * opened < PARTS["corner left"][2] - shown["corner left"][2] < 0.7 * opened


def test_it_closes_on_m_and_rounds_on_u(rig: tuple[Any, Any, dict[str, str]]) -> None:
    face, skin, names = rig
    assert not face.warnings
    show(face, jawOpen=0.4, mouthClose=0.4)
    shown = places(skin, names)
    assert shown["upper"][2] - shown["lower"][2] == pytest.approx(0.1, abs=0.02)
    show(face, mouthPucker=1.0)
    shown = places(skin, names)
    width = shown["corner left"][0] - shown["corner right"][0]
    assert 0.5 < width / 2.0 < 0.8
    assert shown["upper"][1] < PARTS["upper"][1] - 0.1  # forward
    show(face)
    shown = places(skin, names)
    for part, place in PARTS.items():
        if part in names:
            assert shown[part] == pytest.approx(place, abs=1e-5)


def test_it_blinks_and_no_further(rig: tuple[Any, Any, dict[str, str]]) -> None:
    face, skin, names = rig
    if "lid upper left" not in names:
        assert "lids" not in face.sentence
        return
    show(face, eyeBlinkLeft=1.0)
    shown = places(skin, names)
    assert shown["lid upper left"][2] - shown["lid lower left"][2] == pytest.approx(0.0, abs=0.02)
    assert shown["lid upper right"] == pytest.approx(PARTS["lid upper right"], abs=1e-5)


def test_a_smile_is_one_sided_and_an_edit_of_it_is_a_pose(rig: tuple[Any, Any, dict[str, str]]) -> None:
    face, skin, names = rig
    show(face, mouthSmileLeft=1.0)
    shown = places(skin, names)
    assert shown["corner left"][0] > 1.1 and shown["corner left"][2] > 0.1
    assert shown["corner right"] == pytest.approx(PARTS["corner right"], abs=1e-5)
    target = face.targets[0]
    half, whole = (target.drive(motion(mouthSmileLeft=share))[0] for share in (0.5, 1.0))
    changed = {n: float(whole[n]) for n in np.flatnonzero(np.abs(whole - half) > 1e-4)}
    back = target.drive.back(motion(mouthSmileLeft=0.5)[0], changed)
    assert back["mouthSmileLeft"] > 0.7
    assert target.drive(motion(**{"mouthSmileLeft": 0.5, **back}))[0] == pytest.approx(whole, abs=0.02)


def test_the_head_turns_too(rig: tuple[Any, Any, dict[str, str]]) -> None:
    face, skin, _ = rig
    head = next(target for target in face.targets if target.drive.space.name == "head")
    assert head.bones == ["head"]
    values = head.drive(np.array([[0.3, 0.0, 0.0]], np.float32))[0]
    for number, curve in head.curves.items():
        curve.set(head.owner, float(values[number]))
    turned = np.array(skin.modifiers[0].object.pose.bones["head"].matrix_basis.to_3x3())
    assert np.arccos(np.clip((np.trace(turned) - 1) / 2, -1, 1)) == pytest.approx(0.3, abs=1e-3)


def test_a_jaw_alone_opens_and_says_what_it_lacks(addon: Callable[[str], Any], scene: Any) -> None:
    names = {"jaw": "mixamorig:Jaw"}
    skin = face_rig(scene, names)
    face = addon("options").face_of([skin])
    assert face.warnings and "rounds" in face.warnings[0]
    show(face, jawOpen=1.0)
    assert abs(np.array(face.targets[0].item.pose.bones["mixamorig:Jaw"].matrix_basis.to_3x3()) - np.eye(3)).max() > 0.2


def test_lids_that_turn_about_the_eye_close(addon: Callable[[str], Any], scene: Any) -> None:
    names = RIGS["MetaHuman"]
    skin = face_rig(scene, names)
    rig = skin.modifiers[0].object
    import bpy

    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for side, x in (("L", 1.0), ("R", -1.0)):
        for level, z in (("Upper", 2.2), ("Lower", 1.8)):
            bone = rig.data.edit_bones[f"FACIAL_{side}_Eyelid{level}A"]
            bone.head, bone.tail = (x, 0.0, 2.0), (x, -0.8, z)
    bpy.ops.object.mode_set(mode="OBJECT")
    show(addon("options").face_of([skin]), eyeBlinkLeft=1.0)
    shown = places(skin, names)
    assert shown["lid upper left"][2] - shown["lid lower left"][2] == pytest.approx(0.0, abs=0.05)


def pose_action(rig: Any, name: str, jaw: float, corner: float, asset: bool = False) -> Any:
    """An action of one frame: the jaw turns, the corner goes in."""
    import bpy

    action = bpy.data.actions.new(name)
    animation = rig.animation_data_create()
    animation.action = action
    bones = rig.pose.bones
    for bone in bones:
        bone.rotation_mode = "XYZ"
    bones["kiefer_7"].rotation_euler.x, bones["ecke_7"].location.x = jaw, corner
    bones["kiefer_7"].keyframe_insert("rotation_euler", frame=1)
    bones["ecke_7"].keyframe_insert("location", frame=1)
    bones["kiefer_7"].rotation_euler.x = bones["ecke_7"].location.x = 0.0
    animation.action = None
    action.use_fake_user = True
    if asset:
        action.asset_mark()
    return action


@pytest.fixture
def posed(scene: Any) -> Any:
    """A rig of unknown names with poses of vowels and closed lips in its library."""
    rig = armature(scene, "Puppet", {"kiefer_7": ((0, 0, 0), (0, -1, 0), ""), "ecke_7": ((1, 0, 0), (1, -1, 0), "")})
    for number, (name, jaw, corner) in enumerate(
        [("A", 0.5, 0.0), ("E", 0.2, 0.2), ("I", 0.1, 0.3), ("O", 0.3, -0.2), ("U", 0.1, -0.4), ("MBP", 0.0, 0.1)]
    ):
        pose_action(rig, f"Mouth_{name}", jaw, corner, asset=number % 2 == 0)
    return rig


def test_poses_of_a_library_are_mixed(addon: Callable[[str], Any], posed: Any) -> None:
    face = addon("options").face_of([posed])
    assert face.sentence.startswith("Poses of “Puppet”: ")
    bones = posed.pose.bones
    show(face, jawOpen=0.7)
    assert bones["kiefer_7"].rotation_euler.x > 0.4
    show(face, mouthPucker=0.9)
    assert bones["ecke_7"].location.x < -0.25 and bones["kiefer_7"].rotation_euler.x < 0.15
    show(face, jawOpen=0.3, mouthClose=0.3, mouthPressLeft=0.4, mouthPressRight=0.4)
    assert abs(bones["kiefer_7"].rotation_euler.x) < 0.02 and bones["ecke_7"].location.x > 0.05
    show(face)
    assert bones["kiefer_7"].rotation_euler.x == pytest.approx(0.0, abs=1e-6)


def test_bones_that_the_artists_action_moves_are_left_to_it(addon: Callable[[str], Any], posed: Any) -> None:
    import bpy

    body = bpy.data.actions.new("Body")
    posed.animation_data.action = body
    posed.pose.bones["ecke_7"].keyframe_insert("location", frame=1)
    posed.pose.bones["ecke_7"].keyframe_insert("location", frame=40)
    face = addon("options").face_of([posed])
    assert "Left to the rig's own animation: ecke_7" in face.sentence
    assert face.targets[0].bones == ["kiefer_7"]
    posed.animation_data.action = None
    track = posed.animation_data.nla_tracks.new()
    track.strips.new("Body", 1, body)
    assert addon("options").face_of([posed]).targets[0].bones == ["kiefer_7"]
    track.mute = True  # what does not play keeps nothing
    assert addon("options").face_of([posed]).targets[0].bones == ["kiefer_7", "ecke_7"]
    track.mute, posed.kmtalk_face.artists_bones = False, True
    face = addon("options").face_of([posed])
    assert face.targets[0].bones == ["kiefer_7", "ecke_7"] and "Left" not in face.sentence


def test_one_action_may_hold_all_poses_by_its_markers(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    rig = armature(scene, "Puppet", {"kiefer_7": ((0, 0, 0), (0, -1, 0), "")})
    bone = rig.pose.bones["kiefer_7"]
    bone.rotation_mode = "XYZ"
    action = bpy.data.actions.new("Visemes")
    rig.animation_data_create().action = action
    for frame, (name, jaw) in enumerate([("A", 0.5), ("E", 0.2), ("I", 0.1), ("O", 0.3), ("U", 0.15), ("MBP", 0.0)]):
        bone.rotation_euler.x = jaw
        bone.keyframe_insert("rotation_euler", frame=frame)
        action.pose_markers.new(name).frame = frame
    rig.animation_data.action = None
    action.use_fake_user = True
    face = addon("options").face_of([rig])
    show(face, jawOpen=0.7)
    assert bone.rotation_euler.x > 0.4


def test_a_rig_without_a_face_says_what_to_do(addon: Callable[[str], Any], scene: Any) -> None:
    rig = armature(scene, "Body", {"spine": ((0, 0, 0), (0, 0, 1), "")})
    with pytest.raises(addon("core").errors.FaceError, match="make a pose for each sound"):
        addon("options").face_of([rig])


def test_poses_of_any_name_are_chosen_in_a_list_and_seen_on_the_rig(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    rig = armature(scene, "Puppet", {"kiefer_7": ((0, 0, 0), (0, -1, 0), ""), "ecke_7": ((1, 0, 0), (1, -1, 0), "")})
    for name, jaw, corner in (("pose eins", 0.5, 0.0), ("pose zwei", 0.1, -0.4), ("pose drei", 0.0, 0.1)):
        pose_action(rig, name, jaw, corner)
    bpy.context.view_layer.objects.active = rig
    assert bpy.ops.kmtalk.map_keys(scheme="vowels") == {"FINISHED"}
    own = rig.kmtalk_face
    assert [row.name for row in own.keys] == ["pose drei", "pose eins", "pose zwei"]
    bones = rig.pose.bones
    bones["kiefer_7"].rotation_euler.x, bones["ecke_7"].location.z = 0.2, 0.3  # as its animator left it
    assert bpy.ops.kmtalk.show_pose(name="pose eins") == {"FINISHED"}
    assert bones["kiefer_7"].rotation_euler.x == pytest.approx(0.5)
    assert bpy.ops.kmtalk.show_pose(name="pose zwei") == {"FINISHED"}
    assert (bones["kiefer_7"].rotation_euler.x, bones["ecke_7"].location.x) == pytest.approx((0.1, -0.4))
    assert bpy.ops.kmtalk.show_pose() == {"FINISHED"}
    assert (bones["kiefer_7"].rotation_euler.x, bones["ecke_7"].location.x) == pytest.approx((0.2, 0.0))
    assert bones["ecke_7"].location.z == pytest.approx(0.3) and not own.shown_pose
    assert bpy.ops.kmtalk.show_pose(name="pose eins") == {"FINISHED"}
    own.pose_before = '{"kiefer_7|rotation_euler": [1, 2], "ecke_7|location": 5}'  # of a stranger's file
    assert bpy.ops.kmtalk.show_pose() == {"FINISHED"}
    assert (bones["kiefer_7"].rotation_euler.x, bones["ecke_7"].location.x) == (0.0, 0.0)
    for name, shown in (("pose eins", "A"), ("pose zwei", "U"), ("pose drei", "MBP")):
        own.keys[name].channel = shown
    face = addon("options").face_of([rig])
    assert face.sentence.startswith("Poses of “Puppet”: By hand")
    show(face, jawOpen=0.7)
    assert bones["kiefer_7"].rotation_euler.x > 0.4
    show(face, mouthPucker=0.9)
    assert bones["ecke_7"].location.x < -0.25


def link(path: Path, *names: str) -> list[Any]:
    """Save the open file, begin another and link what has these names into it."""
    import bpy

    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(path), link=True) as (there, linked):
        linked.objects, linked.actions = list(names), there.actions
    for item in linked.objects:
        bpy.context.scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = linked.objects[0]
    return list(linked.objects)


def test_poses_of_a_linked_rig_are_mapped_in_its_own_file(posed: Any, tmp_path: Path) -> None:
    import bpy

    (rig,) = link(tmp_path / "puppet.blend", posed.name)
    with pytest.raises(RuntimeError, match=r"“Puppet” is linked from “puppet\.blend”: map its poses there"):
        bpy.ops.kmtalk.map_keys()
    assert rig.kmtalk_face.scheme == "names" and not rig.kmtalk_face.keys


def test_a_linked_rig_moves_by_an_override_of_this_file_alone(
    addon: Callable[[str], Any], scene: Any, tmp_path: Path
) -> None:
    bones = {"head": ((0, 2, -1), (0, 2, 3), ""), "jaw_master": ((0, 2, 0.5), (0, -1, 0), "head")}
    rig = armature(scene, "Body", bones)
    can_move, face_of, error = (
        addon("face.armatures").can_move,
        addon("options").face_of,
        addon("core").errors.FaceError,
    )
    assert can_move(rig) and face_of([rig])
    (linked,) = link(tmp_path / "body.blend", "Body")
    assert not can_move(linked)
    with pytest.raises(error, match=r"“Body” is linked from “body\.blend”: make a library override"):
        face_of([linked])
    override = linked.override_create(remap_local_usages=True)
    assert can_move(override) and face_of([override])
    (linked,) = link(tmp_path / "shot.blend", override.name)  # another's override: nothing of it is saved here
    assert linked.override_library is not None and not can_move(linked)
    with pytest.raises(error, match=r"is linked from “shot\.blend”: make a library override"):
        face_of([linked])
