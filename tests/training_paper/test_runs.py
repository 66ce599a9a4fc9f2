"""What a training says at its end, and what it will not pass over in silence."""

import json
from pathlib import Path

import pytest
import torch
import transformers
from vertex_training import train, weights

from kmtalk_core.errors import TrainingError, WeightsError
from kmtalk_core.training.vertex.network import build
from kmtalk_core.training.vertex.settings import CONFIGS

TINY = CONFIGS["vocaset-tiny"]


def test_a_finished_training_is_left_as_it_is(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(root, tmp_path, "--steps", 3, "--rate", 1e-3)
    before, log = weights(tmp_path / "last"), (tmp_path / "log.jsonl").read_text()
    capsys.readouterr()
    train(root, tmp_path, "--steps", 3, "--rate", 1e-3)
    after = weights(tmp_path / "last")
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert (tmp_path / "log.jsonl").read_text() == log
    assert "nothing was left to train" in capsys.readouterr().out


def test_a_training_that_diverges_says_so_and_fails(root: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"diverged.*lower --rate"):
        train(root, tmp_path, "--epochs", 6, "--rate", 0.9, config="vocaset-small")


def test_without_a_validation_there_is_no_best_number(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (root / "wav").glob("FaceTalk_170811_03275_TA*"):
        path.rename(path.with_suffix(".away"))
    try:
        train(root, tmp_path, "--steps", 2)
    finally:
        for path in (root / "wav").glob("*.away"):
            path.rename(path.with_suffix(".wav"))
    said = capsys.readouterr().out
    assert "without a validation" in said and "inf" not in said


def test_what_it_ran_on_is_written_beside_the_weights(root: Path, tmp_path: Path) -> None:
    train(root, tmp_path, "--steps", 1)
    found = json.loads((tmp_path / "training.json").read_text())
    assert found["versions"]["torch"] == torch.__version__.partition("+")[0] or found["versions"]["torch"]
    assert found["settings"]["steps"] == 1 and found["network"]["name"] == "vocaset-tiny"
    assert found["device"] == "cpu" and found["processes"] == 1


def test_a_small_network_keeps_to_one_thread(root: Path, tmp_path: Path) -> None:
    torch.set_num_threads(2)
    train(root, tmp_path, "--steps", 1, config="vocaset-small")
    assert torch.get_num_threads() == 1


def _saved_by_torch(folder: Path, kind: str, without: str = "") -> dict[str, torch.Tensor]:
    """An encoder as models are published: pytorch_model.bin with the old names of normalised weights and a prefix."""
    sizes = {name: value for name, value in TINY.encoder.transformers.items() if name != "model_type"}
    donor = getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**sizes))
    donor.save_pretrained(folder)
    (folder / "model.safetensors").unlink()
    old = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    named = {}
    for name, value in donor.state_dict().items():
        for new, former in old.items():
            name = name.replace(new, former)
        if not (without and without in name):
            named[f"{kind.lower()}.{name}"] = value
    torch.save(named, folder / "pytorch_model.bin")
    return donor.state_dict()


@pytest.mark.parametrize("kind", ["WavLM", "Wav2Vec2"])
def test_encoders_that_torch_saved_are_read_tensor_by_tensor(tmp_path: Path, kind: str) -> None:
    wanted = _saved_by_torch(tmp_path, kind)
    backbone = build(TINY, tmp_path)[0].model.audio_encoder.backbone
    found = backbone.state_dict()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())
    assert not any(p.requires_grad for p in backbone.feature_extractor.parameters())


def test_an_encoder_without_some_of_its_layers_is_not_called_pretrained(tmp_path: Path) -> None:
    _saved_by_torch(tmp_path, "WavLM", without="layers.1.")
    with pytest.raises(WeightsError, match=r"lacks \d+ of its tensors, such as encoder\.layers\.1"):
        build(TINY, tmp_path)


class _Harm:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('ran')",)


def test_what_else_such_a_file_holds_is_never_run(tmp_path: Path) -> None:
    _saved_by_torch(tmp_path, "WavLM")
    torch.save({"weight": _Harm()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="more than tensors"):
        build(TINY, tmp_path)
    (tmp_path / "pytorch_model.bin").unlink()
    with pytest.raises(WeightsError, match=r"no \.safetensors file and no pytorch_model\.bin"):
        build(TINY, tmp_path)
