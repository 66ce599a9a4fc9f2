"""Schemes whose keys are single movements, as ARKit's are, under other names and in other parts."""

from collections.abc import Mapping

from ..rules import Rule
from .base import Aliases, Scheme, parts, sides, spoken_weights


def _units(
    name: str,
    title: str,
    maker: str,
    rules: Mapping[str, Rule],
    aliases: Aliases | None = None,
    yields: Aliases | None = None,
    least: float = 0.2,
) -> Scheme:
    return Scheme(name, title, rules, aliases or {}, spoken_weights(rules), least, yields=yields or {}, maker=maker)


def _same(*names: str) -> dict[str, Rule]:
    return {name: {name: 1.0} for name in names}


_QUARTERS = ("UL", "UR", "DL", "DR")
_METAHUMAN: dict[str, Rule] = {
    "jawOpen": {"jawOpen": 1.0}, "jawFwd": {"jawForward": 1.0}, "jawLeft": {"jawLeft": 1.0},
    "jawRight": {"jawRight": 1.0},
    **parts({
        "mouthFunnel": ("mouthFunnel", 1.0), "mouthLipsPurse": ("mouthPucker", 1.0),
        "mouthLipsTogether": ("mouthClose", 1.0),
    }, _QUARTERS),
    **sides({
        "mouthCornerPull": "mouthSmile", "mouthCornerDepress": "mouthFrown", "mouthStretch": "mouthStretch",
        "mouthDimple": "mouthDimple", "mouthUpperLipRaise": "mouthUpperUp", "mouthLowerLipDepress": "mouthLowerDown",
        "mouthLipsPress": "mouthPress", "mouthUpperLipRollIn": "mouthRollUpper",
        "mouthLowerLipRollIn": "mouthRollLower", "mouthUpperLipBite": "mouthRollUpper",
        "mouthLowerLipBite": "mouthRollLower",
        "eyeBlink": "eyeBlink", "eyeWiden": "eyeWide", "eyeSquintInner": "eyeSquint", "eyeCheekRaise": "cheekSquint",
        "browDown": "browDown", "browRaiseIn": "browInnerUp", "browRaiseOuter": "browOuterUp",
        "noseWrinkle": "noseSneer", "mouthCheekBlow": "cheekPuff",
    }, "L", "R"),
    "mouthLeft": {"mouthLeft": 1.0}, "mouthRight": {"mouthRight": 1.0}, "tongueOut": {"tongueOut": 1.0},
    **parts({"jawChinRaise": ("mouthShrugLower", 0.7)}, _QUARTERS),
    **parts({
        "eyeLookUp": ("eyeLookUp", 1.0), "eyeLookDown": ("eyeLookDown", 1.0),
    }, ("L", "R")),
    "eyeLookLeftL": {"eyeLookOutLeft": 1.0}, "eyeLookLeftR": {"eyeLookInRight": 1.0},
    "eyeLookRightL": {"eyeLookInLeft": 1.0}, "eyeLookRightR": {"eyeLookOutRight": 1.0},
}  # fmt: skip

METAHUMAN_SCHEME = _units(
    "metahuman",
    "MetaHuman",
    "MetaHuman (CTRL_expressions_jawOpen …) and Character Creator 5's HD profile",
    _METAHUMAN,
    yields={f"mouth{lip}LipBite{s}": (f"mouth{lip}LipRollIn{s}",) for lip in ("Upper", "Lower") for s in "LR"},
)

_FOURTHS = ("UpperLeft", "UpperRight", "LowerLeft", "LowerRight")
_BOTH_LIPS = {
    "LipFunnel": {"mouthFunnel": 1.0}, "LipFunnelUpper": {"mouthFunnel": 1.0}, "LipFunnelLower": {"mouthFunnel": 1.0},
    "LipPucker": {"mouthPucker": 1.0}, "LipPuckerUpper": {"mouthPucker": 1.0}, "LipPuckerLower": {"mouthPucker": 1.0},
    "LipSuckUpper": {"mouthRollUpper": 1.0}, "LipSuckLower": {"mouthRollLower": 1.0},
}  # fmt: skip
_UNIFIED: dict[str, Rule] = {
    "JawOpen": {"jawOpen": 1.0}, "MouthClosed": {"mouthClose": 1.0}, "JawForward": {"jawForward": 1.0},
    **_same("jawLeft", "jawRight"), **_BOTH_LIPS,
    **parts({"LipFunnel": ("mouthFunnel", 1.0), "LipPucker": ("mouthPucker", 1.0)}, _FOURTHS),
    "LipSuckUpperLeft": {"mouthRollUpper": 1.0}, "LipSuckUpperRight": {"mouthRollUpper": 1.0},
    "LipSuckLowerLeft": {"mouthRollLower": 1.0}, "LipSuckLowerRight": {"mouthRollLower": 1.0},
    **sides({
        "MouthCornerPull": "mouthSmile", "MouthSmile": "mouthSmile", "MouthFrown": "mouthFrown",
        "MouthSad": "mouthFrown", "MouthStretch": "mouthStretch", "MouthDimple": "mouthDimple",
        "MouthUpperUp": "mouthUpperUp", "MouthLowerDown": "mouthLowerDown", "MouthPress": "mouthPress",
        "EyeClosed": "eyeBlink", "EyeSquint": "eyeSquint", "EyeWide": "eyeWide", "BrowLowerer": "browDown",
        "BrowDown": "browDown", "BrowInnerUp": "browInnerUp", "BrowOuterUp": "browOuterUp", "BrowUp": "browOuterUp",
        "CheekSquint": "cheekSquint", "CheekPuff": "cheekPuff", "NoseSneer": "noseSneer",
        "EyeLookUp": "eyeLookUp", "EyeLookDown": "eyeLookDown", "EyeLookIn": "eyeLookIn", "EyeLookOut": "eyeLookOut",
    }, "Left", "Right"),
    "EyeClosed": {"eyeBlink*": 1.0}, "MouthSmile": {"mouthSmile*": 1.0}, "MouthSad": {"mouthFrown*": 1.0},
    "MouthStretch": {"mouthStretch*": 1.0}, "MouthUpperUp": {"mouthUpperUp*": 1.0},
    "MouthLowerDown": {"mouthLowerDown*": 1.0}, "MouthPress": {"mouthPress*": 1.0}, "BrowDown": {"browDown*": 1.0},
    "BrowInnerUp": {"browInnerUp": 1.0}, "CheekPuff": {"cheekPuff": 1.0},
    "MouthRaiserUpper": {"mouthShrugUpper": 1.0}, "MouthRaiserLower": {"mouthShrugLower": 1.0},
    "MouthUpperLeft": {"mouthLeft": 1.0}, "MouthUpperRight": {"mouthRight": 1.0},
    "MouthLowerLeft": {"mouthLeft": 1.0}, "MouthLowerRight": {"mouthRight": 1.0}, "TongueOut": {"tongueOut": 1.0},
}  # fmt: skip


def _halves_yield(*stems: str) -> dict[str, tuple[str, ...]]:
    """A key for both sides rests where there is one for the left."""
    return {stem: (f"{stem}Left",) for stem in stems}


UNIFIED_SCHEME = _units(
    "unified",
    "Unified Expressions",
    "VRChat face tracking (VRCFaceTracking)",
    _UNIFIED,
    yields={
        "LipFunnel": ("LipFunnelUpper", "LipFunnelUpperLeft"), "LipPucker": ("LipPuckerUpper", "LipPuckerUpperLeft"),
        **_halves_yield("LipFunnelUpper", "LipFunnelLower", "LipPuckerUpper", "LipPuckerLower", "LipSuckUpper"),
        **_halves_yield("LipSuckLower", "EyeClosed", "MouthSmile", "MouthSad", "MouthStretch", "MouthUpperUp"),
        **_halves_yield("MouthLowerDown", "MouthPress", "BrowDown", "BrowInnerUp", "CheekPuff"),
        **{f"MouthSmile{s}": (f"MouthCornerPull{s}",) for s in ("Left", "Right")},
        **{f"MouthSad{s}": (f"MouthFrown{s}",) for s in ("Left", "Right")},
        **{f"BrowDown{s}": (f"BrowLowerer{s}",) for s in ("Left", "Right")},
        **{f"BrowUp{s}": (f"BrowOuterUp{s}",) for s in ("Left", "Right")},
    },
)  # fmt: skip

_DAZ_FACS: dict[str, Rule] = {
    **_same("jawOpen", "jawForward", "jawLeft", "jawRight"),
    **parts({
        "mouthClose": ("mouthClose", 1.0), "mouthFunnel": ("mouthFunnel", 1.0), "mouthPurse": ("mouthPucker", 1.0),
    }, _FOURTHS),
    **parts({"mouthPress": ("mouthPress", 1.0)}, _FOURTHS),
    "mouthRollUpperLeft": {"mouthRollUpper": 1.0}, "mouthRollUpperRight": {"mouthRollUpper": 1.0},
    "mouthRollLowerLeft": {"mouthRollLower": 1.0}, "mouthRollLowerRight": {"mouthRollLower": 1.0},
    **_same(*(f"{stem}{side}" for side in ("Left", "Right") for stem in (
        "mouthSmile", "mouthFrown", "mouthDimple", "mouthUpperUp", "mouthLowerDown", "eyeBlink", "eyeSquint",
        "cheekSquint", "browDown", "browOuterUp", "noseSneer", "eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut",
    ))),
    **sides({
        "mouthWiden": "mouthStretch", "eyesWide": "eyeWide", "browInnerUp": "browInnerUp", "cheekPuff": "cheekPuff",
    }, "Left", "Right"),
    **_same("mouthLeft", "mouthRight", "mouthShrugUpper", "mouthShrugLower", "tongueOut"),
}  # fmt: skip

DAZ_FACS_SCHEME = _units("daz_facs", "Daz FACS", "Daz Genesis 9 (facs_bs_MouthFunnelUpperLeft …)", _DAZ_FACS)

_FACS: dict[str, Rule] = {
    "AU1": {"browInnerUp": 1.0}, "AU2": {"browOuterUp*": 1.0}, "AU4": {"browDown*": 1.0}, "AU5": {"eyeWide*": 1.0},
    "AU6": {"cheekSquint*": 1.0}, "AU7": {"eyeSquint*": 1.0}, "AU9": {"noseSneer*": 1.0},
    "AU10": {"mouthUpperUp*": 1.0}, "AU12": {"mouthSmile*": 1.0}, "AU14": {"mouthDimple*": 1.0},
    "AU15": {"mouthFrown*": 1.0}, "AU16": {"mouthLowerDown*": 1.0}, "AU17": {"mouthShrugLower": 1.0},
    "AU18": {"mouthPucker": 1.0}, "AU19": {"tongueOut": 1.0}, "AU20": {"mouthStretch*": 1.0},
    "AU22": {"mouthFunnel": 1.0}, "AU24": {"mouthPress*": 1.0},
    "AU25": {"mouthLowerDown*": 0.6, "mouthUpperUp*": 0.3}, "AU26": {"jawOpen": 1.0}, "AU27": {"jawOpen": 1.0},
    "AU28": {"mouthRollLower": 0.8, "mouthRollUpper": 0.8}, "AU29": {"jawForward": 1.0},
    "AU33": {"cheekPuff": 1.0}, "AU43": {"eyeBlink*": 1.0}, "AU45": {"eyeBlink*": 1.0},
}  # fmt: skip
_FACS_WORDS = {
    "AU1": "inner_brow_raiser", "AU2": "outer_brow_raiser", "AU4": "brow_lowerer", "AU5": "upper_lid_raiser",
    "AU6": "cheek_raiser", "AU7": "lid_tightener", "AU9": "nose_wrinkler", "AU10": "upper_lip_raiser",
    "AU12": "lip_corner_puller", "AU14": "dimpler", "AU15": "lip_corner_depressor", "AU16": "lower_lip_depressor",
    "AU17": "chin_raiser", "AU18": "lip_puckerer", "AU19": "tongue_show", "AU20": "lip_stretcher",
    "AU22": "lip_funneler", "AU24": "lip_pressor", "AU25": "lips_part", "AU26": "jaw_drop", "AU27": "mouth_stretch",
    "AU28": "lip_suck", "AU29": "jaw_thrust", "AU33": "cheek_blow", "AU43": "eyes_closed", "AU45": "blink",
}  # fmt: skip
_FACS_SIDED = {
    f"{unit}{end}": {(c.replace("*", side) if c.endswith("*") else c): share for c, share in _FACS[unit].items()}
    for unit in _FACS
    if any(channel.endswith("*") for channel in _FACS[unit]) or unit == "AU1"
    for end, side in (("_L", "Left"), ("_R", "Right"))
}

FACS_SCHEME = _units(
    "facs",
    "FACS action units",
    "AU1 … AU45 by number, or in words (lip_puckerer)",
    {**_FACS, **_FACS_SIDED},
    aliases={
        unit: (f"AU0{unit[2:]}", f"AU_{unit[2:]}", f"{_FACS_WORDS[unit]}", f"AU{unit[2:]}_{_FACS_WORDS[unit]}")
        for unit in _FACS
    }
    | {key: (f"AU0{key[2:]}", f"{_FACS_WORDS[key[:-2]]}{key[-2:]}") for key in _FACS_SIDED},
    yields={
        "AU27": ("AU26",), "AU43": ("AU45", "AU45_L"),
        **{unit: (f"{unit}_L",) for unit in _FACS if f"{unit}_L" in _FACS_SIDED and unit != "AU43"},
    },
)  # fmt: skip

_MAKEHUMAN: dict[str, Rule] = {
    "mouth-open": {"jawOpen": 1.0}, "mouth-pursing": {"mouthPucker": 1.0}, "mouth-protusion": {"mouthFunnel": 1.0},
    "mouth-compression": {"mouthPress*": 1.0}, "mouth-corner-puller": {"mouthSmile*": 1.0},
    "mouth-retraction": {"mouthStretch*": 1.0}, "mouth-depression": {"mouthFrown*": 1.0},
    "mouth-parling": {"mouthLowerDown*": 0.7, "mouthUpperUp*": 0.3}, "mouth-elevation": {"mouthUpperUp*": 0.6},
    "mouth-eversion": {"mouthShrugLower": 0.6}, "mouth-upward-retraction": {"mouthShrugUpper": 0.6},
    "eye-left-closure": {"eyeBlinkLeft": 1.0}, "eye-right-closure": {"eyeBlinkRight": 1.0},
    "eye-left-opened-up": {"eyeWideLeft": 1.0}, "eye-right-opened-up": {"eyeWideRight": 1.0},
    "eye-left-slit": {"eyeSquintLeft": 1.0}, "eye-right-slit": {"eyeSquintRight": 1.0},
    "eyebrows-left-down": {"browDownLeft": 1.0}, "eyebrows-right-down": {"browDownRight": 1.0},
    "eyebrows-left-inner-up": {"browInnerUp": 1.0}, "eyebrows-right-inner-up": {"browInnerUp": 1.0},
    "eyebrows-left-extern-up": {"browOuterUpLeft": 1.0}, "eyebrows-right-extern-up": {"browOuterUpRight": 1.0},
    "nose-left-elevation": {"noseSneerLeft": 1.0}, "nose-right-elevation": {"noseSneerRight": 1.0},
}  # fmt: skip

MAKEHUMAN_SCHEME = _units(
    "makehuman",
    "MakeHuman units",
    "MakeHuman and MPFB expression units",
    _MAKEHUMAN,
    aliases={"mouth-protusion": ("mouth-protrusion",)},
)

_FUSE: dict[str, Rule] = {
    "MouthOpen": {"jawOpen": 1.0}, "Jaw_Down": {"jawOpen": 1.0},
    "MouthNarrow_Left": {"mouthPucker": 1.0}, "MouthNarrow_Right": {"mouthPucker": 1.0},
    "MouthWhistle_NarrowAdjust_Left": {"mouthFunnel": 0.8}, "MouthWhistle_NarrowAdjust_Right": {"mouthFunnel": 0.8},
    "LowerLipIn": {"mouthRollLower": 1.0}, "UpperLipIn": {"mouthRollUpper": 1.0},
    "LowerLipOut": {"mouthShrugLower": 0.7}, "UpperLipOut": {"mouthShrugUpper": 0.7},
    "JawForeward": {"jawForward": 1.0}, "Jaw_Left": {"jawLeft": 1.0}, "Jaw_Right": {"jawRight": 1.0},
    **sides({
        "Smile": "mouthSmile", "Frown": "mouthFrown", "UpperLipUp": "mouthUpperUp", "LowerLipDown": "mouthLowerDown",
        "Blink": "eyeBlink", "Squint": "eyeSquint", "EyesWide": "eyeWide", "BrowsDown": "browDown",
        "BrowsUp": "browOuterUp", "CheekPuff": "cheekPuff", "NoseScrunch": "noseSneer",
    }, "_Left", "_Right"),
}  # fmt: skip

FUSE_SCHEME = _units(
    "fuse", "Mixamo Fuse", "Adobe Fuse and Mixamo", _FUSE, yields={"Jaw_Down": ("MouthOpen",)}, least=0.25
)

_SOURCE: dict[str, Rule] = {
    "jaw_drop": {"jawOpen": 1.0}, "mouth_drop": {"mouthLowerDown*": 0.6},
    "presser": {"mouthPress*": 1.0}, "bite": {"mouthRollLower": 1.0}, "lower_lip": {"mouthLowerDown*": 0.5},
    "chin_raiser": {"mouthShrugLower": 1.0}, "blink": {"eyeBlink*": 1.0}, "smile": {"mouthSmile*": 0.5},
    "puckerer": {"mouthPucker": 1.0}, "funneler": {"mouthFunnel": 1.0}, "part": {"mouthUpperUp*": 0.3},
    "wrinkler": {"noseSneer*": 1.0},
    "left_puckerer": {"mouthPucker": 1.0}, "right_puckerer": {"mouthPucker": 1.0},
    "left_funneler": {"mouthFunnel": 1.0}, "right_funneler": {"mouthFunnel": 1.0},
    "left_inner_raiser": {"browInnerUp": 1.0}, "right_inner_raiser": {"browInnerUp": 1.0},
    **{f"{side.lower()}_{stem}": {f"{channel}{side}": share} for side in ("Left", "Right") for stem, channel, share in (
        ("mouth_drop", "mouthLowerDown", 0.6), ("part", "mouthUpperUp", 0.3), ("upper_raiser", "mouthUpperUp", 1.0),
        ("corner_puller", "mouthSmile", 1.0), ("corner_depressor", "mouthFrown", 1.0),
        ("stretcher", "mouthStretch", 1.0), ("dimpler", "mouthDimple", 1.0), ("lid_closer", "eyeBlink", 1.0),
        ("lid_raiser", "eyeWide", 1.0), ("lid_tightener", "eyeSquint", 1.0), ("outer_raiser", "browOuterUp", 1.0),
        ("lowerer", "browDown", 1.0), ("cheek_raiser", "cheekSquint", 1.0),
    )},
}  # fmt: skip

SOURCE_SCHEME = _units(
    "source",
    "Source flexes",
    "Source engine, Garry's Mod and Source Filmmaker (right_puckerer, jaw_drop …)",
    _SOURCE,
    yields={
        "smile": ("left_corner_puller",), "blink": ("left_lid_closer",), "puckerer": ("left_puckerer",),
        "funneler": ("left_funneler",), "part": ("left_part",), "mouth_drop": ("left_mouth_drop",),
        "lower_lip": ("left_mouth_drop", "mouth_drop"),
    },
)  # fmt: skip

_ROBLOX_SIDED = {
    "EyeClosed": "eyeBlink", "EyeUpperLidRaiser": "eyeWide", "CheekRaiser": "cheekSquint", "CheekPuff": "cheekPuff",
    "BrowLowerer": "browDown", "InnerBrowRaiser": "browInnerUp", "OuterBrowRaiser": "browOuterUp",
    "NoseWrinkler": "noseSneer", "LipCornerPuller": "mouthSmile", "LipCornerDown": "mouthFrown",
    "LipStretcher": "mouthStretch", "Dimpler": "mouthDimple", "LowerLipDepressor": "mouthLowerDown",
    "UpperLipRaiser": "mouthUpperUp",
}  # fmt: skip
_ROBLOX: dict[str, Rule] = {
    "JawDrop": {"jawOpen": 1.0}, "LipsTogether": {"mouthClose": 1.0}, "Pucker": {"mouthPucker": 1.0},
    "Funneler": {"mouthFunnel": 1.0}, "FlatPucker": {}, "LipPresser": {"mouthPress*": 1.0},
    "LowerLipSuck": {"mouthRollLower": 1.0}, "UpperLipSuck": {"mouthRollUpper": 1.0},
    "ChinRaiser": {"mouthShrugLower": 1.0}, "ChinRaiserUpperLip": {"mouthShrugUpper": 1.0},
    **_same("jawLeft", "jawRight", "mouthLeft", "mouthRight", "tongueOut"),
    "EyesLookUp": {"eyeLookUp*": 1.0}, "EyesLookDown": {"eyeLookDown*": 1.0},
    "EyesLookLeft": {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5},
    "EyesLookRight": {"eyeLookInLeft": 0.5, "eyeLookOutRight": 0.5},
    **{f"{side}{stem}": {channel if channel in ("browInnerUp", "cheekPuff") else f"{channel}{side}": 1.0}
       for side in ("Left", "Right") for stem, channel in _ROBLOX_SIDED.items()},
}  # fmt: skip

ROBLOX_SCHEME = _units(
    "roblox",
    "Roblox FACS",
    "Roblox heads (JawDrop, LipsTogether, LeftEyeClosed …)",
    _ROBLOX,
    aliases={f"{side}{stem}": (f"{stem}_{side}",) for side in ("Left", "Right") for stem in _ROBLOX_SIDED},
)
