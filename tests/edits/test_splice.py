"""A stretch of another take comes into a take of the same sound, and nothing beside it changes."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core.alignment import Phone, Word
from kmtalk_core.edits import spliced
from kmtalk_core.events import Event, free_id
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Key, Take, Track, load_take, save_take

OLD = (Phone(0.0, 0.6, "a"), Phone(0.6, 1.2, "m"), Phone(1.2, 2.0, "s"))
NEW = (Phone(0.0, 0.7, "a"), Phone(0.7, 1.3, "f"), Phone(1.3, 2.0, "s"))


def made(seed: int, phones: tuple[Phone, ...], *words: Word) -> Take:
    motion = np.random.default_rng(seed).random((60, ARKIT.width)).astype(np.float32)
    keys = tuple(Key(f, f / 30, "a", 0.5, motion[f]) for f in (0, 10, 20, 30, 40, 59))
    return Take((Track(ARKIT, motion),), keys, phones, fps=30.0, words=words)


def test_motion_keys_and_what_is_heard_are_new_within_and_old_beside() -> None:
    old, new = made(0, OLD, Word(0.0, 0.6, "ah"), Word(0.6, 2.0, "ms")), made(1, NEW, Word(0.7, 1.3, "if"))
    found = spliced(old, new, 0.5, 1.5)
    assert np.array_equal(found.motion[:15], old.motion[:15]) and np.array_equal(found.motion[46:], old.motion[46:])
    assert np.allclose(found.motion[19:42], new.motion[19:42], atol=1e-6)
    assert all(np.array_equal(key.pose, found.motion[key.frame]) for key in found.keys)
    spans = [(phone.start, phone.end, phone.label) for phone in found.phones]
    assert spans == [(0.0, 0.7, "a"), (0.7, 1.3, "f"), (1.3, 2.0, "s")]
    assert [word.text for word in found.words] == ["ah", "if"]


@pytest.mark.parametrize(("first", "last"), [(0.0, 2.0), (0.3, 0.9), (1.25, 5.0)])
def test_phones_have_no_gap_wherever_the_stretch_is_cut(first: float, last: float) -> None:
    phones = spliced(made(0, OLD), made(1, NEW), first, last).phones
    assert phones[0].start == 0.0 and phones[-1].end == 2.0
    assert all(a.end == b.start for a, b in itertools.pairwise(phones))


def test_takes_without_a_moment_in_common_are_not_mixed() -> None:
    new = replace(made(1, NEW), fps=25.0)
    assert spliced(made(0, OLD), new, 0.5, 1.5) is new


def test_events_of_both_are_told_apart_in_a_file_and_when_it_is_done_again(tmp_path: Path) -> None:
    def nodding(seed: int, *times: float) -> Take:
        nods = tuple(Event(f"nod{number}", "nod", time, 0.5, 0.04) for number, time in enumerate(times))
        return replace(made(seed, OLD), events=nods)

    once = spliced(nodding(0, 0.2, 1.7), nodding(1, 0.7, 1.2), 0.5, 1.5)
    twice = spliced(once, nodding(2, 0.6, 0.9, 1.3), 0.5, 1.0)
    for number, (found, times) in enumerate(((once, [0.2, 0.7, 1.2, 1.7]), (twice, [0.2, 0.6, 0.9, 1.2, 1.7]))):
        save_take(found, tmp_path / f"{number}.npz")
        events = load_take(tmp_path / f"{number}.npz").events
        assert [event.time for event in events] == times
        assert [event.id for event in events if event.time in (0.2, 1.7)] == ["nod0", "nod1"]


def test_an_id_stays_short_enough_to_be_read_again() -> None:
    long = "n" * 64
    taken = {long, free_id(long, {long})}
    assert free_id("nod", {"nod", "nod.1"}) == "nod.2" and free_id("nod", {"blink"}) == "nod"
    assert len(free_id(long, taken)) == 64 and free_id(long, taken) not in taken
