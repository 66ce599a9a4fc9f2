"""The naming schemes of shape keys that animators meet, in order of preference."""

from dataclasses import dataclass, field

from ..motion.arkit import ARKIT_NAMES

Aliases = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Scheme:
    """One way to name the keys of a face.

    `channels` are its canonical key names; `aliases` other spellings of a channel; `weights` what a channel adds to the
    score (1 unless said); `least` the score from which a face of this scheme can speak.
    """

    name: str
    title: str
    channels: tuple[str, ...]
    aliases: Aliases = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    least: float = 0.5
    is_viseme_set: bool = True


def _pairs(*stems: str) -> tuple[str, ...]:
    return tuple(stem + side for stem in stems for side in ("_L", "_R"))


ARKIT_MERGED: dict[str, tuple[str, ...]] = {
    "eyeBlink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "mouthSmile": ("mouthSmileLeft", "mouthSmileRight"),
    "mouthFrown": ("mouthFrownLeft", "mouthFrownRight"),
    "mouthDimple": ("mouthDimpleLeft", "mouthDimpleRight"),
    "mouthStretch": ("mouthStretchLeft", "mouthStretchRight"),
    "mouthPress": ("mouthPressLeft", "mouthPressRight"),
    "mouthLowerDown": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "mouthUpperUp": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "browDown": ("browDownLeft", "browDownRight"),
    "browOuterUp": ("browOuterUpLeft", "browOuterUpRight"),
    "cheekSquint": ("cheekSquintLeft", "cheekSquintRight"),
    "noseSneer": ("noseSneerLeft", "noseSneerRight"),
}
"""Keys of both sides at once, for faces that have no left and right; driven by the mean of the two channels."""

ARKIT_SPLIT: dict[str, str] = {
    "browInnerUpLeft": "browInnerUp",
    "browInnerUpRight": "browInnerUp",
    "cheekPuffLeft": "cheekPuff",
    "cheekPuffRight": "cheekPuff",
}
"""Keys of one side where ARKit has one for both."""

_SPOKEN = {
    "jawOpen": 6.0, "mouthClose": 3.0, "mouthFunnel": 3.0, "mouthPucker": 3.0,
    "mouthRollLower": 1.5, "mouthRollUpper": 1.0,
    "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "mouthStretchLeft": 1.0, "mouthStretchRight": 1.0,
    "mouthLowerDownLeft": 1.5, "mouthLowerDownRight": 1.5, "mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0,
    "mouthPressLeft": 1.0, "mouthPressRight": 1.0, "mouthShrugLower": 1.0, "mouthShrugUpper": 0.5,
    "eyeBlinkLeft": 0.75, "eyeBlinkRight": 0.75, "tongueOut": 0.5,
}  # fmt: skip

ARKIT_SCHEME = Scheme(
    "arkit",
    "ARKit",
    ARKIT_NAMES,
    weights={name: _SPOKEN.get(name, 0.2) for name in ARKIT_NAMES},
    least=0.15,
    is_viseme_set=False,
)

OCULUS_SCHEME = Scheme(
    "oculus",
    "Oculus visemes",
    ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"),
    aliases={"sil": ("silence",), "I": ("ih",), "O": ("oh",), "U": ("ou",)},
    weights={"sil": 0.0},
)

MICROSOFT_SCHEME = Scheme(
    "microsoft",
    "Microsoft visemes",
    (
        "sil_00", "ae_ax_ah_01", "aa_02", "ao_03", "ey_eh_uh_04", "er_05", "y_iy_ih_ix_06", "w_uw_07", "ow_08", "aw_09",
        "oy_10", "ay_11", "h_12", "r_13", "l_14", "s_z_15", "sh_ch_jh_zh_16", "th_dh_17", "f_v_18", "d_t_n_19",
        "k_g_ng_20", "p_b_m_21",
    ),
    aliases={
        "ae_ax_ah_01": ("ae_ax_ah",), "ey_eh_uh_04": ("ey_eh_uh",), "y_iy_ih_ix_06": ("y_iy_ih_ix",),
        "w_uw_07": ("w_uw",), "oy_10": ("oy_",), "s_z_15": ("s_z",), "sh_ch_jh_zh_16": ("sh_ch_jh_zh",),
        "th_dh_17": ("th_dh",), "f_v_18": ("f_v",), "d_t_n_19": ("d_t_n",), "k_g_ng_20": ("k_g_ng",),
        "p_b_m_21": ("p_b_m",),
    },
    weights={"sil_00": 0.0},
)  # fmt: skip

VRM_SCHEME = Scheme(
    "vrm",
    "VRM",
    ("aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight"),
    aliases={
        "aa": ("a", "あ"), "ih": ("i", "い"), "ou": ("u", "う"), "ee": ("e", "え"), "oh": ("o", "お"),
        "blink": ("fcl_eye_close", "eye_close", "まばたき"), "blinkLeft": ("eye_close_L", "ウィンク"),
        "blinkRight": ("eye_close_R", "ウィンク右"),
    },
    weights={"blink": 0.0, "blinkLeft": 0.0, "blinkRight": 0.0},
    least=0.6,
)  # fmt: skip

RHUBARB_SCHEME = Scheme(
    "rhubarb", "Preston Blair (Rhubarb A–X)", tuple("ABCDEFGHX"), weights={"G": 0.5, "H": 0.5, "X": 0.0}, least=0.7
)

PAPAGAYO_SCHEME = Scheme(
    "preston_blair",
    "Preston Blair (Papagayo)",
    ("AI", "E", "O", "U", "L", "WQ", "MBP", "FV", "etc", "rest"),
    aliases={"AI": ("a_i",), "WQ": ("w_q",), "MBP": ("m_b_p",), "FV": ("f_v",)},
    weights={"rest": 0.0},
    least=0.6,
)

_REALLUSION_FACE = (
    "Jaw_Open", "Jaw_Forward", "Jaw_L", "Jaw_R", "Mouth_Close", "Mouth_L", "Mouth_R", "Tongue_Out",
    "Mouth_Shrug_Upper", "Mouth_Shrug_Lower", "Brow_Raise_Inner_L", "Brow_Raise_Inner_R",
    *_pairs("Mouth_Smile", "Mouth_Frown", "Mouth_Dimple", "Mouth_Stretch", "Mouth_Press"),
    *_pairs("Mouth_Up_Upper", "Mouth_Down_Lower"),
    *_pairs("Mouth_Funnel_Up", "Mouth_Funnel_Down", "Mouth_Pucker_Up", "Mouth_Pucker_Down"),
    *_pairs("Mouth_Roll_In_Upper", "Mouth_Roll_In_Lower"),
    *_pairs("Eye_Blink", "Eye_Squint", "Eye_Wide"),
    *_pairs("Brow_Drop", "Brow_Raise_Outer", "Cheek_Puff", "Cheek_Raise", "Nose_Sneer"),
)  # fmt: skip

REALLUSION_SCHEME = Scheme(
    "reallusion",
    "Reallusion CC4 extended",
    (
        "V_Open", "V_Explosive", "V_Dental_Lip", "V_Tight_O", "V_Tight", "V_Wide", "V_Affricate", "V_Lip_Open",
        "V_Tongue_Out", "V_Tongue_Up",
        *_REALLUSION_FACE,
    ),
    aliases={"V_Tongue_Up": ("V_Tongue_Raise",)},
    weights=dict.fromkeys(_REALLUSION_FACE, 0.15),
    least=0.4,
)  # fmt: skip

REALLUSION_PAIRS_SCHEME = Scheme(
    "reallusion_pairs",
    "Reallusion visemes",
    ("EE", "Er", "IH", "Ah", "Oh", "W_OO", "S_Z", "Ch_J", "F_V", "TH", "T_L_D_N", "B_M_P", "K_G_H_NG", "AE", "R"),
    aliases={"TH": ("th",)},
    least=0.5,
)

SCHEMES: tuple[Scheme, ...] = (
    ARKIT_SCHEME,
    OCULUS_SCHEME,
    MICROSOFT_SCHEME,
    VRM_SCHEME,
    RHUBARB_SCHEME,
    PAPAGAYO_SCHEME,
    REALLUSION_SCHEME,
    REALLUSION_PAIRS_SCHEME,
)

SCHEME_BY_NAME: dict[str, Scheme] = {scheme.name: scheme for scheme in SCHEMES}
