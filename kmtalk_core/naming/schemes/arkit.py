"""ARKit's 52 keys, and what stands in for pairs and halves of them."""

from ...motion.arkit import ARKIT_NAMES
from .base import SPOKEN, UNSPOKEN, Scheme

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
    "eyeSquint": ("eyeSquintLeft", "eyeSquintRight"),
    "eyeWide": ("eyeWideLeft", "eyeWideRight"),
}
"""Keys of both sides at once, for faces that have no left and right; driven by the mean of the two channels."""

ARKIT_SPLIT: dict[str, str] = {
    "browInnerUpLeft": "browInnerUp",
    "browInnerUpRight": "browInnerUp",
    "cheekPuffLeft": "cheekPuff",
    "cheekPuffRight": "cheekPuff",
}
"""Keys of one side where ARKit has one for both."""

BLINKS: dict[str, tuple[str, ...]] = {
    "eyeBlink": (
        *("blink", "eyesBlink", "eyesClosed", "eyeClosed", "eyesClose", "eyeClose", "closeEyes", "closedEyes"),
        *("fcl_eye_close", "まばたき", "目閉じ", "瞬き", "blinkBoth", "eyelidsClosed", "eyelidClose", "lidsClosed"),
        *("eCTRLEyesClosed", "facs_ctrl_EyesClosed"),
    ),
    "eyeBlinkLeft": (
        *("blink_L", "eyesBlink_L", "eyesClosed_L", "eyeClosed_L", "eyeClose_L", "fcl_eye_close_L", "closeEye_L"),
        *("lidClose_L", "eyelidClosed_L", "eyelidClose_L", "lidCloser_L", "まばたき左", "ウィンク2"),
        *("eCTRLEyesClosedL", "facs_jnt_EyesBlinkLeft", "eye_shut_L"),
    ),
    "eyeBlinkRight": (
        *("blink_R", "eyesBlink_R", "eyesClosed_R", "eyeClosed_R", "eyeClose_R", "fcl_eye_close_R", "closeEye_R"),
        *("lidClose_R", "eyelidClosed_R", "eyelidClose_R", "lidCloser_R", "まばたき右", "ウィンク2右"),
        *("eCTRLEyesClosedR", "facs_jnt_EyesBlinkRight", "eye_shut_R"),
    ),
}
"""What keys that close the eyes are called anywhere, beside ARKit's own names.  A wink that smiles is none of them."""

ARKIT_SCHEME = Scheme(
    "arkit",
    "ARKit",
    {name: {name: 1.0} for name in ARKIT_NAMES},
    aliases={"jawOpen": ("mouthOpen",), **{name: BLINKS[name] for name in ("eyeBlinkLeft", "eyeBlinkRight")}},
    weights={name: SPOKEN.get(name, UNSPOKEN) for name in ARKIT_NAMES},
    least=0.15,
    maker="Apple's 52 keys, in any spelling; Ready Player Me, Character Creator's A01–A52, Daz Genesis 8.1",
)
