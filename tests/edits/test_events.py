"""Events moved, locked, deleted and added."""

from typing import Any

import numpy as np
import pytest

from kmtalk_core.edits import plan, read_edits
from kmtalk_core.events import KINDS, Event
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Take, Track

EVENTS = (Event("blink0", "blink", 0.5, 0.2, 0.66), Event("nod0", "nod", 1.0, 0.4, 0.05, 270.0, 3))


@pytest.fixture
def take() -> Take:
    return Take((Track(ARKIT, np.zeros((60, 52), np.float32)),), (), events=EVENTS, fps=30.0)


def edited(take: Take, *entries: dict[str, Any]) -> tuple[Event, ...]:
    return plan(take, read_edits(entries, take)).events


def test_an_event_is_moved_and_says_so(take: Take) -> None:
    blink, nod = edited(take, {"event": "blink0", "time": 0.8}, {"event": "nod0", "state": "locked"})
    assert (blink.time, blink.size, blink.state) == (0.8, 0.66, "edited")
    assert (nod.time, nod.direction, nod.seed, nod.state) == (1.0, 270.0, 3, "locked")


def test_an_event_that_is_deleted_is_remembered(take: Take) -> None:
    done = plan(take, read_edits([{"event": "nod0", "delete": True}], take))
    assert done.events == EVENTS[:1] and done.deleted_events == EVENTS[1:]
    assert not done.spans


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_of_each_kind_is_added_with_its_usual_size(take: Take, kind: str) -> None:
    added = next(
        event for event in edited(take, {"event": "a", "kind": kind, "add": True, "time": 0.7}) if event.id == "a"
    )
    assert added.kind == kind and added.state == "added" and added.duration > 0 and added.size > 0


def test_events_stay_in_order_and_each_has_its_own_name(take: Take) -> None:
    found = edited(take, *({"event": f"b{t}", "kind": "blink", "add": True, "time": t} for t in (1.5, 0.1, 0.9)))
    assert [event.time for event in found] == [0.1, 0.5, 0.9, 1.0, 1.5]
    assert len({event.id for event in found}) == 5
