"""Strength, smoothing and delay of a take that is there, without its sound."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.animate import Animator
from kmtalk_core.audio import Sound
from kmtalk_core.cli import main
from kmtalk_core.errors import TakeError
from kmtalk_core.motion.spaces import ARKIT, VOCASET
from kmtalk_core.reshaping import reshape
from kmtalk_core.take import Key, Take, Track, load_take, save_take

JAW, CLOSE, LID, BROW = (ARKIT.index_of(n) for n in ("jawOpen", "mouthClose", "eyeBlinkLeft", "browInnerUp"))


@pytest.fixture(scope="module")
def animator() -> Animator:
    return Animator.load()


@pytest.fixture(scope="module")
def sound(speech: Path) -> Sound:
    return audio.load(speech)


@pytest.fixture(scope="module")
def take(animator: Animator, sound: Sound) -> Take:
    return animator.animate(sound)


@pytest.mark.parametrize(
    "settings",
    [{"strength_lower": 0.5}, {"strength_lower": 1.4}, {"strength_upper": 0.3}, {"smoothing": 0.15}],
)
def test_a_take_looks_as_if_it_had_been_animated_so(
    animator: Animator, sound: Sound, take: Take, settings: dict[str, Any]
) -> None:
    anew, reshaped = animator.animate(sound, settings=settings), reshape(take, settings)
    assert reshaped.settings == anew.settings
    mouth = ARKIT.in_region("mouth")
    assert np.abs(reshaped.motion - anew.motion)[:, mouth].mean() < 0.01
    far = np.abs(take.motion - anew.motion)[:, mouth].mean()
    if far > 0.005:
        assert np.abs(reshaped.motion - anew.motion)[:, mouth].mean() < 0.5 * far


def test_lips_that_meet_meet_at_any_strength(take: Take) -> None:
    closed = [phone for phone in take.phones if phone.label in "bm" and phone.confidence > 0.8]
    sealed = [round((phone.start + phone.end) / 2 * 30) for phone in closed]
    assert sealed
    for settings in ({"strength_lower": 1.6}, {"smoothing": 0.2}, {"strength_lower": 0.6, "delay": 0.1}):
        shown = reshape(take, settings).motion
        frames = np.array(sealed) + round(settings.get("delay", 0) * 30)
        assert (shown[frames, JAW] - shown[frames, CLOSE]).max() < 0.05


def test_settings_go_up_and_down_without_loss(take: Take) -> None:
    there = reshape(reshape(reshape(take, {"strength_lower": 0.0}), {"smoothing": 0.4}), {"delay": 0.2})
    back = reshape(there, {"strength_lower": 1.0, "smoothing": 0.0, "delay": 0.0})
    np.testing.assert_array_equal(back.motion, take.motion)
    assert back.keys == take.keys or [k.frame for k in back.keys] == [k.frame for k in take.keys]


def test_a_reshaped_take_is_kept_with_what_it_was_made_from(take: Take, tmp_path: Path) -> None:
    reshaped = reshape(take, {"strength_lower": 0.0, "delay": 0.1})
    save_take(reshaped, tmp_path / "take.npz")
    again = load_take(tmp_path / "take.npz")
    np.testing.assert_array_equal(again.motion, reshaped.motion)
    back = reshape(again, {"strength_lower": 1.0, "delay": 0.0})
    np.testing.assert_array_equal(back.motion, take.motion)
    np.testing.assert_array_equal(back.track("head").motion, take.track("head").motion)


def test_a_delay_moves_keys_and_head_with_the_face(take: Take) -> None:
    later = reshape(take, {"delay": 0.1})
    np.testing.assert_allclose(later.motion[13:30, BROW], take.motion[10:27, BROW], atol=1e-5)
    np.testing.assert_allclose(later.track("head").motion[13:30], take.track("head").motion[10:27], atol=1e-5)
    inner = [key.frame + 3 for key in take.keys[1:-1] if key.frame + 3 < take.frame_count - 1]
    assert [key.frame for key in later.keys[1:-1]] == inner
    assert (later.keys[0].frame, later.keys[-1].frame) == (0, take.frame_count - 1)
    for key in later.keys:
        np.testing.assert_array_equal(key.pose, later.motion[key.frame])


def test_what_a_hand_has_posed_stays_and_blinks_stay_whole(animator: Animator, sound: Sound, take: Take) -> None:
    frame = take.keys[len(take.keys) // 2].frame
    posed = animator.complete(take, sound, [{"frame": frame, "pose": {"jawOpen": 0.9, "eyeBlinkLeft": 1.0}}])
    for settings in ({"strength_lower": 0.2, "strength_upper": 0.1}, {"smoothing": 0.3}):
        np.testing.assert_array_equal(reshape(posed, settings).motion[frame], posed.motion[frame])
    later = reshape(posed, {"delay": 0.2})
    np.testing.assert_array_equal(later.motion[frame + 6], posed.motion[frame])
    np.testing.assert_array_equal(reshape(take, {"strength_upper": 0.0}).motion[:, LID], take.motion[:, LID])


def test_no_strength_takes_the_breath_away_and_turns_go_with_their_own_track(
    animator: Animator, sound: Sound, take: Take
) -> None:
    frame = take.keys[len(take.keys) // 2].frame
    posed = animator.complete(take, sound, [{"frame": frame, "pose": {"rise": 0.9, "yaw": 0.3}}])
    there = posed.track("chest").motion
    shown = reshape(posed, {"strength_lower": 0.5, "strength_head": 0.5})
    np.testing.assert_array_equal(shown.track("chest").motion, there)
    assert there.max() > 0.5 and shown.track("head").motion[frame, 0] == pytest.approx(0.15, abs=1e-5)
    ((was, now),) = zip(posed.turns, shown.turns, strict=True)
    assert now.offsets == pytest.approx({"rise": was.offsets["rise"], "yaw": 0.5 * was.offsets["yaw"]})
    freed = animator.complete(shown, sound, [{"frame": frame, "state": "generated"}])
    np.testing.assert_allclose(freed.track("chest").motion, take.track("chest").motion, atol=1e-5)


def test_completing_a_reshaped_take_touches_only_the_span(animator: Animator, sound: Sound, take: Take) -> None:
    reshaped = reshape(take, {"strength_lower": 0.6})
    key = reshaped.keys[len(take.keys) // 2]
    done = animator.complete(reshaped, sound, [{"frame": key.frame, "pose": {"jawOpen": 0.8}}])
    changed = np.flatnonzero((done.motion != reshaped.motion).any(axis=1))
    before, after = (reshaped.keys[len(take.keys) // 2 + way].frame for way in (-1, 1))
    assert before < changed[0] <= key.frame <= changed[-1] < after
    assert done.base is None and done.settings["strength_lower"] == 0.6


def test_vertices_are_scaled_all_together(tmp_path: Path) -> None:
    motion = np.random.default_rng(0).standard_normal((10, VOCASET.width)).astype(np.float32) * 0.001
    take = Take((Track(VOCASET, motion),), (Key(0, 0.0, "", 1.0, motion[0]), Key(9, 0.3, "", 1.0, motion[9])), fps=30.0)
    half = reshape(take, {"strength_lower": 0.5})
    np.testing.assert_allclose(half.motion, 0.5 * motion)
    save_take(half, tmp_path / "half.npz", motion)
    whole = reshape(load_take(tmp_path / "half.npz"), {"strength_lower": 1.0})
    np.testing.assert_allclose(whole.motion, motion, atol=1e-6)


def test_what_needs_the_sound_or_is_lost_says_so(take: Take) -> None:
    with pytest.raises(TakeError, match="mood needs the sound"):
        reshape(take, {"mood": "sad"})
    with pytest.raises(TakeError, match=r"smoothing of 0\.2 s"):
        reshape(replace(take, settings={**take.settings, "smoothing": 0.2}), {"smoothing": 0.1})
    with pytest.raises(TakeError, match="strength_lower of 0; animate"):
        reshape(replace(take, settings={**take.settings, "strength_lower": 0.0}), {"strength_lower": 1.0})


def test_the_command_line_reshapes_a_take(take: Take, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_take(take, tmp_path / "take.npz")
    files = [str(tmp_path / name) for name in ("take.npz", "half.npz", "half.csv")]
    assert main(["reshape", files[0], "--set", "strength_lower=0.5", "--out", files[1], "--csv", files[2]]) == 0
    assert load_take(files[1]).settings["strength_lower"] == 0.5 and Path(files[2]).is_file()
    assert main(["reshape", files[0], "--set", "mood=sad", "--out", files[1]]) == 2
    assert "needs the sound" in capsys.readouterr().err
