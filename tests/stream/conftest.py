"""A network and a voice for streaming."""

from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.portable.kmtalk import KMTalk
from kmtalk_core.stream.live import network_of


@pytest.fixture(scope="session")
def network() -> KMTalk:
    return network_of()


@pytest.fixture(scope="session")
def voice(speech: Path) -> np.ndarray:
    """About two seconds at 16 kHz."""
    sound = audio.load(speech)
    return sound.read(0, sound.length)
