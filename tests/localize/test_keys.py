"""Key frames lie where phones begin and end, once each, from the first frame to the last."""

import itertools

import pytest

from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.localize import frame_count_of, key_frames, key_ratio, with_density
from kmtalk_core.phones import SILENCE


def aligned(*ends: float, labels: str = "", confidences: tuple[float, ...] = ()) -> Alignment:
    phones, start = [], 0.0
    for index, end in enumerate(ends):
        label = labels[index] if labels else "abcdefghij"[index % 10]
        phones.append(Phone(start, end, label, confidences[index] if confidences else 1.0))
        start = end
    return Alignment(tuple(phones), start, "test")


def frames(alignment: Alignment, fps: float, count: int, gap: int = 1) -> list[int]:
    return [key.frame for key in key_frames(alignment, fps, count, gap)]


@pytest.mark.parametrize("fps", [24, 25, 29.97, 30, 60])
def test_every_boundary_is_a_key_at_the_nearest_frame(fps: float) -> None:
    alignment = aligned(0.21, 0.42, 0.7, 1.0)
    keys = key_frames(alignment, fps, frame_count_of(1.0, fps))
    inner = [round(end * fps) for end in (0.21, 0.42, 0.7)]
    assert [key.frame for key in keys] == [0, *inner, round(fps) - 1]
    assert [key.time for key in keys] == pytest.approx([0, 0.21, 0.42, 0.7, 1.0])


def test_a_key_is_named_after_the_phone_that_starts_there_and_the_last_after_the_one_that_ends() -> None:
    keys = key_frames(aligned(0.2, 0.5, 1.0, labels="mab"), 30, 30)
    assert [key.label for key in keys] == ["m", "a", "b", "b"]


def test_a_boundary_is_as_sure_as_the_less_sure_phone_beside_it() -> None:
    keys = key_frames(aligned(0.2, 0.5, 1.0, confidences=(0.9, 0.3, 0.6)), 30, 30)
    assert [key.confidence for key in keys] == [0.9, 0.3, 0.3, 0.6]


def test_boundaries_on_one_frame_are_one_key() -> None:
    assert frames(aligned(0.47, 0.49, 1.0), 25, 25) == [0, 12, 24]


def test_of_two_close_boundaries_the_surer_stays() -> None:
    alignment = aligned(0.30, 0.35, 0.7, 1.0, labels="abcd", confidences=(0.2, 0.9, 0.9, 0.9))
    keys = key_frames(alignment, 30, 30, minimum_gap=3)
    assert [(key.frame, key.label) for key in keys] == [(0, "a"), (10, "c"), (21, "d"), (29, "d")]


@pytest.mark.parametrize("gap", [1, 2, 3, 5, 40])
def test_the_minimum_gap_is_kept_and_so_are_the_ends(gap: int) -> None:
    alignment = aligned(*(0.037 * n for n in range(1, 60)), confidences=tuple((n * 7 % 10) / 10 for n in range(59)))
    count = frame_count_of(alignment.duration, 60)
    kept = frames(alignment, 60, count, gap)
    assert kept[0] == 0 and kept[-1] == count - 1
    assert all(later - sooner >= gap for sooner, later in itertools.pairwise(kept))


def test_boundaries_beyond_the_last_frame_are_clamped_to_it() -> None:
    assert frames(aligned(0.5, 1.0, 1.5, 2.0), 10, 12) == [0, 5, 10, 11]


def test_one_frame_is_one_key() -> None:
    keys = key_frames(aligned(0.01, labels="m"), 30, frame_count_of(0.01, 30))
    assert [(key.frame, key.label) for key in keys] == [(0, "m")]


def test_without_phones_the_ends_are_silent_keys() -> None:
    keys = key_frames(Alignment((), 1.0, "test"), 30, 30)
    assert [(key.frame, key.label) for key in keys] == [(0, SILENCE), (29, SILENCE)]


def test_the_end_of_a_phone_before_a_gap_is_a_key() -> None:
    alignment = Alignment((Phone(0.0, 0.3, "a"), Phone(0.6, 1.0, "b")), 1.0, "test")
    assert [(key.frame, key.label) for key in key_frames(alignment, 10, 10)] == [
        (0, "a"), (3, SILENCE), (6, "b"), (9, "b"),
    ]  # fmt: skip


def test_the_key_ratio_is_the_share_of_frames_that_are_keys() -> None:
    assert key_ratio(key_frames(aligned(0.2, 0.5, 1.0), 30, 30), 30) == pytest.approx(4 / 30)
    assert key_ratio((), 0) == 0


def test_half_the_keys_keep_closed_lips_and_the_ends_and_lie_as_far_apart_as_they_can() -> None:
    alignment = aligned(*(0.1 * n for n in range(1, 21)), labels="əaptɪkamiɛsoəbuɪəaiə")
    keys = key_frames(alignment, 30, 60)
    half = with_density(keys, 0.5)
    assert len(half) == round(len(keys) / 2) and set(half) <= set(keys)
    assert (half[0], half[-1]) == (keys[0], keys[-1])
    assert {"p", "m", "b"} <= {key.label for key in half}
    assert max(b.frame - a.frame for a, b in itertools.pairwise(half)) <= 4 * 3
    assert with_density(keys, 0.1)[0] == keys[0] and len(with_density(keys, 0.1)) == 2


def test_twice_the_keys_halve_the_widest_gaps_and_one_density_is_what_it_was() -> None:
    keys = key_frames(aligned(0.1, 0.2, 0.6, 1.0, labels="pamo"), 30, 30)
    assert with_density(keys, 1.0) == keys
    more = with_density(keys, 1.4)
    assert len(more) == 7 and set(keys) <= set(more)
    assert [key.frame for key in more if key not in keys] == [12, 23]
    assert [key.label for key in more] == [*"pamm", "o", "o", "o"]
    every = with_density(keys, 50.0)
    assert [key.frame for key in every] == list(range(30))
    assert [key.time for key in every] == sorted(key.time for key in every)
