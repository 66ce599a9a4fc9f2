"""Schemes whose keys are visemes: a whole mouth each."""

from collections.abc import Mapping

from ..rules import (
    CLOSED,
    HUSH,
    LIP_ON_TEETH,
    OPEN,
    OPEN_ROUND,
    OPEN_SPREAD,
    ROUND,
    RULES,
    SLIGHT,
    SPREAD,
    TEETH,
    TONGUE,
    Rule,
)
from .base import Aliases, Scheme


def _visemes(
    name: str,
    title: str,
    maker: str,
    least: float = 0.5,
    rules: Mapping[str, Rule] | None = None,
    aliases: Aliases | None = None,
    weights: Mapping[str, float] | None = None,
    eyes: tuple[str, ...] = (),
) -> Scheme:
    taken = RULES[name] if rules is None else rules
    visemes = frozenset(taken) - set(eyes)
    return Scheme(name, title, taken, aliases or {}, weights or {}, least, visemes, maker=maker)


OCULUS_SCHEME = _visemes(
    "oculus",
    "Oculus visemes",
    "Ready Player Me, VRChat, Meta avatars",
    least=0.35,
    aliases={"sil": ("silence",), "I": ("ih",), "O": ("oh",), "U": ("ou",)},
    weights={"sil": 0.0},
)

MICROSOFT_SCHEME = _visemes(
    "microsoft",
    "Microsoft visemes",
    "Speech services' 22 visemes",
    aliases={
        "ae_ax_ah_01": ("ae_ax_ah",), "ey_eh_uh_04": ("ey_eh_uh",), "y_iy_ih_ix_06": ("y_iy_ih_ix",),
        "w_uw_07": ("w_uw",), "oy_10": ("oy_",), "s_z_15": ("s_z",), "sh_ch_jh_zh_16": ("sh_ch_jh_zh",),
        "th_dh_17": ("th_dh",), "f_v_18": ("f_v",), "d_t_n_19": ("d_t_n",), "k_g_ng_20": ("k_g_ng",),
        "p_b_m_21": ("p_b_m",),
    },
    weights={"sil_00": 0.0},
)  # fmt: skip

VRM_SCHEME = _visemes(
    "vrm",
    "VRM",
    "VRM 0 and 1, VRoid, MMD: five vowels",
    least=0.6,
    aliases={
        "aa": ("a", "あ", "ア", "vowel_a"), "ih": ("i", "い", "イ", "vowel_i"), "ou": ("u", "う", "ウ", "vowel_u"),
        "ee": ("e", "え", "エ", "vowel_e"), "oh": ("o", "お", "オ", "vowel_o"),
        "blink": ("fcl_eye_close", "eye_close", "まばたき"),
        "blinkLeft": ("eye_close_L", "fcl_eye_close_L", "ウィンク2"),
        "blinkRight": ("eye_close_R", "fcl_eye_close_R", "ウィンク2右"),
    },
    weights={"blink": 0.0, "blinkLeft": 0.0, "blinkRight": 0.0},
    eyes=("blink", "blinkLeft", "blinkRight"),
)  # fmt: skip

RHUBARB_SCHEME = _visemes(
    "rhubarb",
    "Preston Blair (Rhubarb A–X)",
    "mouths A to X of 2D animation",
    least=0.7,
    weights={"G": 0.5, "H": 0.5, "X": 0.0},
)

PAPAGAYO_SCHEME = _visemes(
    "preston_blair",
    "Preston Blair (Papagayo)",
    "AI, E, O, U, L, WQ, MBP, FV, also in words (“A and I”, “M B P”)",
    least=0.6,
    aliases={"etc": ("cdgknrsthyz", "cdgknrsyz", "cdgknrsthy", "consonants"), "rest": ("neutral", "closed")},
    weights={"rest": 0.0},
)

REALLUSION_PAIRS_SCHEME = _visemes(
    "reallusion_pairs", "Reallusion visemes", "Character Creator's 15 direct visemes", aliases={"TH": ("th",)}
)

_R = {"mouthFunnel": 0.4, "mouthPucker": 0.2}

DAZ_SCHEME = _visemes(
    "daz",
    "Daz visemes",
    "Daz Genesis 3, 8 and 9: eCTRLvAA, head__eCTRLvAA, facs_ctrl_vAA",
    rules={
        "AA": OPEN, "EE": SPREAD, "EH": OPEN_SPREAD, "ER": {"mouthFunnel": 0.5, "jawOpen": 0.2}, "F": LIP_ON_TEETH,
        "IH": {"jawOpen": 0.3, "mouthStretch*": 0.4}, "IY": {"mouthStretch*": 0.6, "mouthSmile*": 0.4},
        "K": {"jawOpen": 0.3}, "L": {"jawOpen": 0.2, "tongueOut": 0.4}, "M": CLOSED, "OW": OPEN_ROUND, "S": TEETH,
        "SH": HUSH, "T": SLIGHT, "TH": TONGUE, "UW": ROUND, "W": {"mouthPucker": 1.0, "mouthFunnel": 0.2},
    },
    aliases={
        v: (f"eCTRLv{v}", f"facs_ctrl_v{v}", f"facs_bs_v{v}", f"v{v}", f"CTRLv{v}")
        for v in ["AA", "EE", "EH", "ER", "F", "IH", "IY", "K", "L", "M", "OW", "S", "SH", "T", "TH", "UW", "W"]
    },
)  # fmt: skip

VOWELS_SCHEME = _visemes(
    "vowels",
    "vowels and consonants",
    "hand-made sets: A, E, I, O, U, L, MBP, FV, WQ and the like",
    least=0.45,
    rules={
        "A": OPEN, "E": OPEN_SPREAD, "I": SPREAD, "O": OPEN_ROUND, "U": ROUND, "MBP": CLOSED, "FV": LIP_ON_TEETH,
        "L": TONGUE, "WQ": {"mouthPucker": 1.0, "mouthFunnel": 0.2}, "CHJSH": HUSH, "S": TEETH, "TH": TONGUE, "R": _R,
        "D": SLIGHT, "K": {"jawOpen": 0.3},
    },
    aliases={
        "A": ("ah", "aa", "aah"), "E": ("eh",), "I": ("ee", "iy", "ih"), "O": ("oh", "ow"),
        "U": ("oo", "ooh", "uw", "ou"),
        "MBP": ("mpb", "bmp", "pbm", "pp", "m", "mm", "bp", "mb", "mp"), "FV": ("vf", "ff", "f"), "WQ": ("qw", "w"),
        "CHJSH": ("chshj", "shch", "chsh", "ch", "sh", "chj", "jch"), "S": ("sz", "zs", "ss"), "L": ("ll",),
        "D": ("dtn", "tdn", "dt", "td", "t", "n", "tld", "nd"), "K": ("kg", "gk", "kgng", "g"), "TH": ("tdh", "thdh"),
    },
    weights={"CHJSH": 0.3, "S": 0.3, "TH": 0.2, "R": 0.2, "D": 0.2, "K": 0.2, "L": 0.5, "WQ": 0.5},
)  # fmt: skip
