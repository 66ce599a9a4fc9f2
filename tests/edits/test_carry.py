"""The work of a hand goes over to another take of the same sound."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kmtalk_core.alignment import Phone
from kmtalk_core.edits import Plan, carry_over, plan, read_edits
from kmtalk_core.events import Event
from kmtalk_core.motion.spaces import ARKIT, VOCASET
from kmtalk_core.take import Key, Take, Track

FRAMES = (0, 10, 20, 30, 40, 59)
PHONES = tuple(Phone(a / 30, b / 30, "a", 0.5) for a, b in zip(FRAMES, (*FRAMES[1:-1], 60), strict=False))


def made(seed: int, shift: int = 0) -> Take:
    """A take as the network makes it, its inner keys `shift` frames later."""
    motion = np.random.default_rng(seed).random((60, 52)).astype(np.float32)
    frames = [f if f in (0, 59) else f + shift for f in FRAMES]
    keys = tuple(Key(f, f / 30, "a", 0.5, motion[f]) for f in frames)
    events = (Event("blink0", "blink", 0.5 + 0.01 * seed, 0.2, 0.66), Event("nod0", "nod", 1.5, 0.4, 0.05))
    return Take((Track(ARKIT, motion),), keys, PHONES, events, fps=30.0)


def edit(take: Take, *entries: dict[str, Any]) -> Take:
    """`take` with `entries` in it, as completing makes it; what the network would make is left as it was."""
    done = plan(take, read_edits(entries, take))
    motion = take.motion.copy()
    for key in done.keys:
        if key.pose is not None:
            motion[key.frame] = key.pose
    keys = tuple(Key(k.frame, k.time, k.label, k.confidence, motion[k.frame], k.state) for k in done.keys)
    return take.with_motion(
        motion, keys=keys, phones=done.phones, events=done.events, deleted_keys=done.deleted_keys,
        deleted_events=done.deleted_events,
    )  # fmt: skip


def carried(old: Take, new: Take, **more: Any) -> Plan:
    return plan(new, read_edits(carry_over(old, new, **more), new))


def shown(done: Plan) -> list[tuple[int, str]]:
    return [(key.frame, key.state) for key in done.keys]


HAND = (
    {"frame": 10, "pose": {"jawOpen": 0.9}},
    {"frame": 20, "move_to": 24},
    {"frame": 30, "delete": True},
    {"frame": 40, "state": "locked"},
    {"frame": 50, "add": True, "pose": {"jawOpen": 0.1}},
)


@pytest.mark.parametrize("shift", [0, 1, -1])
def test_edited_moved_deleted_locked_and_added_keys_stand_where_they_stood(shift: int) -> None:
    old, new = edit(made(0), *HAND), made(1, shift)
    done = carried(old, new)
    assert shown(done) == [
        (0, "generated"), (10, "edited"), (24, "edited"), (40, "locked"), (50, "added"), (59, "generated"),
    ]  # fmt: skip
    for key in done.keys[1:5]:
        np.testing.assert_array_equal(key.pose, old.motion[key.frame])
    assert done.keys[2].time == pytest.approx((20 + shift) / 30)  # a moved key shows the moment it showed
    assert done.deleted_keys == pytest.approx([(30 + shift) / 30])


def test_edits_that_wait_are_carried_like_those_that_are_made() -> None:
    old, new = made(0), made(1)
    at_once = carried(old, new, pending=read_edits(HAND, old))
    assert shown(at_once) == shown(carried(edit(old, *HAND), new))


def test_the_work_is_carried_again_and_again() -> None:
    takes = [edit(made(0), *HAND)]
    for seed in range(1, 4):
        new = made(seed)
        takes.append(edit(new, *carry_over(takes[-1], new)))
    assert [(k.frame, k.state) for k in takes[0].keys] == [(k.frame, k.state) for k in takes[-1].keys]


def test_the_ends_of_a_take_are_carried_as_poses() -> None:
    old = edit(made(0), {"frame": 0, "pose": {"jawOpen": 0.7}}, {"frame": 59, "state": "locked"})
    assert shown(carried(old, made(1)))[::5] == [(0, "edited"), (59, "locked")]


def test_a_key_dragged_over_where_another_is_now_takes_its_place() -> None:
    old, new = edit(made(0), {"frame": 20, "move_to": 28}), made(1)
    new = replace(new, keys=(*new.keys[:3], replace(new.keys[3], frame=27, time=0.9), *new.keys[4:]))
    assert [frame for frame, _ in shown(carried(old, new))] == [0, 10, 28, 40, 59]


def test_phones_that_were_named_are_named_again() -> None:
    old = edit(made(0), {"frame": 20, "phone": "u"}, {"phone": 3, "split": 1.2, "labels": ["m", "f"]})
    phones = carried(old, made(1)).phones
    assert [phone.label for phone in phones] == ["a", "a", "u", "m", "f", "a"]
    assert [phone.edited for phone in phones] == [False, False, True, True, True, False]


def test_events_of_a_hand_take_the_place_of_those_beside_them() -> None:
    old = edit(
        made(0), {"event": "blink0", "time": 0.6}, {"event": "nod0", "delete": True},
        {"event": "mine", "kind": "frown", "add": True, "time": 1.0},
    )  # fmt: skip
    done = carried(old, made(1))
    assert [(event.kind, event.time, event.state) for event in done.events] == [
        ("blink", 0.6, "edited"), ("frown", 1.0, "added"),
    ]  # fmt: skip


def test_another_part_of_the_sound_gets_what_lies_in_it() -> None:
    old = edit(made(0), *HAND)
    later = carried(old, made(1), shift=0.5)  # its frame 0 is frame 15 of the old one
    assert [(frame, state) for frame, state in shown(later) if state != "generated"] == [
        (9, "edited"), (25, "locked"), (35, "added"),
    ]  # fmt: skip


def test_nothing_is_carried_where_nothing_was_done_or_into_another_space() -> None:
    assert carry_over(made(0), made(1)) == []
    vertices = Take((Track(VOCASET, np.zeros((60, VOCASET.width), np.float32)),), (), fps=30.0)
    assert carry_over(edit(made(0), *HAND), vertices) == []


def test_a_take_of_another_rate_gets_the_same_moments() -> None:
    old, new = edit(made(0), {"frame": 10, "pose": {"jawOpen": 0.9}}), made(1)
    slower = replace(new, fps=25.0, keys=(new.keys[0], replace(new.keys[1], frame=8, time=1 / 3), new.keys[-1]))
    assert shown(carried(old, slower))[1] == (8, "edited")
