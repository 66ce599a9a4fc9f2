"""`blender --command kmtalk …`, called as Blender calls it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faces_at_work import SENTENCE, action_of, make_face


def test_a_scene_of_two_characters_and_three_strips(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], tmp_path: Path
) -> None:

    anna, bert = make_face(scene, "Anna"), make_face(scene, "Bert")
    add_strip("anna 01", frame=1, channel=1)
    add_strip("Bert", frame=41, channel=2)
    add_strip("anna 02", frame=81, channel=1)
    path = tmp_path / "shot.blend"
    assert addon("command_line").main(["scene", "--save-as", str(path)]) == 0
    tracks = [strip.action.name for track in anna.data.shape_keys.animation_data.nla_tracks for strip in track.strips]
    assert sorted(tracks) == ["KMTalk: anna 01", "KMTalk: anna 02"]
    assert action_of(bert).name == "KMTalk: Bert" and path.exists()


def test_a_mapping_names_who_speaks_and_one_failure_does_not_stop_the_rest(
    addon: Callable[[str], Any], scene: Any, add_strip: Callable[..., Any], tmp_path: Path, capsys: Any
) -> None:
    bert = make_face(scene, "Bert")
    add_strip("one", channel=1)
    add_strip("two", channel=2, frame=50)
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({"one": "Nobody", "two": "Bert"}))
    assert addon("command_line").main(["scene", "--map", str(mapping), "--no-save"]) == 1
    assert action_of(bert).name == "KMTalk: two"
    said = capsys.readouterr().err
    assert "one: There is no object “Nobody”" in said and "1 of 2 strips done" in said


def test_animate_and_its_mistakes(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = addon("command_line").main
    assert main(["animate", "--audio", str(speech), "--face", "Head", "--text", SENTENCE, "--reduced", "0.02"]) == 0
    assert action_of(head).name.startswith(f"KMTalk: {speech.name}")  # one a mesh where actions have no slots
    assert main(["animate", "--audio", "no.wav"]) == 2
    assert main(["dance"]) == 2
    said = capsys.readouterr().err
    assert "kmtalk: The sound" in said and "Traceback" not in said
