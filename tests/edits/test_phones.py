"""Phones named anew, moved, split, joined and painted over, and what is made anew for it."""

import itertools
from typing import Any

import numpy as np
import pytest

from kmtalk_core.alignment import Phone
from kmtalk_core.edits import Plan, plan, read_edits
from kmtalk_core.edits.say import MOUTH_SHAPES, label_of
from kmtalk_core.errors import TakeError
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.phones import SILENCE, classes_of
from kmtalk_core.take import Key, Take, Track

PHONES = (Phone(0.0, 0.5, SILENCE), Phone(0.5, 1.0, "B", 0.6), Phone(1.0, 1.5, "AE1", 0.5), Phone(1.5, 2.0, SILENCE))


@pytest.fixture
def take() -> Take:
    motion = np.random.default_rng(0).random((60, 52)).astype(np.float32)
    keys = tuple(
        Key(f, f / 30, label, 0.5, motion[f]) for f, label in ((0, "sil"), (15, "B"), (30, "AE1"), (45, "sil"))
    )
    return Take((Track(ARKIT, motion),), (*keys, Key(59, 59 / 30, "sil", 1.0, motion[59])), PHONES, fps=30.0)


def planned(take: Take, *entries: dict[str, Any]) -> Plan:
    return plan(take, read_edits(entries, take))


def told(done: Plan) -> list[tuple[float, float, str, bool]]:
    return [(phone.start, phone.end, phone.label, phone.edited) for phone in done.phones]


def spans(done: Plan) -> list[tuple[int, int]]:
    return [(span.first, span.last) for span in done.spans]


def test_a_phone_is_said_otherwise_and_its_span_is_made_anew(take: Take) -> None:
    done = planned(take, {"frame": 30, "phone": "oo"})
    assert told(done)[2] == (1.0, 1.5, "u", True) and done.phones[2].confidence == 1.0
    assert [phone.edited for phone in done.phones] == [False, False, True, False]
    assert spans(done) == [(15, 59)]  # the keys at both its ends are made anew with it
    assert [(key.frame, key.label, key.pose) for key in done.keys if key.is_changed] == [
        (30, "u", None),
        (45, "sil", None),
    ]


def test_any_frame_within_a_phone_names_it(take: Take) -> None:
    for frame in (30, 37, 44):
        assert told(planned(take, {"frame": frame, "phone": "m"}))[2][2] == "m"
    assert told(planned(take, {"frame": 59, "phone": "m"}))[3][2] == "m"


def test_what_a_hand_has_posed_stays_where_its_phone_is_said_otherwise(take: Take) -> None:
    locked = Key(30, 1.0, "AE1", 0.5, take.motion[30], "locked")
    done = planned(
        take.with_motion(take.motion, keys=(*take.keys[:2], locked, *take.keys[3:])), {"frame": 30, "phone": "u"}
    )
    assert spans(done) == [(30, 59)]
    assert done.keys[2].pose is not None and done.keys[2].label == "u"


def test_a_phone_may_be_named_and_posed_at_once(take: Take) -> None:
    done = planned(take, {"frame": 30, "phone": "UW1", "pose": {"jawOpen": 0.2}})
    assert told(done)[2][2] == "UW1"
    assert done.keys[2].state == "edited" and done.keys[2].pose[ARKIT.index_of("jawOpen")] == np.float32(0.2)


def test_the_ends_of_a_phone_move_and_their_keys_with_them(take: Take) -> None:
    done = planned(take, {"phone": 2, "start": 1.2})
    assert told(done)[1:3] == [(0.5, 1.2, "B", True), (1.2, 1.5, "AE1", True)]
    assert [key.frame for key in done.keys] == [0, 15, 36, 45, 59]
    assert done.keys[2].label == "AE1" and done.keys[2].state == "generated"


def test_a_phone_is_split_and_gets_a_key(take: Take) -> None:
    done = planned(take, {"phone": 2, "split": 1.3, "labels": ["a", "ɪ"]})
    assert [phone[:3] for phone in told(done)[2:4]] == [(1.0, 1.3, "a"), (1.3, 1.5, "ɪ")]
    assert [(key.frame, key.label) for key in done.keys[2:4]] == [(30, "a"), (39, "ɪ")]
    assert [phone[2] for phone in told(planned(take, {"phone": 2, "split": 1.3}))[2:4]] == ["AE1", "AE1"]


def test_phones_are_joined_and_lose_the_key_between(take: Take) -> None:
    done = planned(take, {"phone": 1, "join": True, "label": "m"})
    assert [phone[:3] for phone in told(done)] == [(0.0, 0.5, "sil"), (0.5, 1.5, "m"), (1.5, 2.0, "sil")]
    assert [key.frame for key in done.keys] == [0, 15, 45, 59]


def test_a_stretch_is_painted_over_whatever_was_there(take: Take) -> None:
    done = planned(take, {"phone": "f", "start": 0.8, "end": 1.2})
    assert [phone[:3] for phone in told(done)] == [
        (0.0, 0.5, "sil"), (0.5, 0.8, "B"), (0.8, 1.2, "f"), (1.2, 1.5, "AE1"), (1.5, 2.0, "sil"),
    ]  # fmt: skip
    inside = planned(take, {"phone": "u", "start": 1.1, "end": 1.2})
    assert [phone[2] for phone in told(inside)] == ["sil", "B", "AE1", "u", "AE1", "sil"]
    whole = planned(take, {"phone": "u", "start": -1, "end": 99})
    assert [phone[:3] for phone in told(whole)] == [(0.0, 2.0, "u")]


def test_phones_always_cover_the_sound_without_a_gap(take: Take) -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        start = float(rng.uniform(0, 1.9))
        entries: list[dict[str, Any]] = [{"phone": "f", "start": start, "end": start + float(rng.uniform(0.01, 0.6))}]
        if rng.random() < 0.5:
            entries.append({"phone": "m", "start": start / 2, "end": start / 2 + 0.1})
        phones = planned(take, *entries).phones
        assert phones[0].start == 0.0 and phones[-1].end == 2.0
        assert all(a.end == b.start and a.end > a.start for a, b in itertools.pairwise(phones))


def test_numbers_are_those_of_the_take_before_any_edit(take: Take) -> None:
    done = planned(take, {"phone": 1, "split": 0.7}, {"phone": 2, "label": "u"})
    assert [phone[2] for phone in told(done)] == ["sil", "B", "B", "u", "sil"]


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([{"phone": 4, "label": "u"}], "from 0 to 3"),
        ([{"phone": -1, "join": True}], "from 0 to 3"),
        ([{"phone": 2.5, "join": True}], "whole number"),
        ([{"phone": None}], "whole number"),
        ([{"phone": 2, "label": "hello"}], "no phone 'hello'"),
        ([{"phone": 2, "label": ""}], "not empty"),
        ([{"frame": 30, "phone": 5}], "text"),
        ([{"frame": 30, "phone": "?!"}], "no phone"),
        ([{"frame": 30, "phone": "u", "delete": True}], "choose one"),
        ([{"phone": "u"}], "start is missing"),
        ([{"phone": "u", "start": 1, "end": 1}], "ends before"),
        ([{"phone": "u", "start": 5, "end": 6}], "no room"),
        ([{"phone": 2, "start": 0.5}], "no room"),
        ([{"phone": 2, "end": 2.5}], "no room"),
        ([{"phone": 0, "start": 0.1}], "the sound's"),
        ([{"phone": 2, "split": 1.5}], "cannot split"),
        ([{"phone": 3, "join": True}], "no next one"),
        ([{"phone": 2, "split": 1.2, "join": True}], "choose one"),
        ([{"phone": 2, "split": 1.2, "label": "u"}], "two labels"),
        ([{"phone": 2, "labels": ["a", "b"]}], "where it splits"),
        ([{"phone": 2, "split": 1.2, "labels": ["a"]}], "2 values"),
        ([{"phone": 1, "join": True}, {"phone": 2, "label": "u"}], "took it away"),
        ([{"phone": 2, "start": float("nan")}], "number"),
    ],
)
def test_edits_of_phones_that_make_no_sense_are_named(take: Take, entries: Any, complaint: str) -> None:
    with pytest.raises(TakeError, match=complaint):
        plan(take, read_edits(entries, take))


def test_phones_are_named_by_sound_or_by_the_shape_of_the_mouth() -> None:
    names = {
        "oo": "u",
        "OO": "u",
        "m": "m",
        "f": "f",
        " ʃ ": "ʃ",
        "UW1": "UW1",
        "tʃ": "tʃ",
        "aɪ": "aɪ",
        "sil": "sil",
        "rest": "sil",
    }
    assert {name: label_of(name, "") for name in names} == names
    assert all(classes_of(label) for label in MOUTH_SHAPES.values())
