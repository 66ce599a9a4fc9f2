"""The engine inside Blender: no process, nothing installed, a window that stays alive."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_at_work import action_of, line_in

from kmtalk_core.animate import Animator
from kmtalk_core.progress import finish
from kmtalk_core.take import load_take

JAW = 'key_blocks["jawOpen"].value'


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Blender that may start no process and has none of the engine's libraries."""

    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError(f"a process was started: {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.delenv("KMTALK_PYTHON")
    for name in ("torch", "scipy", "transformers", "safetensors", "pocketsphinx", "rich"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def workers(addon: Callable[[str], Any]) -> Any:
    return addon("jobs.runner").desk().workers


@pytest.fixture
def built_in(addon: Callable[[str], Any]) -> Any:
    return addon("engine").BuiltIn()


def test_a_face_is_animated_and_edited_with_nothing_installed(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, alone: None, workers: Any
) -> None:
    import bpy

    others = set(workers.pids())  # of tests before this one
    assert bpy.ops.kmtalk.animate(file=str(speech)) == {"FINISHED"}
    lines = addon("take.lines")
    frame = line_in(action_of(head)).key_motions[4].frame

    def jaw() -> Any:
        action = head.data.shape_keys.animation_data.action
        curves = {name.split("|")[1]: curve for name, curve in lines.curves_by_name(action).items()}
        return next(p for p in curves[JAW].keyframe_points if round(p.co[0]) == frame)

    jaw().co[1] = 0.8125
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    assert jaw().co[1] == 0.8125
    assert set(workers.pids()) <= others


def test_the_panel_asks_for_nothing_where_nothing_is_needed(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, alone: None
) -> None:
    import bpy

    scene.kmtalk.source, scene.kmtalk.file = "FILE", str(speech)
    assert addon("options").disabled_reason(bpy.context) is None
    errors = addon("core").errors
    with pytest.raises(
        errors.KMTalkError, match=r"Animating needs no engine, but the shapes of a face do.*Install Engine"
    ):
        addon("options").face_engine_of(bpy.context)


def test_weights_that_blender_cannot_run_ask_for_the_engine(addon: Callable[[str], Any], tmp_path: Path) -> None:
    runs = addon("engine").runs
    for text in ("", "[]", "{}", '{"encoder": 3}', '{"encoder": {"kind": "transformers"}}', "[" * 100_000):
        (tmp_path / "config.json").write_text(text)
        assert not runs(tmp_path, "auto")
    assert not runs(tmp_path / "nothing", "cpu")
    (tmp_path / "config.json").write_text('{"encoder": {"kind": "log_mel"}}')
    assert runs(tmp_path, "auto") and runs(tmp_path, "cpu") and runs(None, "auto")
    assert not runs(tmp_path, "cuda") and not runs(None, "mps")


def test_it_makes_the_very_take_that_the_command_line_makes(
    workers: Any, built_in: Any, speech: Path, tmp_path: Path
) -> None:
    from kmtalk_core import audio

    answer = finish(workers.ask(built_in, (), "animate", audio=str(speech), out=str(tmp_path / "a.npz")))
    assert answer["take"] == str(tmp_path / "a.npz")
    take, expected = load_take(tmp_path / "a.npz"), Animator.load().animate(audio.load(speech))
    np.testing.assert_array_equal(take.motion, expected.motion)
    edits = [{"frame": take.keys[3].frame, "pose": {"jawOpen": 0.75}}]
    request = {"take": str(tmp_path / "a.npz"), "audio": str(speech), "edits": edits, "out": str(tmp_path / "b.npz")}
    finish(workers.ask(built_in, (), "complete", **request))
    assert load_take(tmp_path / "b.npz").motion[take.keys[3].frame].max() >= 0.75


def test_a_change_of_the_sound_is_heard(workers: Any, built_in: Any, speech: Path, tmp_path: Path) -> None:
    import soundfile

    samples, rate = soundfile.read(speech)
    sound, out = tmp_path / "line.wav", str(tmp_path / "a.npz")
    frames = []
    for part in (samples, samples[: len(samples) // 2]):
        soundfile.write(sound, part, rate)
        finish(workers.ask(built_in, (), "animate", audio=str(sound), out=out))
        frames.append(load_take(Path(out)).frame_count)
    assert frames[1] < 0.6 * frames[0]


def test_faults_are_told_in_one_sentence(
    addon: Callable[[str], Any], workers: Any, built_in: Any, tmp_path: Path
) -> None:
    errors = addon("core").errors
    with pytest.raises(errors.AudioError, match="There is no file"):
        finish(workers.ask(built_in, (), "animate", audio=str(tmp_path / "no.wav"), out=str(tmp_path / "a.npz")))
    with pytest.raises(errors.KMTalkError, match="no field"):
        finish(workers.ask(built_in, (), "animate", audio="a", out="b", volume=3))


def test_the_window_waits_for_nothing_and_a_cancelled_job_ends_soon(
    workers: Any, built_in: Any, long_speech: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a.npz"
    job = workers.ask(built_in, (), "animate", audio=str(long_speech), out=str(out))
    stages = set()
    while len(stages) < 3:
        stages.add(next(job).stage)
        time.sleep(0.002)
    job.close()
    threads = [thread for thread in threading.enumerate() if thread.name == "kmtalk"]
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert not out.exists() and not list(tmp_path.iterdir())
    again = workers.ask(built_in, (), "hello")
    assert finish(again)["hello"]["version"]


def test_a_second_job_waits_for_the_first(workers: Any, built_in: Any, speech: Path, tmp_path: Path) -> None:
    first = workers.ask(built_in, (), "animate", audio=str(speech), out=str(tmp_path / "a.npz"))
    next(first)
    second = workers.ask(built_in, (), "hello")
    assert next(second).stage == "waiting for another job"
    finish(first)
    assert finish(second)["hello"]
