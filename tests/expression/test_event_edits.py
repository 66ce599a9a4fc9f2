"""Events edited by hand: what they touch changes, everything else stays bit for bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.animate import Animator
from kmtalk_core.audio import Sound
from kmtalk_core.errors import TakeError
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.reshaping import reshape
from kmtalk_core.take import Take, load_take, save_take

LID, JAW = ARKIT.index_of("eyeBlinkLeft"), ARKIT.index_of("jawOpen")


@pytest.fixture(scope="module")
def animator() -> Animator:
    return Animator.load()


@pytest.fixture(scope="module")
def sound(speech: Path) -> Sound:
    """Three sentences with pauses between, nine seconds or so."""
    said = audio.load(speech)
    samples = said.read(0, said.length)
    return audio.from_samples(np.concatenate([samples, np.zeros(16000, np.float32)] * 3), audio.RATE)


@pytest.fixture(scope="module")
def take(animator: Animator, sound: Sound) -> Take:
    return animator.animate(sound)


def changed(before: Take, after: Take) -> np.ndarray:
    """Seconds of the frames that differ."""
    moved = (before.motion != after.motion).any(axis=1)
    moved |= (before.track("head").motion != after.track("head").motion).any(axis=1)
    return np.flatnonzero(moved) / before.fps


def test_a_take_has_a_head_and_events_and_keeps_them_in_its_file(take: Take, tmp_path: Path) -> None:
    assert {"blink", "nod", "brow_raise", "breath"} <= {event.kind for event in take.events}
    save_take(take, tmp_path / "a.npz")
    read = load_take(tmp_path / "a.npz")
    assert read.events == take.events
    np.testing.assert_array_equal(read.track("head").motion, take.track("head").motion)


def test_a_blink_that_is_deleted_leaves_the_rest_as_it_was(animator: Animator, sound: Sound, take: Take) -> None:
    blink = next(event for event in take.events if event.kind == "blink")
    without = animator.complete(take, sound, [{"event": blink.id, "delete": True}])
    frames = changed(take, without)
    assert len(frames) and abs(frames - blink.time).max() < blink.duration + 0.05
    assert without.motion[round(blink.time * 30), LID] < 0.3 < take.motion[round(blink.time * 30), LID]
    np.testing.assert_array_equal(
        np.stack([k.pose for k in without.keys]), without.motion[[k.frame for k in without.keys]]
    )


def test_a_nod_can_be_added_moved_and_made_larger(animator: Animator, sound: Sound, take: Take) -> None:
    added = animator.complete(take, sound, [{"event": "mine", "add": True, "kind": "nod", "time": 4.0, "size": 0.1}])
    down = added.track("head").motion[:, 1] - take.track("head").motion[:, 1]
    assert abs(np.argmax(down) / 30 - 4.0) < 0.05 and down.max() > 0.05
    assert next(event for event in added.events if event.id == "mine").state == "added"
    moved = animator.complete(added, sound, [{"event": "mine", "time": 5.0}])
    back = animator.complete(moved, sound, [{"event": "mine", "delete": True}])
    np.testing.assert_allclose(back.track("head").motion, take.track("head").motion, atol=1e-6)
    np.testing.assert_allclose(back.motion, take.motion, atol=1e-6)


def test_a_locked_key_keeps_its_frame_and_an_edited_one_its_edit(animator: Animator, sound: Sound, take: Take) -> None:
    key = take.keys[len(take.keys) // 2]
    for state, pose in (("locked", {}), ("edited", {"jawOpen": 0.6})):
        held = animator.complete(take, sound, [{"frame": key.frame, "state": state, "pose": pose}])
        blinked = animator.complete(held, sound, [{"event": "b", "add": True, "kind": "blink", "time": key.frame / 30}])
        assert blinked.motion[key.frame, JAW] == pytest.approx(held.motion[key.frame, JAW])
        assert (blinked.motion[key.frame, LID] == held.motion[key.frame, LID]) == (state == "locked")


def test_events_and_keys_are_edited_together(animator: Animator, sound: Sound, take: Take) -> None:
    key, blink = take.keys[5], next(event for event in take.events if event.kind == "blink")
    both = animator.complete(
        take, sound, [{"frame": key.frame, "pose": {"jawOpen": 0.7}}, {"event": blink.id, "size": 0.95}]
    )
    assert both.motion[key.frame, JAW] == pytest.approx(0.7)
    assert next(event for event in both.events if event.id == blink.id).state == "edited"


def test_a_span_that_is_made_anew_performs_as_before(animator: Animator, sound: Sound, take: Take) -> None:
    key = take.keys[len(take.keys) // 2]
    edited = animator.complete(take, sound, [{"frame": key.frame, "pose": {"jawOpen": 0.8}}])
    upper = np.setdiff1d(ARKIT.in_region("upper", "eyes"), [ARKIT.index_of("cheekPuff")])  # which the network moves
    np.testing.assert_allclose(edited.motion[:, upper], take.motion[:, upper], atol=1e-5)
    assert np.array_equal(edited.track("head").motion, take.track("head").motion)


def test_another_take_keeps_the_events_that_are_locked(animator: Animator, sound: Sound, take: Take) -> None:
    blink = next(event for event in take.events if event.kind == "blink")
    other = animator.animate(sound, settings={"seed": 1}, events=[blink])
    assert blink in other.events and set(other.events) & set(take.events) == {blink}


@pytest.mark.parametrize(
    ("edit", "words"),
    [({"event": "nobody", "delete": True}, "no such event"), ({"event": "x", "add": True}, "kind and its time"),
     ({"event": "x", "add": True, "kind": "wink", "time": 1}, "kind"), ({"event": "blink0", "time": 99.0}, "ends at"),
     ({"event": "blink0", "size": float("nan")}, "size"),
     ({"event": "blink0", "delete": True, "size": 1.0}, "choose one"),
     ({"event": 3}, "event"), ({"event": "blink0", "colour": 1}, "colour")],
)  # fmt: skip
def test_edits_of_events_that_make_no_sense_are_named(
    animator: Animator, sound: Sound, take: Take, edit: dict[str, Any], words: str
) -> None:
    with pytest.raises(TakeError, match=words):
        animator.complete(take, sound, [edit])


def test_a_turn_of_the_head_set_by_hand_is_hit_and_gone_at_the_keys_beside(
    animator: Animator, sound: Sound, take: Take
) -> None:
    number = len(take.keys) // 2
    before, key, after = take.keys[number - 1 : number + 2]
    turned = animator.complete(take, sound, [{"frame": key.frame, "pose": {"yaw": 0.3, "jawOpen": 0.5}}])
    old, new = take.track("head").motion, turned.track("head").motion
    assert new[key.frame, 0] == pytest.approx(0.3) and turned.motion[key.frame, JAW] == pytest.approx(0.5)
    moved = np.flatnonzero((old != new).any(axis=1))
    assert before.frame < moved.min() <= key.frame <= moved.max() < after.frame
    np.testing.assert_array_equal(old[:, 1:], new[:, 1:])


def turned_by_hand(animator: Animator, sound: Sound, take: Take, number: int, **pose: float) -> tuple[int, Take]:
    key = take.keys[number]
    return key.frame, animator.complete(take, sound, [{"frame": key.frame, "pose": pose}])


def test_turns_of_the_head_set_by_hand_stay_through_another_take(
    animator: Animator, sound: Sound, take: Take, tmp_path: Path
) -> None:
    frame, once = turned_by_hand(animator, sound, take, len(take.keys) // 2, yaw=0.3)
    later, twice = turned_by_hand(animator, sound, once, len(take.keys) // 2 + 1, pitch=-0.2, jawOpen=0.4)
    save_take(twice, tmp_path / "a.npz")
    kept = load_take(tmp_path / "a.npz")
    waiting = {"frame": take.keys[5].frame, "pose": {"roll": 0.15}}
    other = animator.animate(sound, settings={"seed": 9}, keep=kept, pending=[waiting])
    head = other.track("head").motion
    assert head[frame, 0] == pytest.approx(0.3, abs=1e-5) and head[later, 1] == pytest.approx(-0.2, abs=1e-5)
    assert head[take.keys[5].frame, 2] == pytest.approx(0.15, abs=1e-5)
    assert other.motion[later, JAW] == pytest.approx(0.4) and other.events != kept.events
    calm = animator.animate(sound, settings={"seed": 9, "regions": "mouth,upper,eyes"}, keep=kept)
    assert calm.track("head") is None and calm.motion[later, JAW] == pytest.approx(0.4)


def test_a_turn_of_the_head_goes_with_its_key(animator: Animator, sound: Sound, take: Take) -> None:
    number = len(take.keys) // 2
    frame, turned = turned_by_hand(animator, sound, take, number, yaw=0.4)
    assert next(key for key in turned.keys if key.frame == frame).state == "edited"
    plain, hand = take.track("head").motion, turned.track("head").motion
    for edit in ({"frame": frame, "delete": True}, {"frame": frame, "state": "generated"}):
        back = animator.complete(turned, sound, [edit])
        np.testing.assert_allclose(back.track("head").motion, plain, atol=1e-6)
        assert not back.turns
    further = frame + (1 if take.keys[number + 1].frame > frame + 1 else -1)
    moved = animator.complete(turned, sound, [{"frame": frame, "move_to": further}]).track("head").motion
    assert moved[further, 0] - plain[further, 0] == pytest.approx(hand[frame, 0] - plain[frame, 0], abs=1e-5)
    again = animator.complete(turned, sound, [{"frame": frame, "pose": {"yaw": -0.1}}])
    assert again.track("head").motion[frame, 0] == pytest.approx(-0.1, abs=1e-5) and len(again.turns) == 1
    beside = animator.complete(turned, sound, [{"frame": take.keys[3].frame, "pose": {"jawOpen": 0.5}}])
    np.testing.assert_array_equal(beside.track("head").motion, hand)


def test_a_turn_of_the_head_is_known_after_the_take_was_reshaped(
    animator: Animator, sound: Sound, take: Take, tmp_path: Path
) -> None:
    frame, turned = turned_by_hand(animator, sound, take, len(take.keys) // 2, yaw=0.4)
    half = reshape(turned, {"strength_head": 0.5})
    save_take(half, tmp_path / "half.npz")
    half = load_take(tmp_path / "half.npz")
    back = animator.complete(half, sound, [{"frame": frame, "delete": True}])
    np.testing.assert_allclose(back.track("head").motion, 0.5 * take.track("head").motion, atol=1e-5)
    whole = reshape(half, {"strength_head": 1.0})
    np.testing.assert_allclose(whole.track("head").motion, turned.track("head").motion, atol=1e-5)
    assert whole.turns == turned.turns


def test_a_turn_goes_with_its_key_where_another_came_from(animator: Animator, sound: Sound, take: Take) -> None:
    number = next(n for n in range(3, len(take.keys) - 2) if take.keys[n + 1].frame > take.keys[n].frame + 1)
    (first, second), plain = (key.frame for key in take.keys[number - 1 : number + 1]), take.track("head").motion
    _, once = turned_by_hand(animator, sound, take, number - 1, yaw=plain[first, 0] + 0.2)
    _, twice = turned_by_hand(animator, sound, once, number, yaw=plain[second, 0] + 0.3)
    edits = [{"frame": first, "move_to": second}, {"frame": second, "move_to": second + 1}]
    for order in (edits, edits[::-1]):
        moved = animator.complete(twice, sound, order)
        assert [(turn.frame, round(turn.offsets["yaw"], 4)) for turn in moved.turns] == [
            (second, 0.2),
            (second + 1, 0.3),
        ]
