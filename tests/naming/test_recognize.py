"""Shape keys are recognised however their maker spelt them."""

import pytest

from kmtalk_core.errors import FaceError
from kmtalk_core.motion.arkit import ARKIT_NAMES
from kmtalk_core.naming.recognize import guess, likeliest, recognize_by_hand, recognize_face, recognize_names
from kmtalk_core.naming.schemes import SCHEME_BY_NAME, SCHEMES

VRCHAT = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")


def side_first(name):
    """A name with its side before it, as `Lf_eyeBlink`."""
    for side, short in (("Left", "Lf_"), ("Right", "Rt_")):
        if name.endswith(side):
            return short + name.removesuffix(side)
    return name


SPELLINGS = {
    "plain": lambda name: name,
    "capitals": str.upper,
    "prefix": lambda name: f"blendShape1.{name}",
    "unknown prefix": lambda name: f"M_F00_{name}",
    "dot side": lambda name: name.replace("Left", ".L").replace("Right", ".R"),
    "underscore side": lambda name: name.replace("Left", "_L").replace("Right", "_R"),
    "duplicate": lambda name: f"{name}.001",
    "number at the end": lambda name: f"{name}_{ARKIT_NAMES.index(name):02}",
    "number glued to the end": lambda name: f"{name}{ARKIT_NAMES.index(name)}",
    "two prefixes": lambda name: f"{('head_', 'H_')[ARKIT_NAMES.index(name) % 2]}{name}",
    "a prefix each": lambda name: f"p{ARKIT_NAMES.index(name)}x_{name}",
    "two suffixes": lambda name: f"{name}{('_geo', '_lod0')[ARKIT_NAMES.index(name) % 2]}",
    "some duplicates": lambda name: f"{name}{('', '', '.012')[ARKIT_NAMES.index(name) % 3]}",
    "written together": lambda name: f"{name}Shape",
    "written together before": lambda name: f"bs{name[0].upper()}{name[1:]}",
    "side before a suffix": lambda name: f"{name.replace('Left', 'L').replace('Right', 'R')}_shp",
    "side behind a prefix": lambda name: f"geo_{side_first(name)}",
    "no side is said too": lambda name: name if name.endswith(("Left", "Right")) else f"{name}_C",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_arkit_is_found_in_every_spelling(spelling):
    naming = recognize_names([spelling(name) for name in ARKIT_NAMES])
    assert naming.scheme == "arkit"
    assert naming.missing == ()
    assert naming.mapping["mouthSmileLeft"] == spelling("mouthSmileLeft")
    assert naming.mapping["jawLeft"] == spelling("jawLeft")


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_each_scheme_is_told_from_the_others(scheme):
    naming = recognize_names(scheme.channels)
    assert naming.scheme == scheme.name
    assert naming.score == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("keys", "scheme", "channel", "key"),
    [
        (
            [f"vrc.v_{name.lower()}" for name in VRCHAT],
            "oculus",
            "U",
            "vrc.v_ou",
        ),
        (["あ", "い", "う", "え", "お", "まばたき"], "vrm", "blink", "まばたき"),
        ([f"Fcl_MTH_{vowel}" for vowel in "AIUEO"], "vrm", "oh", "Fcl_MTH_O"),
        (["M_B_P", "A_I", "E", "O", "U", "L", "F_V", "W_Q", "etc", "rest"], "preston_blair", "MBP", "M_B_P"),
    ],
)
def test_other_spellings_of_viseme_sets(keys, scheme, channel, key):
    naming = recognize_names(keys)
    assert naming.scheme == scheme
    assert naming.mapping[channel] == key


def test_sides_of_a_blink_are_no_sounds():
    naming = recognize_names(["aa_BS", "ih_BS", "ou_BS", "ee_BS", "oh_BS", "blink_BS", "blink_L_BS", "blink_R_BS"])
    assert naming.scheme == "vrm"
    assert naming.mapping["blink"] == "blink_BS" and "blink_L_BS" not in naming.mapping.values()


def test_a_part_of_arkit_says_what_is_missing():
    naming = recognize_names([name for name in ARKIT_NAMES if not name.startswith("brow")])
    assert naming.missing == tuple(name for name in ARKIT_NAMES if name.startswith("brow"))
    assert 0.8 < naming.score < 1.0
    assert naming.sentence.startswith("ARKit, 47 of 52 keys; missing: browDownLeft")


def test_visemes_win_over_a_handful_of_arkit_keys_but_blink_with_them():
    visemes = [f"viseme_{name}" for name in SCHEME_BY_NAME["oculus"].channels]
    naming = recognize_names(["eyeBlinkLeft", "eyeBlinkRight", *visemes])
    assert naming.scheme == "oculus"
    assert naming.mapping["eyeBlinkLeft"] == "eyeBlinkLeft"


def test_several_meshes_are_one_face():
    upper = [name for name in ARKIT_NAMES if name.startswith(("eye", "brow"))]
    lower = [name for name in ARKIT_NAMES if name not in upper]
    naming = recognize_face({"Head": upper, "Mouth": [*lower, "eyeBlinkLeft"], "Shirt": ["fat"]})
    assert naming.missing == ()
    assert set(naming.meshes) == {"Head", "Mouth"}
    assert naming.meshes["Mouth"]["eyeBlinkLeft"] == "eyeBlinkLeft"
    assert "on 2 meshes" in naming.sentence


def test_a_corrective_key_is_not_taken_for_a_shape():
    naming = recognize_names(["jawOpen_mouthClose", "jawOpen", "mouthFunnel", "mouthPucker"])
    assert "mouthClose" not in naming.mapping


def test_the_exact_name_wins_over_its_duplicate():
    assert recognize_names(["jawOpen.001", "jawOpen", "mouthFunnel"]).mapping["jawOpen"] == "jawOpen"


def test_flame_keys_are_named_and_left_alone():
    naming = recognize_names([f"Shape{k}" for k in range(100)] + [f"Exp{k}" for k in range(50)])
    assert naming.scheme == "flame"
    assert not naming.mapping


def test_keys_of_no_face_are_no_face():
    naming = recognize_names(["Key 1", "fat", "thin"])
    assert naming.scheme == ""
    assert not naming.can_speak


def test_what_somebody_says_of_keys_counts_and_nothing_else():
    keys = {"Head": ["Open", "Ooh", "jawForward", "Blink"], "Teeth": ["Open"]}
    naming = recognize_by_hand("arkit", keys, {"Open": "jawOpen", "Blink": "eyeBlink", "Ooh": "mouthPucker"})
    assert naming.mapping == {"jawOpen": "Open", "eyeBlink": "Blink", "mouthPucker": "Ooh"}
    assert naming.meshes["Teeth"] == {"jawOpen": "Open"}
    assert naming.can_speak and naming.sentence.startswith("By hand: ARKit, 4 of 52 keys on 2 meshes")


def test_visemes_by_hand_go_with_arkits_upper_face():
    naming = recognize_by_hand("oculus", {"": ["Mund A", "Lid"]}, {"Mund A": "aa", "Lid": "eyeBlinkLeft"})
    assert naming.mapping == {"aa": "Mund A", "eyeBlinkLeft": "Lid"}


@pytest.mark.parametrize(
    ("shown", "complaint"),
    [
        ({"Open": "jawopen"}, "ARKit knows no “jawopen”"),
        ({"Open": "jawOpen", "Ooh": "jawOpen"}, "“Open” and “Ooh” both show jawOpen"),
        ({}, "Say what your keys show"),
        ({"Gone": "jawOpen"}, "Say what your keys show"),
    ],
)
def test_what_cannot_be_said_of_keys(shown, complaint):
    with pytest.raises(FaceError, match=complaint):
        recognize_by_hand("arkit", {"Head": ["Open", "Ooh"]}, shown)


def test_what_names_say_is_proposed():
    assert likeliest({"Head": ["aa", "E", "Wide", "PP"]}) == "oculus"
    assert likeliest({"Head": ["Offen", "Zu"]}) == "arkit"
    assert guess("oculus", ["aa", "Wide", "viseme_O"]) == {"aa": "aa", "viseme_O": "O"}
