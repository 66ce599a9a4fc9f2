"""ARKit's coefficients drive the visemes that look like them."""

import numpy as np
import pytest

from kmtalk_core.errors import FaceError
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from kmtalk_core.naming.retarget import from_json, retarget
from kmtalk_core.naming.schemes import SCHEMES

VISEME_SETS = [
    scheme for scheme in SCHEMES if scheme.name in ("oculus", "microsoft", "vrm", "rhubarb", "preston_blair")
]
SOUNDS = {
    "p": {"jawOpen": 0.2, "mouthClose": 0.2, "mouthPressLeft": 0.4, "mouthPressRight": 0.4},
    "a": {"jawOpen": 0.65},
    "i": {"jawOpen": 0.12, "mouthStretchLeft": 0.7, "mouthStretchRight": 0.7},
    "u": {"jawOpen": 0.1, "mouthPucker": 0.8},
    "o": {"jawOpen": 0.3, "mouthFunnel": 0.6, "mouthPucker": 0.2},
    "f": {"jawOpen": 0.1, "mouthRollLower": 0.6, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2},
}  # fmt: skip
STRONGEST = {
    "oculus": {"p": "PP", "a": "aa", "i": "I", "u": "U", "o": "O", "f": "FF"},
    "microsoft": {"p": "p_b_m_21", "a": "aa_02", "i": "y_iy_ih_ix_06", "u": "w_uw_07", "o": "ao_03", "f": "f_v_18"},
    "vrm": {"a": "aa", "i": "ih", "u": "ou", "o": "oh"},
    "rhubarb": {"p": "A", "a": "D", "u": "F", "o": "E", "f": "G"},
    "preston_blair": {"p": "MBP", "a": "AI", "o": "O", "f": "FV"},
    "reallusion_pairs": {"p": "B_M_P", "a": "Ah", "i": "EE", "u": "W_OO", "o": "Oh", "f": "F_V"},
}


def pose(**values: float) -> np.ndarray:
    row = np.zeros((1, len(ARKIT_NAMES)), np.float32)
    for name, value in values.items():
        row[0, ARKIT_INDEX[name]] = value
    return row


def channels_of(scheme: str) -> tuple[str, ...]:
    return next(s.channels for s in SCHEMES if s.name == scheme)


@pytest.mark.parametrize(("scheme", "sound"), [(s, sound) for s, expected in STRONGEST.items() for sound in expected])
def test_a_sound_drives_its_own_viseme_most(scheme, sound):
    convert = retarget(scheme, channels_of(scheme))
    weights = dict(zip(convert.channels, convert(pose(**SOUNDS[sound]))[0], strict=True))
    assert max(weights, key=weights.get) == STRONGEST[scheme][sound]
    assert weights[STRONGEST[scheme][sound]] > 0.3


@pytest.mark.parametrize("scheme", STRONGEST)
def test_closed_lips_over_an_open_jaw_open_no_viseme(scheme):
    convert = retarget(scheme, channels_of(scheme))
    closed = dict(zip(convert.channels, convert(pose(jawOpen=0.5, mouthClose=0.5))[0], strict=True))
    assert closed[STRONGEST[scheme]["a"]] == 0.0


@pytest.mark.parametrize("scheme", STRONGEST)
def test_weights_are_bounded_for_any_motion(scheme):
    convert = retarget(scheme, channels_of(scheme))
    motion = np.random.default_rng(0).uniform(-0.5, 1.5, (500, len(ARKIT_NAMES))).astype(np.float32)
    weights = convert(motion)[:, convert.competing]
    assert weights.min() >= 0.0
    assert weights.sum(axis=1).max() <= 1.0 + 1e-5


@pytest.mark.parametrize("scheme", STRONGEST)
def test_a_wider_mouth_never_drives_the_open_viseme_less(scheme):
    convert = retarget(scheme, channels_of(scheme))
    index = convert.channels.index(STRONGEST[scheme]["a"])
    driven = [float(convert(pose(jawOpen=value))[0, index]) for value in np.linspace(0, 1, 21)]
    assert np.all(np.diff(driven) >= -1e-6)
    assert driven[-1] > 0.7


def test_arkit_passes_through_and_pairs_share_one_key():
    convert = retarget("arkit", ["jawOpen", "eyeBlink", "browInnerUpLeft", "mouthClose"])
    values = convert(pose(jawOpen=0.5, mouthClose=0.3, eyeBlinkLeft=1.0, eyeBlinkRight=0.5, browInnerUp=0.4))[0]
    assert values == pytest.approx([0.5, 0.75, 0.4, 0.3])


def test_reallusion_keys_take_their_side():
    convert = retarget("reallusion", ["Mouth_Smile_L", "Mouth_Smile_R", "Jaw_Open", "V_Open", "Mouth_Close"])
    assert convert(pose(mouthSmileLeft=0.8, jawOpen=0.4, mouthClose=0.4))[0] == pytest.approx([0.8, 0.0, 0.4, 0.0, 0.4])


def test_the_matrix_can_be_edited_as_text():
    convert = retarget("oculus", channels_of("oculus"))
    assert np.allclose(from_json(convert.to_json()).matrix, convert.matrix, atol=1e-4)
    edited = from_json(convert.to_json().replace('"jawOpen": 1.5', '"jawOpen": 0.5'))
    assert edited(pose(jawOpen=0.5))[0, edited.channels.index("aa")] < convert(pose(jawOpen=0.5))[0].max()


@pytest.mark.parametrize(
    "text", ["[]", "nonsense", '{"keys": {"aa": {"jawOpen": -1}}}', '{"keys": {"aa": {"chin": 1}}}']
)
def test_a_spoilt_matrix_is_refused_with_a_reason(text):
    with pytest.raises(FaceError):
        from_json(text)


def test_multipliers_and_offsets_come_last():
    convert = retarget("vrm", ["aa", "oh"]).adjusted(multiplier={"aa": 0.5}, offset={"oh": 0.1})
    values = convert(pose(jawOpen=1.0))[0]
    assert values[0] == pytest.approx(0.5, abs=0.1)
    assert values[1] >= 0.1


def test_an_unknown_key_is_named():
    with pytest.raises(FaceError, match="wobble"):
        retarget("oculus", ["wobble"])


def test_where_no_key_closes_the_lips_the_jaw_does() -> None:
    motion = np.zeros((3, len(ARKIT_NAMES)), np.float32)
    motion[:, ARKIT_INDEX["jawOpen"]] = (0.4, 0.4, -0.1)
    motion[:, ARKIT_INDEX["mouthClose"]] = (0.0, 0.35, 0.2)
    whole = retarget("arkit", ("jawOpen", "mouthClose"))(motion)
    alone = retarget("arkit", ("jawOpen", "mouthPucker"))(motion)
    assert whole[:, 0] == pytest.approx([0.4, 0.4, -0.1])
    assert alone[:, 0] == pytest.approx([0.4, 0.05, -0.1])
