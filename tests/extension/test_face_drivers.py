"""Shape keys that bones and properties drive are moved by these, as far as these may go."""

from collections.abc import Callable
from typing import Any

import pytest
from faces_at_work import make_face
from rigs_at_work import armature, drive, key_values, motion, show

KEYS = ("jawOpen", "mouthClose", "mouthPucker", "mouthFunnel", "mouthSmileLeft", "mouthFrownLeft", "eyeBlinkLeft")


@pytest.fixture
def face(scene: Any) -> Any:
    item = make_face(scene, "Face", KEYS)
    for number, block in enumerate(item.data.shape_keys.key_blocks[1:]):
        block.value, block.data[0].co = 0.0, (0.0, 0.01 * number, -1.0)
    return item


@pytest.fixture
def rig(scene: Any) -> Any:
    bones = {name: ((0, 0, k), (0, 0.2, k), "") for k, name in enumerate(("Jaw", "Corner", "Lid", "Lips", "Turn"))}
    item = armature(scene, "Controls", bones)
    for bone in item.pose.bones:
        bone.rotation_mode = "QUATERNION" if bone.name == "Turn" else "XYZ"
    limit = item.pose.bones["Corner"].constraints.new("LIMIT_LOCATION")
    limit.owner_space = "LOCAL"
    limit.use_min_y, limit.use_max_y, limit.min_y, limit.max_y = True, True, -0.1, 0.1
    item["pucker"] = 0.0
    item.id_properties_ui("pucker").update(min=0.0, max=1.0)
    item.pose.bones["Lips"]["wide"] = 1.0
    item.pose.bones["Lips"].id_properties_ui("wide").update(min=0.0, max=2.0, default=1.0)
    return item


@pytest.fixture
def driven(face: Any, rig: Any) -> Any:
    """One driver of every kind that can be followed."""
    drive(face, "jawOpen", "-var / 0.2", var=(rig, "Jaw", "LOC_Y"))
    drive(face, "mouthSmileLeft", "max(0, var * 10)", var=(rig, "Corner", "LOC_Y"))
    drive(face, "mouthFrownLeft", "-10 * var", var=(rig, "Corner", "LOC_Y"))
    drive(face, "mouthPucker", kind="AVERAGE", a=(rig, '["pucker"]'))
    drive(face, "mouthFunnel", "1 - w", w=(rig, 'pose.bones["Lips"]["wide"]'))
    drive(face, "eyeBlinkLeft", "var * 2", var=(rig, "Turn", "ROT_X"))
    return face


POSES: list[dict[str, float]] = [
    {"jawOpen": 0.7},
    {"mouthPucker": 0.8, "jawOpen": 0.2},
    {"mouthFunnel": 0.6},
    {"mouthSmileLeft": 0.5},
    {"mouthFrownLeft": 0.5},
    {"eyeBlinkLeft": 1.0},
    {"jawOpen": 0.4, "mouthClose": 0.4},
    {},
]


@pytest.mark.parametrize("pose", POSES, ids=lambda pose: "+".join(pose) or "rest")
def test_keys_show_the_pose_through_their_drivers(
    pose: dict[str, float], addon: Callable[[str], Any], driven: Any
) -> None:
    found = addon("options").face_of([driven])
    assert not addon("face.hindrances").find(found)
    show(found, **pose)
    shown = key_values(driven)
    for name in KEYS:
        assert shown[name] == pytest.approx(pose.get(name, 0.0), abs=0.02), name


def test_what_moves_is_said_and_keyed_where_it_is(addon: Callable[[str], Any], driven: Any, rig: Any) -> None:
    found = addon("options").face_of([driven])
    assert "6 through drivers, by “Controls”" in found.sentence
    assert found.what_moves == "Face: 1 key · Controls: 6 keys through drivers, by Jaw, Lips, pucker, Corner and 1 more"
    by_item = {target.item: target for target in found.targets}
    assert set(by_item[driven].shape_keys.values()) == {"mouthClose"}
    paths = {curve.name for curve in by_item[rig].curves.values()}
    assert '["pucker"]' in paths and 'pose.bones["Jaw"].location[1]' in paths
    assert 'pose.bones["Turn"].rotation_quaternion' in paths


def test_a_control_goes_as_far_as_its_limits(addon: Callable[[str], Any], driven: Any, rig: Any) -> None:
    show(addon("options").face_of([driven]), mouthSmileLeft=3.0)
    assert rig.pose.bones["Corner"].location.y == pytest.approx(0.1, abs=1e-3)


def test_an_edit_of_a_control_is_a_pose(addon: Callable[[str], Any], driven: Any, rig: Any) -> None:
    found = addon("options").face_of([driven])
    target = next(target for target in found.targets if target.item == rig)
    number = next(n for n, curve in target.curves.items() if curve.name == 'pose.bones["Jaw"].location[1]')
    back = target.drive.back(motion(jawOpen=0.2)[0], {number: -0.16})
    assert back["jawOpen"] == pytest.approx(0.8, abs=0.02)


def test_a_chain_of_drivers_is_followed(addon: Callable[[str], Any], face: Any, rig: Any) -> None:
    rig["jaw"] = 0.0
    step = rig.driver_add('["jaw"]').driver
    variable = step.variables.new()
    variable.name, variable.type = "var", "TRANSFORMS"
    variable.targets[0].id, variable.targets[0].bone_target = rig, "Jaw"
    variable.targets[0].transform_type, variable.targets[0].transform_space = "LOC_Y", "LOCAL_SPACE"
    step.expression = "var * -5"
    drive(face, "jawOpen", "var", var=(rig, '["jaw"]'))
    show(addon("options").face_of([face]), jawOpen=0.5)
    assert rig.pose.bones["Jaw"].location.y == pytest.approx(-0.1, abs=1e-3)
    assert key_values(face)["jawOpen"] == pytest.approx(0.5, abs=0.02)


def in_space(driver: Any, space: str) -> None:
    driver.variables[0].targets[0].transform_space = space


def by_world(face: Any, rig: Any) -> None:
    rig.location, rig.rotation_euler, rig.scale = (1, 2, 3), (0.3, 0.2, 1.0), (2, 2, 2)
    import bpy

    bpy.context.view_layer.update()
    for key, bone in (("jawOpen", "Jaw"), ("mouthPucker", "Lips")):
        rest = (rig.matrix_world @ rig.data.bones[bone].matrix_local).translation[2]
        in_space(drive(face, key, f"({rest} - v) / 0.2", v=(rig, bone, "LOC_Z")), "WORLD_SPACE")


def without_constraints(face: Any, rig: Any) -> None:
    in_space(drive(face, "jawOpen", "-v / 0.2", v=(rig, "Jaw", "LOC_Y")), "TRANSFORM_SPACE")
    in_space(drive(face, "mouthPucker", "v * 2", v=(rig, "Corner", "LOC_Y")), "TRANSFORM_SPACE")


def by_what_belongs_to_the_armature(face: Any, rig: Any) -> None:
    for key in ("jawOpen", "mouthPucker"):
        rig.data[key] = 0.0
        variable = drive(face, key, "v", v=(rig, '["pucker"]')).variables[0]
        variable.targets[0].id_type, variable.targets[0].id = "ARMATURE", rig.data
        variable.targets[0].data_path = f'["{key}"]'


def times_a_strength(face: Any, rig: Any) -> None:
    rig["strength"], rig["jaw"] = 0.5, 0.0
    drive(face, "jawOpen", "v * s", v=(rig, '["jaw"]'), s=(rig, '["strength"]'))
    drive(face, "mouthPucker", "v / s / 2", v=(rig, '["pucker"]'), s=(rig, '["strength"]'))


def by_a_level_curve(face: Any, rig: Any) -> None:
    rig["jaw"] = 0.0
    for key, name in (("jawOpen", "jaw"), ("mouthPucker", "pucker")):
        drive(face, key, "v", v=(rig, f'["{name}"]'))
        curve = next(c for c in face.data.shape_keys.animation_data.drivers if key in c.data_path)
        for modifier in list(curve.modifiers):
            curve.modifiers.remove(modifier)
        curve.keyframe_points.clear()  # Blender 5 begins with two
        for x, y in ((0.0, 0.0), (0.5, 1.0)):
            curve.keyframe_points.insert(x, y).interpolation = "LINEAR"


def by_two_empties(face: Any, rig: Any) -> None:
    import bpy

    for key in ("jawOpen", "mouthPucker"):
        empty = bpy.data.objects.new(f"control {key}", None)
        bpy.context.scene.collection.objects.link(empty)
        empty.location = (0, 0, 1)
        variable = drive(face, key, "1 - v", v=(rig, "Jaw", "LOC_Z")).variables[0]
        variable.targets[0].bone_target, variable.targets[0].id = "", empty
        variable.targets[0].transform_space = "WORLD_SPACE"


@pytest.mark.parametrize(
    "made",
    [
        by_world,
        without_constraints,
        by_what_belongs_to_the_armature,
        times_a_strength,
        by_a_level_curve,
        by_two_empties,
    ],
)
def test_rarer_drivers_are_followed_too(
    made: Callable[[Any, Any], None], addon: Callable[[str], Any], face: Any, rig: Any
) -> None:
    import bpy

    made(face, rig)
    bpy.context.view_layer.update()
    for pose in ({"jawOpen": 0.6}, {"mouthPucker": 0.8, "jawOpen": 0.3}, {}):  # the last ones while others are shown
        found = addon("options").face_of([face])
        assert not addon("face.hindrances").find(found)
        show(found, **pose)
        shown = key_values(face)
        for name in ("jawOpen", "mouthPucker"):
            assert shown[name] == pytest.approx(pose.get(name, 0.0), abs=0.02), name
        assert addon("take.lines").actions_of(found.objects) == []
    if made is times_a_strength:
        assert rig["strength"] == 0.5 and "strength" not in found.what_moves
    if made is by_two_empties:
        assert found.what_moves.endswith("control jawOpen, control mouthPucker: 2 keys by drivers")


@pytest.mark.parametrize(
    ("expression", "why"),
    [("sin(var)", "uses sin()"), ("var * frame", "uses “frame”"), ("var * var", "multiplies its variables")],
)
def test_what_cannot_be_followed_is_said_before_and_muted_at_a_press(
    expression: str, why: str, addon: Callable[[str], Any], face: Any, rig: Any
) -> None:
    import bpy

    drive(face, "jawOpen", expression, var=(rig, "Jaw", "LOC_Y"))
    found = addon("options").face_of([face])
    (hindrance,) = addon("face.hindrances").find(found)
    assert why in hindrance.sentence and hindrance.label == "Mute These Drivers"
    bpy.context.view_layer.objects.active = face
    assert bpy.ops.kmtalk.mend_face(kind="drivers") == {"FINISHED"}
    assert face.data.shape_keys.animation_data.drivers[0].mute
    assert not addon("face.hindrances").find(addon("options").face_of([face]))
