"""Checkpoints come from strangers: what is wrong with one is said in a sentence, and nothing in it runs."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from networks import TINY_WAV2VEC2, awake, small
from safetensors.torch import load_file, save_file

from kmtalk_core.engines import STARTER_WEIGHTS
from kmtalk_core.errors import WeightsError
from kmtalk_core.model import checkpoint
from kmtalk_core.model.config import BIWI, STARTER, STARTER_ARTICULATION, VOCASET, KMTalkConfig, preset
from kmtalk_core.model.folder import load_config
from kmtalk_core.model.kmtalk import KMTalk, with_pretrained_encoder

CARD = "# Weights of a test\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint.save(awake(small()), tmp_path / "weights", CARD)
    return tmp_path / "weights"


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def change_weights(folder: Path, change: object) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)  # type: ignore[operator]
    save_file(tensors, folder / "model.safetensors")


def test_what_is_saved_comes_back(folder: Path) -> None:
    network, again = awake(small()), checkpoint.load(folder)
    assert again.config == network.config
    assert not again.training
    for (name, one), other in zip(network.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert (folder / "README.md").read_text() == CARD


def test_a_network_with_a_pretrained_encoder_comes_back_too(tmp_path: Path) -> None:
    network = awake(small(encoder=TINY_WAV2VEC2, phone_conditioning=False))
    checkpoint.save(network, tmp_path / "weights", CARD)
    again = checkpoint.load(tmp_path / "weights")
    waveform = torch.randn(1, 16000)
    assert torch.equal(again.audio_encoder(waveform, 30).features, network.audio_encoder(waveform, 30).features)


def test_the_hash_names_the_weights(folder: Path, tmp_path: Path) -> None:
    checkpoint.save(awake(small()), tmp_path / "same", "another card")
    checkpoint.save(awake(small(), seed=1), tmp_path / "other", CARD)
    assert checkpoint.model_hash(folder) == checkpoint.model_hash(tmp_path / "same")
    assert checkpoint.model_hash(folder) != checkpoint.model_hash(tmp_path / "other")


def test_saving_again_leaves_other_files_and_no_scraps(folder: Path) -> None:
    (folder / "training.json").write_text("{}")
    checkpoint.save(awake(small(), seed=1), folder, CARD)
    assert len(list(folder.iterdir())) == 4


def test_saving_where_a_file_stands_is_a_weights_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightsError, match="choose another folder"):
        checkpoint.save(awake(small()), tmp_path / "file", CARD)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="nowhere"):
        checkpoint.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=f"{name} is missing"):
        checkpoint.load(folder)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_weights_cut_short_are_called_damaged(folder: Path, share: float) -> None:
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError, match="damaged"):
        checkpoint.load(folder)


def test_a_pickle_under_the_name_of_the_weights_is_never_opened(folder: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return Path.touch, (tmp_path / "ran",)

    (folder / "model.safetensors").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(WeightsError, match="damaged"):
        checkpoint.load(folder)
    assert not (tmp_path / "ran").exists()


def test_weights_of_another_shape_are_refused_by_name(folder: Path) -> None:
    change_config(folder, width=24)
    with pytest.raises(WeightsError, match=r"config.json asks for \("):
        checkpoint.load(folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda tensors: tensors.pop("fusion.project.bias"), "lacks 'fusion.project.bias'"),
        (lambda tensors: tensors.update(extra=torch.zeros(1)), "holds 'extra'"),
        (lambda t: t.update({"fusion.project.bias": t["fusion.project.bias"].half()}), "32-bit floats"),
        (lambda t: t["fusion.project.bias"].fill_(torch.nan), "not finite"),
    ],
)
def test_foreign_tensors_are_refused(folder: Path, change: object, complaint: str) -> None:
    change_weights(folder, change)
    with pytest.raises(WeightsError, match=complaint):
        checkpoint.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 10**9},
        {"width": 12.5},
        {"width": True},
        {"heads": 3},
        {"decoder_layers": 10**6},
        {"reach": -1},
        {"dropout": float("nan")},
        {"motion_scale": 0},
        {"space": "/etc/passwd"},
        {"space": ["arkit"]},
        {"name": 7},
        {"fusion": "none"},
        {"format": 2},
        {"residual": "yes"},
        {"weights": "../../elsewhere.safetensors"},
        {"encoder": "wav2vec2"},
        {"encoder": {"kind": "pickle"}},
        {"encoder": {"kind": "log_mel", "path": "/somewhere"}},
        {"encoder": {"kind": "log_mel", "transformers": {"model_type": "wav2vec2"}}},
        {"encoder": {"kind": "transformers"}},
        {"encoder": {"kind": "transformers", "transformers": {"model_type": "llama"}}},
        {"encoder": {"kind": "transformers", "transformers": {"model_type": "wav2vec2", "hidden_size": 10**8}}},
        {"encoder": {"kind": "transformers", "transformers": {"model_type": "wav2vec2", "auto_map": {"x": "y"}}}},
        {"encoder": {"kind": "transformers", "transformers": {"model_type": "wav2vec2", "conv_dim": [8] * 99}}},
        {"encoder": {"kind": "transformers", "transformers": {"model_type": "wav2vec2", "conv_dim": [8, 8],
                                                              "conv_kernel": [10]}}},
    ],
)  # fmt: skip
def test_a_hostile_config_is_refused_before_anything_is_built(folder: Path, changes: dict) -> None:
    change_config(folder, **changes)
    with pytest.raises(WeightsError):
        checkpoint.load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', "[" * 100_000, "\xff\xfe"])
def test_a_config_that_is_no_config_is_refused(folder: Path, text: str) -> None:
    (folder / "config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(WeightsError):
        checkpoint.load(folder)


def test_sizes_that_do_not_divide_are_an_error_and_no_crash(folder: Path) -> None:
    sizes = {**TINY_WAV2VEC2.transformers, "hidden_size": 17}
    change_config(folder, phone_conditioning=False, encoder={"kind": "transformers", "transformers": sizes})
    with pytest.raises(WeightsError):
        checkpoint.load(folder)


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own there")
def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    moved = folder / "model.safetensors"
    moved.rename(tmp_path / "elsewhere.safetensors")
    moved.symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(WeightsError, match="link"):
        checkpoint.load(folder)


@pytest.mark.parametrize("config", [STARTER, VOCASET, BIWI])
def test_a_config_survives_json(config: KMTalkConfig) -> None:
    again = KMTalkConfig.from_json(json.loads(json.dumps(config.to_json())))
    assert again == config
    assert preset(config.name) == config


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(WeightsError, match="starter"):
        preset("best")


def test_a_pretrained_encoder_is_read_from_a_folder_on_this_machine(tmp_path: Path) -> None:
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    sizes = {name: value for name, value in TINY_WAV2VEC2.transformers.items() if name != "model_type"}
    pretrained = Wav2Vec2Model(Wav2Vec2Config(**sizes)).eval()
    pretrained.save_pretrained(tmp_path / "wav2vec2")
    network = with_pretrained_encoder(small(phone_conditioning=False), tmp_path / "wav2vec2").eval()
    waveform = torch.randn(1, 8000)
    hidden = network.audio_encoder.backbone(waveform).last_hidden_state
    torch.testing.assert_close(hidden, pretrained(waveform).last_hidden_state)
    frozen = network.audio_encoder.backbone.feature_extractor.parameters()
    assert not any(parameter.requires_grad for parameter in frozen)
    checkpoint.save(network, tmp_path / "weights", CARD)
    assert isinstance(checkpoint.load(tmp_path / "weights"), KMTalk)


def test_a_pretrained_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    from transformers import Wav2Vec2Config

    with pytest.raises(WeightsError, match=r"config\.json"):
        with_pretrained_encoder(small(phone_conditioning=False), tmp_path)
    sizes = {name: value for name, value in TINY_WAV2VEC2.transformers.items() if name != "model_type"}
    Wav2Vec2Config(**sizes).save_pretrained(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    with pytest.raises(WeightsError, match="safetensors"):
        with_pretrained_encoder(small(phone_conditioning=False), tmp_path)


def test_the_starter_is_articulated_as_its_training_writes_it() -> None:
    assert load_config(STARTER_WEIGHTS).articulation == STARTER_ARTICULATION


@pytest.mark.parametrize("shares", [{"mouthFunnels": 1.0}, {"jawOpen": -1}, {"jawOpen": float("nan")}, ["jawOpen"], 3])
def test_an_articulation_that_makes_no_sense_is_refused(shares: Any) -> None:
    with pytest.raises(WeightsError, match="articulation"):
        KMTalkConfig.from_json({**STARTER.to_json(), "articulation": shares})
