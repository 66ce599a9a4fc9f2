"""The job type for Blender's farm, compiled as its manager does, under Node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
SCRIPT = HERE.parents[1] / "kmtalk_addon" / "farm" / "kmtalk.js"
SETTINGS = {
    "frames": "1-25", "chunk_size": 10, "pairing": "name", "map": "", "settings": "mood=happy  liveliness=1.2",
    "render": True, "render_output_root": "/out", "output_path": "/out/shot/{timestamp}",
    "blendfile": "/shots/sc01 take 2.blend",
}  # fmt: skip

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node runs Flamenco's scripts, and is not here")


def compiled(**changes: Any) -> dict[str, Any]:
    done = run(**changes)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def run(**changes: Any) -> "subprocess.CompletedProcess[str]":
    command = ["node", str(HERE / "compile_job.js"), str(SCRIPT), json.dumps({**SETTINGS, **changes})]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_shot_is_animated_first_into_a_file_of_its_own() -> None:
    first = compiled()["tasks"][0]
    assert first["name"] == "animate" and first["type"] == "blender" and first["dependencies"] == []
    (command,) = first["commands"]
    assert command["name"] == "exec" and command["parameters"]["exe"] == "{blender}"
    args = command["parameters"]["args"]
    assert args[:5] == ["--background", SETTINGS["blendfile"], "--command", "kmtalk", "scene"]
    assert args[5:7] == ["--by", "name"]
    assert args[args.index("--save-as") + 1] == "/out/shot/2026-01-02_030405/sc01 take 2.kmtalk.blend"
    assert args[args.index("--report") + 1] == "/out/shot/2026-01-02_030405/kmtalk.json"
    assert [args[i + 1] for i, word in enumerate(args) if word == "--set"] == ["mood=happy", "liveliness=1.2"]


def test_every_chunk_is_rendered_from_what_was_animated_and_waits_for_it() -> None:
    _, *renders = compiled()["tasks"]
    assert [task["name"] for task in renders] == ["render-1-10", "render-11-20", "render-21-25"]
    for task in renders:
        assert task["dependencies"] == ["animate"]
        parameters = task["commands"][0]["parameters"]
        assert parameters["blendfile"].endswith("/sc01 take 2.kmtalk.blend")
        assert parameters["args"][:2] == ["--render-output", "/out/shot/2026-01-02_030405/######"]
    assert renders[0]["commands"][0]["parameters"]["args"][2:] == ["--render-frame", "1..10"]


def test_frames_with_gaps_are_written_as_blender_reads_them() -> None:
    _, *renders = compiled(frames="1-3, 7-9, 20")["tasks"]
    assert [task["commands"][0]["parameters"]["args"][3] for task in renders] == ["1..3,7..9,20"]


def test_rendering_can_be_left_out() -> None:
    assert [task["name"] for task in compiled(render=False)["tasks"]] == ["animate"]


def test_characters_are_paired_by_channel_or_by_a_file() -> None:
    args = compiled(pairing="channel")["tasks"][0]["commands"][0]["parameters"]["args"]
    assert args[5:7] == ["--by", "channel"]
    args = compiled(pairing="map", map="/shots/cast.json")["tasks"][0]["commands"][0]["parameters"]["args"]
    assert args[5:7] == ["--map", "/shots/cast.json"] and "--by" not in args


def test_pairing_by_a_file_without_one_is_refused_in_a_sentence() -> None:
    done = run(pairing="map")
    assert done.returncode != 0 and "choose it, or pair by name or channel" in done.stderr


def test_every_setting_says_what_it_is_for() -> None:
    kind = compiled()["type"]
    assert kind["label"].startswith("KMTalk")
    for setting in kind["settings"]:
        assert {"key", "type", "description"} <= setting.keys(), setting
    assert {s["key"] for s in kind["settings"]} == SETTINGS.keys()
