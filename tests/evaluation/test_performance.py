"""The measure of a performance tells what lives from what does not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kmtalk_core import audio, cli
from kmtalk_core.animate import Animator
from kmtalk_core.evaluation.performance import Heard, blinks, heard, mood_rows, rows, saccades
from kmtalk_core.motion.spaces import ARKIT
from kmtalk_core.take import Take

FPS = 30


@pytest.fixture(scope="module")
def take(long_speech: Path) -> Take:
    said = audio.load(long_speech)
    return Animator.load().animate(audio.from_samples(said.read(0, 60 * audio.RATE), audio.RATE))


def figure(takes: list[Heard], name: str) -> float | None:
    return next(row.value for row in rows(takes) if row.name == name)


def with_curve(take: Take, name: str, curve: np.ndarray | float) -> Heard:
    motion = take.motion.copy()
    motion[:, ARKIT.indices_of((name, name + "Left", name + "Right"))] = np.asarray(curve, np.float32).reshape(-1, 1)
    return heard(take.with_motion(motion), [])


def test_a_blink_is_measured_as_it_was_made(take: Take) -> None:
    t = np.arange(take.frame_count) / FPS
    lids = sum(0.8 * np.clip(1 - abs(t - at) / 0.15, 0, 1) for at in (5.0, 9.0, 30.0))
    found = blinks(with_curve(take, "eyeBlink", lids))
    assert [round(time) for time, *_ in found] == [5, 9, 30]
    assert all(abs(close - 135) < 10 and abs(opened - 135) < 10 and depth > 0.79 for _, close, opened, depth in found)


def test_a_saccade_is_measured_in_degrees(take: Take) -> None:
    motion = np.zeros_like(take.motion)
    motion[300:, ARKIT.indices_of(("eyeLookOutLeft", "eyeLookInRight"))] = 0.25
    sizes = np.degrees(saccades(heard(take.with_motion(motion), [])))
    assert len(sizes) == 1 and sizes[0] == pytest.approx(0.25 * np.degrees(0.68), rel=0.05)


def test_brows_that_bounce_with_the_jaw_are_told(take: Take) -> None:
    jaw = take.motion[:, ARKIT.index_of("jawOpen")]
    assert figure([heard(take, [])], "largest correlation with the jaw") < 0.3
    assert figure([with_curve(take, "browInnerUp", jaw)], "largest correlation with the jaw") > 0.9


def test_a_frozen_face_and_lids_that_stay_down_are_told(take: Take) -> None:
    frozen = replace(
        take.with_motion(np.zeros_like(take.motion)), tracks=(replace(take.tracks[0], motion=0 * take.motion),)
    )
    told = {row.name: row for row in rows([heard(frozen, [])])}
    assert told["blinks a minute"].value == 0 and not told["blinks a minute"].is_met
    assert told["channels of the upper face that stand still"].value == 8
    assert figure([with_curve(take, "eyeBlink", 0.9)], "largest value of lids, brows and head at a line's ends") > 0.8


def test_a_sound_in_which_nobody_speaks_has_figures_too() -> None:
    for samples in (np.zeros(4 * audio.RATE), np.random.default_rng(1).normal(0, 0.002, 4 * audio.RATE)):
        silence = Animator.load().animate(audio.from_samples(samples.astype(np.float32), audio.RATE))
        assert figure([heard(silence, [])], "share of silent frames that are frozen") == 0
        assert figure([heard(silence, [])], "its mean just before a line, of that in speech") is None


def test_a_mouth_that_is_ajar_in_silence_and_one_that_breathes_are_told_apart(long_speech: Path) -> None:
    ajar = "the mouth's opening in silence but for breath, of that in speech"
    breath = "its mean just before a line, of that in speech"
    said = audio.load(long_speech).read(0, 6 * audio.RATE)
    twice = audio.from_samples(np.concatenate([said, np.zeros(3 * audio.RATE, np.float32), said]), audio.RATE)
    take = Animator.load().animate(twice)
    assert figure([heard(take, [])], ajar) < 0.1 and 0.5 < figure([heard(take, [])], breath) < 1.6
    jaw = take.motion[:, ARKIT.index_of("jawOpen")]
    assert figure([with_curve(take, "jawOpen", jaw + 0.2)], ajar) > 0.2
    breathless = Animator.load().animate(twice, settings={"breath": False})
    assert figure([heard(breathless, [])], breath) < 0.3


def test_a_mood_is_as_strong_as_its_pose_and_opens_no_lips(take: Take) -> None:
    plain, angry = (with_curve(take, "browDown", size) for size in (0.0, 0.5))
    shows, correlation, opened = mood_rows([plain], [angry], {"browDown": 0.5})
    assert shows.value == pytest.approx(1.0) and correlation.value > 0.999 and opened.value in (None, 0)


def test_the_command_prints_the_table(speech: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status = cli.main(["evaluate-performance", str(speech.parent), "--seeds", "1", "--json", str(tmp_path / "f.json")])
    shown = capsys.readouterr().out
    assert status == 0 and "| blinks a minute |" in shown
    assert len(json.loads((tmp_path / "f.json").read_text())) > 20


def test_pops_trembling_and_stares_are_told(take: Take) -> None:
    rows_of = ("fastest brow, cheek or nose", "fastest turn of the head", "largest share of power", "longest stare")

    def told(heard_take: Heard) -> list[bool]:
        found = rows([heard_take])
        return [next(row for row in found if row.name.startswith(name)).is_met for name in rows_of]

    assert told(heard(take, [])) == [True] * 4
    pops = take.motion[:, ARKIT.index_of("browInnerUp")].copy()
    pops[600:] += 0.5
    assert told(with_curve(take, "browInnerUp", pops))[0] is False
    trembling = 0.1 + 0.05 * np.sin(np.arange(take.frame_count) * 2 * np.pi * 9 / FPS)
    assert told(with_curve(take, "cheekSquint", trembling))[2] is False
    still = take.motion.copy()
    still[300:600, ARKIT.in_region("eyes")] = 0
    assert told(heard(take.with_motion(still), []))[3] is False
    head = take.track("head")
    jumping = head.motion.copy()
    jumping[400:] += 0.2
    others = (take.tracks[0], replace(head, motion=jumping))
    assert told(heard(replace(take, tracks=others), []))[1] is False
