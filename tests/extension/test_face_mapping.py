"""A face whose keys have names of their own speaks when somebody says what they show."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faces_at_work import SENTENCE, action_of, line_in, make_face, points_of

KEYS = ("Mund auf", "Schnute", "Breit", "Lid links", "Lid rechts", "Dick")
GUESSED = {
    "Mund auf": "jawOpen", "Schnute": "mouthPucker", "Breit": "mouthStretch", "Lid links": "eyeBlinkLeft",
    "Lid rechts": "eyeBlinkRight", "Dick": "",
}  # fmt: skip
SHOWN = {"Mund auf": "jawOpen", "Schnute": "mouthPucker", "Lid links": "eyeBlinkLeft"}


@pytest.fixture
def berta(scene: Any) -> Any:
    return make_face(scene, "Berta", KEYS)


def say(own: Any, shown: dict[str, str]) -> None:
    for row in own.keys:
        row.channel = shown.get(row.name, "")


def test_keys_of_any_name_are_driven_as_somebody_says(
    addon: Callable[[str], Any], scene: Any, berta: Any, speech: Path
) -> None:
    import bpy

    with pytest.raises(RuntimeError, match="say what yours show"):
        bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    assert bpy.ops.kmtalk.map_keys() == {"FINISHED"}
    own = berta.kmtalk_face
    assert (own.scheme, [row.name for row in own.keys]) == ("arkit", list(KEYS))
    assert {row.name: row.channel for row in own.keys} == GUESSED
    say(own, {})
    with pytest.raises(RuntimeError, match="Say what your keys show"):
        bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    say(own, SHOWN)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    curves = points_of(addon, action_of(berta))
    assert set(curves) == {f'key_blocks["{name}"].value' for name in SHOWN}
    assert curves['key_blocks["Mund auf"].value'][:, 1].max() > 0.2
    action = action_of(berta)
    first = line_in(action).key_motions[3].frame
    curve = next(c for c in addon("take.lines").curves_by_name(action).values() if "Mund auf" in c.data_path)
    next(p for p in curve.keyframe_points if round(p.co[0]) == first).co[1] = 0.9
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    frames = points_of(addon, action_of(berta))['key_blocks["Mund auf"].value']
    assert frames[frames[:, 0] == first, 1] == pytest.approx(0.9)


def test_another_key_takes_over_and_the_first_is_let_go(
    addon: Callable[[str], Any], scene: Any, berta: Any, speech: Path
) -> None:
    import bpy

    bpy.ops.kmtalk.map_keys()
    say(berta.kmtalk_face, SHOWN)
    assert bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE) == {"FINISHED"}
    curve = points_of(addon, action_of(berta))['key_blocks["Mund auf"].value']
    blocks = berta.data.shape_keys.key_blocks
    scene.frame_set(int(curve[curve[:, 1].argmax(), 0]))
    assert blocks["Mund auf"].value > 0.2
    say(berta.kmtalk_face, {**SHOWN, "Mund auf": "", "Dick": "jawOpen"})
    assert bpy.ops.kmtalk.apply_face() == {"FINISHED"}
    curves = points_of(addon, action_of(berta))
    assert 'key_blocks["Mund auf"].value' not in curves
    assert blocks["Mund auf"].value == 0.0 and blocks["Dick"].value > 0.2


def test_names_that_are_known_are_proposed_and_can_be_corrected(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    head = make_face(scene, "Head", ("aa", "E", "I", "O", "U", "PP", "Spezial"))
    make_face(scene, "Teeth", ("aa", "Spezial")).parent = head
    bpy.context.view_layer.objects.active = head
    assert bpy.ops.kmtalk.map_keys(scheme="oculus") == {"FINISHED"}
    own = head.kmtalk_face
    assert {row.name: row.channel for row in own.keys} == {
        "aa": "aa", "E": "E", "I": "I", "O": "O", "U": "U", "PP": "PP", "Spezial": ""
    }  # fmt: skip
    own.keys["U"].channel, own.keys["Spezial"].channel = "", "U"
    face = addon("options").face_of(addon("options").meshes_of(bpy.context))
    keys = [dict(mesh.shape_keys) for mesh in face.meshes]
    number = face.drive.curves.index("U")
    assert [each[number] for each in keys] == ["Spezial", "Spezial"]
    own.scheme = "arkit"
    assert not any(row.channel for row in own.keys)
    own.scheme = "names"
    # “aa” and “PP” are Oculus' own words: “A” and “MBP” would be those of a set made by hand.
    assert addon("options").face_of([head]).sentence.startswith("Oculus visemes, 6 of 15 keys; missing: FF,")


def test_a_channel_that_there_is_not_is_one_sentence(addon: Callable[[str], Any], berta: Any) -> None:
    import bpy

    bpy.ops.kmtalk.map_keys(scheme="oculus")
    say(berta.kmtalk_face, {"Breit": "EE"})
    with pytest.raises(addon("core").errors.FaceError, match="Oculus visemes knows no “EE”"):
        addon("options").face_of([berta])
    with pytest.raises(RuntimeError, match="no naming scheme “kana”"):
        bpy.ops.kmtalk.map_keys(scheme="kana")


def test_it_is_kept_with_the_character(addon: Callable[[str], Any], berta: Any, tmp_path: Path) -> None:
    import bpy

    bpy.ops.kmtalk.map_keys()
    say(berta.kmtalk_face, SHOWN)
    assert bpy.ops.kmtalk.save_preset() == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "berta.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "berta.blend"))
    saved = addon("options").face_of([bpy.data.objects["Berta"]])
    assert set(saved.meshes[0].shape_keys.values()) == set(SHOWN)
    bpy.ops.wm.read_homefile(use_empty=True)
    again = make_face(bpy.context.scene, "Berta", KEYS)
    addon("face.presets").load(again)
    assert set(addon("options").face_of([again]).meshes[0].shape_keys.values()) == set(SHOWN)


def test_a_scheme_put_in_before_the_others_leaves_what_files_say(addon: Callable[[str], Any], berta: Any) -> None:
    settings, schemes = addon("face.settings"), addon("core").naming.SCHEMES
    registered = {item.identifier: item.value for item in berta.kmtalk_face.bl_rna.properties["scheme"].enum_items}
    assert (registered["names"], registered["arkit"], registered["oculus"], registered["vrm"]) == (0, 1, 2, 4)
    assert len(set(registered.values())) == len(registered) == len(schemes) + 1
    new = replace(schemes[0], name="preferred", title="Preferred")
    numbers = {name: number for name, _, _, number in settings.items_of([new, *reversed(schemes)])}
    assert numbers.pop("preferred") not in registered.values()
    assert numbers == registered


def test_a_linked_character_is_mapped_in_its_own_file(berta: Any, tmp_path: Path) -> None:
    import bpy

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "berta.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "berta.blend"), link=True) as (_, linked):
        linked.objects = ["Berta"]
    bpy.context.scene.collection.objects.link(linked.objects[0])
    bpy.context.view_layer.objects.active = linked.objects[0]
    with pytest.raises(RuntimeError, match="map its keys there"):
        bpy.ops.kmtalk.map_keys()


def shaped(scene: Any, shown: dict[str, str]) -> Any:
    """Our head's skin with keys of these names, each of which does what a channel does."""
    import bpy
    import numpy as np

    from kmtalk_core.faces.demo import demo_head

    part = demo_head().parts[0]
    mesh = bpy.data.meshes.new("Anon")
    mesh.from_pydata(np.array(part.vertices).tolist(), [], [list(map(int, polygon)) for polygon in part.polygons])
    item = bpy.data.objects.new("Anon", mesh)
    scene.collection.objects.link(item)
    item.shape_key_add(name="Basis")
    for name, channel in shown.items():
        block = item.shape_key_add(name=name)
        block.value = 0.0
        moved = np.asarray(part.vertices, np.float32)
        for side in ("",) if channel in part.shapes else ("Left", "Right"):
            moved = moved + np.asarray(part.shapes[f"{channel}{side}"], np.float32)
        block.points.foreach_set("co", moved.ravel())
    bpy.context.view_layer.objects.active = item
    return item


@pytest.mark.parametrize(
    "shown",
    [
        {f"Key {n}": c for n, c in enumerate(("jawOpen", "mouthPucker", "mouthSmileLeft", "mouthSmileRight"))}
        | {"Key 8": "eyeBlinkLeft", "Key 9": "eyeBlinkRight"},
        {"q": "mouthSmile", "w": "eyeBlink", "e": "jawOpen", "r": "mouthPucker", "t": "mouthFrown", "y": "browDown"},
        {
            "ОткрытьРот": "jawOpen",
            "Поцелуй": "mouthPucker",
            "Глаз закрыт Л": "eyeBlinkLeft",
            "Глаз закрыт": "eyeBlinkRight",
        },
        {"张嘴": "jawOpen", "嘟嘴": "mouthPucker", "微笑": "mouthSmile", "闭眼": "eyeBlink"},
        {"口開け": "jawOpen", "口すぼめ": "mouthPucker", "口角上げ": "mouthSmile", "まばたき": "eyeBlink"},
    ],
    ids=["numbers", "letters", "Russian", "Chinese", "Japanese"],
)
def test_what_a_key_does_is_proposed_where_its_name_says_too_little(
    shown: dict[str, str], addon: Callable[[str], Any], scene: Any
) -> None:
    import bpy

    item = shaped(scene, shown)
    assert bpy.ops.kmtalk.map_keys() == {"FINISHED"}
    assert {row.name: row.channel for row in item.kmtalk_face.keys} == shown
    assert addon("options").face_of([item]).sentence.startswith("By hand")
