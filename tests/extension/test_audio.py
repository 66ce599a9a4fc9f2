"""Whatever Blender plays is animated, in time: films and compressed sounds, muted, early and nested strips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import media
import numpy as np
import pytest
import soundfile
from faces_at_work import action_of, line_in

CLICKS = (0.5, 1.25, 2.9)  # seconds
RATE = 16000


def clicking(rate: int = 48000, seconds: float = 3.2) -> np.ndarray:
    """A chord that never repeats, and clicks, (n,) float32."""
    time = np.arange(round(rate * seconds)) / rate
    wave = 0.05 * (np.sin(2 * np.pi * 220 * time) + np.sin(2 * np.pi * 313.7 * time * (1 + time / 50)))
    for second in CLICKS:
        wave[round(second * rate) : round((second + 0.002) * rate)] = 0.8
    return wave.astype(np.float32)


def clicks_of(wave: np.ndarray, clicks: tuple[float, ...] = CLICKS) -> list[float]:
    loud = np.abs(wave)
    spans = [(max(int((s - 0.2) * RATE), 0), int((s + 0.2) * RATE)) for s in clicks]
    return [(a + int(loud[a:b].argmax())) / RATE for a, b in spans]


def heard(addon: Callable[[str], Any], path: Path, *part: Any) -> Any:
    return addon("core").progress.finish(addon("audio.decode").sound_job(path, *part))


@pytest.fixture
def with_audio(extension: Any) -> None:
    import bpy

    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender has no audio")


@pytest.mark.parametrize(("name", "pictures"), media.SOUNDS_AND_FILMS)
def test_blender_decodes_every_kind_in_time(
    addon: Callable[[str], Any], with_audio: None, tmp_path: Path, name: str, pictures: bool
) -> None:
    sound = heard(addon, media.write(tmp_path / name, clicking(), pictures=pictures))
    late = np.array(clicks_of(sound.read(0, sound.length))) - CLICKS
    assert np.abs(late).max() < 0.048 and np.ptp(late) < 0.003
    assert sound.duration == pytest.approx(3.2, abs=0.1)
    assert 0.6 < sound.peak < 1.2 and sound.notes == ()


@pytest.mark.parametrize("name", ["line.m4a", "line.mkv", "line.webm", "line.aac", "flac.oga", "line.avi"])
@pytest.mark.parametrize("patience", [0.001, 10.0])
def test_slices_join_without_a_trace(
    addon: Callable[[str], Any], with_audio: None, tmp_path: Path, name: str, patience: float, monkeypatch: Any
) -> None:
    import aud

    decode = addon("audio.decode")
    monkeypatch.setattr(decode, "_PATIENCE_WITHOUT", patience)
    path = media.write(tmp_path / name, np.tile(clicking(), 6))
    sound = heard(addon, path)
    whole = addon("core").audio.from_samples(aud.Sound(str(path)).data(), 48000)
    assert abs(sound.length - whole.length) < 0.1 * RATE  # the end of Ogg FLAC is not exact: up to .09 s now and then
    found, known = (one.read(0, whole.length) for one in (sound, whole))
    for second in range(18):
        part = slice(second * RATE, (second + 1) * RATE)
        assert np.corrcoef(found[part], known[part])[0, 1] > 0.98


@pytest.mark.parametrize("name", ["line.m4a", "line.mkv"])
@pytest.mark.parametrize("begin", [0.0, 1.0, 70.0])
def test_a_part_begins_and_ends_where_it_is_asked(
    addon: Callable[[str], Any], with_audio: None, tmp_path: Path, name: str, begin: float
) -> None:
    path = media.write(tmp_path / name, np.tile(clicking(), 24))
    part = heard(addon, path, begin, begin + 3.0)
    assert part.duration == pytest.approx(3.0, abs=0.03)
    clicks = [click + 3.2 * turn - begin for turn in range(24) for click in CLICKS]
    clicks = tuple(click for click in clicks if 0.25 < click < 2.75)
    late = np.array(clicks_of(part.read(0, part.length), clicks)) - clicks
    assert len(clicks) > 1 and np.abs(late).max() < 0.03


def test_a_part_of_a_wav_and_one_behind_its_end(addon: Callable[[str], Any], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "line.wav", clicking(), 48000)
    part = heard(addon, tmp_path / "line.wav", 1.0, 2.0)
    assert part.duration == 1.0 and clicks_of(part.read(0, RATE), (0.25,))[0] == pytest.approx(0.25, abs=0.002)
    with pytest.raises(addon("core").errors.AudioError, match=r"ends before second 5\.00"):
        heard(addon, tmp_path / "line.wav", 5.0)


def test_what_blender_cannot_play_is_told_in_a_sentence(
    addon: Callable[[str], Any], with_audio: None, tmp_path: Path
) -> None:
    (tmp_path / "notes.mp3").write_text("no sound at all, but words")
    with pytest.raises(addon("core").errors.AudioError, match=r"cannot play notes.mp3: convert it"):
        heard(addon, tmp_path / "notes.mp3")
    with pytest.raises(addon("core").errors.AudioError, match="cannot be opened"):
        heard(addon, tmp_path / "gone.mp3")


@pytest.mark.parametrize("name", ["line.m4a", "line.mp4"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_film_or_an_m4a_in_the_sequencer_is_animated_and_regenerated(
    addon: Callable[[str], Any], with_audio: None, scene: Any, head: Any, add_strip: Callable[..., Any],
    speech: Path, tmp_path: Path, name: str, packed: bool,
) -> None:  # fmt: skip
    import bpy

    samples, rate = soundfile.read(speech)
    strip = add_strip("line", path=media.write(tmp_path / name, samples, rate, pictures=name == "line.mp4"), frame=25)
    if packed:
        strip.sound.pack()
    assert bpy.ops.kmtalk.animate() == {"FINISHED"}
    line = line_in(action_of(head))
    take = addon("take.store").take_of(line)
    assert take.duration == pytest.approx(len(samples) / rate, abs=0.1)
    assert line.key_motions[0].frame == 25
    jaw = take.motion[:, take.space.names.index("jawOpen")]
    assert jaw.max() > 0.15
    curves = addon("take.lines").curves_by_name(action_of(head))
    curve = next(curve for curve in curves.values() if "jawOpen" in curve.data_path)
    frame = line.key_motions[4].frame
    next(point for point in curve.keyframe_points if round(point.co.x) == frame).co.y = 0.77
    curve.update()
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    again = addon("take.store").take_of(line_in(action_of(head)))
    assert abs(again.motion[:, again.space.names.index("jawOpen")] - 0.77).min() < 1e-3


def everything_off(scene: Any, strip: Any) -> None:
    scene.use_audio, scene.audio_volume = False, 0.0
    strip.mute, strip.volume = True, 0.0
    scene.sequence_editor.channels[strip.channel - 1].mute = True


def test_a_muted_strip_of_no_volume_is_mixed_down_as_any_other(
    addon: Callable[[str], Any], with_audio: None, scene: Any, add_strip: Callable[..., Any], tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "line.wav", clicking(), 48000)
    strip = add_strip("line", path=tmp_path / "line.wav", frame=11)
    everything_off(scene, strip)
    scene.keyframe_insert("audio_volume", frame=1)
    strip.keyframe_insert("volume", frame=1)
    mixing = addon("audio.mixdown").start(scene, strip, tmp_path / "mixed.wav")
    sound = addon("core").audio.load(mixing.out)
    assert sound.peak > 0.3 and mixing.first == 11
    assert clicks_of(sound.read(0, sound.length)) == pytest.approx(CLICKS, abs=0.01)
    assert (strip.mute, strip.volume, scene.audio_volume, scene.use_audio) == (True, 0.0, 0.0, False)
    assert scene.animation_data.action is not None


def test_a_strip_is_mixed_down_whatever_scene_the_sequencer_shows(
    addon: Callable[[str], Any], with_audio: None, scene: Any, add_strip: Callable[..., Any], tmp_path: Path
) -> None:
    import bpy

    workspace = bpy.context.workspace
    if workspace is None or not hasattr(workspace, "sequencer_scene"):
        pytest.skip("this Blender's workspaces name no scene")
    soundfile.write(tmp_path / "line.wav", clicking(), 48000)
    strip = add_strip("line", path=tmp_path / "line.wav", frame=-3)
    workspace.sequencer_scene = scene
    mixing = addon("audio.mixdown").start(scene, strip, tmp_path / "mixed.wav")
    sound = addon("core").audio.load(mixing.out)
    assert clicks_of(sound.read(0, sound.length)) == pytest.approx(CLICKS, abs=0.01)
    assert workspace.sequencer_scene == scene


@pytest.mark.parametrize("frame", [-50, -3, 0])
def test_a_strip_that_begins_before_frame_0_is_mixed_down_from_its_beginning(
    addon: Callable[[str], Any], with_audio: None, scene: Any, add_strip: Callable[..., Any], tmp_path: Path, frame: int
) -> None:
    soundfile.write(tmp_path / "line.wav", clicking(), 48000)
    strip = add_strip("line", path=tmp_path / "line.wav", frame=frame)
    mixing = addon("audio.mixdown").start(scene, strip, tmp_path / "mixed.wav")
    sound = addon("core").audio.load(mixing.out)
    assert mixing.first == frame and strip.frame_final_start == frame
    assert clicks_of(sound.read(0, sound.length)) == pytest.approx(CLICKS, abs=0.01)


@pytest.mark.parametrize("frame", [-50, 30])
def test_a_strip_in_a_muted_meta_strip_is_heard(
    addon: Callable[[str], Any], with_audio: None, scene: Any, tmp_path: Path, frame: int
) -> None:
    compat = addon("compat")
    soundfile.write(tmp_path / "line.wav", clicking(), 48000)
    editor = scene.sequence_editor_create()
    meta = (editor.strips if hasattr(editor, "strips") else editor.sequences).new_meta("scene 1", 2, frame)
    inside = meta.strips if hasattr(meta, "strips") else meta.sequences
    strip = inside.new_sound(name="line", filepath=str(tmp_path / "line.wav"), channel=1, frame_start=frame)
    meta.frame_final_end = strip.frame_final_end
    meta.mute = True
    meta.channels[0].mute = True
    mixing = addon("audio.mixdown").start(scene, strip, tmp_path / "mixed.wav")
    sound = addon("core").audio.load(mixing.out)
    assert compat.parent_meta(strip) == meta and mixing.first == frame
    assert clicks_of(sound.read(0, sound.length)) == pytest.approx(CLICKS, abs=0.01)
    clip = addon("audio.sound").strip_clip(scene, scene, strip, tmp_path)
    assert (clip.start, clip.begin, clip.mixing) == (frame, 0.0, None)


def test_time_remapping_is_told(
    addon: Callable[[str], Any], with_audio: None, scene: Any, head: Any, add_strip: Callable[..., Any]
) -> None:
    strip = add_strip()
    clip_of = addon("audio.sound").strip_clip
    assert clip_of(scene, scene, strip, Path()).notes == ()
    scene.render.frame_map_old, scene.render.frame_map_new = 100, 50
    (note,) = clip_of(scene, scene, strip, Path()).notes
    assert "time remapping (100 to 50)" in note and "set both to the same number" in note
    running = addon("jobs.animate")
    import bpy

    said = addon("core").progress.finish(running.animate(running.request(bpy.context, scene.kmtalk)))
    assert note.rstrip(".") in said
