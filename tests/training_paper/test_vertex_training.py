"""The paper's recipe: it learns, goes on after an interruption, stops on nonsense, and works on several processes."""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from vertex_training import train, weights

from kmtalk_core.datasets.alignments import AlignmentStore
from kmtalk_core.datasets.reader import MotionDataSet
from kmtalk_core.datasets.regions import regions_for
from kmtalk_core.errors import KMTalkError, TrainingError
from kmtalk_core.evaluation import command as evaluation
from kmtalk_core.model.spacing import KeySpacing
from kmtalk_core.motion.errors import lip_errors
from kmtalk_core.progress import Job, finish
from kmtalk_core.training.vertex import command
from kmtalk_core.training.vertex.data import SequenceItems, collate, epoch_batches
from kmtalk_core.training.vertex.network import build
from kmtalk_core.training.vertex.settings import CONFIGS, VertexTraining, read_config
from kmtalk_core.training.vertex.trainer import Trained, train_job, validate

SMALL, TINY = CONFIGS["vocaset-small"], CONFIGS["vocaset-tiny"]
QUIET = replace(TINY, name="quiet", dropout=0.0, encoder=replace(TINY.encoder, transformers={
    **TINY.encoder.transformers, "hidden_dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0,
    "feat_proj_dropout": 0.0}))  # fmt: skip


def test_it_learns_what_a_still_face_cannot(data_set: MotionDataSet) -> None:
    torch.manual_seed(0)
    network, _ = build(SMALL)
    store, regions = AlignmentStore.of(data_set), regions_for("vocaset", data_set.root)
    training, held_out = (SequenceItems(data_set, data_set.split(w), SMALL, store) for w in ("train", "validation"))
    still = np.concatenate([lip_errors(0 * item.motion, item.motion, regions.lips) for item in training]).mean()
    settings = VertexTraining(epochs=15, batch=4, rate=3e-3, validate_every=15)
    trained = finish(train_job(network, training, held_out, regions, settings))
    assert validate(network, training, regions) < 0.8 * still
    assert trained.best_lve == pytest.approx(validate(network, held_out, regions), rel=1e-4)
    assert trained.frames_per_second > 0


def test_an_interrupted_training_ends_with_the_same_weights(root: Path, tmp_path: Path) -> None:
    train(root, tmp_path / "whole", "--epochs", 2, "--rate", 1e-3)
    train(root, tmp_path / "parts", "--epochs", 1, "--rate", 1e-3)
    train(root, tmp_path / "parts", "--epochs", 2, "--rate", 1e-3)
    whole, parts = weights(tmp_path / "whole" / "last"), weights(tmp_path / "parts" / "last")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    steps = [json.loads(line)["step"] for line in (tmp_path / "parts" / "log.jsonl").read_text().splitlines()]
    assert steps == sorted(steps) and steps[-1] == 8
    with pytest.raises(TrainingError, match="other settings"):
        train(root, tmp_path / "parts", "--epochs", 3, "--rate", 1e-2)


def test_the_rate_of_one_cycle_rises_falls_and_goes_on_after_an_interruption(
    data_set: MotionDataSet, tmp_path: Path
) -> None:
    settings = VertexTraining(epochs=3, rate=1e-3, schedule="one-cycle")
    rates = [settings.rate_at(done / 100) for done in range(101)]
    assert max(rates) == pytest.approx(1e-3) and rates[0] < 1e-4 and rates[100] < 1e-9
    assert rates.index(max(rates)) == 10

    def job(out: Path) -> Job[Trained]:
        torch.manual_seed(0)
        items = SequenceItems(data_set, data_set.split("train"), TINY, AlignmentStore.of(data_set))
        return train_job(build(TINY)[0], items, None, regions_for("vocaset", data_set.root), settings, out)

    finish(job(tmp_path / "whole"))
    interrupted = job(tmp_path / "parts")
    while "epoch 3" not in next(interrupted).stage:
        pass
    interrupted.close()
    finish(job(tmp_path / "parts"))
    whole, parts = weights(tmp_path / "whole" / "last"), weights(tmp_path / "parts" / "last")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_new_network_hears_its_keys_above_their_spacing(data_set: MotionDataSet) -> None:
    torch.manual_seed(0)
    model = build(SMALL)[0].model.eval()
    items = SequenceItems(data_set, data_set.split("train"), SMALL, AlignmentStore.of(data_set))
    batch = collate([items[0]])
    poses = batch.motion[:, batch.keys[0]]

    def flow(poses: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        return model.motion_flow_encoder(poses, KeySpacing.of(keys, None, batch.motion.shape[1], SMALL.flow_reach))

    with torch.inference_mode():
        shown = flow(poses, batch.keys)
        other_poses = (flow(poses.flip(1), batch.keys) - shown).abs().mean()
        still = torch.zeros_like(poses)  # what is left then is the spacing
        spread = flow(still, batch.keys).std(dim=1).mean()
    assert other_poses > 2 * spread


def test_a_loss_that_is_no_number_names_its_batch(data_set: MotionDataSet) -> None:
    network, _ = build(TINY)
    items = SequenceItems(data_set, data_set.split("train"), TINY, AlignmentStore.of(data_set))
    bad = items[2]
    items._motions[bad.name] = np.full_like(bad.motion, 1e30)
    with pytest.raises(TrainingError, match=f"not a number in epoch 1 on .*{bad.name}"):
        finish(train_job(network, items, None, regions_for("vocaset", data_set.root), VertexTraining(epochs=1)))


def test_accumulated_gradients_in_half_precision_learn_too(root: Path, tmp_path: Path) -> None:
    train(
        root, tmp_path, "--epochs", 2, "--accumulation", 2, "--mixed-precision", "bf16", "--clip", 1.0, "--rate", 1e-3
    )
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [line["loss/motion"] for line in lines if "loss/motion" in line]
    assert losses[-1] < losses[0]
    assert lines[-1]["step"] == 4
    assert {"loss/velocity", "loss/keys", "frames_per_second"} <= lines[0].keys()


@pytest.mark.parametrize(
    "change", ["keys=uniform", "key_motion=false", "audio_guidance=false", "fusion=fixed", "phone_conditioning=true"]
)
def test_every_ablation_is_a_change_of_the_configuration(root: Path, tmp_path: Path, change: str) -> None:
    train(root, tmp_path, "--steps", 1, "--set", change, config="vocaset-small")
    name, _, value = change.partition("=")
    assert json.loads((tmp_path / "best" / "config.json").read_text())[name] == {"true": True, "false": False}.get(
        value, value
    )


def test_a_pretrained_encoder_is_taken_from_its_folder_with_its_convolutions_frozen(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(5)
    donor = build(TINY)[0].model.audio_encoder.backbone
    donor.save_pretrained(tmp_path / "wav2vec2")
    before = {name: value.clone() for name, value in donor.state_dict().items()}
    train(root, tmp_path / "run", "--steps", 2, "--rate", 1e-2, "--audio-encoder", tmp_path / "wav2vec2")
    assert "pretrained" in capsys.readouterr().err
    after = weights(tmp_path / "run" / "last")
    prefix = "audio_encoder.backbone."
    for name, value in before.items():
        same = torch.equal(after[prefix + name], value)
        if name.startswith("feature_extractor."):
            assert same, name
        if name.endswith("attention.q_proj.weight"):
            assert not same, name


@pytest.mark.parametrize("kind", ["Hubert", "WavLM"])
def test_other_pretrained_encoders_train_with_the_phones_of_the_localization(
    root: Path, tmp_path: Path, kind: str
) -> None:
    import transformers

    sizes = {name: value for name, value in TINY.encoder.transformers.items() if name != "model_type"}
    torch.manual_seed(5)
    donor = getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**sizes))
    donor.save_pretrained(tmp_path / "donor")
    change = ["--set", "phone_conditioning=true", "--audio-encoder", tmp_path / "donor"]
    train(root, tmp_path / "run", "--steps", 3, "--rate", 1e-3, *change)
    after = weights(tmp_path / "run" / "last")
    assert after["phone_conditioning.pose.weight"].any()  # it starts at zero
    convolution = "feature_extractor.conv_layers.0.conv.weight"
    assert torch.equal(after[f"audio_encoder.backbone.{convolution}"], donor.state_dict()[convolution])


def test_without_one_the_encoder_is_random_and_the_user_is_told(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(root, tmp_path, "--steps", 1)
    assert "random weights" in capsys.readouterr().err
    assert "random weights" in (tmp_path / "best" / "README.md").read_text()


def test_the_evaluator_gives_a_checkpoint_the_lve_that_its_training_saw(root: Path, tmp_path: Path) -> None:
    train(root, tmp_path / "run", "--epochs", 1, "--rate", 1e-3)
    parser = argparse.ArgumentParser()
    evaluation.add_arguments(parser)
    arguments = [root, "--split", "validation", "--weights", f"ours={tmp_path / 'run' / 'best'}", "--out", tmp_path,
                 "--save", tmp_path / "saved", "--device", "cpu"]  # fmt: skip
    evaluation.run(parser.parse_args([str(argument) for argument in arguments]))
    found = json.loads((tmp_path / "scores.json").read_text())["methods"]["ours"]["overall"]
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert found["lve"] == pytest.approx(lines[-1]["validation/lve"], rel=1e-4)
    assert found["closures"] > 0
    arguments[3:5] = ["--predictions", f"ours={tmp_path / 'saved' / 'ours'}"]
    evaluation.run(parser.parse_args([str(argument) for argument in arguments]))
    again = json.loads((tmp_path / "scores.json").read_text())["methods"]["ours"]["overall"]
    assert again["lve"] == pytest.approx(found["lve"], rel=1e-3)


def test_two_processes_learn_what_one_with_both_their_batches_learns(root: Path, tmp_path: Path) -> None:
    (tmp_path / "quiet.json").write_text(json.dumps(QUIET.to_json()))
    (tmp_path / "go.py").write_text(
        "import argparse, sys, torch\nfrom kmtalk_core.training.vertex import command\ntorch.set_num_threads(1)\n"
        "parser = argparse.ArgumentParser()\ncommand.add_arguments(parser)\n"
        "sys.exit(command.run(parser.parse_args()))\n"
    )
    train(root, tmp_path / "one", "--steps", 2, "--accumulation", 2, "--rate", 1e-3, config=tmp_path / "quiet.json")
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
              "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
              "--main_process_port", "0"]  # fmt: skip
    options = ["--dataset", root, "--config", tmp_path / "quiet.json", "--out", tmp_path / "two", "--device", "cpu",
               "--steps", 2, "--rate", 1e-3]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([str(part) for part in [*launch, tmp_path / "go.py", *options]], capture_output=True,
                          text=True, env=environment)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = weights(tmp_path / "one" / "last"), weights(tmp_path / "two" / "last")
    torch.manual_seed(0)
    start = build(QUIET)[0].model.state_dict()
    moved = sum(float((one[name] - start[name]).abs().sum()) for name in one)
    apart = sum(float((one[name] - two[name]).abs().sum()) for name in one)
    assert apart < 0.02 * moved  # Adam makes steps of the rounding errors where a gradient is zero
    assert done.stdout.count("best validation LVE") == 1


def test_processes_share_an_epoch_without_overlap() -> None:
    parts = [list(epoch_batches(11, 2, seed=3, epoch=1, rank=rank, processes=2)) for rank in range(2)]
    assert [len(part) for part in parts] == [3, 3]
    seen = [index for part in parts for batch in part for index in batch]
    assert len(seen) == len(set(seen)) == 10
    assert parts[0] != list(epoch_batches(11, 2, seed=3, epoch=2, rank=0, processes=2))


def test_padding_changes_nothing(data_set: MotionDataSet) -> None:
    torch.manual_seed(0)
    near = replace(SMALL, reach=2, flow_reach=4)
    network = build(near)[0].eval()
    for parameter in network.parameters():  # its heads start at zero
        torch.nn.init.normal_(parameter, 0, 0.05)
    items = SequenceItems(data_set, data_set.split("train"), near, AlignmentStore.of(data_set))
    short, long = sorted((items[0], items[1]), key=lambda item: len(item.motion))
    with torch.inference_mode():
        alone, together = network(collate([short])).motion, network(collate([long, short])).motion
    inside = len(short.motion) - near.context - 40  # a padded sound rings on in the convolutions at its end
    assert inside > 5
    torch.testing.assert_close(together[1, :inside], alone[0, :inside], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--config", "nothing"], "no configuration"),
        (["--config", "biwi-tiny"], "the data set is vocaset"),
        (["--config", "vocaset-tiny", "--set", "colour=red"], "name=value"),
        (["--config", "vocaset-tiny", "--set", "keys=red"], "keys must be one of"),
        (["--config", "vocaset-tiny", "--rate", "-1"], "learning rate"),
        (["--config", "vocaset-tiny", "--audio-encoder", "/nowhere"], "config.json"),
    ],
)
def test_mistakes_get_one_line(root: Path, tmp_path: Path, arguments: list[str], says: str) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(KMTalkError, match=says) as caught:
        command.run(parser.parse_args(["--dataset", str(root), "--out", str(tmp_path), "--device", "cpu", *arguments]))
    assert "\n" not in str(caught.value)


def test_tensorboard_reads_the_scalars(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(root, tmp_path, "--steps", 1)
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    assert {"loss/motion", "loss/total", "validation/lve"} <= set(board.Tags()["scalars"])


def test_a_configuration_of_ones_own_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(replace(SMALL, name="mine").to_json()))
    assert read_config(str(path), ["width=32", "residual=true"]) == replace(SMALL, name="mine", width=32, residual=True)
