"""Which shape key answers to what, whatever naming scheme a face follows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kmtalk_addon.face import find_face
from kmtalk_addon.take.bake import BakeOptions, bake
from kmtalk_core.errors import FaceError
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from kmtalk_core.naming.retarget import retarget
from kmtalk_core.naming.schemes import SCHEMES
from kmtalk_core.take import Take

AddMesh = Callable[..., Any]
Evaluated = Callable[[Any, str], float]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_a_take_drives_the_keys_of_every_naming_scheme(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated, scheme: Any
) -> None:
    scene.render.fps = 30
    head = add_mesh("Head", scheme.channels)
    face = find_face([head])
    bake(take, face, scene, BakeOptions("line"))
    rules = retarget(scheme.name, face.drive.curves)
    scene.frame_set(10)
    for channel, value in zip(rules.channels, rules(take.motion[9:10])[0], strict=True):
        assert evaluated(head, channel) == pytest.approx(value, abs=1e-5), channel


def test_visemes_on_the_head_and_blinks_on_the_eyes_are_one_face(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated
) -> None:
    scene.render.fps = 30
    head = add_mesh("Head", ["viseme_PP", "viseme_aa", "viseme_E", "viseme_I", "viseme_O", "viseme_U", "viseme_FF",
                             "viseme_TH", "viseme_SS"])  # fmt: skip
    lids = add_mesh("Lids", ["viseme_aa", "eyeBlinkLeft", "eyeBlinkRight"])
    face = find_face([head, lids])
    assert "Oculus" in face.sentence and "2 meshes" in face.sentence
    bake(take, face, scene, BakeOptions("line"))
    scene.frame_set(10)
    assert evaluated(lids, "eyeBlinkLeft") == pytest.approx(take.motion[9, ARKIT_INDEX["eyeBlinkLeft"]], abs=1e-5)
    assert evaluated(lids, "viseme_aa") == pytest.approx(evaluated(head, "viseme_aa"), abs=1e-6)


def test_multiplier_and_offset_of_a_key_are_the_characters_own(
    scene: Any, add_mesh: AddMesh, take: Take, evaluated: Evaluated
) -> None:
    scene.render.fps = 30
    head = add_mesh("Head")
    item = head.kmtalk_face.adjustments.add()
    item.name, item.multiplier, item.offset = "jawOpen", 0.5, 0.1
    bake(take, find_face([head]), scene, BakeOptions("line"))
    scene.frame_set(10)
    jaw = take.motion[9, ARKIT_INDEX["jawOpen"]]
    assert evaluated(head, "jawOpen") == pytest.approx(0.5 * jaw + 0.1, abs=1e-5)
    other = take.motion[9, ARKIT_INDEX["mouthPucker"]]
    assert evaluated(head, "mouthPucker") == pytest.approx(other, abs=1e-5)


def test_the_matrix_can_be_a_text_and_a_spoilt_one_is_refused(scene: Any, add_mesh: AddMesh, take: Take) -> None:
    import bpy

    head = add_mesh("Head", ["aa", "ih", "ou", "ee", "oh"])
    text = bpy.data.texts.new("Mouths")
    head.kmtalk_face.matrix = text
    text.write('{"keys": {"aa": {"jawOpen": 0.25}}, "visemes": []}')
    face = find_face([head])
    values = face.drive(take.motion)
    opening = take.motion[:, ARKIT_INDEX["jawOpen"]] - take.motion[:, ARKIT_INDEX["mouthClose"]]
    assert values[:, face.drive.curves.index("aa")] == pytest.approx(0.25 * np.maximum(opening, 0.0), abs=1e-6)
    text.from_string('{"keys": {"aa": {"jawOpen": -1}}}')
    with pytest.raises(FaceError, match="“Mouths”: The weights"):
        find_face([head])


def test_two_instances_of_one_head_are_driven_once(scene: Any, add_mesh: AddMesh) -> None:
    import bpy

    head = add_mesh("Head")
    twin = bpy.data.objects.new("Twin", head.data)
    scene.collection.objects.link(twin)
    assert [mesh.item for mesh in find_face([head, twin]).meshes] == [head]


def test_keys_of_the_flame_add_on_are_named_and_left_alone(scene: Any, add_mesh: AddMesh) -> None:
    flame = add_mesh("FLAME", [f"Shape{k}" for k in range(1, 30)] + [f"Exp{k}" for k in range(1, 30)])
    with pytest.raises(FaceError, match="FLAME's own keys"):
        find_face([flame])


@pytest.mark.parametrize("names", [ARKIT_NAMES, ("aa", "ih", "ou", "ee", "oh")])
def test_an_edited_curve_gives_back_a_pose_that_shows_it(
    scene: Any, add_mesh: AddMesh, take: Take, names: tuple[str, ...]
) -> None:
    drive = find_face([add_mesh("Head", names)]).drive
    pose = take.motion[9] * 0.5
    shown = drive(pose[None])[0]
    changed = {0: min(float(shown[0]) + 0.2, 0.9)}
    edit = drive.back(pose, changed)
    edited = pose.copy()
    for name, value in edit.items():
        edited[ARKIT_INDEX[name]] = value
    assert drive(edited[None])[0, 0] == pytest.approx(changed[0], abs=5e-3)
    if names is ARKIT_NAMES:
        assert set(edit) == {ARKIT_NAMES[0]}
