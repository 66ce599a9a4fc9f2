"""The benchmark's figures come from processes of their own, and what was not measured is said."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kmtalk_core.bench import starter, whole
from kmtalk_core.bench.measures import MEASURES
from kmtalk_core.bench.speech import write_speech

FIGURES = {
    "machine": {"processor": "Abacus", "cores": 2, "threads": 2, "torch": "2", "load": None},
    "parameters": {"starter": {"audio_encoder": 900_000, "fusion": 80_000}},
    "animate": [
        {
            "weights": "starter",
            "seconds": 3600.0,
            "wall_seconds": 36.0,
            "real_time": 0.01,
            "processor_time": 0.02,
            "megabytes": 400.0,
        },
        {
            "weights": "biwi (random)",
            "seconds": 4.0,
            "wall_seconds": 2.0,
            "real_time": 0.5,
            "processor_time": 0.9,
            "megabytes": None,
        },
    ],
    "not_run": ["vocaset, 3600 s"],
    "beside_encoder": [
        {
            "preset": "vocaset",
            "ratio": 1.125,
            "ratio_published": 0.75,
            "difference": 1e-6,
            "difference_bfloat16": 1e-2,
            "encoder_seconds": 0.5,
            "bfloat16_seconds": 0.3,
        }
    ],
    "training": [{"config": "biwi", "seconds": 4.0, "frames_per_second": 12.4, "megabytes": 2999.6}],
    "idle": {"megabytes": 300.0},
    "starter": {
        "command": {"seconds": 0.75, "processor_seconds": 0.5, "megabytes": 90.0},
        "long": {"3600": {"seconds": 41.5, "processor_seconds": 40.0, "megabytes": 140.0}},
        "side_by_side": {
            "1": {
                "seconds": 60.0,
                "largest_difference": 1e-6,
                "numpy": {"animate": 0.6, "processor": 0.6, "edit": 0.02},
                "torch": {"animate": 0.9, "processor": 0.9, "edit": 0.03},
            }
        },
        "in_blender": {
            "11": {
                "first": 0.9,
                "again": 0.6,
                "regenerate": 0.2,
                "regenerate_again": 0.15,
                "live": 0.14,
                "unconcerned_microseconds": 0.5,
                "longest_tick": 0.012,
                "blender": "4.5",
            }
        },
    },
    "worker_hello_seconds": 0.25,
}


def test_the_table_holds_every_figure_and_what_was_left_out() -> None:
    text = whole.table(FIGURES)
    starter, biwi = (next(line for line in text.splitlines() if line.startswith(name)) for name in ("starter", "biwi"))
    assert starter.split() == ["starter", "1", "h", "36.00", "s", "0.0100", "0.0200", "400", "MB"]
    assert biwi.endswith("unknown")
    for part in (
        "vocaset, 3600 s",
        "not run",
        "animates 11 s in 0.75 s (0.50 s of processor), 90 MB at most",
        "NumPy    0.0100 of real time, 0.0100 of a core; one edit 20 ms",
        "the keys of 11 s: 0.90 s, again 0.60 s; one edit regenerated 0.20 s, another 0.15 s, "
        "by Live 0.14 s; the longest tick 12 ms; an update that does not concern Live 0.5 µs",
        "3600 s in 41.50 s and 140 MB at most",
        "1.12 times",
        "0.75 times",
        "1e-06 apart",
        "0.60 of ours",
        "300 MB",
        "training biwi, one clip of 4 s at a time: 12 frames a second, 3000 MB",
        "0.25 s",
        "load unknown",
    ):
        assert part in text


def test_a_measurement_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    write_speech(tmp_path / "short.wav", 2)
    figures = whole._measure("animate", "starter", str(tmp_path / "short.wav"))
    assert figures["seconds"] == pytest.approx(2.0)
    assert figures["wall_seconds"] > 0
    assert figures["real_time"] == pytest.approx(figures["wall_seconds"] / 2)
    assert figures["megabytes"] is None or figures["megabytes"] > 50
    assert figures["localization"] == "neural"


def test_training_is_measured_in_frames_a_second(tmp_path: Path) -> None:
    write_speech(tmp_path / "short.wav", 2)
    figures = whole._measure("training", "vocaset-small", str(tmp_path / "short.wav"))
    assert figures["seconds"] == pytest.approx(2.0, abs=0.05)
    assert figures["frames_per_second"] > 1
    assert figures["megabytes"] is None or figures["megabytes"] > 50


def test_a_quick_run_names_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def measured(what: str, preset: str, sound: str, threads: int | None = None) -> object:
        starter = FIGURES["starter"]
        if what in ("side_by_side", "in_blender"):
            return next(iter(starter[what].values()))
        if what in ("command", "once"):
            return starter["command"]
        seconds = float(Path(sound).stem)
        assert what in MEASURES
        rows = (FIGURES["animate"][0], FIGURES["beside_encoder"][0], FIGURES["training"][0])
        return {**rows[0], **rows[1], **rows[2], "config": preset, "weights": preset, "seconds": seconds}

    monkeypatch.setattr(whole, "_measure", measured)
    monkeypatch.setattr(whole, "write_speech", lambda path, seconds: path.touch())
    monkeypatch.setattr(whole, "worker_cold_start", lambda: 0.25)
    assert whole.main(["--quick", "--json", str(tmp_path / "figures.json")]) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [(row["weights"], row["seconds"]) for row in figures["animate"]] == [
        ("starter", 4.0), ("starter", 10.0), ("starter", 60.0),
    ]  # fmt: skip
    assert figures["training"] == figures["beside_encoder"] == []
    assert list(figures["starter"]["long"]) == ["60", "3600"]
    left_out = [line.split(" (")[0] for line in figures["not_run"]]
    assert left_out[:2] == ["starter, 1 h", "vocaset, 4 s"]
    assert figures["parameters"]["starter"]["audio_encoder"] > 500_000


def test_the_command_line_is_measured_from_a_cold_start_and_blender_where_it_is(speech: Path) -> None:
    # in a process of its own: a child's peak memory begins with that of the process it is forked from
    program = "import json, sys; from pathlib import Path; from kmtalk_core.bench import starter as b; "
    program += "print(json.dumps(b.command(Path(sys.argv[1]))))"
    done = subprocess.run([sys.executable, "-c", program, str(speech)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["seconds"] > 0
    assert found["megabytes"] is None or 20 < found["megabytes"] < 1000
    both = starter.side_by_side(speech)
    assert both["largest_difference"] < 1e-4
    assert all(0 < both[name]["edit"] < both[name]["animate"] * 10 for name in ("numpy", "torch"))
