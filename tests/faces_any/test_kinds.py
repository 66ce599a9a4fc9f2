"""The faces that people own open on a, round on u, close on m and blink once, whatever their keys are called."""

import numpy as np
import pytest

from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES
from kmtalk_core.naming.__main__ import table
from kmtalk_core.naming.recognize import recognize_face, recognize_names
from kmtalk_core.naming.retarget import retarget
from kmtalk_core.naming.schemes import SCHEME_BY_NAME, SCHEMES


def words(text: str) -> list[str]:
    return text.split()


V4 = words(
    "V_Open V_Explosive V_Dental_Lip V_Tight_O V_Tight V_Wide V_Affricate V_Lip_Open V_Tongue_up V_Tongue_Raise "
    "V_Tongue_Out V_Tongue_Narrow V_Tongue_Lower V_Tongue_Curl_U V_Tongue_Curl_D"
)
V3 = words(
    "Open Explosive Dental_Lip Tight-O Tight Wide Affricate Lip_Open Tongue_up Tongue_Raise Tongue_Out Tongue_Narrow "
    "Tongue_Lower Tongue_Curl-U Tongue_Curl-D"
)
STANDARD = words(
    "Brow_Raise_Inner_L Brow_Raise_Inner_R Eye_Blink_L Eye_Blink_R Eye_Squint_L Eye_Squint_R Eye_Wide_L Eye_Wide_R "
    "Mouth_Smile_L Mouth_Smile_R Mouth_Frown_L Mouth_Frown_R Mouth_Pucker Mouth_Widen Mouth_Dimple_L Mouth_Dimple_R "
    "Mouth_Plosive Mouth_Lips_Open Mouth_L Mouth_R Mouth_Open"
)
HD = words(
    "Jaw_Open Jaw_Fwd Jaw_Left Jaw_Right Mouth_Funnel_UL Mouth_Funnel_UR Mouth_Funnel_DL Mouth_Funnel_DR "
    "Mouth_Lips_Purse_UL Mouth_Lips_Purse_UR Mouth_Lips_Purse_DL Mouth_Lips_Purse_DR Mouth_Lips_Together_UL "
    "Mouth_Lips_Together_UR Mouth_Lips_Together_DL Mouth_Lips_Together_DR Mouth_Corner_Pull_L Mouth_Corner_Pull_R "
    "Mouth_UpperLip_Raise_L Mouth_UpperLip_Raise_R Mouth_LowerLip_Depress_L Mouth_LowerLip_Depress_R "
    "Mouth_Lips_Press_L Mouth_Lips_Press_R Eye_Blink_L Eye_Blink_R Eye_Widen_L Eye_Widen_R Tongue_Out"
)
UNIFIED = words(
    "JawOpen JawLeft JawRight JawForward MouthClosed LipFunnel LipPucker LipSuckUpper LipSuckLower MouthSmileLeft "
    "MouthSmileRight EyeClosedLeft EyeClosedRight MouthStretchLeft MouthStretchRight MouthUpperUp MouthLowerDown"
)
OCULUS = SCHEME_BY_NAME["oculus"].channels
DAZ = words("AA EE EH ER F IH IY K L M OW S SH T TH UW W")
HAND = words("A E I O U L MBP FV WQ")
TRADITIONAL = [f"A{number:02}_{name[0].upper()}{name[1:]}" for number, name in enumerate(ARKIT_NAMES, 1)]


def own(scheme: str, before: str = "") -> list[str]:
    return [f"{before}{name}" for name in SCHEME_BY_NAME[scheme].channels]


KINDS = {
    # names, scheme, what opens on a, rounds on u, closes on m ("" where the jaw shuts), blinks
    "CC3 classic": (STANDARD + V3, "reallusion_standard", "Mouth_Open", "Mouth_Pucker", "Mouth_Plosive", "Eye_Blink_L"),
    "CC3 visemes": (V3, "reallusion_standard", "Open", "Tight-O", "Explosive", ""),
    "CC4 standard": (
        STANDARD + V4,
        "reallusion_standard",
        "Mouth_Open",
        "Mouth_Pucker",
        "Mouth_Plosive",
        "Eye_Blink_L",
    ),
    "CC3+ traditional": (
        TRADITIONAL + V4,
        "arkit",
        "A18_JawOpen",
        "A21_MouthPucker",
        "A19_MouthClose",
        "A01_EyeBlinkLeft",
    ),
    "CC4 extended": (own("reallusion"), "reallusion", "Jaw_Open", "Mouth_Pucker_Up_L", "Mouth_Close", "Eye_Blink_L"),
    "CC5 HD": (HD + V4, "metahuman", "Jaw_Open", "Mouth_Lips_Purse_UL", "Mouth_Lips_Together_UL", "Eye_Blink_L"),
    "MetaHuman": (
        own("metahuman", "CTRL_expressions_"),
        "metahuman",
        "CTRL_expressions_jawOpen",
        "CTRL_expressions_mouthLipsPurseUL",
        "CTRL_expressions_mouthLipsTogetherUL",
        "CTRL_expressions_eyeBlinkL",
    ),
    "Unified Expressions": (UNIFIED, "unified", "JawOpen", "LipPucker", "MouthClosed", "EyeClosedLeft"),
    "Preston Blair in words": (
        ["A and I", "E", "O", "U", "C D G K N R S Th Y Z", "L", "W Q", "M B P", "F V", "rest"],
        "preston_blair",
        "A and I",
        "W Q",
        "M B P",
        "",
    ),
    "by hand": (HAND, "vowels", "A", "U", "MBP", ""),
    "by hand, prefix": ([f"ph_{name}" for name in HAND], "vowels", "ph_A", "ph_U", "ph_MBP", ""),
    "Phoneme_L": ([f"Phoneme_{name}" for name in (*HAND, "R")], "vowels", "Phoneme_A", "Phoneme_U", "Phoneme_MBP", ""),
    "Daz Genesis 8": (
        [*(f"eCTRLv{name}" for name in DAZ), "eCTRLEyesClosed"],
        "daz",
        "eCTRLvAA",
        "eCTRLvUW",
        "eCTRLvM",
        "eCTRLEyesClosed",
    ),
    "Daz Genesis 3": (
        [f"head__eCTRLv{name}" for name in DAZ],
        "daz",
        "head__eCTRLvAA",
        "head__eCTRLvUW",
        "head__eCTRLvM",
        "",
    ),
    "Daz Genesis 9": (
        [f"facs_ctrl_v{name}" for name in DAZ],
        "daz",
        "facs_ctrl_vAA",
        "facs_ctrl_vUW",
        "facs_ctrl_vM",
        "",
    ),
    "Daz FACS 8.1": (
        [f"facs_bs_{name[0].upper()}{name[1:]}_div2" for name in ARKIT_NAMES],
        "arkit",
        "facs_bs_JawOpen_div2",
        "facs_bs_MouthPucker_div2",
        "facs_bs_MouthClose_div2",
        "facs_bs_EyeBlinkLeft_div2",
    ),
    "Daz FACS 9": (
        [f"facs_bs_{name[0].upper()}{name[1:]}" for name in own("daz_facs")],
        "daz_facs",
        "facs_bs_JawOpen",
        "facs_bs_MouthPurseUpperLeft",
        "facs_bs_MouthCloseLowerRight",
        "facs_bs_EyeBlinkLeft",
    ),
    "FACS units": (
        [f"AU{n}" for n in (1, 2, 4, 12, 15, 18, 20, 22, 24, 25, 26, 27, 28, 45)],
        "facs",
        "AU26",
        "AU18",
        "AU24",
        "AU45",
    ),
    "MakeHuman units": (
        own("makehuman"),
        "makehuman",
        "mouth-open",
        "mouth-pursing",
        "mouth-compression",
        "eye-left-closure",
    ),
    "Fuse": (own("fuse"), "fuse", "MouthOpen", "MouthNarrow_Left", "", "Blink_Left"),
    "Source": (own("source"), "source", "jaw_drop", "left_puckerer", "presser", "left_lid_closer"),
    "Roblox": (own("roblox"), "roblox", "JawDrop", "Pucker", "LipsTogether", "LeftEyeClosed"),
    "Roblox, in small letters": (
        words("jaw_drop lips_together pucker funneler left_eye_closed right_eye_closed left_lip_corner_puller"),
        "roblox",
        "jaw_drop",
        "pucker",
        "lips_together",
        "left_eye_closed",
    ),
    "VRoid": (
        [*(f"Fcl_MTH_{vowel}" for vowel in "AIUEO"), "Fcl_EYE_Close", "Fcl_EYE_Close_L", "Fcl_EYE_Close_R"],
        "vrm",
        "Fcl_MTH_A",
        "Fcl_MTH_U",
        "",
        "Fcl_EYE_Close",
    ),
    "MMD": (
        ["あ", "い", "う", "え", "お", "まばたき", "ウィンク", "ウィンク右", "笑い"],
        "vrm",
        "あ",
        "う",
        "",
        "まばたき",
    ),
    "VRM 0": (words("A I U E O Blink Blink_L Blink_R"), "vrm", "A", "U", "", "Blink"),
    "VRChat": (
        [*(f"vrc.v_{name.lower()}" for name in (*OCULUS[:12], "ih", "oh", "ou")), "vrc.blink"],
        "oculus",
        "vrc.v_aa",
        "vrc.v_ou",
        "vrc.v_pp",
        "vrc.blink",
    ),
    "visemes and Blink": ([*OCULUS, "Blink"], "oculus", "aa", "U", "PP", "Blink"),
    "visemes and eyesClosed": ([*OCULUS, "eyesClosed"], "oculus", "aa", "U", "PP", "eyesClosed"),
    "visemes and blink_L": ([*OCULUS, "blink_L", "blink_R"], "oculus", "aa", "U", "PP", "blink_L"),
    "numbered": (
        [f"{n:02}_{name}" for n, name in enumerate(ARKIT_NAMES)],
        "arkit",
        "17_jawOpen",
        "20_mouthPucker",
        "18_mouthClose",
        "00_eyeBlinkLeft",
    ),
    "shared affixes": (
        [f"Head_GEO_{name}_target" for name in ARKIT_NAMES],
        "arkit",
        "Head_GEO_jawOpen_target",
        "Head_GEO_mouthPucker_target",
        "Head_GEO_mouthClose_target",
        "Head_GEO_eyeBlinkLeft_target",
    ),
    "side and suffix": (
        [name.replace("Left", "_L").replace("Right", "_R") + "_BS" for name in ARKIT_NAMES],
        "arkit",
        "jawOpen_BS",
        "mouthPucker_BS",
        "mouthClose_BS",
        "eyeBlink_L_BS",
    ),
}


def shown(names: list[str], **pose: float) -> dict[str, float]:
    """The values of the keys of a face that shows a pose."""
    naming = recognize_names(names)
    drive = retarget(naming.scheme, naming.mapping)
    motion = np.zeros((1, len(ARKIT_NAMES)), np.float32)
    for channel, value in pose.items():
        motion[0, ARKIT_INDEX[channel]] = value
    return {naming.mapping[c]: float(v) for c, v in zip(drive.channels, drive(motion)[0], strict=True)}


@pytest.mark.parametrize("kind", KINDS)
def test_it_opens_rounds_closes_and_blinks(kind: str) -> None:
    names, scheme, opens, rounds, closes, blinks = KINDS[kind]
    naming = recognize_names(names)
    assert (naming.scheme, naming.lacks) == (scheme, ())
    opened = shown(names, jawOpen=0.65)
    assert max(opened, key=opened.get) == opens and opened[opens] > 0.5
    rounded = shown(names, jawOpen=0.1, mouthPucker=0.8)
    assert rounded[rounds] > 0.35
    closed = shown(names, jawOpen=0.2, mouthClose=0.2, mouthPressLeft=0.4, mouthPressRight=0.4)
    assert closed[closes] > 0.15 if closes else closed[opens] == 0.0
    if blinks:
        lids = {key: value for key, value in shown(names, eyeBlinkLeft=1.0, eyeBlinkRight=1.0).items() if value > 0}
        assert lids.pop(blinks) == 1.0
        is_both = (
            blinks.lower().endswith(("blink", "closed", "close", "まばたき", "45")) and "left" not in blinks.lower()
        )
        assert len(lids) == (0 if is_both else 1)


def test_the_mouth_of_an_able_face_never_opens_twice() -> None:
    for kind, (names, _, _, _, _, _) in KINDS.items():
        opened = [value for value in shown(names, jawOpen=1.0).values() if value > 0.5]
        assert len(opened) == 1, kind


def test_a_wink_never_stands_in_for_a_blink() -> None:
    assert "ウィンク" not in recognize_names(["あ", "い", "う", "え", "お", "ウィンク", "ウィンク右"]).mapping.values()


def test_keys_that_move_nothing_do_not_tell_what_a_face_is() -> None:
    visemes = [f"viseme_{name}" for name in OCULUS]
    names = [*ARKIT_NAMES, *visemes]
    still = {"Head": {name for name in ARKIT_NAMES if not name.startswith(("eye", "brow"))}}
    assert recognize_face({"Head": names}).scheme == "arkit"
    naming = recognize_face({"Head": names}, still)
    assert naming.scheme == "oculus"
    assert naming.mapping["eyeBlinkLeft"] == "eyeBlinkLeft"
    only_jaw = recognize_face({"Head": names}, {"Head": {"jawOpen"}})
    assert only_jaw.scheme == "oculus"


def test_of_a_set_whose_keys_are_mostly_empty_the_mouth_still_opens() -> None:
    naming = recognize_face({"": ["aa", "ih", "ou", "ee", "oh"]}, {"": {"ih", "ou", "ee", "oh"}})
    assert (naming.scheme, naming.lacks) == ("vrm", ("round",))
    assert not recognize_face({"": ["aa", "ih", "ou", "ee", "oh"]}, {"": {"aa", "ee"}}).can_speak


def test_an_empty_key_of_a_set_still_belongs_to_it() -> None:
    naming = recognize_face({"Head": ARKIT_NAMES, "Teeth": ARKIT_NAMES}, {"Teeth": set(ARKIT_NAMES) - {"jawOpen"}})
    assert naming.scheme == "arkit"
    assert naming.meshes["Teeth"]["jawOpen"] == "jawOpen"


@pytest.mark.parametrize(
    ("names", "lacks", "said"),
    [
        (["mouthOpen", "mouthSmile"], ("round",), "no key rounds the lips"),
        (["jawOpen"], ("round",), "no key rounds the lips"),
        (["mouthSmile", "mouthPucker", "mouthFunnel"], ("open",), "no key opens the mouth"),
        (["blink_L", "blink_R", "browInnerUp"], ("open", "round"), "no key opens the mouth or rounds the lips"),
        ([name for name in ARKIT_NAMES if name != "jawOpen"], ("open",), "no key opens the mouth"),
    ],
)
def test_what_a_mouth_cannot_do_is_said(names: list[str], lacks: tuple[str, ...], said: str) -> None:
    naming = recognize_names(names)
    assert naming.lacks == lacks
    assert said in naming.sentence and "Map by Hand" in naming.sentence
    assert naming.can_speak == ("open" not in lacks)


def test_a_bone_may_open_the_mouth() -> None:
    naming = recognize_face({"": [name for name in ARKIT_NAMES if name != "jawOpen"]}, has_jaw=True)
    assert naming.can_speak and naming.lacks == ()


def test_the_list_of_kinds_names_every_scheme() -> None:
    said = table()
    assert all(scheme.title in said and scheme.maker and scheme.maker in said for scheme in SCHEMES)
