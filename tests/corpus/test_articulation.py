import numpy as np
import pytest

from kmtalk_core.corpus.articulation import articulate, one_hot
from kmtalk_core.corpus.face import WIDEST, arkit_motion, at_motion_rate
from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.phones import CLASS_INDEX, VOWELS

SECONDS = 0.1


def said(*phones: str, seconds: float = SECONDS) -> np.ndarray:
    return np.repeat([CLASS_INDEX[p] for p in phones], round(seconds * 100))


def middle(values: np.ndarray, position: int, seconds: float = SECONDS) -> float:
    return float(values[round((position + 0.5) * seconds * 100)])


def visible(motion: np.ndarray) -> np.ndarray:
    def pair(name: str) -> np.ndarray:
        return 0.5 * (motion[:, ARKIT_INDEX[f"{name}Left"]] + motion[:, ARKIT_INDEX[f"{name}Right"]])

    jaw = motion[:, ARKIT_INDEX["jawOpen"]] - motion[:, ARKIT_INDEX["mouthClose"]]
    return np.maximum(0, jaw) + 0.3 * pair("mouthLowerDown") + 0.2 * pair("mouthUpperUp")


def face_of(labels: np.ndarray) -> np.ndarray:
    tracks = articulate(one_hot(labels))
    return arkit_motion(tracks, np.full(len(labels), 0.75, np.float32))


@pytest.mark.parametrize("bilabial", ["p", "b", "m"])
@pytest.mark.parametrize("vowel", sorted(VOWELS))
def test_bilabials_close_the_lips_whatever_stands_around_them(bilabial, vowel):
    labels = said(vowel, bilabial, vowel)
    assert middle(articulate(one_hot(labels)).opening, 1) < 0.02
    motion = face_of(labels)
    assert visible(motion)[3:6].min() < 0.02
    seal = int(visible(motion)[3:6].argmin()) + 3
    assert motion[seal, ARKIT_INDEX["mouthClose"]] > 0
    assert motion[seal, ARKIT_INDEX["mouthPressLeft"]] > 0.2


def test_a_short_closure_in_fast_speech_still_closes():
    opening = articulate(one_hot(np.concatenate([said("a"), said("p", seconds=0.05), said("a")]))).opening
    assert opening[10:15].min() < 0.1 * opening.max()


def test_open_vowels_open_further_than_close_ones_and_rounding_narrows():
    opening = {v: middle(articulate(one_hot(said("t", v, "t"))).opening, 1) for v in ("a", "ɛ", "i", "u")}
    assert opening["a"] > opening["ɛ"] > opening["i"] > opening["u"] > 0.1


def test_lips_round_spread_and_bite_where_they_should():
    names = ("w", "i", "f", "θ")
    motions = {p: face_of(said("sil", p, "sil"))[4] for p in names}
    for phone, channel in zip(names, ("mouthPucker", "mouthStretchLeft", "mouthRollLower", "tongueOut"), strict=True):
        values = {p: motions[p][ARKIT_INDEX[channel]] for p in names}
        assert max(values, key=values.get) == phone
        assert values[phone] > 0.1


def test_a_silent_face_rests_lips_lightly_parted():
    motion = face_of(said("sil", "sil", "sil", "sil"))
    assert 0.01 < visible(motion).max() < 0.08


def test_the_visible_opening_is_the_rule_and_poses_stay_within_reach():
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.integers(0, 39, 300), rng.integers(4, 20, 300))
    motion = face_of(labels)
    wanted = WIDEST * at_motion_rate(articulate(one_hot(labels)).opening[:, None])[:, 0]
    assert np.abs(visible(motion) - wanted).max() < 0.03
    assert motion.min() >= 0
    assert motion.max() <= 1
    assert 0.4 < motion[:, ARKIT_INDEX["jawOpen"]].max() < 0.65


def test_loud_speech_opens_the_mouth_a_little_wider_and_closes_it_all_the_same():
    labels = said(*"apapapapapapapapapapapap")
    loud, soft = (
        visible(arkit_motion(articulate(one_hot(labels)), np.full(len(labels), level, np.float32)))
        for level in (0.95, 0.5)
    )
    assert 1.1 < loud.max() / soft.max() < 1.4
    assert loud[6:-6].min() < 0.02


def test_brows_rise_with_emphasis_and_eyes_are_left_to_themselves():
    labels = said(*"tatatatatatatatatatatata")
    loudness = np.full(len(labels), 0.5, np.float32)
    loudness[100:130] = 1.0
    motion = arkit_motion(articulate(one_hot(labels)), loudness)
    brow = motion[:, ARKIT_INDEX["browInnerUp"]]
    assert abs(int(brow.argmax()) / 30 - 1.15) < 0.1
    assert brow.max() > 0.1
    assert motion[:, ARKIT_INDEX["eyeBlinkLeft"]].max() == 0


def test_posteriors_between_two_phones_give_a_pose_between_theirs():
    a, i = articulate(one_hot(said("a"))).opening, articulate(one_hot(said("i"))).opening
    both = articulate((one_hot(said("a")) + one_hot(said("i"))) / 2).opening
    assert np.all((both < a) & (both > i))


def test_motion_is_sampled_at_the_exact_times_of_its_frames():
    ramp = np.arange(301, dtype=np.float32)[:, None] / 100
    sampled = at_motion_rate(ramp)
    assert sampled.shape == (90, 1)
    assert np.allclose(sampled[:, 0], np.arange(90) / 30, atol=1e-5)
