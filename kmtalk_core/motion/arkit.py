"""The 52 blendshape coefficients of ARKit, in the order of Apple's Live Link Face recordings."""

_EYES = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight",
    "eyeWideRight",
)  # fmt: skip
_JAW_AND_LIPS = (
    "jawForward", "jawRight", "jawLeft", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthRight", "mouthLeft", "mouthSmileLeft", "mouthSmileRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
)  # fmt: skip
_BROWS = ("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
_CHEEKS_AND_NOSE = ("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight")

ARKIT_NAMES: tuple[str, ...] = (*_EYES, *_JAW_AND_LIPS, *_BROWS, *_CHEEKS_AND_NOSE, "tongueOut")

ARKIT_INDEX: dict[str, int] = {name: index for index, name in enumerate(ARKIT_NAMES)}

ARKIT_REGIONS: dict[str, str] = {
    **dict.fromkeys(_EYES, "eyes"),
    **dict.fromkeys((*_BROWS, *_CHEEKS_AND_NOSE), "upper"),
    **dict.fromkeys((*_JAW_AND_LIPS, "tongueOut"), "mouth"),
}

EYE_TURNS: dict[str, float] = {"Down": 0.646, "Up": 0.436, "In": 0.637, "Out": 0.724}
"""Radians that an eye turns for an eyeLook coefficient of 1: the middle of what captures show (30-44° down, 25° up,
32-41° in, 33-50° out)."""
