"""Recordings of Live Link Face, written and read: what others read there, and what comes back."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.errors import TakeError
from kmtalk_core.motion.arkit import ARKIT_NAMES
from kmtalk_core.motion.spaces import ARKIT, HEAD, VOCASET
from kmtalk_core.take import Take, Track, export_csv, import_csv

FRAMES = 90


@pytest.fixture
def take() -> Take:
    motion = np.random.default_rng(0).random((FRAMES, 52)).astype(np.float32)
    return Take((Track(ARKIT, motion),), (), fps=30.0)


def written(take: Take, path: Path) -> tuple[list[str], list[list[str]]]:
    export_csv(take, path)
    with path.open(encoding="ascii", newline="") as file:
        names, *rows = csv.reader(file)
    return names, rows


def with_head(take: Take, turns: np.ndarray) -> Take:
    return replace(take, tracks=(*take.tracks, Track(HEAD, turns.astype(np.float32))))


def test_the_csv_reads_as_live_link_face_writes_it(take: Take, tmp_path: Path) -> None:
    names, rows = written(take, tmp_path / "take.csv")
    assert names[:4] == ["Timecode", "BlendshapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert names[53:57] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]
    assert len(names) == 63
    assert [name[0].lower() + name[1:] for name in names[2:54]] == list(ARKIT_NAMES)
    assert {row[1] for row in rows} == {"61"}
    assert rows[0][0] == "00:00:00:00.000"
    assert rows[65][0] == "00:00:02:05.000"
    np.testing.assert_allclose(np.array(rows)[:, 2:54].astype(float), take.motion, atol=1e-5)
    assert {value for row in rows for value in row[54:57]} == {"0"}


def test_the_head_of_a_take_is_written_and_comes_back(take: Take, tmp_path: Path) -> None:
    turns = np.linspace(-0.3, 0.4, 3 * FRAMES).reshape(FRAMES, 3)
    _, rows = written(with_head(take, turns), tmp_path / "take.csv")
    np.testing.assert_allclose(np.array(rows)[:, 54:57].astype(float), turns, atol=1e-5)
    again = import_csv(tmp_path / "take.csv")
    head = again.track("head")
    assert head is not None and again.fps == 30.0
    np.testing.assert_allclose(head.motion, turns, atol=1e-5)
    np.testing.assert_allclose(again.motion, take.motion, atol=1e-5)
    export_csv(take, tmp_path / "still.csv")
    assert import_csv(tmp_path / "still.csv").track("head") is None


@pytest.mark.parametrize(
    ("looks", "column", "degrees"),
    [
        ({"eyeLookOutLeft": 1.0}, "LeftEyeYaw", (-50, -33)),
        ({"eyeLookInLeft": 1.0}, "LeftEyeYaw", (32, 41)),
        ({"eyeLookInRight": 1.0}, "RightEyeYaw", (-41, -32)),
        ({"eyeLookOutRight": 0.5}, "RightEyeYaw", (16, 25)),
        ({"eyeLookDownLeft": 1.0}, "LeftEyePitch", (30, 44)),
        ({"eyeLookUpRight": 1.0}, "RightEyePitch", (-26, -24)),
    ],
)
def test_eyes_turn_as_far_as_captured_ones_left_and_down_positive(
    take: Take, tmp_path: Path, looks: dict[str, float], column: str, degrees: tuple[float, float]
) -> None:
    motion = np.zeros((2, 52), np.float32)
    for name, value in looks.items():
        motion[:, ARKIT.index_of(name)] = value
    names, rows = written(take.with_motion(motion), tmp_path / "eyes.csv")
    turned = {name: np.degrees(float(rows[1][names.index(name)])) for name in names[57:]}
    assert degrees[0] <= turned.pop(column) <= degrees[1]
    assert set(turned.values()) == {0.0}


def test_eyes_without_coefficients_are_read_from_their_rotations(take: Take, tmp_path: Path) -> None:
    motion = np.zeros((FRAMES, 52), np.float32)
    motion[:40, ARKIT.index_of("eyeLookOutLeft")] = motion[:40, ARKIT.index_of("eyeLookInRight")] = 0.3
    motion[40:, ARKIT.index_of("eyeLookDownLeft")] = motion[40:, ARKIT.index_of("eyeLookDownRight")] = 0.6
    export_csv(take.with_motion(motion), tmp_path / "take.csv")
    lines = [line.split(",") for line in (tmp_path / "take.csv").read_text().splitlines()]
    kept = [i for i, name in enumerate(lines[0]) if not name.startswith("EyeLook")]
    (tmp_path / "bare.csv").write_text("\n".join(",".join(line[i] for i in kept) for line in lines))
    np.testing.assert_allclose(import_csv(tmp_path / "bare.csv").motion, motion, atol=1e-4)


def test_timecodes_run_past_the_hour_and_at_other_rates(take: Take, tmp_path: Path) -> None:
    export_csv(replace(take.with_motion(np.zeros((3602, 52), np.float32)), fps=1.0), tmp_path / "long.csv")
    assert (tmp_path / "long.csv").read_text().splitlines()[-1].startswith("01:00:01:00.000,")
    export_csv(replace(take, fps=25.0), tmp_path / "film.csv")
    # A frame of 25 a second lies at 1.2 frames of 30.
    assert (tmp_path / "film.csv").read_text().splitlines()[2].startswith("00:00:00:01.200,")
    export_csv(replace(take, fps=60.0), tmp_path / "fast.csv")
    assert (tmp_path / "fast.csv").read_text().splitlines()[60].startswith("00:00:00:59.000,")


def test_only_coefficients_go_into_a_csv(tmp_path: Path) -> None:
    vertices = Take((Track(VOCASET, np.zeros((2, 15069), np.float32)),), (), fps=30.0)
    with pytest.raises(TakeError, match="ARKit"):
        export_csv(vertices, tmp_path / "a.csv")


@pytest.mark.parametrize(
    "text", ["", "Timecode,BlendshapeCount", "a,b\n1,2", "JawOpen\nwide", "JawOpen\nnan", "JawOpen\ninf", "JawOpen\n"]
)
def test_what_is_no_recording_is_a_take_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(TakeError, match=r"a\.csv"):
        import_csv(tmp_path / "a.csv")
