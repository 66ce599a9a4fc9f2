"""Takes to files and back."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, points_of

from kmtalk_core.alignment import Phone
from kmtalk_core.errors import KMTalkError
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Key, Take, Track


def some_take(frames: int = 45, fps: float = 30.0) -> Take:
    motion = np.random.default_rng(0).random((frames, 52)).astype(np.float32)
    keys = tuple(Key(frame, frame / fps, "a", 0.9, motion[frame]) for frame in (0, 7, 20, frames - 1))
    return Take((Track(ARKIT, motion),), keys, fps=fps)


@pytest.mark.parametrize("name", ["take.csv", "take.json", "take.npz"])
@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 48.0, 60.0])
def test_a_take_comes_back_from_each_layout(name: str, fps: float, tmp_path: Path) -> None:
    from kmtalk_addon.take import interchange

    take = some_take(fps=fps)
    interchange.export(take, tmp_path / name)
    back = interchange.load(tmp_path / name)
    assert back.fps == fps and np.allclose(back.motion, take.motion, atol=2e-5)
    if not name.endswith(".csv"):
        assert [key.frame for key in back.keys] == [0, 7, 20, 44]


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "Timecode,BlendshapeCount,JawOpen\n0:0:0:0,61,x\n", "{}", "\x00"]
)
@pytest.mark.parametrize("ending", [".csv", ".json", ".npz"])
def test_what_is_no_take_is_refused_with_a_sentence(content: str, ending: str, tmp_path: Path) -> None:
    from kmtalk_addon.take import interchange

    path = (tmp_path / "x").with_suffix(ending)
    path.write_text(content)
    with pytest.raises(KMTalkError, match="take"):
        interchange.load(path)


def test_a_pipe_without_end_and_a_text_that_unfolds_without_end_are_refused(tmp_path: Path) -> None:
    from kmtalk_addon.take import interchange

    (tmp_path / "bomb.json").write_text('{"space": [' + "{}," * 20_000_000 + "1]}")
    with pytest.raises(KMTalkError, match="would take more than 4096 MB of memory"):
        interchange.load(tmp_path / "bomb.json")
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe.json")
        with pytest.raises(KMTalkError, match="a device or a pipe"):
            interchange.load(tmp_path / "pipe.json")


def test_json_brings_phones_and_words_and_finds_its_channels_by_name(tmp_path: Path) -> None:
    from kmtalk_addon.take import interchange

    take = replace(some_take(), phones=(Phone(0.1, 0.2, "aɪ", 0.5),), text="Aye.")
    path = tmp_path / "take.json"
    interchange.export(take, path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["channels"].reverse()
    content["motion"] = [row[::-1] for row in content["motion"]]
    path.write_text(json.dumps(content), encoding="utf-8")
    back = interchange.load(path)
    assert (back.phones, back.text) == (take.phones, take.text) and np.allclose(back.motion, take.motion, atol=2e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"fps": 0},
        {"fps": float("nan")},
        {"fps": -30},
        {"keys": [{"frame": -5}]},
        {"keys": [{"frame": 9}, {"frame": 9}]},
        {"keys": [{"frame": 9}, {"frame": 3}]},
        {"keys": [{"frame": 1, "state": "evil"}]},
        {"keys": [{"frame": 1, "confidence": float("nan")}]},
        {"keys": {"frame": 1}},
        {"motion": [[0.0] * 51]},
        {"motion": [[float("inf")] * 52]},
        {"motion": []},
        {"channels": ["jawOpen"] * 52},
        {"phones": [{"start": 2, "end": 1, "label": "a", "confidence": 1}]},
        {"space": "biwi"},
    ],
)
def test_hostile_json_is_refused_with_a_sentence(change: dict[str, Any], tmp_path: Path) -> None:
    from kmtalk_addon.take import interchange

    path = tmp_path / "take.json"
    interchange.export(some_take(), path)
    content = json.loads(path.read_text())
    whole = {"time": 0.1, "label": "a", "confidence": 1.0, "state": "generated"}
    if isinstance(change.get("keys"), list):
        change = {"keys": [{**whole, **key} for key in change["keys"]]}
    path.write_text(json.dumps({**content, **change}))
    with pytest.raises(KMTalkError, match=r"^take\.json is no "):
        interchange.load(path)


def recording(frames: Iterable[int], base: int = 60, first: int = 0, separator: str = ",") -> str:
    """A Live Link Face CSV whose jaw opens by a hundredth a frame; frames of the day `first` + each of `frames`."""
    lines = [separator.join(("Timecode", "BlendshapeCount", "MouthClose", "JawOpen"))]
    for frame in frames:
        at = (first + frame) % (86400 * base)
        code = f"{at // base // 3600:02d}:{at // base // 60 % 60:02d}:{at // base % 60:02d}:{at % base:02d}.250"
        value = f"{frame / 100:.2f}".replace(".", "," if separator == ";" else ".")
        lines.append(separator.join((code, "61", "", value)))
    return "\n".join(lines) + "\n"


DROPPED = [frame for frame in range(150) if frame % 7 not in (3, 4) and not 70 < frame < 90]


@pytest.mark.parametrize(
    ("content", "encoding", "fps"),
    [
        (recording(range(150)), "utf-8-sig", 60.0),
        (recording(DROPPED), "utf-8", 60.0),
        (recording(DROPPED, first=86400 * 60 - 80), "utf-8", 60.0),  # past midnight
        (recording(range(150), base=24), "utf-8", 24.0),
        (recording(DROPPED, base=30), "utf-8", 30.0),
        (recording(range(150), separator=";"), "utf-16", 60.0),  # a spreadsheet's idea of a table
        (recording(range(150)).replace(":", ";"), "utf-8", 60000 / 1001),  # SMPTE writes drop frames so
    ],
)
def test_rows_of_a_recording_stand_where_their_timecodes_say(
    content: str, encoding: str, fps: float, tmp_path: Path
) -> None:
    from kmtalk_addon.take import interchange

    path = tmp_path / "slate.csv"
    path.write_text(content, encoding=encoding)
    take = interchange.load(path)
    assert take.fps == fps and take.frame_count == 150
    assert np.allclose(take.motion[:, ARKIT_INDEX["jawOpen"]], np.arange(150) / 100, atol=1e-4)
    assert not take.motion[:, ARKIT_INDEX["mouthClose"]].any()


def test_timecodes_that_make_no_sense_leave_the_rows_one_after_another(tmp_path: Path) -> None:
    from kmtalk_addon.take import interchange

    path = tmp_path / "slate.csv"
    for frames in ([0] * 90, list(range(90))[::-1], [*range(45), *range(10**6, 10**6 + 45)]):
        path.write_text(recording(frames))
        take = interchange.load(path)
        assert take.frame_count == 90 and take.fps == 60.0


def test_a_recording_made_elsewhere_is_baked_and_exported_again(
    addon: Callable[[str], Any], scene: Any, head: Any, tmp_path: Path
) -> None:
    import bpy

    rows = ["Timecode,BlendshapeCount," + ",".join(n[0].upper() + n[1:] for n in ARKIT_NAMES) + ",HeadYaw"]
    rows += [f"00:00:0{f // 60}:{f % 60:02d}.123,61," + ",".join(["0.5"] * 52) + ",0" for f in range(90)]
    path = tmp_path / "MySlate_1.csv"
    path.write_text("\n".join(rows) + "\n")
    assert bpy.ops.kmtalk.import_take(filepath=str(path), start=5) == {"FINISHED"}
    points = points_of(addon, action_of(head))['key_blocks["jawOpen"].value']
    assert points[0].tolist() == [5.0, 0.5] and points[-1][0] == pytest.approx(5 + 89 / 60 * 24, abs=1)
    out = tmp_path / "out.json"
    assert bpy.ops.kmtalk.export_take(filepath=str(out), layout_name="JSON") == {"FINISHED"}
    assert out.exists()
