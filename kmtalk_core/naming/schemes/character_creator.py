"""The expression profiles of Reallusion's Character Creator: classic, standard and extended; HD is MetaHuman's."""

from ..rules import REALLUSION, TEETH, Rule
from .base import Scheme, sides, spoken_weights


def _pairs(*stems: str) -> tuple[str, ...]:
    return tuple(stem + side for stem in stems for side in ("_L", "_R"))


def _rule(key: str) -> Rule:
    """What a key takes: of its stem where it is of one side, and of a channel with `*` that side alone."""
    if key in REALLUSION:
        return REALLUSION[key]
    side = {"_L": "Left", "_R": "Right"}.get(key[-2:], "")
    stem = REALLUSION.get(key[:-2], {}) if side else {}
    return {(channel[:-1] + side if channel.endswith("*") else channel): share for channel, share in stem.items()}


_EXTENDED = (
    "Jaw_Open", "Jaw_Forward", "Jaw_L", "Jaw_R", "Mouth_Close", "Mouth_L", "Mouth_R", "Tongue_Out",
    "Mouth_Shrug_Upper", "Mouth_Shrug_Lower", "Brow_Raise_Inner_L", "Brow_Raise_Inner_R",
    *_pairs("Mouth_Smile", "Mouth_Frown", "Mouth_Dimple", "Mouth_Stretch", "Mouth_Press"),
    *_pairs("Mouth_Up_Upper", "Mouth_Down_Lower"),
    *_pairs("Mouth_Funnel_Up", "Mouth_Funnel_Down", "Mouth_Pucker_Up", "Mouth_Pucker_Down"),
    *_pairs("Mouth_Roll_In_Upper", "Mouth_Roll_In_Lower"),
    *_pairs("Eye_Blink", "Eye_Squint", "Eye_Wide"),
    *_pairs("Brow_Drop", "Brow_Raise_Outer", "Cheek_Puff", "Cheek_Raise", "Nose_Sneer"),
)  # fmt: skip
_EXTENDED_VISEMES = (
    "V_Open", "V_Explosive", "V_Dental_Lip", "V_Tight_O", "V_Tight", "V_Wide", "V_Affricate", "V_Lip_Open",
    "V_Tongue_Out", "V_Tongue_Up",
)  # fmt: skip

REALLUSION_SCHEME = Scheme(
    "reallusion",
    "Reallusion CC4 extended",
    {key: _rule(key) for key in (*_EXTENDED_VISEMES, *_EXTENDED)},
    aliases={"V_Tongue_Up": ("V_Tongue_Raise",)},
    weights=dict.fromkeys(_EXTENDED, 0.15),
    least=0.3,
    maker="Character Creator 4, Extended profile",
)

_STANDARD: dict[str, Rule] = {
    "Mouth_Open": {"jawOpen": 1.0}, "V_Open": {"jawOpen": 1.0},
    "Mouth_Pucker": {"mouthPucker": 1.0}, "Mouth_Pucker_Open": {"mouthFunnel": 1.0},
    "Mouth_Funnel": {"mouthFunnel": 1.0}, "V_Tight_O": {"mouthPucker": 1.0, "mouthFunnel": 0.6},
    "V_Explosive": {"mouthPress*": 0.8}, "Mouth_Plosive": {"mouthPress*": 0.8},
    "V_Dental_Lip": {"mouthRollLower": 1.0}, "Mouth_Bottom_Lip_Bite": {"mouthRollLower": 1.0},
    "Mouth_Widen": {"mouthStretch*": 0.8}, "V_Wide": {"mouthStretch*": 0.8},
    "Mouth_Widen_Sides": {"mouthStretch*": 0.5}, "V_Affricate": {"mouthFunnel": 0.5, "mouthShrugUpper": 0.5},
    "Mouth_Lips_Open": {"mouthLowerDown*": 0.8, "mouthUpperUp*": 0.4}, "V_Lip_Open": {**TEETH},
    "Mouth_Lips_Part": {}, "Mouth_Lips_Tight": {}, "Mouth_Lips_Tuck": {}, "V_Tight": {},
    "V_Tongue_Out": {"tongueOut": 1.0},
    "Mouth_Bottom_Lip_Under": {"mouthRollLower": 1.0}, "Mouth_Top_Lip_Under": {"mouthRollUpper": 1.0},
    "Mouth_Bottom_Lip_Down": {"mouthLowerDown*": 0.8}, "Mouth_Top_Lip_Up": {"mouthUpperUp*": 0.8},
    "Mouth_Smile": {"mouthSmile*": 1.0}, "Mouth_Frown": {"mouthFrown*": 1.0},
    "Mouth_L": {"mouthLeft": 1.0}, "Mouth_R": {"mouthRight": 1.0},
    "Eye_Blink": {"eyeBlink*": 1.0}, "Nose_Scrunch": {"noseSneer*": 1.0},
    **sides({
        "Mouth_Smile": "mouthSmile", "Mouth_Frown": "mouthFrown", "Mouth_Dimple": "mouthDimple",
        "Mouth_Snarl_Upper": "mouthUpperUp", "Mouth_Snarl_Lower": "mouthLowerDown",
        "Eye_Blink": "eyeBlink", "Eye_Squint": "eyeSquint", "Eye_Wide": "eyeWide", "Brow_Drop": "browDown",
        "Brow_Raise_Inner": "browInnerUp", "Brow_Raise_Outer": "browOuterUp", "Cheek_Blow": "cheekPuff",
        "Cheek_Puff": "cheekPuff", "Cheek_Raise": "cheekSquint", "Nose_Flank_Raise": "noseSneer",
    }),
}  # fmt: skip

REALLUSION_STANDARD_SCHEME = Scheme(
    "reallusion_standard",
    "Reallusion CC3/CC4 standard",
    _STANDARD,
    aliases={
        "V_Open": ("Open",), "V_Explosive": ("Explosive",), "V_Dental_Lip": ("Dental_Lip",),
        "V_Tight_O": ("Tight-O",), "V_Tight": ("Tight",), "V_Wide": ("Wide",), "V_Affricate": ("Affricate",),
        "V_Lip_Open": ("Lip_Open",), "V_Tongue_Out": ("Tongue_Out",), "Eye_Blink": ("Eyes_Blink",),
    },
    weights=spoken_weights(_STANDARD),
    least=0.15,
    yields={
        "V_Open": ("Mouth_Open",), "V_Tight_O": ("Mouth_Pucker",), "V_Explosive": ("Mouth_Plosive",),
        "V_Wide": ("Mouth_Widen",), "V_Lip_Open": ("Mouth_Lips_Open", "Mouth_Bottom_Lip_Down"),
        "V_Dental_Lip": ("Mouth_Bottom_Lip_Bite", "Mouth_Bottom_Lip_Under"),
        "Mouth_Bottom_Lip_Bite": ("Mouth_Bottom_Lip_Under",),
        "Mouth_Widen_Sides": ("Mouth_Widen",), "Mouth_Smile": ("Mouth_Smile_L",), "Mouth_Frown": ("Mouth_Frown_L",),
        "Mouth_Funnel": ("Mouth_Pucker_Open",), "Nose_Scrunch": ("Nose_Flank_Raise_L",),
        "Mouth_Bottom_Lip_Down": ("Mouth_Snarl_Lower_L",), "Mouth_Top_Lip_Up": ("Mouth_Snarl_Upper_L",),
    },
    maker="Character Creator 3 (classic: Open, Tight-O, Explosive …) and 4 (Standard and traditional: V_Open …)",
)  # fmt: skip
