"""What is seen: nothing frozen, nothing dead, nothing that follows the jaw, lips that win, rest at both ends."""

from collections.abc import Callable

import numpy as np
import pytest

from kmtalk_core.alignment import Alignment, Mark
from kmtalk_core.expression import Performer, lips, notes_of
from kmtalk_core.expression.mood import MOODS as POSES
from kmtalk_core.expression.mood import unknown_marks
from kmtalk_core.expression.prosody import Prosody
from kmtalk_core.motion.arkit import EYE_TURNS
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.settings import MOODS

Made = Callable[..., Performer]
FPS = 30.0
UPPER = [name for name in ARKIT.names if ARKIT.channels[ARKIT.index_of(name)].region in ("upper", "eyes")]


def seen(performer: Performer, mouth: np.ndarray) -> np.ndarray:
    motion = mouth.copy()
    performer.perform(motion, times(mouth), ARKIT)
    return motion


def times(motion: np.ndarray) -> np.ndarray:
    return np.arange(len(motion)) / FPS


def column(motion: np.ndarray, name: str) -> np.ndarray:
    return motion[:, ARKIT.index_of(name)]


def opening(motion: np.ndarray) -> np.ndarray:
    get = lambda name: column(motion, name)  # noqa: E731
    lips = 0.3 * get("mouthLowerDownLeft") + 0.2 * get("mouthUpperUpLeft")
    return np.maximum(get("jawOpen") - get("mouthClose"), 0) + lips


@pytest.fixture(scope="module")
def shown(performer: Made, mouth: np.ndarray) -> np.ndarray:
    return seen(performer(), mouth)


def test_no_channel_of_the_upper_face_is_dead(shown: np.ndarray) -> None:
    assert [n for n in UPPER if column(shown, n).max() < 0.02] == ["cheekPuff"]  # which is air in the mouth
    for name in ("browInnerUp", "browOuterUpLeft", "browDownLeft"):
        assert 0.05 < column(shown, name).std() < 0.25


def test_nothing_in_the_upper_face_follows_the_jaw(shown: np.ndarray) -> None:
    jaw = column(shown, "jawOpen")
    for name in (
        "browInnerUp",
        "browOuterUpLeft",
        "browDownLeft",
        "cheekSquintLeft",
        "mouthSmileLeft",
        "eyeSquintLeft",
    ):
        assert abs(np.corrcoef(jaw, column(shown, name))[0, 1]) <= 0.25, name


def test_what_the_network_does_with_brows_and_smile_is_not_seen(performer: Made, mouth: np.ndarray) -> None:
    bouncing = mouth.copy()
    for name in (*UPPER, "mouthSmileLeft", "mouthSmileRight"):
        if name != "cheekPuff":
            bouncing[:, ARKIT.index_of(name)] = column(mouth, "jawOpen")
    plain, other = seen(performer(), mouth), seen(performer(), bouncing)
    same = ARKIT.in_region("upper", "eyes")
    np.testing.assert_array_equal(plain[:, same], other[:, same])
    np.testing.assert_array_equal(column(plain, "mouthSmileLeft"), column(other, "mouthSmileLeft"))


def test_the_face_is_at_rest_with_open_lids_at_both_ends(performer: Made, mouth: np.ndarray) -> None:
    for mood in ("auto", "happy", "afraid"):
        playing = performer(mood=mood)
        motion, head = seen(playing, mouth), playing.head(times(mouth))
        for frame in (0, -1):
            assert motion[frame].max() < 0.06 and abs(head[frame]).max() < 0.01


def test_nothing_is_frozen_in_silence(performer: Made, mouth: np.ndarray, prosody: Prosody) -> None:
    playing = performer()
    motion, head = seen(playing, mouth), playing.head(times(mouth))
    moving = (abs(np.diff(motion[:, ARKIT.in_region("upper", "eyes")], axis=0)) > 5e-4).any(axis=1)
    moving |= (abs(np.diff(head, axis=0)) * FPS > np.radians(0.2)).any(axis=1)
    for start, end in prosody.pauses:
        assert moving[round(start * FPS) : round(end * FPS) - 1].mean() > 0.95


def test_a_stretch_is_alike_in_whatever_window(performer: Made, mouth: np.ndarray, shown: np.ndarray) -> None:
    playing, part = performer(), mouth[1000:1300].copy()
    room = lips.room(mouth, ARKIT, 0, 0)[1000:1300]
    playing.perform(part, times(mouth)[1000:1300], ARKIT, room)
    np.testing.assert_array_equal(part, shown[1000:1300])
    np.testing.assert_array_equal(playing.head(times(mouth))[1000:1300], playing.head(times(mouth)[1000:1300]))


def test_eyes_turn_against_the_head_and_keep_looking_where_they_look(performer: Made, mouth: np.ndarray) -> None:
    playing = performer(liveliness="lively")
    motion, head = seen(playing, mouth), playing.head(times(mouth))
    leftward = EYE_TURNS["Out"] * column(motion, "eyeLookOutLeft") - EYE_TURNS["In"] * column(motion, "eyeLookInLeft")
    inner = slice(60, -60)
    assert (leftward + head[:, 0])[inner].std() < leftward[inner].std() + 0.5 * head[inner, 0].std()
    assert np.corrcoef(np.diff(leftward[inner]), np.diff(head[inner, 0]))[0, 1] < -0.1


def test_the_head_moves_as_far_as_peoples_and_farther_on_stage(performer: Made, mouth: np.ndarray) -> None:
    spread = {word: np.degrees(performer(liveliness=word).head(times(mouth))).std(axis=0) for word in ("calm", "stage")}
    assert (spread["calm"] > 0.4).all() and (spread["calm"] < 3).all()
    assert (spread["stage"] > 2 * spread["calm"]).all() and (spread["stage"] < 10).all()
    assert (
        not performer(liveliness="still", mood="neutral").head(times(mouth)).any()
        or np.degrees(abs(performer(liveliness="still", mood="neutral").head(times(mouth))).max()) < 0.01
    )


@pytest.mark.parametrize("mood", [mood for mood in POSES if mood != "neutral"])
def test_a_mood_shows_and_lips_win(performer: Made, mouth: np.ndarray, mood: str) -> None:
    plain, felt = seen(performer(mood="neutral"), mouth), seen(performer(mood=mood), mouth)
    difference = (felt - plain).mean(axis=0)
    strongest = {name: value for name, value in POSES[mood].poses[1].items() if value >= 0.3 and name[0] != "h"}
    for name, value in strongest.items():
        side = name if name in ARKIT.names else name + "Left"
        if ARKIT.channels[ARKIT.index_of(side)].region != "mouth" or "Smile" in name:
            assert difference[ARKIT.index_of(side)] > 0.55 * value, side
    assert np.corrcoef(opening(plain), opening(felt))[0, 1] > 0.99
    for name in ("jawOpen", "mouthPucker", "mouthFunnel", "mouthClose", "mouthRollLower"):
        np.testing.assert_allclose(column(felt, name), column(plain, name), atol=1e-6)
    rounded = column(plain, "mouthPucker") > 0.4
    assert column(felt, "mouthSmileLeft")[rounded].max() < 0.35


def test_half_a_mood_is_half_as_strong(performer: Made, mouth: np.ndarray) -> None:
    none, half, full = (
        column(seen(performer(mood="angry", mood_strength=s), mouth), "browDownLeft").mean() for s in (0.0, 0.5, 1.0)
    )
    assert half - none == pytest.approx(0.5 * (full - none), rel=0.2)


def test_a_mark_changes_the_mood_from_its_time_on(performer: Made, mouth: np.ndarray) -> None:
    smile = column(seen(performer(marks=((40.0, "happily, softly"), (80.0, "neutral"))), mouth), "cheekSquintLeft")
    before, within, after = (smile[round(a * FPS) : round(b * FPS)].mean() for a, b in ((5, 39), (41, 79), (81, 115)))
    assert within > 0.4 and before < 0.15 and after < 0.15
    assert abs(np.diff(smile)).max() < 0.2  # no pop


def test_a_region_that_is_left_alone_rests(performer: Made, mouth: np.ndarray) -> None:
    only = seen(performer(regions="mouth", breath=False), mouth)
    assert (
        not only[:, ARKIT.in_region("upper", "eyes")].any() and not performer(regions="mouth").head(times(mouth)).any()
    )
    others = seen(performer(regions="upper,eyes,head"), mouth)
    assert not others[:, ARKIT.in_region("mouth")].any() and others.any()


def test_moods_have_one_list() -> None:
    assert set(MOODS) == {"auto", *POSES}


def test_what_was_added_to_a_mouth_can_be_taken_off_again(performer: Made, mouth: np.ndarray) -> None:
    playing, rows = performer(mood="sad"), np.array([200, 700, 1500])
    motion = seen(playing, mouth)
    plain = playing.unperformed(motion[rows], mouth[rows], times(mouth)[rows], ARKIT)
    np.testing.assert_allclose(plain, mouth[rows], atol=0.02)


def test_a_smile_gives_way_to_round_lips_and_never_jerks(performer: Made, mouth: np.ndarray) -> None:
    round_lips = mouth.copy()
    round_lips[:, ARKIT.indices_of(("mouthPucker", "mouthFunnel", "mouthRollLower"))] = 0
    for first in range(300, 3000, 40):
        round_lips[first : first + 5, ARKIT.index_of("mouthPucker")] = 0.7  # as quickly as a network rounds them
    smile = column(seen(performer(mood="happy"), round_lips), "mouthSmileLeft")
    middles = np.arange(302, 2900, 40)
    assert np.median(smile[middles] / smile[middles + 20]) < 0.45
    assert FPS * abs(np.diff(smile)).max() < 6


def test_a_window_tells_the_room_of_lips_as_the_whole_does(mouth: np.ndarray) -> None:
    whole, far = lips.room(mouth, ARKIT, 0, 0), lips.reach(FPS)
    np.testing.assert_array_equal(lips.room(mouth[400 - far : 450 + far], ARKIT, far, far), whole[400:450])
    np.testing.assert_array_equal(lips.room(mouth[: 50 + far], ARKIT, 0, far), whole[:50])


@pytest.mark.parametrize("mood", MOODS)
def test_nothing_pops_or_trembles_and_no_eye_stares_under_any_mood(
    performer: Made, mouth: np.ndarray, mood: str
) -> None:
    playing = performer(mood=mood, liveliness=1.0, seed=3, marks=((40.0, "angry"), (60.0, "happy"), (80.0, "sad")))
    motion, head = seen(playing, mouth), playing.head(times(mouth))
    slow = [ARKIT.index_of(n) for n in UPPER if n.startswith(("brow", "cheekSquint", "nose"))]
    assert abs(np.diff(motion[:, slow], axis=0)).max() < 0.25
    assert np.degrees(abs(np.diff(head, axis=0))).max() < 4
    for curve in (*motion[:, slow].T, *head.T):
        power = abs(np.fft.rfft((curve - curve.mean()) * np.hanning(len(curve)))) ** 2
        assert power[np.fft.rfftfreq(len(curve), 1 / FPS) > 6].sum() < 0.02 * power.sum()
    eyes = motion[:, ARKIT.indices_of(n for n in ARKIT.names if n.startswith("eyeLook"))]
    moves = np.flatnonzero(abs(np.diff(eyes, axis=0)).max(axis=1) > 0.015)
    assert np.diff([0, *moves, len(motion)]).max() / FPS < 5


@pytest.mark.parametrize(
    ("name", "mood"),
    [
        ("wütend", "angry"), ("en colère", "angry"), ("Triste", "sad"), ("с отвращением", "disgusted"),
        ("很生气", "angry"), ("怒っています", "angry"), ("화나서", "angry"), ("felice", "happy"),
        ("VERY ANGRY", "angry"), ("beat", None),
    ],
)  # fmt: skip
def test_marks_are_understood_in_many_languages(
    performer: Made, mouth: np.ndarray, name: str, mood: str | None
) -> None:
    marked = seen(performer(marks=((30.0, name.casefold()),)), mouth)
    wanted = seen(performer(marks=((30.0, mood),) if mood else ()), mouth)
    np.testing.assert_array_equal(marked, wanted)
    assert bool(unknown_marks([Mark(30.0, name)])) == (mood is None)


def test_a_mark_whose_strength_is_none_is_told() -> None:
    marks = (Mark(1.0, "happy,9"), Mark(2.0, "sad, -1"), Mark(3.0, "afraid nan"), Mark(4.0, "angry", 0.5))
    (note,) = notes_of(Alignment((), 5.0, "", marks=marks))
    assert all(f"({name})" in note for name in ("happy,9", "sad, -1", "afraid nan")) and "angry" not in note


def test_the_chest_breathes_unless_breath_or_its_region_is_switched_off(performer: Made, mouth: np.ndarray) -> None:
    assert performer().beside(times(mouth))["chest"].max() > 0.4
    for settings in ({"breath": False}, {"regions": "mouth,upper,eyes,head"}):
        still = performer(**settings)
        assert set(still.beside(times(mouth))) == {"head"} and not still.chest(times(mouth)).any()
