"""A face follows a voice in the viewport, and is left as it was."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from faces_at_work import make_face

from kmtalk_core import audio
from kmtalk_core.calibration import Calibration

ONE = "jawOpen"


@pytest.fixture
def acting(addon: Callable[[str], Any]) -> Iterator[Any]:
    module = addon("acting.session")
    yield module
    module.stage().clear()


@pytest.fixture
def voices(addon: Callable[[str], Any]) -> Any:
    return addon("acting.voices")


def face_of(addon: Callable[[str], Any], head: Any) -> Any:
    return addon("options").face_of([head])


def watched(session: Any, head: Any, key: str = ONE) -> list[float]:
    """The values of a key that the window would show."""
    seen = []
    deadline = time.monotonic() + 120
    while not session.is_ended and time.monotonic() < deadline:
        if session.show():
            seen.append(head.data.shape_keys.key_blocks[key].value)
        time.sleep(0.002)
    return seen


def test_a_face_follows_a_voice_and_is_left_as_it_was(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any
) -> None:
    import bpy

    keys = head.data.shape_keys
    keys.key_blocks[ONE].value = 0.25
    keys.key_blocks["mouthSmileLeft"].value = 0.5
    keys.key_blocks[ONE].keyframe_insert("value", frame=1)
    before = {block.name: block.value for block in keys.key_blocks}
    actions = {action.name for action in bpy.data.actions}
    session = acting.Session(face_of(addon, head), voices.played(audio.load(speech), speed=4, aloud_after=0.2), {}, 0.2)
    seen = watched(session, head)
    assert session.failure is None
    assert max(seen) - min(seen) > 0.1 and len(seen) > 10
    session.end()
    assert {block.name: block.value for block in keys.key_blocks} == before
    assert actions == {action.name for action in bpy.data.actions}


def test_saving_finds_the_face_at_rest(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any, tmp_path: Path
) -> None:
    import bpy

    jaw = head.data.shape_keys.key_blocks[ONE]
    before = jaw.value
    face = face_of(addon, head)
    session = acting.stage().start(
        lambda: acting.Session(face, voices.played(audio.load(speech), speed=0), {"liveliness": 0.0}, 0.2)
    )
    watched(session, head)
    jaw.value = 0.7  # as if it spoke
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"), copy=True)
    assert jaw.value == before and acting.stage().session is None


def test_a_voice_is_recorded_and_becomes_a_take(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any, tmp_path: Path
) -> None:
    import bpy

    if not addon("compat").HAS_AUDIO:
        pytest.skip("this Blender has no sound")
    sound = audio.load(speech)
    session = acting.Session(
        face_of(addon, head), voices.played(sound, speed=0), {}, 0.2, record=tmp_path / "voice.wav"
    )
    watched(session, head)
    session.end()
    kept = audio.load(tmp_path / "voice.wav")
    assert kept.length == sound.length
    np.testing.assert_allclose(kept.read(0, 16000), sound.read(0, 16000), atol=1e-4)
    scene.frame_set(11)
    said = addon("operators.live_voice").animate_recording(bpy.context, tmp_path / "voice.wav")
    assert "voice.wav" in said
    action = head.data.shape_keys.animation_data.action
    assert [line.name for line in action.kmtalk_lines.lines] == ["voice"]


def test_a_face_that_goes_while_it_is_live_is_told(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any
) -> None:
    import bpy

    session = acting.Session(face_of(addon, head), voices.played(audio.load(speech), speed=0), {}, 0.2)
    bpy.data.objects.remove(head)
    with pytest.raises(Exception, match="removed while it was live"):
        deadline = time.monotonic() + 60
        while not session.is_ended and time.monotonic() < deadline:
            session.show()
            time.sleep(0.01)
    session.end()


def test_a_chest_breathes_and_what_is_left_out_stays(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any
) -> None:
    head.shape_key_add(name="Breathe")
    breath = head.data.shape_keys.key_blocks["Breathe"]
    breath.value = 0.1
    spoken = audio.load(speech)
    begins = np.concatenate([np.zeros(audio.RATE // 2, np.float32), spoken.read(0, spoken.length)])
    voice = audio.from_samples(begins, audio.RATE)  # one breathes in before one speaks
    risen = []
    for settings in ({}, {"regions": "mouth"}):
        session = acting.Session(face_of(addon, head), voices.played(voice, speed=4), settings, 0.2)
        risen.append(watched(session, head, "Breathe"))
        session.end()
        assert session.failure is None and breath.value == pytest.approx(0.1)
    assert max(risen[0]) > 0.3
    assert risen[1] == pytest.approx([0.1] * len(risen[1]))


def test_a_face_speaks_live_as_its_actor(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any
) -> None:
    import bpy

    actor = addon("face.actor")
    actor.learn(head, Calibration("Anna", 1.0, {ONE: 0.4}, {}, {}).to_json())
    button = addon("operators.live_voice").KMTALK_OT_live
    scene.kmtalk.source, scene.kmtalk.file, scene.kmtalk.liveliness = "FILE", str(speech), 0.0
    opened = []
    for use in (False, True):
        head.kmtalk_face.use_actor = use
        session = button.begin(SimpleNamespace(voice="SOUND", record=False), bpy.context)
        opened.append(max(watched(session, head)))
        session.end()
    assert opened[1] == pytest.approx(0.4 * opened[0], rel=0.2)


def test_a_face_that_takes_no_speech_is_told(
    addon: Callable[[str], Any], scene: Any, head: Any, acting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bpy

    module = addon("operators.live_voice")
    head.shape_key_add(name="Breathe")
    face = face_of(addon, head)
    breathing = replace(face, targets=tuple(t for t in face.targets if t.drive.space.name == "chest"))
    assert len(breathing.targets) == 1
    monkeypatch.setattr(module.options, "face_of", lambda _: breathing)
    with pytest.raises(addon("core").errors.FaceError, match="takes the poses of speech"):
        module.KMTALK_OT_live.begin(SimpleNamespace(voice="SOUND", record=False), bpy.context)


def test_all_that_is_left_of_a_face_is_put_back(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any
) -> None:
    import bpy

    other = make_face(scene, "Other")
    jaw = other.data.shape_keys.key_blocks[ONE]
    face = addon("options").face_of([head, other])
    session = acting.Session(face, voices.played(audio.load(speech), speed=0), {}, 0.2)
    jaw.value = 0.7  # as if it spoke
    bpy.data.objects.remove(head)
    session.end()
    assert jaw.value == 0


def test_a_face_whose_keys_go_is_told_before_and_meanwhile(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any
) -> None:
    core_errors = addon("core").errors
    face = face_of(addon, head)
    head.shape_key_remove(head.data.shape_keys.key_blocks["mouthSmileLeft"])
    with pytest.raises(core_errors.FaceError, match="mouthSmileLeft"):
        acting.Session(face, voices.played(audio.load(speech), speed=0), {}, 0.2)
    session = acting.Session(face_of(addon, head), voices.played(audio.load(speech), speed=0), {}, 0.2)
    head.shape_key_clear()
    with pytest.raises(core_errors.FaceError, match="were removed while it was live"):
        until_shown(session)
    session.end()


@pytest.fixture
def followed(
    addon: Callable[[str], Any], scene: Any, head: Any, speech: Path, acting: Any, voices: Any, tmp_path: Path
) -> Any:
    """The button as it runs in a window, with a recording that has begun: all but the window's own timer is real."""
    button = addon("operators.live_voice").KMTALK_OT_live
    names = ("modal", "cancel", "_follow", "_end", "_keep", "_leave")
    held = type("Held", (), {"_timer": None, **{name: vars(button)[name] for name in names}})()
    held.told = []
    held.report = lambda kind, said: held.told.append(said)
    face, blocks = face_of(addon, head), voices.played(audio.load(speech), speed=1)
    held._session = acting.stage().start(lambda: acting.Session(face, blocks, {}, 0.2, record=tmp_path / "voice.wav"))
    until_shown(held._session)
    return held


def until_shown(session: Any) -> None:
    deadline = time.monotonic() + 60
    while not session.show() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_window_that_closes_leaves_the_recording_and_makes_nothing(
    addon: Callable[[str], Any], followed: Any, acting: Any, head: Any
) -> None:
    import bpy

    followed.cancel(bpy.context)
    assert acting.stage().session is None
    assert "voice.wav" in addon("jobs.runner").desk().notice
    assert head.data.shape_keys.animation_data is None and not bpy.data.sounds


def test_a_face_that_was_sent_off_the_stage_leaves_the_recording_and_makes_nothing(
    followed: Any, acting: Any, head: Any
) -> None:
    import bpy

    acting.stage().clear()  # what the handlers before loading, undo and rendering do
    assert followed.modal(bpy.context, SimpleNamespace(type="TIMER", value="NOTHING")) == {"CANCELLED"}
    assert len(followed.told) == 1 and "voice.wav" in followed.told[0]
    assert head.data.shape_keys.animation_data is None and not bpy.data.sounds


def test_a_fault_closes_the_microphone_and_puts_the_face_back(followed: Any, acting: Any, head: Any) -> None:
    import bpy

    def fails() -> bool:
        raise RuntimeError("a fault of ours")

    session = followed._session
    session.show = fails
    with pytest.raises(RuntimeError, match="a fault of ours"):
        followed.modal(bpy.context, SimpleNamespace(type="TIMER", value="NOTHING"))
    assert acting.stage().session is None and session.is_ended
    assert not any(block.value for block in head.data.shape_keys.key_blocks[1:])


def test_a_recording_is_told_by_where_it_lies(
    addon: Callable[[str], Any], scene: Any, acting: Any, tmp_path: Path
) -> None:
    import bpy

    kept_at = addon("operators.live_voice").kept_at
    unsaved = acting.free_path()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert "copy it to keep it" in kept_at(unsaved) and str(unsaved) in kept_at(unsaved)
    beside = acting.free_path()
    assert beside == tmp_path / "scene_voice_001.wav"
    beside.touch()
    assert acting.free_path() == tmp_path / "scene_voice_002.wav"
    assert kept_at(beside) == "The voice is kept beside the .blend file as scene_voice_001.wav."


def test_without_a_window_it_says_so(scene: Any, head: Any) -> None:
    import bpy

    with pytest.raises(RuntimeError, match="needs a window"):
        bpy.ops.kmtalk.live()
