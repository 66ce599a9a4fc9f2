"""Small networks with random weights, and a minute of noise that they animate."""

from dataclasses import replace

import pytest
from networks import TINY_WAV2VEC2, awake, small
from noises import noise

from kmtalk_core.animate import Animator
from kmtalk_core.audio import Sound
from kmtalk_core.model import checkpoint
from kmtalk_core.model.engine import TorchNetwork
from kmtalk_core.take import Take


@pytest.fixture(scope="module", params=["numpy", "torch"])
def animator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Animator:
    folder = tmp_path_factory.mktemp("weights") / "small"
    checkpoint.save(awake(small()), folder, "A small network with random weights.")
    loaded = Animator.load(folder, "cpu")
    return loaded if request.param == "numpy" else replace(loaded, network=TorchNetwork.load(folder, "cpu"))


@pytest.fixture(scope="module")
def pretrained_animator(tmp_path_factory: pytest.TempPathFactory) -> Animator:
    """One with a pretrained kind of encoder, in a space of vertices."""
    folder = tmp_path_factory.mktemp("weights") / "pretrained"
    config = small(encoder=TINY_WAV2VEC2, space="vocaset", phone_conditioning=False, motion_scale=1000.0)
    checkpoint.save(awake(config), folder, "A small network with random weights.")
    return Animator.load(folder, "cpu")


@pytest.fixture(scope="module")
def minute() -> Sound:
    return noise(61.3)


@pytest.fixture(scope="module")
def take(animator: Animator, minute: Sound) -> Take:
    return animator.animate(minute, method="uniform")
