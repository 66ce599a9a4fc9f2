"""The starter goes on learning from one actor: better on what was held out, or as it was, and it says which."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core import audio, espeak
from kmtalk_core.animate import Animator
from kmtalk_core.cli import main
from kmtalk_core.datasets.captures.lag import PLAIN
from kmtalk_core.engines import STARTER_WEIGHTS
from kmtalk_core.model import checkpoint
from kmtalk_core.model.log_mel_encoder import LogMelEncoder
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.portable.kmtalk import KMTalk as PortableKMTalk
from kmtalk_core.take import export_csv

JAW, SMILE = ARKIT.index_of("jawOpen"), ARKIT.index_of("mouthSmileLeft")
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
    animator = Animator.load(tmp_path / "tuned")
    assert isinstance(animator.network, PortableKMTalk)
    card = (tmp_path / "tuned" / "README.md").read_text(encoding="utf-8")
    assert "fine-tuned on one actor" in card and "| these |" in card and "served two best" in card
    before, after = (checkpoint.load(folder) for folder in (STARTER_WEIGHTS, tmp_path / "tuned"))
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
    ],
)
def test_mistakes_get_one_line(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert tune(recording, tmp_path / "tuned", *arguments) == 2
    assert says in capsys.readouterr().err and not (tmp_path / "tuned").exists()


def test_the_starter_is_not_trained_from_nothing_on_captures(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "--config", "starter", "--dataset", str(recording), "--out", str(tmp_path / "a")]
    assert main(command) == 2
    assert "--from weights/starter" in capsys.readouterr().err
