"""A take with edits in it: they are hit exactly, and nothing but what is beside them changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from noises import JAW, QUIET, by_frame, changed_rows, noise

from kmtalk_core.animate import Animator
from kmtalk_core.audio import Sound
from kmtalk_core.edits import carry_over
from kmtalk_core.errors import KMTalkError, TakeError
from kmtalk_core.take import Take, load_take, save_take


def test_an_edited_key_is_hit_exactly_and_only_its_spans_change(animator: Animator, minute: Sound, take: Take) -> None:
    edited = animator.complete(take, minute, [{"frame": 900, "pose": {"jawOpen": 0.875}, "state": "locked"}])
    assert edited.motion[900, JAW] == np.float32(0.875)
    others = np.arange(52) != JAW
    np.testing.assert_array_equal(edited.motion[900, others], take.motion[900, others])
    assert by_frame(edited)[900].state == "locked"
    assert changed_rows(take, edited) == list(range(898, 903))
    np.testing.assert_array_equal(by_frame(edited)[900].pose, edited.motion[900])
    assert take.motion[900, JAW] != np.float32(0.875)


def test_a_pose_beyond_the_limits_is_hit_too(animator: Animator, minute: Sound, take: Take) -> None:
    edited = animator.complete(take, minute, [{"frame": 900, "pose": {"jawOpen": 1.25}}])
    assert edited.motion[900, JAW] == 1.25
    assert edited.motion[:, JAW].max() == 1.25


def test_a_deleted_key_lets_the_network_run_through(animator: Animator, minute: Sound, take: Take) -> None:
    edited = animator.complete(take, minute, [{"frame": 900, "delete": True}])
    assert 900 not in by_frame(edited)
    changed = changed_rows(take, edited)
    assert changed
    assert set(changed) <= set(range(898, 903))
    corners = np.abs(edited.motion[[897, 903]] - take.motion[[897, 903]])
    assert not corners.any()


def test_an_added_key_is_there_and_holds_what_it_was_given(animator: Animator, minute: Sound, take: Take) -> None:
    edited = animator.complete(take, minute, [{"frame": 901, "add": True, "pose": {"jawOpen": 0.5}}])
    key = by_frame(edited)[901]
    assert key.state == "added"
    assert key.pose[JAW] == 0.5
    assert set(changed_rows(take, edited)) <= {901, 902}


def test_a_moved_key_retimes_its_span(animator: Animator, minute: Sound) -> None:
    sparse = animator.animate(minute, method="uniform", settings={**QUIET, "minimum_key_gap": 0.6})
    frames = [key.frame for key in sparse.keys]
    before, here, after = frames[20:23]
    target = here + (after - here) // 2
    edited = animator.complete(sparse, minute, [{"frame": here, "move_to": target}])
    np.testing.assert_array_equal(edited.motion[target], sparse.motion[here])
    assert set(changed_rows(sparse, edited)) <= set(range(before + 1, after))
    # What was seen half way to the key is still seen half way to it.
    halfway = sparse.motion[(before + here) // 2]
    early, late = edited.motion[(before + target) // 2], edited.motion[(before + here) // 2]
    assert np.abs(early - halfway).mean() < np.abs(late - halfway).mean()
    # And the key stays tied to its moment when something beside it is edited later.
    key = by_frame(edited)[target]
    assert key.time == pytest.approx(here / 30, abs=0.02)


def test_many_edits_at_once_touch_only_their_spans(animator: Animator, minute: Sound, take: Take) -> None:
    edits = [
        {"frame": 0, "pose": {"jawOpen": 0.75}},
        {"frame": 300, "pose": {"jawOpen": 0.25}},
        {"frame": 303, "pose": {"jawOpen": 0.5}},
        {"frame": 600, "delete": True},
        {"frame": 1203, "move_to": 1204},
        {"frame": 1838, "pose": {"jawOpen": 1.0}},
        {"frame": 1500, "state": "locked"},
    ]
    edited = animator.complete(take, minute, edits)
    allowed = {0, 1, 2, *range(298, 306), *range(598, 603), *range(1201, 1206), *range(1837, 1839)}
    assert set(changed_rows(take, edited)) <= allowed
    for frame, jaw in ((0, 0.75), (300, 0.25), (303, 0.5), (1838, 1.0)):
        assert edited.motion[frame, JAW] == np.float32(jaw)
    np.testing.assert_array_equal(edited.motion[1204], take.motion[1203])
    for key in edited.keys:
        np.testing.assert_array_equal(key.pose, edited.motion[key.frame])


def test_locked_keys_survive_later_edits_beside_them(animator: Animator, minute: Sound, take: Take) -> None:
    locked = animator.complete(take, minute, [{"frame": 900, "pose": {"jawOpen": 0.875}, "state": "locked"}])
    later = animator.complete(
        locked, minute, [{"frame": 897, "pose": {"jawOpen": 0.1}}, {"frame": 903, "delete": True}]
    )
    np.testing.assert_array_equal(later.motion[900], locked.motion[900])
    assert by_frame(later)[900].state == "locked"


def test_an_edit_shapes_the_frames_beside_it(animator: Animator, minute: Sound, take: Take) -> None:
    edited = animator.complete(take, minute, [{"frame": 900, "pose": {"jawOpen": 1.0}}])
    lift = edited.motion[:, JAW] - take.motion[:, JAW]
    assert lift[900] > 0
    assert 0 < lift[899] < lift[900]
    assert 0 < lift[901] < lift[900]


def test_a_key_given_back_returns_to_what_the_network_made(animator: Animator, minute: Sound, take: Take) -> None:
    edited = animator.complete(take, minute, [{"frame": 900, "pose": {"jawOpen": 0.875}}])
    released = animator.complete(edited, minute, [{"frame": 900, "state": "generated"}])
    np.testing.assert_allclose(released.motion, take.motion, atol=1e-5)
    assert by_frame(released)[900].state == "generated"


def test_edits_survive_animating_again(animator: Animator, minute: Sound, take: Take) -> None:
    edited = animator.complete(take, minute, [{"frame": 900, "pose": {"jawOpen": 0.875}, "state": "locked"}])
    again = animator.animate(minute, method="uniform", settings={"strength_lower": 0.5})
    carried = animator.complete(again, minute, carry_over(edited, again))
    np.testing.assert_array_equal(carried.motion[900], edited.motion[900])


def test_completing_a_take_from_disk_is_the_same(animator: Animator, minute: Sound, take: Take, tmp_path: Path) -> None:
    edits = [{"frame": 900, "pose": {"jawOpen": 0.875}}, {"frame": 600, "delete": True}]
    save_take(take, tmp_path / "take.npz")
    from_disk = animator.complete(load_take(tmp_path / "take.npz"), minute, edits)
    np.testing.assert_array_equal(from_disk.motion, animator.complete(take, minute, edits).motion)


def test_completion_respects_the_settings_of_the_take(animator: Animator, minute: Sound) -> None:
    settings = {"smoothing": 0.1, "strength_lower": 0.5, "delay": 0.1, "seed": 7}
    shaped = animator.animate(minute, method="uniform", settings=settings)
    frame = shaped.keys[100].frame
    given_back = animator.complete(shaped, minute, [{"frame": frame, "pose": {"jawOpen": 0.5}}])
    given_back = animator.complete(given_back, minute, [{"frame": frame, "state": "generated"}])
    np.testing.assert_allclose(given_back.motion, shaped.motion, atol=1e-5)


def test_vertices_are_completed_too(pretrained_animator: Animator) -> None:
    sound = noise(3.0)
    take = pretrained_animator.animate(sound, method="uniform")
    pose = (take.motion[30] + 0.001).tolist()
    edited = pretrained_animator.complete(take, sound, [{"frame": 30, "pose": pose}])
    np.testing.assert_array_equal(edited.motion[30], np.array(pose, np.float32))
    assert set(changed_rows(take, edited)) == set(range(28, 33))


def test_without_the_sound_completing_says_what_is_missing(animator: Animator, take: Take) -> None:
    with pytest.raises(TakeError, match="audio file"):
        animator.complete(take, None, [{"frame": 900, "delete": True}])


def test_another_sound_space_or_edit_is_refused(
    animator: Animator, pretrained_animator: Animator, minute: Sound, take: Take
) -> None:
    with pytest.raises(TakeError, match=r"lasts 2\.00 s"):
        animator.complete(take, noise(2.0), [])
    with pytest.raises(TakeError, match="space 'arkit'"):
        pretrained_animator.complete(take, minute, [])
    with pytest.raises(TakeError, match="60 frames a second"):
        animator.complete(replace(take, fps=60.0), minute, [])
    with pytest.raises(TakeError, match="no key at frame 901"):
        animator.complete(take, minute, [{"frame": 901, "delete": True}])
    with pytest.raises(KMTalkError, match="smoothing must be a number"):
        animator.complete(replace(take, settings={"smoothing": "much"}), minute, [])


def test_a_take_of_a_newer_version_with_one_more_setting_is_completed(
    animator: Animator, minute: Sound, take: Take
) -> None:
    newer = replace(take, settings={**take.settings, "volume": 1})
    assert animator.complete(newer, minute, []).settings["volume"] == 1


def test_other_weights_leave_a_note(animator: Animator, minute: Sound, take: Take) -> None:
    foreign = replace(take, model={"name": "other", "hash": "0"})
    assert animator.complete(take, minute, [{"frame": 900, "delete": True}]).notes == take.notes
    assert "other weights" in animator.complete(foreign, minute, [{"frame": 900, "delete": True}]).notes[-1]
