"""Which shape key answers to which channel."""

import pytest

from kmtalk_addon.face import match_channels
from kmtalk_core.motion.arkit import ARKIT_INDEX, ARKIT_NAMES


def named(*names: str) -> dict[str, str]:
    """Shape-key names by channel name."""
    return {ARKIT_NAMES[index]: name for index, name in match_channels(names, ARKIT_NAMES).items()}


@pytest.mark.parametrize(
    ("key", "channel"),
    [
        ("jawOpen", "jawOpen"),
        ("JAWOPEN", "jawOpen"),
        ("jaw_open", "jawOpen"),
        ("ARKit_jawOpen", "jawOpen"),
        ("blendShape.jawOpen", "jawOpen"),
        ("mouthSmile_L", "mouthSmileLeft"),
        ("mouth_smile_right", "mouthSmileRight"),
        ("Mouth Smile R", "mouthSmileRight"),
    ],
)
def test_one_key_is_recognised_however_it_is_spelt(key: str, channel: str) -> None:
    assert named(key) == {channel: key}


def test_an_unknown_prefix_counts_when_several_keys_carry_it() -> None:
    keys = [f"Anna_v2_{name}" for name in ARKIT_NAMES]
    assert len(match_channels(keys, ARKIT_NAMES)) == len(ARKIT_INDEX)
    assert named("odd_jawOpen") == {}


def test_an_exact_name_wins() -> None:
    assert named("face_jawOpen", "jawOpen") == {"jawOpen": "jawOpen"}


def test_a_corrective_is_no_channel() -> None:
    assert named("jawOpen", "jawOpen_mouthClose", "jawOpen_mouthPucker", "jawOpen_mouthFunnel") == {
        "jawOpen": "jawOpen"
    }
