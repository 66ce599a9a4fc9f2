"""`blender --command kmtalk …`, called as Blender calls it."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from faces_at_work import SENTENCE, action_of, make_face, points_of, said_on


def test_a_scene_of_two_characters_and_three_strips(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], tmp_path: Path
) -> None:

    anna, bert = make_face(scene, "Anna"), make_face(scene, "Bert")
    add_strip("anna 01", frame=1, channel=1)
    add_strip("Bert", frame=41, channel=2)
    add_strip("anna 02", frame=81, channel=1)
    path = tmp_path / "shot.blend"
    assert addon("command_line").main(["scene", "--save-as", str(path)]) == 0
    assert said_on(anna) == ["anna 01", "anna 02"] and said_on(bert) == ["Bert"]
    assert path.exists()


def test_faces_listen_between_their_lines_where_that_is_asked(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], capsys: Any
) -> None:
    anna, bert = make_face(scene, "Anna"), make_face(scene, "Bert")
    add_strip("anna 01", frame=1, channel=1)
    add_strip("Bert", frame=81, channel=2)
    add_strip("anna 02", frame=201, channel=1)
    assert addon("command_line").main(["scene", "--listen", "--set", "mood=angry", "--no-save"]) == 0
    assert said_on(anna) == ["anna 01", "Listening", "anna 02"] and said_on(bert) == ["Bert"]
    scene.frame_set(125)
    assert anna.data.shape_keys.key_blocks["browDownLeft"].value > 0.4
    said = capsys.readouterr().err
    assert "Anna: The face listens in 1 gap" in said and "Bert: No gap" in said


def test_a_mapping_names_who_speaks_and_one_failure_does_not_stop_the_rest(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], tmp_path: Path, capsys: Any
) -> None:
    bert = make_face(scene, "Bert")
    add_strip("one", channel=1)
    add_strip("two", channel=2, frame=50)
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({"one": "Nobody", "two": "Bert"}))
    assert addon("command_line").main(["scene", "--map", str(mapping), "--no-save"]) == 1
    assert said_on(bert) == ["two"]
    said = capsys.readouterr().err
    assert "one: There is no object “Nobody”" in said and "1 of 2 strips done" in said


def test_animate_and_its_mistakes(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = addon("command_line").main
    assert main(["animate", "--audio", str(speech), "--face", "Head", "--text", SENTENCE, "--reduced", "0.02"]) == 0
    assert said_on(head) == [speech.name]
    capsys.readouterr()
    for mistake in (
        ["animate", "--audio", "no.wav"],
        ["animate", "--audio", str(speech), "--face", "Nobody"],
        ["animate", "--strip", "none"],
        ["animate", "--audio", str(speech), "--text"],
        ["animate", "--blend", "no.blend"],
        ["scene", "--map", "no.json"],
        ["scene", "--map", "/dev/zero"],
        ["dance"],
        [],
    ):
        assert main(mistake) == 2, mistake
        said = capsys.readouterr().err
        assert said.startswith("kmtalk: ") and said.count("\n") == 1, (mistake, said)
    assert main(["--help"]) == 0


def test_faces_are_named_one_after_another_whatever_is_in_their_names(
    addon: Callable[[str], Any], scene: Any, speech: Path
) -> None:
    odd, plain, other = (make_face(scene, name) for name in ("Anna; the first", "Bert", "Carl"))
    animate = ["animate", "--audio", str(speech), "--text", SENTENCE]
    assert addon("command_line").main([*animate, "--face", "Anna; the first"]) == 0
    assert said_on(odd) == [speech.name] and plain.data.shape_keys.animation_data is None
    assert addon("command_line").main([*animate, "--face", "Anna; the first", "--face", "Bert"]) == 0
    assert said_on(plain) == [speech.name] and other.data.shape_keys.animation_data is None


def test_every_note_of_a_take_is_printed(
    addon: Callable[[str], Any],
    scene: Any,
    add_strip: Callable[..., Any],
    speech: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Blender prints no operator's report where there is no window: the command does, on stderr."""
    make_face(scene, "Head")
    stereo = tmp_path / "Head.wav"
    samples, rate = soundfile.read(speech, dtype="float32")
    soundfile.write(stereo, np.stack([samples, -samples], axis=1), rate)  # opposite phase is a note
    main = addon("command_line").main
    assert main(["animate", "--audio", str(stereo), "--face", "Head", "--no-save"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "key motions on frames" in line]
    assert len(told) == 1 and told[0].startswith("kmtalk: “Head")
    for note in sound_notes(stereo):
        assert note.rstrip(".") in told[0], (note, told)
    add_strip("Head", path=stereo, channel=5)
    assert main(["scene", "--no-save"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "key motions on frames" in line]
    assert told and all(note.rstrip(".") in line for line in told for note in sound_notes(stereo))


def sound_notes(path: Path) -> tuple[str, ...]:
    from kmtalk_core import audio

    notes = audio.load(path).notes
    assert notes
    return notes


@pytest.fixture
def small_render(scene: Any) -> Any:
    """The scene with a camera and four small frames, at its output path's mercy."""
    import bpy

    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera, scene.render.engine, scene.cycles.samples = camera, "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.frame_start, scene.frame_end, scene.frame_step = 1, 2, 20
    return scene.render


def test_it_renders_what_it_animated(
    addon: Callable[[str], Any],
    small_render: Any,
    head: Any,
    speech: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    main = addon("command_line").main
    animate = ["animate", "--audio", str(speech), "--face", "Head", "--render"]
    small_render.filepath = "//frames/f_"
    assert main([*animate, "--no-save"]) == 2  # beside a file that is nowhere
    assert "--save-as" in capsys.readouterr().err.splitlines()[-1]
    assert main([*animate, "--save-as", str(tmp_path / "shot.blend")]) == 0
    assert sorted(path.name for path in (tmp_path / "frames").iterdir()) == ["f_0001.png", "f_0021.png"]
    assert "rendered frame 21 of 1 to 21" in capsys.readouterr().err
    small_render.filepath = ""
    assert main([*animate, "--no-save"]) == 0
    assert (tmp_path / "shot" / "0001.png").exists()


def test_a_rendering_that_fails_is_no_success(
    addon: Callable[[str], Any], small_render: Any, head: Any, speech: Path, tmp_path: Path, capsys: Any
) -> None:
    import bpy

    main = addon("command_line").main
    animate = ["animate", "--audio", str(speech), "--face", "Head", "--render", "--no-save"]
    (tmp_path / "file").touch()
    small_render.filepath = str(tmp_path / "file" / "f_")  # below a file nothing can be written
    assert main(animate) == 1
    assert "rendering failed" in capsys.readouterr().err
    small_render.filepath, bpy.context.scene.camera = str(tmp_path / "f_"), None
    assert main(animate) == 1
    assert "camera" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
@pytest.mark.parametrize("command", ["animate", "scene"])
def test_an_interrupt_stops_it_and_its_worker(
    addon: Callable[[str], Any], scene: Any, long_speech: Path, add_strip: Callable[..., Any], command: str, capsys: Any
) -> None:
    """Ctrl-C, as it comes from a terminal in the middle of the work."""
    head = make_face(scene, "Head")
    desk = addon("jobs.runner").desk()
    add_strip("Head", path=long_speech)

    def interrupt() -> None:
        while not (desk.running and desk.running[0].step.stage not in ("starting", "starting the engine", "loading")):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    before = signal.getsignal(signal.SIGINT)
    assert (
        addon("command_line").main([command, "--no-save", *(["--face", "Head"] if command == "animate" else [])]) == 130
    )
    thread.join()
    assert capsys.readouterr().err.splitlines()[-1] == "kmtalk: stopped; nothing was saved."
    assert not desk.running and head.data.shape_keys.animation_data is None
    assert signal.getsignal(signal.SIGINT) == before


def test_one_report_a_shot(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], tmp_path: Path
) -> None:
    make_face(scene, "Anna")
    add_strip("anna 01", frame=11, channel=1)
    add_strip("music", frame=1, channel=2)
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({"anna 01": "Anna", "music": "Nobody"}))
    main, report = addon("command_line").main, tmp_path / "made" / "shot.json"
    saved = tmp_path / "out" / "shot.blend"
    assert main(["scene", "--save-as", str(saved), "--report", str(report)]) == 0
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["status"] == 0 and told["saved"] == str(saved) and saved.exists() and told["errors"] == []
    done, alone = sorted(told["strips"], key=lambda item: item["status"])
    assert done["strip"] == "anna 01" and done["faces"] == ["Anna"] and done["status"] == "done"
    assert done["frames"][0] == 11 and "key motions on frames" in done["notes"][0] and done["error"] is None
    assert alone["strip"] == "music" and alone["status"] == "left alone"
    assert main(["scene", "--map", str(mapping), "--no-save", "--report", str(report)]) == 1
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["status"] == 1 and told["saved"] is None
    assert "Nobody" in next(item["error"] for item in told["strips"] if item["status"] == "failed")
    assert main(["scene", "--map", "no.json", "--no-save", "--report", str(report)]) == 2
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["status"] == 2 and "no.json" in told["errors"][0] and told["strips"] == []


def test_a_shot_as_artists_leave_it(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], speech: Path, tmp_path: Path
) -> None:
    """A name with all that a shell could stumble over, a strip that is muted, and a sound that is gone."""
    name = 'O\'Neil "Bob" Jr; the 2nd'
    bob = make_face(scene, name)
    add_strip(f"{name} 01", channel=1)
    add_strip(f"{name} muted", frame=60, channel=2).mute = True
    gone = Path(shutil.copy(speech, tmp_path / "gone.wav"))
    add_strip(f"{name} gone", frame=120, channel=3, path=gone)
    gone.unlink()
    report, saved = tmp_path / "it's a report.json", tmp_path / "my shot's" / "sc 01.blend"
    assert addon("command_line").main(["scene", "--save-as", str(saved), "--report", str(report)]) == 1
    told = {item["strip"].split()[-1]: item for item in json.loads(report.read_text(encoding="utf-8"))["strips"]}
    assert {key: item["status"] for key, item in told.items()} == {
        "01": "done", "muted": "left alone", "gone": "failed",
    }  # fmt: skip
    assert told["01"]["faces"] == [name] and told["muted"]["notes"] == ["muted"] and "gone.wav" in told["gone"]["error"]
    assert said_on(bob) == [f"{name} 01"] and saved.exists()


def test_a_place_where_nothing_can_be_saved_is_a_mistake_in_one_line(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], tmp_path: Path, capsys: Any
) -> None:
    make_face(scene, "Anna")
    add_strip("anna 01")
    taken, report = tmp_path / "taken.blend", tmp_path / "shot.json"
    taken.mkdir()
    assert addon("command_line").main(["scene", "--save-as", str(taken), "--report", str(report)]) == 2
    assert "Nothing was saved" in capsys.readouterr().err.splitlines()[-1]
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["status"] == 2 and told["saved"] is None and "taken.blend" in told["errors"][0]


def test_a_report_that_cannot_be_written_is_no_success(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], tmp_path: Path, capsys: Any
) -> None:
    make_face(scene, "Anna")
    add_strip("anna 01")
    (tmp_path / "file").touch()
    assert addon("command_line").main(["scene", "--no-save", "--report", str(tmp_path / "file" / "x.json")]) == 2
    assert "--report" in capsys.readouterr().err.splitlines()[-1]


def test_a_shot_that_runs_twice_comes_out_alike(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], tmp_path: Path
) -> None:
    """On a farm a task may be started again on what the one before has saved."""
    import bpy

    anna = make_face(scene, "Anna")
    add_strip("anna 01", frame=1, channel=1)
    add_strip("anna 02", frame=81, channel=1)
    shot = str(tmp_path / "shot.blend")
    main = addon("command_line").main
    assert main(["scene", "--save-as", shot]) == 0
    first, actions = points_of(addon, action_of(anna)), len(bpy.data.actions)
    assert main(["scene", "--blend", shot]) == 0
    again = bpy.data.objects["Anna"]
    assert said_on(again) == ["anna 01", "anna 02"] and len(bpy.data.actions) == actions
    second = points_of(addon, action_of(again))
    assert first.keys() == second.keys()
    for name, points in first.items():
        np.testing.assert_allclose(second[name], points, atol=1e-6, err_msg=name)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node runs Flamenco's scripts, and is not here")
def test_the_farms_job_type_gives_words_that_the_command_knows(addon: Callable[[str], Any]) -> None:
    farm = Path(__file__).resolve().parents[1] / "farm"
    script = farm.parents[1] / "kmtalk_addon" / "farm" / "kmtalk.js"
    settings = {
        "frames": "1-25", "chunk_size": 10, "pairing": "channel", "map": "", "settings": "mood=happy seed=3",
        "render": False, "render_output_root": "/out", "output_path": "/out/{timestamp}", "blendfile": "/shots/a.blend",
    }  # fmt: skip
    command = ["node", str(farm / "compile_job.js"), str(script), json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    words = json.loads(done.stdout)["tasks"][0]["commands"][0]["parameters"]["args"]
    asked = addon("command_line")._parser().parse_args(words[words.index("kmtalk") + 1 :])
    assert asked.by == "channel" and asked.set == ["mood=happy", "seed=3"]
    assert asked.report == "/out/2026-01-02_030405/kmtalk.json" and asked.save_as.endswith("/a.kmtalk.blend")
    assert addon("command_line")._bake(asked) == {"mood": "happy", "seed": 3}
