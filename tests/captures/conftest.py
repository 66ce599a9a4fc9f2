"""A folder of captured takes as a phone leaves it: real speech, and the face that the starter makes of it."""

from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio
from kmtalk_core.animate import Animator
from kmtalk_core.datasets.captures.lag import PLAIN
from kmtalk_core.take import Take


@pytest.fixture(scope="session")
def animator() -> Animator:
    return Animator.load()


@pytest.fixture(scope="session")
def spoken(animator: Animator, speech: Path) -> Take:
    """What the starter makes of `speech`."""
    return animator.animate(audio.load(speech), settings=PLAIN)


def late(take: Take, frames: int) -> Take:
    """`take` with all that it shows `frames` later."""
    return take.with_motion(np.roll(take.motion, frames, axis=0))
