"""The NumPy pass gives what PyTorch gives, within a ten-thousandth of the range: module by module, and all of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import awake

from kmtalk_core import audio, espeak
from kmtalk_core.animate import STARTER_WEIGHTS, Animator
from kmtalk_core.model import checkpoint
from kmtalk_core.model.audio_encoder import EncodedSpeech
from kmtalk_core.model.config import STARTER, KMTalkConfig
from kmtalk_core.model.engine import TorchNetwork
from kmtalk_core.model.kmtalk import KMTalk
from kmtalk_core.model.network import Encoded
from kmtalk_core.phones import PHONE_CLASSES
from kmtalk_core.portable import checkpoint as portable
from kmtalk_core.portable import tensors
from kmtalk_core.portable.layout import layout

CLOSE = 1e-4
SHARED = Path(__file__).parents[3] / "shared" / "data" / "real" / "index.json"


def random_config(seed: int) -> KMTalkConfig:
    """A configuration nobody has trained: every size and every switch drawn by chance."""
    chance = np.random.default_rng(seed)
    heads = int(chance.integers(1, 5))
    return replace(
        STARTER,
        name=f"random-{seed}",
        space=str(chance.choice(["arkit", "arkit", "arkit", "vocaset"])),
        width=heads * int(chance.integers(8, 24)),
        heads=heads,
        feedforward=int(chance.integers(1, 4)),
        key_layers=int(chance.integers(1, 4)),
        flow_layers=int(chance.integers(1, 3)),
        decoder_layers=int(chance.integers(1, 4)),
        reach=int(chance.integers(1, 20)),
        flow_reach=int(chance.integers(2, 40)),
        segment_reach=int(chance.integers(0, 4)),
        motion_scale=float(chance.choice([1.0, 3.0, 100.0])),
        phone_conditioning=bool(chance.integers(2)),
        key_motion=bool(chance.integers(4)),
        audio_guidance=bool(chance.integers(4)),
        fusion=str(chance.choice(["dynamic", "fixed"])),
        residual=bool(chance.integers(2)),
    )


def range_of(values: np.ndarray) -> float:
    return max(float(np.ptp(values)), 1e-3)


def assert_close(ours: np.ndarray, theirs: torch.Tensor) -> None:
    wanted = theirs.numpy()
    assert ours.shape == wanted.shape
    assert ours.dtype == np.float32
    assert np.abs(ours - wanted).max() <= CLOSE * range_of(wanted)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_of_random_sizes_agree(seed: int, tmp_path: Path) -> None:
    config, chance = random_config(seed), np.random.default_rng(seed)
    model = awake(config, seed)
    checkpoint.save(model, tmp_path / "random", "random")
    ours = portable.load(tmp_path / "random")
    steps, frames = int(chance.integers(2, 700)), int(chance.integers(1, 210))
    features = chance.standard_normal((steps, 81)).astype(np.float32)
    keys = np.sort(chance.choice(frames, int(chance.integers(1, frames + 1)), replace=False))
    with torch.inference_mode():
        evidence = model.audio_encoder.backbone(torch.from_numpy(features)[None])
        for mine, theirs in zip(ours.audio_encoder.backbone(features), evidence, strict=True):
            assert_close(mine, theirs[0])
        encoded = model.audio_encoder(torch.from_numpy(features)[None], frames, 0.013)
        mine = ours.audio_encoder(features, frames, 0.013)
        assert_close(mine.features, encoded.features[0])
        assert_close(mine.phones, encoded.phones[0])
        heard = model.listen(EncodedSpeech(encoded.features, encoded.phones))
        poses = model.key_motions(heard, torch.from_numpy(keys)[None])
        motion = model.complete(heard, torch.from_numpy(keys)[None], poses)
    own_poses = ours.key_motions(ours.listen(mine), keys)
    assert_close(own_poses, poses[0])
    assert_close(ours.complete(ours.listen(mine), keys, own_poses), motion[0])


@pytest.mark.parametrize("seed", range(40))
def test_the_layout_of_a_config_is_that_of_its_network(seed: int) -> None:
    config = random_config(seed)
    with torch.device("meta"):
        wanted = {name: tuple(tensor.shape) for name, tensor in KMTalk(config).state_dict().items()}
    assert layout(config) == wanted


@pytest.mark.parametrize("count", [0, 1])
def test_a_stretch_with_hardly_a_key_agrees_with_a_longer_one(count: int, tmp_path: Path) -> None:
    """A window in the middle of a long pause holds no key, and is as still as if it held one far away."""
    config = random_config(1)
    checkpoint.save(awake(config, 1), tmp_path / "random", "random")
    ours = portable.load(tmp_path / "random")
    chance = np.random.default_rng(0)
    frames = 2 * config.context + 40
    phones = chance.random((frames, len(PHONE_CLASSES))).astype(np.float32)
    encoded = Encoded(chance.standard_normal((frames, config.width)).astype(np.float32), phones)
    near = slice(config.context, config.context + 40)
    none, few = np.zeros(0, np.intp), np.zeros(count, np.intp)
    motion = ours.motion(encoded, none, [], lambda poses: poses, near)
    assert motion.shape == (40, config.motion_space.width)
    assert np.abs(motion - ours.motion(encoded, few, [], lambda poses: poses, near)).max() <= CLOSE * range_of(motion)


@pytest.fixture(scope="module")
def engines() -> tuple[Animator, Animator]:
    numpy = Animator.load(STARTER_WEIGHTS, "cpu")
    return numpy, replace(numpy, network=TorchNetwork.load(STARTER_WEIGHTS, "cpu"))


def test_the_starter_says_the_same_in_both(engines: tuple[Animator, Animator]) -> None:
    spoken = espeak.synthesize("Peter will be back before five, and Mary moves to Baltimore by the end of the week.")
    sound = audio.from_samples(spoken.samples, spoken.rate)
    takes = [animator.animate(sound) for animator in engines]
    assert [key.frame for key in takes[0].keys] == [key.frame for key in takes[1].keys]
    assert [phone.label for phone in takes[0].phones] == [phone.label for phone in takes[1].phones]
    assert np.abs(takes[0].motion - takes[1].motion).max() < CLOSE
    edits = [
        {"frame": takes[0].keys[5].frame, "pose": {"jawOpen": 0.8}},
        {"frame": takes[0].keys[9].frame, "delete": True},
        {"frame": takes[0].keys[14].frame, "move_to": takes[0].keys[14].frame + 1},
    ]
    edited = [animator.complete(takes[0], sound, edits).motion for animator in engines]
    assert np.abs(edited[0] - takes[0].motion).max() > 0.1
    assert np.abs(edited[0] - edited[1]).max() < CLOSE


@pytest.mark.skipif(not SHARED.exists(), reason="no recorded speech here")
def test_recorded_speech_gets_the_same_motion_from_both(engines: tuple[Animator, Animator]) -> None:
    for clip in json.loads(SHARED.read_text(encoding="utf-8")):
        sound = audio.load(SHARED.parent / clip["audio"])
        numpy, torch_ = (animator.animate(sound) for animator in engines)
        assert [key.frame for key in numpy.keys] == [key.frame for key in torch_.keys], clip["name"]
        assert np.abs(numpy.motion - torch_.motion).max() < CLOSE, clip["name"]


def test_the_functions_agree_with_pytorch_wherever_they_are_asked() -> None:
    x = np.concatenate([np.linspace(-12, 12, 4801), [-1e4, 1e4, 0]]).astype(np.float32)
    wanted = torch.nn.functional.gelu(torch.from_numpy(x)).numpy()
    assert np.abs(tensors.gelu(x) - wanted).max() < 2e-6
    assert np.abs(tensors.sigmoid(x) - torch.sigmoid(torch.from_numpy(x)).numpy()).max() < 1e-6
    rows = x[:4800].reshape(-1, 48).copy()
    assert np.abs(tensors.softmax(rows.copy()) - torch.from_numpy(rows).softmax(-1).numpy()).max() < 1e-6
