"""A character learns from a recording of an actor, keeps it in its file, and can be told to forget it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from faces_at_work import action_of, make_face, points_of

from kmtalk_core import audio
from kmtalk_core.animate import Animator
from kmtalk_core.datasets.captures.lag import PLAIN
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import export_csv

JAW, SMILE = "jawOpen", "mouthSmileLeft"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, speech: Path, weights: Path) -> Path:
    """Live Link Face as a phone leaves it: a folder a take, coefficients, and a sound that only Blender decodes."""
    folder = tmp_path_factory.mktemp("actor") / "20260101_MySlate_7"
    folder.mkdir()
    samples, rate = soundfile.read(speech)
    samples = np.tile(samples, int(np.ceil(12 * rate / len(samples))))
    soundfile.write(folder / "whole.wav", samples, rate)
    take = Animator.load(weights).animate(audio.load(folder / "whole.wav"), settings=PLAIN)
    motion = take.motion.copy()
    motion[:, [ARKIT.index_of(JAW), ARKIT.index_of("mouthClose")]] *= 0.5
    motion[:, ARKIT.index_of(SMILE)] += 0.2
    export_csv(take.with_motion(motion), folder / "MySlate_7_iPhone.csv")
    soundfile.write(folder / "MySlate_7_iPhone.ogg", samples, rate, "VORBIS", format="OGG")
    (folder / "whole.wav").unlink()
    return folder


def widest(addon: Callable[[str], Any], item: Any, channel: str) -> float:
    found = [points for name, points in points_of(addon, action_of(item)).items() if f'"{channel}"' in name]
    return float(found[0][:, 1].max())


def test_a_character_speaks_as_its_actor_until_it_is_switched_off(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, recording: Path, tmp_path: Path
) -> None:
    import bpy

    bpy.ops.kmtalk.animate(file=str(speech), blinks=False, breath=False, seed=1)
    before = widest(addon, head, JAW), widest(addon, head, SMILE)
    assert bpy.ops.kmtalk.learn_recording(filepath=str(recording)) == {"FINISHED"}
    assert "Learnt " in addon("desk").desk().notice and "held out" in addon("desk").desk().notice
    assert addon("face.actor").name_of(head) == recording.name
    bpy.ops.kmtalk.animate(file=str(speech), blinks=False, breath=False, seed=1)
    assert widest(addon, head, JAW) < 0.75 * before[0] and widest(addon, head, SMILE) > before[1] + 0.1
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    again = bpy.data.objects["Head"]
    assert addon("face.actor").of(again)["gains"][JAW] < 0.8
    bpy.context.view_layer.objects.active = again
    again.kmtalk_face.use_actor = False
    bpy.ops.kmtalk.animate(file=str(speech), blinks=False, breath=False, seed=1)
    assert widest(addon, again, JAW) == pytest.approx(before[0], abs=0.02)
    assert bpy.ops.kmtalk.forget_recording() == {"FINISHED"}
    assert addon("face.actor").of(again) is None and again.kmtalk_face.actor == ""


def test_it_travels_with_a_preset(addon: Callable[[str], Any], scene: Any, recording: Path) -> None:
    import bpy

    item = make_face(scene, "Anna")
    bpy.ops.kmtalk.learn_recording(filepath=str(recording / "MySlate_7_iPhone.csv"))
    learnt = item.kmtalk_face.actor
    assert learnt and bpy.ops.kmtalk.save_preset() == {"FINISHED"}
    item.kmtalk_face.actor = ""
    bpy.ops.kmtalk.load_preset()
    assert item.kmtalk_face.actor == learnt
    preset = addon("face.presets").find("Anna")
    content = json.loads(preset.read_text(encoding="utf-8"))
    preset.write_text(json.dumps({**content, "actor": '{"format": 1}'}), encoding="utf-8")
    with pytest.raises(RuntimeError, match="no preset of a face"):
        bpy.ops.kmtalk.load_preset()


def test_what_a_file_claims_to_have_learnt_is_checked(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path
) -> None:
    import bpy

    for hostile in ("[" * 5000, '{"format": 1, "gains": {"jawOpen": 1e9}}', "x", '{"format": 99}'):
        head.kmtalk_face.actor = hostile
        with pytest.raises(RuntimeError, match="learnt from a recording is damaged: learn from a recording again"):
            bpy.ops.kmtalk.animate(file=str(speech))
        assert addon("face.actor").name_of(head) == "what is damaged"


def test_what_cannot_be_learnt_from_changes_nothing(scene: Any, head: Any, tmp_path: Path, speech: Path) -> None:
    import bpy

    (tmp_path / "notes.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    mistakes = (
        (tmp_path, "holds no captured face"),
        (tmp_path / "no.csv", "no recording at"),
        (tmp_path / "no", "no recording at"),  # and not at the folder around it
        ("", "Choose"),
    )
    for path, says in mistakes:
        with pytest.raises(RuntimeError, match=says):
            bpy.ops.kmtalk.learn_recording(filepath=str(path))
    assert head.kmtalk_face.actor == ""


def test_a_folder_that_is_chosen_in_the_file_browser_is_taken_without_the_name_that_it_adds(
    addon: Callable[[str], Any], tmp_path: Path
) -> None:
    browsed = addon("operators.face_settings").browsed
    (tmp_path / "take.csv").touch()
    for given, meant in (("untitled", tmp_path), ("", tmp_path), ("take.csv", None), ("no.csv", None), ("a/b", None)):
        assert browsed(tmp_path / given) == (meant or tmp_path / given)


def test_nothing_is_learnt_without_a_face(scene: Any, recording: Path) -> None:
    import bpy

    with pytest.raises(RuntimeError, match="Choose the mesh of the face"):
        bpy.ops.kmtalk.forget_recording()
    with pytest.raises(RuntimeError, match="Choose the mesh of the face"):
        bpy.ops.kmtalk.learn_recording(filepath=str(recording))
    with pytest.raises(RuntimeError, match="no object “Nobody”"):
        bpy.ops.kmtalk.learn_recording(filepath=str(recording), faces="Nobody")


def test_it_is_learnt_and_forgotten_without_a_window(
    addon: Callable[[str], Any], scene: Any, recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import bpy

    main = addon("command_line").main
    anna, _ = make_face(scene, "Anna"), make_face(scene, "Bert")
    scene.kmtalk.meshes.add().object = anna  # which the panel would take
    path = tmp_path / "cast.blend"
    assert main(["learn", str(recording), "--face", "Bert", "--save-as", str(path)]) == 0
    assert "“Bert”: Learnt" in capsys.readouterr().err
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert bpy.data.objects["Bert"].kmtalk_face.actor and not bpy.data.objects["Anna"].kmtalk_face.actor
    own = {name: bpy.data.objects[name].kmtalk_face for name in ("Anna", "Bert")}
    own["Anna"].actor = own["Bert"].actor
    assert main(["learn", "--face", "Bert", "--forget", "--no-save"]) == 0
    assert own["Anna"].actor and not own["Bert"].actor
    assert main(["learn", "--forget", "--no-save"]) == 0
    assert not own["Anna"].actor
    assert capsys.readouterr().err.splitlines()[-1] == "kmtalk: “Anna” speaks as usual."


def test_mistakes_in_what_to_learn_are_told_in_one_line_and_in_the_report(
    addon: Callable[[str], Any], scene: Any, head: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import bpy

    bpy.ops.mesh.primitive_cube_add()
    report = tmp_path / "report.json"
    for mistake, says in (
        (["--face", "Head"], "Name the recording"),
        (["--face", "Head", "--forget", str(tmp_path)], "Name the recording"),
        (["--face", "Cube", "--forget"], "No face keys yet"),
        (["--face", "Nobody", "--forget"], "no object “Nobody”"),
        (["--face", "Head", str(tmp_path / "nothing")], "no recording at"),
    ):
        assert addon("command_line").main(["learn", *mistake, "--no-save", "--report", str(report)]) == 2, mistake
        said = [line for line in capsys.readouterr().err.splitlines() if "Learning" not in line]
        assert len(said) == 1 and says in said[0], said
        assert json.loads(report.read_text(encoding="utf-8"))["errors"] == [said[0].removeprefix("kmtalk: ")]
        report.unlink()
