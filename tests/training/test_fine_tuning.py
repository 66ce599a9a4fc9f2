"""The starter goes on learning from one actor: better on what was held out, or as it was, and it says which."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from kmtalk_core import audio, espeak
from kmtalk_core.animate import Animator
from kmtalk_core.calibration import LIPS
from kmtalk_core.cli import main
from kmtalk_core.datasets.captures import find
from kmtalk_core.datasets.captures.lag import PLAIN
from kmtalk_core.engines import STARTER_WEIGHTS
from kmtalk_core.model import checkpoint
from kmtalk_core.model.engine import TorchNetwork
from kmtalk_core.model.folder import load_config
from kmtalk_core.model.log_mel_encoder import LogMelEncoder
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.portable.kmtalk import KMTalk as PortableKMTalk
from kmtalk_core.progress import finish
from kmtalk_core.take import export_csv
from kmtalk_core.training.calibrate import material_job
from kmtalk_core.training.fine_tune import FineTuning, as_shown, drawn, example_job, loss, match

JAW, SMILE, FUNNEL = (ARKIT.index_of(name) for name in ("jawOpen", "mouthSmileLeft", "mouthFunnel"))
SAID = "Bob made a map of the moon, and many people moved to see it. Paul put five more boxes by the big blue door. "


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two takes of an actor who always smiles, and opens the mouth by spreading the lips more than by vowels."""
    folder = tmp_path_factory.mktemp("actor")
    animator = Animator.load(STARTER_WEIGHTS)
    for name, words in (("one", SAID + SAID), ("two", "Maybe we may meet him by the pond, or by the old mill.")):
        spoken = espeak.synthesize(words)
        soundfile.write(folder / f"{name}.wav", spoken.samples, spoken.rate)
        take = animator.animate(audio.load(folder / f"{name}.wav"), settings=PLAIN)
        motion = take.motion.copy()
        motion[:, JAW] = 0.3 * motion[:, JAW] + 1.5 * motion[:, ARKIT.index_of("mouthStretchLeft")]
        motion[:, ARKIT.index_of("mouthClose")] *= 0.3
        motion[:, ARKIT.indices_of(("mouthLowerDownLeft", "mouthLowerDownRight"))] *= 0.3
        motion[:, SMILE] += 0.2
        export_csv(take.with_motion(motion), folder / f"{name}.csv")
    return folder


def tune(recording: Path, out: Path, *more: object) -> int:
    command = ["train", "--config", "starter", "--from", STARTER_WEIGHTS, "--dataset", recording, "--out", out]
    return main([str(part) for part in [*command, "--device", "cpu", *more]])


def test_it_is_better_on_the_take_that_was_held_out_and_runs_in_numpy(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(recording, tmp_path / "tuned", "--steps", 40, "--rate", 1e-3) == 0
    assert "held out: two" in capsys.readouterr().out
    scores = tmp_path / "scores.json"
    command = ["evaluate-captures", recording, "--takes", "two", "--tuned", tmp_path / "tuned", "--json", scores]
    assert main([str(part) for part in command]) == 0
    ours, tuned = json.loads(scores.read_text())
    assert tuned["name"] == "ours, tuned"
    assert tuned["opening"]["r"] > ours["opening"]["r"] + 0.1
    assert tuned["opening"]["amplitude"] > 0.8
    animator = Animator.load(tmp_path / "tuned")
    assert isinstance(animator.network, PortableKMTalk)
    card = (tmp_path / "tuned" / "README.md").read_text(encoding="utf-8")
    assert "fine-tuned on one actor" in card and "| these |" in card and "served two best, with" in card
    before, after = (checkpoint.load(folder) for folder in (STARTER_WEIGHTS, tmp_path / "tuned"))
    assert before.config.articulation and after.config.articulation == {}  # it learnt what is to be seen
    assert isinstance(after.audio_encoder.backbone, LogMelEncoder)
    for name, value in before.audio_encoder.backbone.state_dict().items():
        np.testing.assert_array_equal(after.audio_encoder.backbone.state_dict()[name], value)


def test_where_no_step_is_better_the_weights_stay_and_that_is_said(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(recording, tmp_path / "tuned", "--steps", 1, "--rate", 0.9) == 0
    said = capsys.readouterr()
    assert "nothing was better" in said.err and "kept step 0 of 1" in said.out
    assert "Nothing was learnt" in (tmp_path / "tuned" / "README.md").read_text(encoding="utf-8")
    assert load_config(tmp_path / "tuned") == load_config(STARTER_WEIGHTS)
    before, after = (checkpoint.load(folder).state_dict() for folder in (STARTER_WEIGHTS, tmp_path / "tuned"))
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--takes", "three"], "no take 'three'"),
        (["--takes", "two"], "too little"),
        (["--held-out", "one", "two"], "held out"),
        (["--set", "keys=uniform"], "--set does not apply"),
        (["--epochs", "3"], "--epochs does not apply"),
        (["--mixed-precision", "no"], "--mixed-precision does not apply"),
        (["--workers", "0"], "--workers does not apply"),
        (["--clip", "0"], "--clip does not apply"),
        (["--batch", "0"], "batch must be 1 or more"),
        (["--config", "vocaset"], "--config starter alone"),
    ],
)
def test_mistakes_get_one_line(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert tune(recording, tmp_path / "tuned", *arguments) == 2
    assert says in capsys.readouterr().err and not (tmp_path / "tuned").exists()


@pytest.mark.parametrize("option", ["--takes", "--held-out", "--sounds"])
def test_what_only_captured_faces_have_is_refused_for_others(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    command = ["train", "--config", "vocaset-tiny", "--dataset", str(recording), "--out", str(tmp_path / "a")]
    assert main([*command, option, "one"]) == 2
    assert f"{option} is for captured faces" in capsys.readouterr().err and not (tmp_path / "a").exists()


def test_what_goes_on_learning_moves_as_the_weights_are_shown_and_takes_edits_alike(recording: Path) -> None:
    model = checkpoint.load(STARTER_WEIGHTS)
    sound = audio.load(recording / "two.wav")
    animators = [Animator(TorchNetwork(network), STARTER_WEIGHTS, "") for network in (model, as_shown(model))]
    before, after = (animator.animate(sound, settings=PLAIN) for animator in animators)
    lips = ARKIT.indices_of(LIPS)  # captures say themselves how far round lips part
    assert (after.motion[:, lips] >= before.motion[:, lips] - 1e-4).all()
    others = np.setdiff1d(np.arange(ARKIT.width), lips)
    np.testing.assert_allclose(after.motion[:, others], before.motion[:, others], atol=1e-4)
    edit = {"frame": before.keys[5].frame, "pose": {"jawOpen": 0.4, "mouthFunnel": 0.6}}
    completed, again = (
        animator.complete(take, sound, [edit]) for animator, take in zip(animators, (before, after), strict=True)
    )
    np.testing.assert_allclose(again.motion[:, others], completed.motion[:, others], atol=0.005)  # their lips are apart


def test_weights_are_given_the_amplitude_that_they_lack(recording: Path) -> None:
    model = checkpoint.load(STARTER_WEIGHTS)
    take = next(take for take in find(recording).takes if take.name == "two")
    base = Animator(TorchNetwork(model), STARTER_WEIGHTS, "")
    wide = take.motion.copy()
    wide[:, FUNNEL] *= 1.6
    seen = finish(material_job(replace(take, motion=wide), base))
    match(model, seen, 1.0)
    made = finish(material_job(take, base))
    wanted, lacking, given = (part[:, FUNNEL].std() for part in (seen.captured, seen.made, made.made))
    assert lacking < 0.65 * wanted and 0.85 * wanted < given < 1.05 * wanted  # nothing is shown below 0
    assert made.made[:, FUNNEL].mean() == pytest.approx(seen.made[:, FUNNEL].mean(), abs=0.02)


def test_parting_lips_that_met_before_costs_more_the_further_they_part(recording: Path) -> None:
    """Also where the capture shows them open: a mean of what may be right would round every closure off."""
    teacher, learner = (as_shown(checkpoint.load(STARTER_WEIGHTS)).eval() for _ in range(2))
    example = finish(example_job(next(take for take in find(recording).takes if take.name == "one")))
    example = replace(example, captured=example.captured + 0.3 * (np.arange(ARKIT.width) == JAW).astype(np.float32))
    settings = FineTuning(batch=1, bent_share=0.0)

    def of_shut_lips() -> float:
        crops = drawn([example], settings, 1)
        with torch.no_grad():
            both = [loss(learner, teacher, crops, replace(settings, shut_weight=weight), 1) for weight in (0.0, 1.0)]
        return float(both[1] - both[0])

    assert of_shut_lips() == pytest.approx(0, abs=1e-6)
    costs = []
    for _ in range(2):
        learner.multimodal_guided_decoder.head.bias.data[JAW] += 0.05 * learner.config.motion_scale
        costs.append(of_shut_lips())
    assert costs[1] > 3 * costs[0] > 0.001


def test_a_batch_of_one_is_a_batch_of_one(recording: Path, tmp_path: Path) -> None:
    assert tune(recording, tmp_path / "tuned", "--steps", 1, "--batch", 1) == 0
    assert "batch=1," in (tmp_path / "tuned" / "README.md").read_text(encoding="utf-8")


def test_a_take_that_begins_after_its_sound_is_learnt_from_where_it_begins(recording: Path) -> None:
    whole = next(take for take in find(recording).takes if take.name == "two")
    late = replace(whole, motion=whole.motion[21:]).late(-21 / whole.fps)
    full, cut = (finish(example_job(take)) for take in (whole, late))
    np.testing.assert_allclose(cut.captured, full.captured[24:], atol=1e-5)  # on the next fifth of a second
    np.testing.assert_array_equal(cut.heard, full.heard[80:])


def test_the_starter_is_not_trained_from_nothing_on_captures(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "--config", "starter", "--dataset", str(recording), "--out", str(tmp_path / "a")]
    assert main(command) == 2
    assert "--from weights/starter" in capsys.readouterr().err
