"""A face follows a voice in the viewport, and is left as it was."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core import audio

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


def watched(session: Any, head: Any) -> list[float]:
    """The values of the jaw's key that the window would show."""
    seen = []
    deadline = time.monotonic() + 120
    while not session.is_ended and time.monotonic() < deadline:
        if session.show():
            seen.append(head.data.shape_keys.key_blocks[ONE].value)
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


def test_where_no_microphone_is_the_button_says_what_to_do(
    addon: Callable[[str], Any], acting: Any, voices: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voices.live, "has_microphone", lambda: False)
    with pytest.raises(Exception, match="pip install sounddevice"):
        next(voices.microphone(None))


def test_without_a_window_it_says_so(scene: Any, head: Any) -> None:
    import bpy

    with pytest.raises(RuntimeError, match="needs a window"):
        bpy.ops.kmtalk.live()
