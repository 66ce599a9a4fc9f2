"""Captured faces in every layout they come in: which channels there are, when, and how it is said."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core.cli import main
from kmtalk_core.datasets.captures import Capture, find
from kmtalk_core.datasets.reader import open_data_set
from kmtalk_core.datasets.regions import regions_for
from kmtalk_core.errors import DataSetError
from kmtalk_core.evaluation.metrics import opening
from kmtalk_core.motion.opening import visible_opening
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Take, export_csv, save_take

JAW = ARKIT.index_of("jawOpen")


def only(folder: Path) -> Capture:
    (take,) = find(folder).takes
    return take


def wave(count: int, fps: float) -> np.ndarray:
    return 0.3 + 0.3 * np.sin(2 * np.pi * 1.5 * np.arange(count) / fps)


def timecode(second: int, frame: float, colon: str = ":") -> str:
    return f"14:{second // 60:02d}:{second % 60:02d}{colon}{frame:06.3f}"


def test_a_live_link_face_take_has_its_sound_and_its_calibrated_values(
    spoken: Take, speech: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "20240101_MySlate_7"
    folder.mkdir()
    export_csv(spoken, folder / "MySlate_7_iPhone_cal.csv")
    export_csv(spoken.with_motion(spoken.motion * 0), folder / "MySlate_7_iPhone_raw.csv")
    (folder / "frame_log.csv").write_text("frame,event\n1,start\n")
    (folder / "take.json").write_text('{"version": 1, "slate": "MySlate"}')
    shutil.copy(speech, folder / "MySlate_7_iPhone.wav")
    found = find(tmp_path)
    take = only(tmp_path)
    assert take.path.name == "MySlate_7_iPhone_cal.csv" and take.sound is not None and take.captured.all()
    np.testing.assert_allclose(take.motion, spoken.motion, atol=1e-5)
    assert any("MySlate_7_iPhone_raw.csv left alone" in note for note in found.notes)
    assert any("hold no coefficients" in note for note in found.notes)


@pytest.mark.parametrize(
    "names",
    [
        ["JawOpen", "MouthClose", "MouthSmileLeft"],
        ["jaw_open", "mouth_close", "mouth_smile_left"],
        ["jawOpen", "mouthClose", "mouthSmile_L"],
        ["blendShape.jawOpen", "blendShape.mouthClose", "blendShape.mouthSmile_L"],
    ],
)
def test_channels_that_are_not_there_are_masked_however_the_others_are_spelt(names: list[str], tmp_path: Path) -> None:
    rows = [",".join(f"{v:.4f}" for v in (jaw, 0.0, 0.1)) for jaw in wave(90, 60)]
    (tmp_path / "take.csv").write_text("\n".join([",".join(names), *rows]))
    take = only(tmp_path)
    assert {ARKIT.names[i] for i in np.flatnonzero(take.captured)} == {"jawOpen", "mouthClose", "mouthSmileLeft"}
    assert take.head is None and take.sound is None
    np.testing.assert_allclose(take.motion[:, JAW], wave(90, 60), atol=1e-4)
    assert "mouthFunnel" in find(tmp_path).missing() or "more" in find(tmp_path).missing()


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
def test_time_codes_tell_the_rate_and_the_frames_that_are_missing(rate: int, tmp_path: Path) -> None:
    jaw = wave(4 * rate, rate)
    rows = [f"{timecode(n // rate, n % rate)},{value:.5f}" for n, value in enumerate(jaw) if n not in (50, 51)]
    (tmp_path / "take.csv").write_text("\n".join(["Timecode,JawOpen", *rows]))
    take = only(tmp_path)
    assert take.fps == rate and len(take.motion) == 4 * rate
    np.testing.assert_allclose(take.motion[:, JAW], jaw, atol=0.05)


def test_drop_frame_time_codes_last_as_long_as_the_clock(tmp_path: Path) -> None:
    """Frame 1800 is called 00:01:00;02: two numbers are left out, no time is."""
    codes = []
    for n in range(3598):
        minute, rest = divmod(n, 1800) if n < 1800 else (1, n - 1800)
        number = n if n < 1800 else 1800 + rest + 2
        codes.append(f"00:{minute:02d}:{number // 30 % 60:02d};{number % 30:02d}")
    rows = [f"{code},{value:.5f}" for code, value in zip(codes, wave(3598, 30), strict=True)]
    (tmp_path / "take.csv").write_text("\n".join(["Timecode,JawOpen", *rows]))
    take = only(tmp_path)
    assert take.fps == pytest.approx(30000 / 1001) and len(take.motion) == 3598
    np.testing.assert_allclose(take.motion[:, JAW], wave(3598, 30), atol=0.02)


def test_sub_frames_of_a_time_code_are_time(tmp_path: Path) -> None:
    rows = [f"{timecode(n // 24, n % 24 * 1.25)},0.{n % 9}" for n in range(96)]
    (tmp_path / "take.csv").write_text("\n".join(["Timecode,JawOpen", *rows]))
    assert only(tmp_path).fps == 24


@pytest.mark.parametrize("scale", [1, 1000, 1_000_000_000])
def test_a_column_of_times_is_read_in_whatever_unit(scale: int, tmp_path: Path) -> None:
    rows = [f"{n / 50 * scale:.6f},{value:.5f}" for n, value in enumerate(wave(200, 50))]
    (tmp_path / "take.csv").write_text("\n".join(["timestamp,jawOpen", *rows]))
    take = only(tmp_path)
    assert take.fps == pytest.approx(50) and take.duration == pytest.approx(4)


def json_layouts() -> dict[str, object]:
    jaw = wave(120, 60).tolist()
    return {
        "beat": {
            "names": ["jawOpen", "mouthClose"],
            "frames": [{"weights": [v, 0.0], "time": n / 60, "rotation": []} for n, v in enumerate(jaw)],
        },
        "by name": [{"time": n / 60, "blendShapes": {"jawOpen": v, "mouthClose": 0.0}} for n, v in enumerate(jaw)],
        "matrix": {"exportFps": 60, "facsNames": ["jawOpen", "mouthClose"], "weightMat": [[v, 0.0] for v in jaw]},
        "flat": {"fps": 60, "frames": [{"jawOpen": v, "mouthClose": 0.0} for v in jaw]},
    }


@pytest.mark.parametrize("layout", json_layouts())
def test_json_is_read_in_the_layouts_it_comes_in(layout: str, tmp_path: Path) -> None:
    (tmp_path / "take.json").write_text(json.dumps(json_layouts()[layout]))
    take = only(tmp_path)
    assert take.fps == pytest.approx(60) and take.captured.sum() == 2
    np.testing.assert_allclose(take.motion[:, JAW], wave(120, 60), atol=1e-5)


def test_beat_has_a_sound_and_phones_beside_each_take(speech: Path, tmp_path: Path) -> None:
    (tmp_path / "2").mkdir()
    for name in ("2_scott_0_1_1", "2_scott_0_2_2"):
        (tmp_path / "2" / f"{name}.json").write_text(json.dumps(json_layouts()["beat"]))
        shutil.copy(speech, tmp_path / "2" / f"{name}.wav")
        (tmp_path / "2" / f"{name}.TextGrid").write_text("x")
    takes = find(tmp_path).takes
    assert [take.name for take in takes] == ["2/2_scott_0_1_1", "2/2_scott_0_2_2"]
    assert all(take.sound and take.sound.stem == take.path.stem and take.textgrid for take in takes)
    assert [take.name for take in find(tmp_path).split("test")] == ["2/2_scott_0_2_2"]
    assert [take.name for take in find(tmp_path).split("train")] == ["2/2_scott_0_1_1"]


def test_takes_and_plain_arrays_are_captures_too(spoken: Take, tmp_path: Path) -> None:
    save_take(spoken, tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", t=np.arange(60) / 30, names=["jawOpen"], values=wave(60, 30)[:, None])
    first, second = find(tmp_path).takes
    np.testing.assert_allclose(first.motion, spoken.motion, atol=1e-6)
    assert second.captured.sum() == 1 and second.fps == pytest.approx(30)


def test_percent_and_empty_cells_are_said_and_not_taken_for_motion(tmp_path: Path) -> None:
    rows = [f"{100 * value:.2f}," for value in wave(60, 60)]
    (tmp_path / "take.csv").write_text("\n".join(["jawOpen,mouthClose", *rows]))
    take = only(tmp_path)
    assert take.motion[:, JAW].max() == pytest.approx(0.6, abs=0.01) and take.captured.sum() == 1
    assert "percent" in " ".join(take.notes) and "mouthClose is empty" in " ".join(take.notes)


def test_a_table_is_read_as_apps_and_spreadsheets_leave_it(tmp_path: Path) -> None:
    """Lines of nothing before and within, the names again after a pause, a cell that is no number."""
    rows = [f"{timecode(n // 60, n % 60)};61;{value:.5f};0,1;" for n, value in enumerate(wave(240, 60))]
    rows[70] = rows[70].replace("0,1", "-nan(ind)")
    head = "Timecode;BlendshapeCount;JawOpen;MouthClose;"
    lines = ["", ";;;;", head, *rows[:50], "", ";;;;", head, *rows[50:], ""]
    (tmp_path / "take.csv").write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8", newline="")
    take = only(tmp_path)
    assert take.fps == 60 and take.captured.sum() == 2 and not take.notes
    np.testing.assert_allclose(take.motion[:, JAW], wave(240, 60), atol=1e-4)
    np.testing.assert_allclose(take.motion[:, ARKIT.index_of("mouthClose")], 0.1, atol=1e-6)


@pytest.mark.parametrize("clock", ["Time(ms)", "timestamp_ms", "Time [ms]"])
def test_a_clock_may_name_its_unit(clock: str, tmp_path: Path) -> None:
    rows = [f"{20 * n},{value:.5f}" for n, value in enumerate(wave(200, 50))]
    (tmp_path / "take.csv").write_text("\n".join([f"{clock},jawOpen", *rows]))
    assert only(tmp_path).fps == pytest.approx(50) and not only(tmp_path).notes


def test_a_rate_that_nobody_told_is_said_to_be_assumed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["jawOpen", *(f"{value:.5f}" for value in wave(120, 60))]))
    np.savez(tmp_path / "b.npz", names=["jawOpen"], values=wave(60, 30)[:, None])
    assert all("60 a second are assumed" in " ".join(take.notes) for take in find(tmp_path).takes)


def test_the_neutral_pose_that_an_app_saves_is_no_take(spoken: Take, tmp_path: Path) -> None:
    export_csv(spoken, tmp_path / "Slate_3_iPhone.csv")
    export_csv(spoken.with_motion(spoken.motion[:1], keys=spoken.keys[:1]), tmp_path / "Slate_3_iPhone_neutral.csv")
    assert only(tmp_path).name == "Slate_3_iPhone"
    assert "One frame is no take: Slate_3_iPhone_neutral.csv left alone." in find(tmp_path).notes


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"[" * 100_000, b'{"names": ["jawOpen"], "frames": [{"weights": [1, 2]}]}']
)
def test_a_folder_without_a_face_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "take.json").write_bytes(content)
    with pytest.raises(DataSetError, match="holds no captured face"):
        find(tmp_path)


def test_the_command_says_what_a_folder_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "take.json").write_text(json.dumps(json_layouts()["beat"]))
    assert main(["captures", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "take: 2.0 s at 60 fps, 2 of 52 channels, 1 moving, no sound" in out
    assert "Missing: no sound beside 1 of 1 takes (take)" in out
    assert main(["captures", str(tmp_path / "nowhere")]) == 2


def test_captured_faces_become_a_data_set_of_vertices(
    spoken: Take, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three takes, each a subject; what is left out tests what the others taught."""
    samples, rate = soundfile.read(speech)
    for name in ("anna 1", "anna 2", "ben"):
        export_csv(spoken.with_motion(np.tile(spoken.motion, (5, 1))), tmp_path / f"{name}.csv")
        soundfile.write(tmp_path / f"{name}.wav", np.tile(samples, 5), rate)
    root = tmp_path / "set"
    command = ["captures", str(tmp_path), "--no-lag", "--vertices", str(root)]
    assert main(command) == 0 and "of 3 takes" in capsys.readouterr().out
    data = open_data_set(root)
    assert data.subjects == ("anna-1", "anna-2", "ben") and data.stride == 1
    left = data.tested_on("ben")
    assert {s.subject for s in left.split("test")} == {"ben"}
    assert {s.subject for s in left.split("validation")} == {"anna-1", "anna-2"}
    assert not {s.name for s in left.split("train")} & {s.name for s in left.split("test")}
    lengths = [data.frame_count(s) for s in left.split("test")]
    assert sum(lengths) == pytest.approx(5 * len(spoken.motion), abs=5) and max(lengths) < 180
    wide = np.concatenate([opening(data.motion(s), regions_for(data.space.name, root)) for s in left.split("test")])
    assert np.corrcoef(wide, visible_opening(np.tile(spoken.motion, (5, 1)))[: len(wide)])[0, 1] > 0.9
    for there in (root, root / "README.md"):
        assert main([*command[:-1], str(there)]) == 2 and "is there already" in capsys.readouterr().err
    for path in (root / "vertices_npy").glob("*.npy"):
        path.unlink()
