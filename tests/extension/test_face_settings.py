"""What a character's face is told stays with the character, in its file and in the next one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import SENTENCE, action_of, line_in, make_face, points_of

from kmtalk_core.calibration import Calibration
from kmtalk_core.motion.arkit import ARKIT_NAMES

VISEMES = ("aa", "ih", "ou", "ee", "oh")


@pytest.fixture
def anna(scene: Any) -> Any:
    return make_face(scene, "Anna", VISEMES)


def drive_of(addon: Callable[[str], Any], item: Any) -> Any:
    return addon("face").find_face([item]).drive


def test_adjustments_and_matrix_are_saved_and_found_again_by_name(addon: Callable[[str], Any], anna: Any) -> None:
    import bpy

    assert bpy.ops.kmtalk.add_adjustment(channel="aa", multiplier=0.5, offset=0.1) == {"FINISHED"}
    assert bpy.ops.kmtalk.edit_matrix() == {"FINISHED"}
    matrix = anna.kmtalk_face.matrix
    matrix.from_string(matrix.as_string().replace('"jawOpen": 1.5', '"jawOpen": 0.75'))
    expected = drive_of(addon, anna).retarget
    assert bpy.ops.kmtalk.save_preset() == {"FINISHED"}
    bpy.ops.wm.read_homefile(use_empty=True)
    again = make_face(bpy.context.scene, "Anna", VISEMES)
    assert not addon("face.presets").is_applied(again)
    assert bpy.ops.kmtalk.load_preset() == {"FINISHED"}
    found = drive_of(addon, again).retarget
    assert found.matrix.tolist() == expected.matrix.tolist()
    assert (found.multiplier[0], found.offset[0]) == pytest.approx((0.5, 0.1))
    assert addon("face.presets").is_applied(again)


def test_a_preset_of_any_name_stays_in_its_folder(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    folder = addon("engine").data_folder() / "faces"
    for name in ("../../escape", "Größe 音/☃", "con"):
        item = make_face(scene, name)
        assert bpy.ops.kmtalk.save_preset() == {"FINISHED"}
        assert addon("face.presets").find(item.name).parent == folder
    assert not list(Path(folder).parent.parent.glob("escape*"))


def test_a_spoilt_preset_is_refused_and_changes_nothing(addon: Callable[[str], Any], anna: Any) -> None:
    import bpy

    bpy.ops.kmtalk.add_adjustment(channel="aa", multiplier=0.5)
    bpy.ops.kmtalk.save_preset()
    addon("face.presets").find("Anna").write_text('{"adjustments": {"aa": [NaN, 0]}, "matrix": null}', encoding="utf-8")
    with pytest.raises(RuntimeError, match="no preset"):
        bpy.ops.kmtalk.load_preset()
    assert anna.kmtalk_face.adjustments["aa"].multiplier == 0.5


def test_a_preset_of_an_earlier_version_leaves_what_it_does_not_tell(addon: Callable[[str], Any], anna: Any) -> None:
    import bpy

    learnt = Calibration("Anna", 1.0, {"jawOpen": 1.2}, {}, {}).to_json()
    own, presets = anna.kmtalk_face, addon("face.presets")
    bpy.ops.kmtalk.map_keys(scheme="vrm")
    bpy.ops.kmtalk.add_adjustment(channel="aa", multiplier=0.5)
    bpy.ops.kmtalk.save_preset()
    path = presets.find("Anna")
    whole = json.loads(path.read_text(encoding="utf-8"))
    first = {name: whole[name] for name in ("adjustments", "matrix", "bones", "jaw_angle")}
    path.write_text(json.dumps(first), encoding="utf-8")
    addon("face.actor").learn(anna, learnt)
    own.least_hold, own.on_twos, own.neck_share, own.keys_too = 4, True, 0.5, True
    keys = {row.name: row.channel for row in own.keys}
    own.adjustments["aa"].multiplier = 0.75
    assert not presets.is_applied(anna)
    assert bpy.ops.kmtalk.load_preset() == {"FINISHED"}
    assert own.adjustments["aa"].multiplier == 0.5 and presets.is_applied(anna)
    assert (own.least_hold, own.on_twos, own.neck_share, own.keys_too) == (4, True, 0.5, True)
    assert own.scheme == "vrm" and keys and {row.name: row.channel for row in own.keys} == keys
    assert addon("face.actor").of(anna) == learnt
    path.write_text(json.dumps(whole), encoding="utf-8")  # one that tells that nothing was learnt
    assert not presets.is_applied(anna)
    assert bpy.ops.kmtalk.load_preset() == {"FINISHED"}
    assert (own.least_hold, own.on_twos, own.actor) == (2, False, "")


def test_a_key_that_the_face_lacks_is_not_adjusted(anna: Any) -> None:
    import bpy

    with pytest.raises(RuntimeError, match="no key “jawOpen”"):
        bpy.ops.kmtalk.add_adjustment(channel="jawOpen")


def test_a_copied_character_takes_its_settings_along(addon: Callable[[str], Any], anna: Any) -> None:
    import bpy

    bpy.ops.kmtalk.add_adjustment(channel="aa", multiplier=0.25)
    copy = anna.copy()
    copy.data = anna.data.copy()
    bpy.context.scene.collection.objects.link(copy)
    assert drive_of(addon, copy).retarget.multiplier[0] == pytest.approx(0.25)


def test_two_characters_are_driven_apart(addon: Callable[[str], Any], anna: Any, scene: Any) -> None:
    import bpy

    bert = make_face(scene, "Bert", ARKIT_NAMES)
    bpy.ops.kmtalk.add_adjustment(channel="jawOpen", multiplier=0.1)
    assert not len(anna.kmtalk_face.adjustments)
    assert bert.kmtalk_face.adjustments["jawOpen"].multiplier == pytest.approx(0.1)


def test_settings_are_applied_to_what_the_face_plays_already(
    addon: Callable[[str], Any], scene: Any, speech: Path
) -> None:
    import bpy

    scene.render.fps = 30
    head = make_face(scene, "Head", ARKIT_NAMES)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    before = points_of(addon, action_of(head))
    assert bpy.ops.kmtalk.add_adjustment(channel="jawOpen", multiplier=0.5, offset=0.1) == {"FINISHED"}
    assert bpy.ops.kmtalk.apply_face() == {"FINISHED"}
    after = points_of(addon, action_of(head))
    jaw, smile = 'key_blocks["jawOpen"].value', 'key_blocks["mouthSmileLeft"].value'
    assert after[jaw][:, 1] == pytest.approx(0.5 * before[jaw][:, 1] + 0.1, abs=1e-5)
    assert np.array_equal(after[smile], before[smile])
    assert len([action for action in bpy.data.actions if action.name.startswith("KMTalk")]) == 1
    line_in(head.data.shape_keys.animation_data.action).key_motions[3].state = "locked"
    with pytest.raises(RuntimeError, match="regenerate first"):
        bpy.ops.kmtalk.apply_face()


def test_regenerate_after_a_change_of_settings_mixes_nothing(
    addon: Callable[[str], Any], scene: Any, speech: Path
) -> None:
    import bpy

    scene.render.fps = 30
    head = make_face(scene, "Head", ARKIT_NAMES)
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    bpy.ops.kmtalk.add_adjustment(channel="jawOpen", multiplier=0.5)
    frame = line_in(action_of(head)).key_motions[4].frame
    curves = addon("take.lines").curves_by_name(action_of(head))
    smile = next(curve for name, curve in curves.items() if "mouthSmileLeft" in name)
    next(point for point in smile.keyframe_points if round(point.co[0]) == frame).co[1] = 0.7
    smile.update()
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    take = addon("take.store").take_of(line_in(action_of(head)))
    written = points_of(addon, action_of(head))
    jaw = written['key_blocks["jawOpen"].value'][:, 1]
    assert jaw == pytest.approx(0.5 * take.motion[:, take.space.index_of("jawOpen")], abs=1e-5)
    smiles = written['key_blocks["mouthSmileLeft"].value']
    assert smiles[smiles[:, 0] == frame, 1] == pytest.approx(0.7, abs=1e-5)
