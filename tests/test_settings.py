"""What an animator can turn, and what it does to the motion."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.errors import KMTalkError
from kmtalk_core.motion.arkit import ARKIT_INDEX
from kmtalk_core.motion.spaces import ARKIT, VOCASET
from kmtalk_core.settings import LIVELINESS, SETTINGS, Settings, table
from kmtalk_core.shaping import Shaping

JAW, BROW = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["browInnerUp"]
SPEECH = Alignment((Phone(0.0, 4.0, "a"), Phone(4.0, 4.5, "sil"), Phone(4.5, 60.0, "a")), 60.0, "transcript")
SILENCE = Alignment((Phone(0.0, 60.0, "sil"),), 60.0, "neural")


VOWEL = Alignment((Phone(0.0, 60.0, "a"),), 60.0, "neural")


def shaped(motion: np.ndarray, alignment: Alignment = VOWEL, **settings: Any) -> np.ndarray:
    return Shaping(ARKIT, Settings.of(settings), alignment).shape(motion.astype(np.float32), 0, 0, 0)


def test_strength_scales_upper_and_lower_face_apart() -> None:
    motion = shaped(np.full((9, 52), 0.3), strength_upper=0.0, strength_lower=2.0)
    np.testing.assert_allclose(motion[:, JAW], 0.6)
    assert not motion[:, BROW].any()


def test_coefficients_stay_within_their_limits() -> None:
    motion = shaped(np.linspace(-1, 2, 9 * 52).reshape(9, 52), strength_lower=2.0)
    assert motion.min() == 0
    assert motion.max() == 1


def test_offsets_of_vertices_have_no_limits_and_one_strength() -> None:
    motion = np.full((3, VOCASET.width), -2, np.float32)
    settings = Settings.of({"strength_lower": 1.5, "strength_upper": 0.0})
    np.testing.assert_allclose(Shaping(VOCASET, settings, SPEECH).shape(motion, 0, 0, 0), -3)


def test_smoothing_widens_a_peak_and_keeps_what_is_still() -> None:
    peak = np.zeros((31, 52))
    peak[15] = 1
    motion = shaped(peak, smoothing=0.1)
    assert 0 < motion[13, JAW] < motion[15, JAW] < 0.5
    assert motion[:, JAW].sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(shaped(np.full((31, 52), 0.4), smoothing=0.5), 0.4, rtol=1e-5)


def test_a_stretch_with_margin_is_smoothed_like_the_whole() -> None:
    motion = np.random.default_rng(0).random((100, 52)).astype(np.float32)
    shaping = Shaping(ARKIT, Settings.of({"smoothing": 0.15}), SPEECH)
    whole, margin = shaping.shape(motion, 0, 0, 0), shaping.margin
    assert margin > 1
    stretch = shaping.shape(motion[40 - margin : 60 + margin], 40 - margin, margin, margin)
    np.testing.assert_allclose(stretch, whole[40:60], atol=1e-6)
    start = shaping.shape(motion[: 20 + margin], 0, 0, margin)
    np.testing.assert_allclose(start, whole[:20], atol=1e-6)


def test_a_pose_set_by_hand_is_given_to_the_network_as_it_would_have_made_it() -> None:
    shaping = Shaping(ARKIT, Settings.of({"strength_lower": 0.5, "strength_upper": 0.0}), SPEECH)
    pose, generated = np.full((1, 52), 0.4, np.float32), np.full((1, 52), 0.1, np.float32)
    unshaped = shaping.unshape(pose, generated)
    assert unshaped[0, JAW] == pytest.approx(0.8)
    assert unshaped[0, BROW] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "values",
    [{"volume": 1}, {"smoothing": -1}, {"smoothing": "much"}, {"delay": float("nan")}, {"blinks": 1}, {"seed": 0.5},
     {"strength_lower": 3}, {"strength_lower": None}, {"mood": "hungry"}, {"mood": 1}, {"regions": ""},
     {"regions": "mouth,ears"}, {"regions": [1]}, {"liveliness": "wild"}, {"liveliness": 2.5}, {"breath": "yes"}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_named(values: dict[str, Any]) -> None:
    with pytest.raises(KMTalkError, match=next(iter(values))):
        Settings.of(values)


def test_settings_survive_json() -> None:
    settings = Settings.of({"smoothing": 0.1, "seed": 3, "delay": 0, "mood": "sad", "regions": "eyes, mouth"})
    assert Settings.of(json.loads(json.dumps(settings.to_json()))) == settings
    assert Settings.of(None) == Settings()
    assert settings.regions == "mouth,eyes" and settings.has("eyes") and not settings.has("head")


def test_settings_are_written_as_people_do() -> None:
    pairs = ["strength_lower=1.2", "blinks=False", "mood=Happy", "liveliness=calm", "regions=mouth,head", " seed = 3"]
    settings = Settings.of(Settings.parse(pairs))
    assert (settings.strength_lower, settings.blinks, settings.mood, settings.seed) == (1.2, False, "happy", 3)
    assert settings.liveliness == LIVELINESS["calm"] and settings.regions == "mouth,head"
    for wrong in ("strength_lower", "mood=", "blinks=maybe", "seed=one"):
        with pytest.raises(KMTalkError):
            Settings.parse([wrong])


def test_settings_that_a_take_of_a_newer_version_has_are_left_alone() -> None:
    values = {"smoothing": 0.1, "wobble": [1, 2], "method": "transcript"}
    assert Settings.of_take(values) == Settings(smoothing=0.1)
    with pytest.raises(KMTalkError, match="wobble"):
        Settings.of(values)
    with pytest.raises(KMTalkError, match="smoothing"):
        Settings.of_take({"smoothing": 9})


def test_every_setting_is_declared_whole_and_its_default_is_within_its_limits() -> None:
    assert list(SETTINGS) == [item.name for item in dataclasses.fields(Settings)]
    for setting in SETTINGS.values():
        assert setting.label and setting.words and not setting.words.endswith(".")
        assert setting.read(setting.default) == setting.default == getattr(Settings(), setting.name)
        assert f"| `{setting.name}` |" in table()


def test_lips_touch_where_a_bilabial_starts_have_parted_where_it_ends_and_move_nowhere_else() -> None:
    phones = (Phone(0.0, 1.0, "a"), Phone(1.0, 1.1, "P"), Phone(1.1, 2.0, "a"), Phone(2.0, 2.1, "m", 0.2))
    motion = np.zeros((90, 52))
    motion[:, ARKIT_INDEX["jawOpen"]], motion[:, ARKIT_INDEX["mouthUpperUpLeft"]] = 0.5, 0.3
    shown = shaped(motion, Alignment(phones, 3.0, "neural"))
    gap = shown[:, ARKIT_INDEX["jawOpen"]] - shown[:, ARKIT_INDEX["mouthClose"]]
    assert np.abs(gap[30:33]).max() < 1e-6 and np.abs(shown[30:33, ARKIT_INDEX["mouthUpperUpLeft"]]).max() < 1e-6
    apart = np.r_[0:29, 33:59, 65:90]
    np.testing.assert_array_equal(shown[apart], motion[apart].astype(np.float32))
    assert 0.3 < gap[60:64].min() < 0.5  # hardly anybody heard this one


def test_the_mouth_rests_in_pauses_and_is_open_again_when_speech_begins() -> None:
    phones = (Phone(0.0, 1.0, "sil"), Phone(1.0, 2.0, "a"), Phone(2.0, 2.1, "sil"), Phone(2.1, 3.0, "a"))
    motion = np.zeros((90, 52))
    motion[:, JAW], motion[:, BROW] = 0.05, 0.2
    shown = shaped(motion, Alignment(phones, 3.0, "neural"))
    assert not shown[:26, JAW].any()
    np.testing.assert_array_equal(shown[30:60, JAW], motion[30:60, JAW].astype(np.float32))
    assert 0.02 < shown[61, JAW] < 0.05  # too short to come to rest in
    np.testing.assert_array_equal(shown[:, BROW], motion[:, BROW].astype(np.float32))
    unsure = (phones[0], Phone(1.0, 2.0, "a", 0.0), *phones[2:])
    assert shaped(motion, Alignment(unsure, 3.0, "neural"))[25, JAW] > 0.04


def test_articulation_is_shown_and_taken_off_again_beside_strength() -> None:
    raw = np.full((40, 52), 0.2, np.float32)
    shaping = Shaping(ARKIT, Settings.of({"strength_lower": 0.5}), SPEECH, articulation={"mouthFunnel": 1.5})
    shown = shaping.shape(raw.copy(), 0, 0, 0)[20:21]
    assert shown[0, ARKIT.index_of("mouthFunnel")] == pytest.approx(0.15)
    assert shown[0, ARKIT.index_of("mouthPucker")] == pytest.approx(0.1)
    back = shaping.unshape(shown, raw[:1])
    np.testing.assert_allclose(back[0, ARKIT.indices_of(("mouthFunnel", "mouthPucker"))], 0.2, rtol=1e-5)


@pytest.mark.parametrize("strength", [0.5, 1.0, 1.5])
def test_round_lips_part_less_at_every_strength_and_what_is_set_on_them_is_understood(strength: float) -> None:
    lips, rounding = ARKIT.index_of("mouthUpperUpLeft"), ARKIT.indices_of(("mouthFunnel", "mouthPucker"))
    raw = np.zeros((60, 52), np.float32)
    raw[:, lips] = 0.2
    raw[30:, rounding] = 0.3
    shaping = Shaping(ARKIT, Settings.of({"strength_lower": strength}), SPEECH, articulation={"mouthFunnel": 1.0})
    shown = shaping.shape(raw.copy(), 0, 0, 0)
    assert shown[20, lips] == pytest.approx(0.2 * strength)
    assert shown[40, lips] == pytest.approx(0.2 * strength * 0.4)
    np.testing.assert_allclose(shaping.unshape(shown[[20, 40]], raw[[20, 40]]), raw[[20, 40]], atol=1e-6)


def test_brackets_without_end_are_no_value() -> None:
    with pytest.raises(KMTalkError, match="seed must be a whole number from 0 to 2,147,483,647"):
        Settings.parse(["seed=" + "[" * 50_000])
