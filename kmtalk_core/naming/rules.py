"""How much of each ARKit channel goes into each viseme; every weight is zero or more, so edits stay predictable.

`jawOpen` stands for the *visible* opening here, max(jawOpen − mouthClose, 0), and `mouthClose` for how far closed lips
are held over an open jaw.  A channel that ends in `*` stands for its left and right, half of the weight each.
"""

from collections.abc import Mapping

Rule = Mapping[str, float]

CLOSED: Rule = {"mouthClose": 2.5, "mouthPress*": 1.0, "mouthRollUpper": 0.5}
LIP_ON_TEETH: Rule = {"mouthRollLower": 1.6, "mouthUpperUp*": 0.3}
TONGUE: Rule = {"tongueOut": 1.2}
OPEN: Rule = {"jawOpen": 1.5}
SPREAD: Rule = {"mouthStretch*": 0.9, "mouthSmile*": 0.6}
OPEN_SPREAD: Rule = {"jawOpen": 0.6, "mouthStretch*": 0.5, "mouthSmile*": 0.4}
ROUND: Rule = {"mouthPucker": 1.2}
OPEN_ROUND: Rule = {"mouthFunnel": 1.1, "jawOpen": 0.4, "mouthPucker": 0.3}
HUSH: Rule = {"mouthFunnel": 0.7, "mouthShrugUpper": 0.6, "mouthShrugLower": 0.3}
TEETH: Rule = {"mouthLowerDown*": 0.7, "mouthDimple*": 0.4, "mouthStretch*": 0.2}
SLIGHT: Rule = {"jawOpen": 0.35, "mouthLowerDown*": 0.3}

RULES: dict[str, dict[str, Rule]] = {
    "oculus": {
        "sil": {}, "PP": CLOSED, "FF": LIP_ON_TEETH, "TH": TONGUE, "DD": SLIGHT, "kk": {"jawOpen": 0.3},
        "CH": HUSH, "SS": TEETH, "nn": {"jawOpen": 0.2, "mouthLowerDown*": 0.2},
        "RR": {"mouthFunnel": 0.4, "mouthPucker": 0.2},
        "aa": OPEN, "E": OPEN_SPREAD, "I": SPREAD, "O": OPEN_ROUND, "U": ROUND,
    },
    "microsoft": {
        # Diphthongs move from one vowel's viseme to another's, and h takes the shape of its neighbours.
        "aw_09": {}, "oy_10": {}, "ay_11": {}, "h_12": {},
        "sil_00": {}, "p_b_m_21": CLOSED, "f_v_18": LIP_ON_TEETH, "th_dh_17": TONGUE, "d_t_n_19": SLIGHT,
        "k_g_ng_20": {"jawOpen": 0.3}, "sh_ch_jh_zh_16": HUSH, "s_z_15": TEETH,
        "l_14": {"jawOpen": 0.2, "tongueOut": 0.4}, "r_13": {"mouthFunnel": 0.4, "mouthPucker": 0.2},
        "er_05": {"mouthFunnel": 0.5, "jawOpen": 0.2}, "aa_02": OPEN,
        "ae_ax_ah_01": {"jawOpen": 0.6, "mouthStretch*": 0.2}, "ey_eh_uh_04": OPEN_SPREAD,
        "y_iy_ih_ix_06": SPREAD, "ao_03": OPEN_ROUND, "ow_08": {"mouthFunnel": 0.8, "mouthPucker": 0.5},
        "w_uw_07": ROUND,
    },
    "vrm": {
        "aa": OPEN, "ih": SPREAD, "ou": ROUND, "ee": OPEN_SPREAD, "oh": OPEN_ROUND,
        "blink": {"eyeBlink*": 1.0}, "blinkLeft": {"eyeBlinkLeft": 1.0}, "blinkRight": {"eyeBlinkRight": 1.0},
    },
    "rhubarb": {
        "A": CLOSED, "B": {"jawOpen": 0.3, **TEETH}, "C": OPEN_SPREAD, "D": OPEN, "E": OPEN_ROUND, "F": ROUND,
        "G": LIP_ON_TEETH, "H": TONGUE, "X": {},
    },
    "preston_blair": {
        "AI": OPEN, "E": OPEN_SPREAD, "O": OPEN_ROUND, "U": {"mouthPucker": 0.8, "mouthFunnel": 0.4}, "WQ": ROUND,
        "L": TONGUE, "MBP": CLOSED, "FV": LIP_ON_TEETH, "etc": {"jawOpen": 0.3, **TEETH}, "rest": {},
    },
    "reallusion_pairs": {
        "EE": SPREAD, "Er": {"mouthFunnel": 0.5, "jawOpen": 0.2}, "IH": {"jawOpen": 0.4, "mouthStretch*": 0.3},
        "Ah": OPEN, "Oh": OPEN_ROUND, "W_OO": ROUND, "S_Z": TEETH, "Ch_J": HUSH, "F_V": LIP_ON_TEETH,
        "TH": TONGUE,
        "T_L_D_N": SLIGHT, "B_M_P": CLOSED, "K_G_H_NG": {"jawOpen": 0.3}, "AE": OPEN_SPREAD,
        "R": {"mouthFunnel": 0.4, "mouthPucker": 0.2},
    },
}  # fmt: skip
"""Scheme → viseme → ARKit channel → weight."""

REALLUSION: dict[str, Rule] = {
    "V_Explosive": {"mouthPress*": 0.5}, "V_Dental_Lip": {"mouthRollLower": 0.8}, "V_Tongue_Out": {"tongueOut": 1.0},
    "Jaw_Open": {"jawOpen": 1.0}, "Mouth_Close": {"mouthClose": 1.0}, "Tongue_Out": {},
    "Jaw_Forward": {"jawForward": 1.0}, "Jaw_L": {"jawLeft": 1.0}, "Jaw_R": {"jawRight": 1.0},
    "Mouth_L": {"mouthLeft": 1.0}, "Mouth_R": {"mouthRight": 1.0},
    "Mouth_Shrug_Upper": {"mouthShrugUpper": 1.0}, "Mouth_Shrug_Lower": {"mouthShrugLower": 1.0},
    "Mouth_Funnel_Up": {"mouthFunnel": 1.0}, "Mouth_Funnel_Down": {"mouthFunnel": 1.0},
    "Mouth_Pucker_Up": {"mouthPucker": 1.0}, "Mouth_Pucker_Down": {"mouthPucker": 1.0},
    "Mouth_Roll_In_Upper": {"mouthRollUpper": 1.0}, "Mouth_Roll_In_Lower": {"mouthRollLower": 0.5},
    "Mouth_Smile": {"mouthSmile*": 1.0}, "Mouth_Frown": {"mouthFrown*": 1.0}, "Mouth_Dimple": {"mouthDimple*": 1.0},
    "Mouth_Stretch": {"mouthStretch*": 1.0}, "Mouth_Press": {"mouthPress*": 0.6},
    "Mouth_Up_Upper": {"mouthUpperUp*": 1.0}, "Mouth_Down_Lower": {"mouthLowerDown*": 1.0},
    "Eye_Blink": {"eyeBlink*": 1.0},
    "Eye_Squint": {"eyeSquint*": 1.0}, "Eye_Wide": {"eyeWide*": 1.0}, "Brow_Drop": {"browDown*": 1.0},
    "Brow_Raise_Outer": {"browOuterUp*": 1.0},
    "Brow_Raise_Inner": {"browInnerUp": 1.0}, "Cheek_Puff": {"cheekPuff": 1.0}, "Cheek_Raise": {"cheekSquint*": 1.0},
    "Nose_Sneer": {"noseSneer*": 1.0},
}  # fmt: skip
"""CC4's extended set says what ARKit says under other names, so its jaw and lips are driven one to one.

Keys that end in `_L` or `_R` take their rule from the stem, and of a channel with `*` the side alone.
"""
