"""The command line as a user or a render farm calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from kmtalk_core.client import PACKAGE_FOLDER
from kmtalk_core.take import load_take


def kmtalk(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "kmtalk_core", *map(str, arguments)]
    return subprocess.run(command, cwd=PACKAGE_FOLDER, capture_output=True, text=True, timeout=300)


def test_importing_the_package_and_its_help_loads_no_torch() -> None:
    code = "import sys, kmtalk_core.cli; kmtalk_core.cli._parser(); print('torch' in sys.modules, 'bpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE_FOLDER, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_animate_writes_a_take_and_a_live_link_face_csv(speech: Path, tmp_path: Path) -> None:
    out, csv = tmp_path / "t.npz", tmp_path / "t.csv"
    done = kmtalk("animate", speech, "--out", out, "--csv", csv, "--device", "cpu", "--set", "blinks=false")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    take = load_take(tmp_path / "t.npz")
    assert take.settings["blinks"] is False and not take.motion[:, take.space.index_of("eyeBlinkLeft")].max() > 0.5
    rows = (tmp_path / "t.csv").read_text().splitlines()
    assert rows[0].startswith("Timecode,BlendshapeCount,EyeBlinkLeft,") and len(rows) == len(take.motion) + 1


def test_localize_writes_phones_and_keys_as_documented(speech: Path, tmp_path: Path) -> None:
    out = tmp_path / "l.json"
    done = kmtalk("localize", speech, "--text", "Bob made a map of the moon.", "--json", out)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["method"] == "transcript" and found["fps"] == 30
    assert [label for p in found["phones"] if (label := p["label"].lower()) in "pbm"] == ["b", "b", "m", "m", "p", "m"]
    assert {"frame", "time", "label", "confidence"} == set(found["keys"][0])


def test_complete_hits_the_edited_key(speech: Path, tmp_path: Path) -> None:
    kmtalk("animate", speech, "--out", tmp_path / "t.npz")
    key = load_take(tmp_path / "t.npz").keys[4]
    (tmp_path / "e.json").write_text(json.dumps([{"frame": key.frame, "pose": {"jawOpen": 0.75}, "state": "edited"}]))
    done = kmtalk(
        "complete", tmp_path / "t.npz", "--audio", speech, "--edits", tmp_path / "e.json", "--out", tmp_path / "u.npz"
    )
    assert done.returncode == 0, done.stderr
    assert load_take(tmp_path / "u.npz").motion[key.frame, 17] == pytest.approx(0.75)
    assert load_take(tmp_path / "u.npz").notes == load_take(tmp_path / "t.npz").notes
    samples, rate = soundfile.read(speech)
    soundfile.write(tmp_path / "other.wav", samples[::-1], rate)
    done = kmtalk(
        *("complete", tmp_path / "t.npz", "--audio", tmp_path / "other.wav"),
        *("--edits", tmp_path / "e.json", "--out", tmp_path / "u.npz"),
    )
    assert done.returncode == 0 and "other.wav is not sample for sample what the take was made from" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("animate", "missing.wav", "--out", "t.npz"),
        ("animate", "{speech}", "--out", "t.npz", "--weights", "nowhere"),
        ("animate", "{speech}", "--out", "t.npz", "--textgrid", "nowhere.TextGrid"),
        ("localize", "{speech}", "--json", "l.json", "--fps", "0"),
        ("localize", "{speech}", "--json", "/proc/nowhere/l.json", "--method", "uniform"),
        ("complete", "nothing.npz", "--audio", "{speech}", "--edits", "no.json", "--out", "u.npz"),
        ("batch", "nowhere", "--out", "out"),
        ("animate", "{speech}"),
        ("animate", "{speech}", "--out", "t.npz", "--set", "strength=2"),
        ("animate", "{speech}", "--out", "t.npz", "--neutral", "head.ply"),
        ("batch", ".", "--out", "out", "--set", "blinks"),
    ],
)
def test_a_mistake_of_the_users_exits_2_with_one_line_and_no_traceback(
    arguments: tuple[str, ...], speech: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kmtalk_core", *(a.format(speech=speech) for a in arguments)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PACKAGE_FOLDER), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("kmtalk")]) == 1
    assert not list(tmp_path.iterdir())
