"""An actor is learnt from a recording: better on what was held out, else nothing; p, b and m still close."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core import audio, espeak
from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.animate import Animator
from kmtalk_core.calibration import Calibration, Spoken, shares
from kmtalk_core.cli import main
from kmtalk_core.datasets.captures.lag import PLAIN
from kmtalk_core.errors import DataSetError, KMTalkError, TakeError
from kmtalk_core.motion.closures import closures_met
from kmtalk_core.motion.opening import visible_opening
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.progress import finish
from kmtalk_core.settings import Settings
from kmtalk_core.shaping import Shaping
from kmtalk_core.take import Take, export_csv, load_take
from kmtalk_core.training.calibrate import learn_job

TEXT = "Bob made a map of the moon, and many people moved to see it. Paul put five more boxes by the big blue door. "
JAW, SMILE = ARKIT.index_of("jawOpen"), ARKIT.index_of("mouthSmileLeft")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, animator: Animator) -> Path:
    """Two takes of an actor whose jaw opens half as far and who smiles all the time."""
    folder = tmp_path_factory.mktemp("actor")
    for name, words in (("one", TEXT + TEXT), ("two", "Maybe we may meet him by the pond.")):
        spoken = espeak.synthesize(words)
        soundfile.write(folder / f"{name}.wav", spoken.samples, spoken.rate)
        take = animator.animate(audio.load(folder / f"{name}.wav"), settings=PLAIN)
        export_csv(take.with_motion(of_actor(take)), folder / f"{name}.csv")
    return folder


def of_actor(take: Take) -> np.ndarray:
    motion = take.motion.copy()
    motion[:, JAW] *= 0.5
    motion[:, ARKIT.index_of("mouthClose")] *= 0.5
    motion[:, SMILE] += 0.2
    return motion


@pytest.fixture(scope="module")
def actor(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("learnt") / "actor.json"
    assert main(["calibrate", str(recording), "--takes", "one", "--out", str(path)]) == 0
    return path


def test_an_actor_is_met_better_on_a_take_that_was_not_learnt_from(
    recording: Path, actor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Calibration.load(actor)
    assert found.strength > 0 and found.gains["jawOpen"] < 0.8
    scores = recording.parent / f"{recording.name}.json"
    command = ["evaluate-captures", str(recording), "--takes", "two", "--calibration", str(actor)]
    assert main([*command, "--predictions", f"theirs={recording}", "--json", str(scores)]) == 0
    ours, calibrated, theirs = json.loads(scores.read_text())
    for channel in ("jawOpen", "mouthSmileLeft"):
        assert calibrated["channels"][channel]["error"] < 0.6 * ours["channels"][channel]["error"]
    assert theirs["opening"]["r"] == pytest.approx(1, abs=1e-6) and theirs["regions"]["mouth"]["error"] < 1e-5
    assert "| ours, actor | 1 |" in capsys.readouterr().out


def test_lips_still_meet_on_p_b_and_m(recording: Path, actor: Path, animator: Animator) -> None:
    calibrated = replace(animator, calibration=Calibration.load(actor))
    take = calibrated.animate(audio.load(recording / "two.wav"), settings=PLAIN)
    opening = visible_opening(take.motion)
    closed = [p for p in take.phones if p.label in "pbm" and p.confidence > 0.8]
    assert closed
    for phone in closed:
        frames = slice(round(phone.start * 30), max(round(phone.end * 30), round(phone.start * 30) + 1))
        assert opening[frames].min() < 0.02


def test_an_actor_whose_mouth_rests_open_still_closes_it_where_it_was_shut(recording: Path, animator: Animator) -> None:
    ajar = {"jawOpen": 0.12, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2}
    actor = Calibration("ajar", 1.0, dict.fromkeys(ajar, 1.3), ajar, {})
    sound = audio.load(recording / "one.wav")
    plain, calibrated = (
        visible_opening(a.animate(sound, settings=PLAIN).motion).astype(float)
        for a in (animator, replace(animator, calibration=actor))
    )
    met = closures_met(plain, calibrated, ARKIT.fps)
    assert len(met) >= 5 and all(met)
    assert calibrated.max() > 1.2 * plain.max()


def test_a_file_of_a_take_is_learnt_from_alone(recording: Path, animator: Animator) -> None:
    learnt, _ = finish(learn_job(recording / "one.csv", animator))
    alone, _ = finish(learn_job(recording / "one.wav", animator, "Anna"))
    assert learnt.is_better and learnt.calibration.name == "one" and alone.calibration.name == "Anna"
    assert alone.calibration.gains == learnt.calibration.gains
    assert "Learnt " in learnt.sentence and "error of the mouth fell" in learnt.sentence
    with pytest.raises(DataSetError, match="holds no captured face"):
        finish(learn_job(Path(__file__), animator))
    (recording / "notes.txt").write_text("jaw", encoding="utf-8")
    with pytest.raises(DataSetError, match="no recording of a face"):
        finish(learn_job(recording / "notes.txt", animator))
    with pytest.raises(DataSetError, match="There is no recording"):
        finish(learn_job(recording / "nothing.csv", animator))


def test_a_calibrated_take_is_completed_with_its_own_calibration(
    recording: Path, actor: Path, animator: Animator, tmp_path: Path
) -> None:
    sound, out = recording / "two.wav", tmp_path / "take.npz"
    assert main(["animate", str(sound), "--out", str(out), "--calibration", str(actor), "--set", "blinks=no"]) == 2
    assert main(["animate", str(sound), "--out", str(out), "--calibration", str(actor)]) == 0
    take = load_take(out)
    key = take.keys[len(take.keys) // 2]
    pose = {"jawOpen": 0.5}
    completed = animator.complete(take, audio.load(sound), [{"frame": key.frame, "pose": pose, "state": "edited"}])
    assert completed.motion[key.frame, JAW] == pytest.approx(0.5)
    changed = np.flatnonzero(np.abs(completed.motion - take.motion).max(axis=1) > 1e-6)
    assert len(changed) and np.abs(completed.motion - take.motion)[:, SMILE].max() < 0.1
    broken = replace(take, settings={**take.settings, "calibration": {"format": 1, "gains": 3}})
    with pytest.raises(TakeError, match="calibration"):
        animator.complete(broken, audio.load(sound), [{"frame": key.frame, "pose": pose}])


def test_a_pose_that_a_hand_set_is_taken_back_to_what_shows_as_it() -> None:
    """At any opening between lips that meet and lips that are the actor's, in each of the ways to part them."""
    rests = {"jawOpen": 0.15, "mouthClose": -0.1, "mouthLowerDownLeft": 0.2, "mouthUpperUpRight": -0.1}
    actor = Calibration("ajar", 1.0, {"jawOpen": 1.4, "mouthSmileLeft": 0.5}, rests, {"m": {"jawOpen": 0.2}})
    phones = (Phone(0.0, 0.5, "a"), Phone(0.5, 1.5, "m"), Phone(1.5, 3.0, "a"))
    settings = Settings.of({"strength_lower": 0.7})
    shaping = Shaping(ARKIT, settings, Alignment(phones, 3.0, "neural"), calibration=actor)
    spoken = Spoken(actor, ARKIT, phones)
    poses = np.random.default_rng(0).uniform(0, 0.4, (80, ARKIT.width)).astype(np.float32)
    poses[:, JAW], poses[0] = np.linspace(0, 0.4, 80), 0.0
    poses[::2, ARKIT.index_of("mouthClose")] = 0.0
    strength = np.full(ARKIT.width, 0.7, np.float32)
    times = np.linspace(0, 2.9, 80)
    shown = spoken.unspoken(poses, times, strength)
    spoken.speak(shown, times, strength)
    np.testing.assert_allclose(shown, poses, atol=1e-5)
    frame = 5  # of an open vowel, where no lips have to meet
    edited = poses[:1].copy()
    edited[0, JAW] = 0.12
    raw = shaping.unshape(edited, edited, [frame])
    assert shaping.shape(raw, frame, 0, 0)[0, JAW] == pytest.approx(0.12, abs=1e-4)


def test_a_calibration_of_no_strength_changes_nothing(recording: Path, actor: Path, animator: Animator) -> None:
    sound = audio.load(recording / "two.wav")
    silent = replace(Calibration.load(actor), strength=0.0)
    plain, still = (a.animate(sound, settings=PLAIN) for a in (animator, replace(animator, calibration=silent)))
    np.testing.assert_array_equal(plain.motion, still.motion)


def test_a_batch_is_calibrated_and_made_again_when_the_actor_changes(
    recording: Path, actor: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.txt").write_text(str(recording / "two.wav"))
    command = ["batch", str(tmp_path / "list.txt"), "--out", str(tmp_path / "out")]
    for arguments, done in ((["--calibration", str(actor)], 1), (["--calibration", str(actor)], 0), ([], 1)):
        assert main([*command, *arguments]) == 0
        assert f"{done} done" in capsys.readouterr().err


def test_what_cannot_be_learnt_from_is_one_sentence(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["calibrate", str(recording), "--out", str(tmp_path / "a.json")]
    assert main([*command, "--takes", "two"]) == 2
    assert "too little" in capsys.readouterr().err and not (tmp_path / "a.json").exists()
    assert main([*command, "--takes", "three"]) == 2
    assert "There is no take 'three'" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 2, "name": "a"}', "[" * 9999])
def test_a_file_that_is_no_calibration_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(KMTalkError, match=r"a\.json"):
        Calibration.load(tmp_path / "a.json")


def test_notes_that_a_person_wrote_into_a_calibration_do_no_harm(tmp_path: Path) -> None:
    actor = Calibration("Anna", 0.5, {"jawOpen": 1.2}, {}, {"m": {"jawOpen": 0.1}})
    (tmp_path / "a.json").write_text(json.dumps({**actor.to_json(), "notes": "from the second session"}))
    assert Calibration.load(tmp_path / "a.json").to_json() == actor.to_json()


def test_phones_fade_into_each_other_and_always_sum_to_one(spoken: Take) -> None:
    found = shares(spoken.phones, np.arange(0, spoken.duration, 0.01))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
