"""Sound in, take out: of any length, in windows nobody can see, to be stopped at any time, and edited afterwards."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from networks import TINY_WAV2VEC2, awake, small
from noises import JAW, QUIET, noise

from kmtalk_core import audio
from kmtalk_core.alignment import Alignment, Phone
from kmtalk_core.animate import Animator
from kmtalk_core.audio import RATE, Sound
from kmtalk_core.errors import AlignmentError, KMTalkError, WeightsError
from kmtalk_core.model import checkpoint, hearing, performance
from kmtalk_core.model.engine import TorchNetwork
from kmtalk_core.portable.kmtalk import KMTalk as NumPyNetwork
from kmtalk_core.progress import Progress
from kmtalk_core.take import Take
from kmtalk_core.textgrid import write_textgrid


@pytest.fixture
def windows_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    def change(seconds: float) -> None:
        for module in (hearing, performance):
            monkeypatch.setattr(module, "WINDOW_SECONDS", seconds)
        monkeypatch.setattr(hearing.Memory, "hearing_job", lambda memory, *asked: hearing.listen_job(*asked))

    return change


def test_a_take_lasts_as_long_as_its_sound_and_knows_where_it_came_from(
    animator: Animator, minute: Sound, take: Take
) -> None:
    assert take.motion.shape == (1839, 52)
    assert take.motion.dtype == np.float32
    assert take.motion.std(axis=0).max() > 0.01
    assert take.audio == {"name": minute.name, "digest": minute.digest, "duration": minute.duration}
    assert take.model == {"name": "small", "hash": checkpoint.model_hash(animator.weights)}
    assert take.settings["method"] == "uniform"


def test_a_keys_pose_is_the_motion_at_its_frame(take: Take) -> None:
    assert take.keys[0].frame == 0
    assert take.keys[-1].frame == 1838
    for key in take.keys:
        np.testing.assert_array_equal(key.pose, take.motion[key.frame])
        assert key.state == "generated"


def test_animating_twice_gives_the_same_take(animator: Animator, minute: Sound, take: Take) -> None:
    np.testing.assert_array_equal(animator.animate(minute, method="uniform").motion, take.motion)


@pytest.mark.parametrize("settings", [{}, {"smoothing": 0.2, "delay": 0.05}])
def test_windows_cannot_be_told_from_one_pass(
    animator: Animator, minute: Sound, windows_of: Any, settings: dict[str, Any]
) -> None:
    windows_of(7.0)
    in_windows = animator.animate(minute, method="uniform", settings=settings)
    windows_of(1000.0)
    in_one_pass = animator.animate(minute, method="uniform", settings=settings)
    np.testing.assert_allclose(in_windows.motion, in_one_pass.motion, atol=1e-5)


def test_windows_of_a_pretrained_encoder_join_without_a_jump(pretrained_animator: Animator, windows_of: Any) -> None:
    sound = noise(24.0)
    windows_of(8.0)
    in_windows = pretrained_animator.animate(sound, method="uniform").motion
    windows_of(1000.0)
    in_one_pass = pretrained_animator.animate(sound, method="uniform").motion
    span = np.ptp(in_one_pass, axis=0).max()
    jumps = np.abs(np.diff(in_windows, axis=0) - np.diff(in_one_pass, axis=0)).max(axis=1)
    for seam in (240, 480):
        assert jumps[seam - 2 : seam + 3].max() < 0.01 * span


def test_told_phones_reach_an_encoder_that_hears_none(tmp_path: Path) -> None:
    config = small(encoder=TINY_WAV2VEC2, space="vocaset", motion_scale=100.0)
    checkpoint.save(awake(config), tmp_path / "told", "A small network with random weights.")
    animator, sound = Animator.load(tmp_path / "told", "cpu"), noise(3.0)
    motions = []
    for label in ("a", "u"):
        phones = [Phone(0.5, 1.0, "b"), Phone(1.0, 2.5, label)]
        write_textgrid(Alignment.covering(phones, 3.0, "test"), tmp_path / "said.TextGrid")
        motions.append(animator.animate(sound, textgrid=tmp_path / "said.TextGrid").motion)
    moved = np.abs(motions[0] - motions[1]).max(axis=1)
    assert moved[52] > 1e-6
    assert moved[:2].max() < 1e-7


def test_a_real_sentence_gets_keys_at_its_phones(animator: Animator, speech: Path) -> None:
    sound = audio.load(speech)
    take = animator.animate(sound, text="Bob made a map of the moon.", method="transcript")
    assert take.text == "Bob made a map of the moon."
    boundaries = {round(phone.start * 30) for phone in take.phones} | {0, take.frame_count - 1}
    assert {key.frame for key in take.keys} <= boundaries | {round(phone.end * 30) for phone in take.phones}
    assert {"b", "m"} <= {phone.label.lower() for phone in take.phones}
    assert all(0 <= key.confidence <= 1 for key in take.keys)


def test_silence_and_the_shortest_sounds_are_no_trouble(animator: Animator) -> None:
    for samples in (np.zeros(RATE * 2, np.float32), np.zeros(1, np.float32), np.ones(400, np.float32) * 0.1):
        take = animator.animate(audio.from_samples(samples, RATE), method="neural")
        assert take.frame_count == max(round(len(samples) / RATE * 30), 1)
        assert np.isfinite(take.motion).all()


@pytest.fixture(scope="module")
def starter() -> Animator:
    return Animator.load(None, "cpu")


@pytest.mark.parametrize("gap", [30.0, 47.0, 130.0])
def test_between_two_sentences_far_apart_the_face_rests(starter: Animator, speech: Path, gap: float) -> None:
    said = audio.load(speech)
    sentence = said.read(0, said.length)
    sound = audio.from_samples(np.concatenate([sentence, np.zeros(int(gap * RATE), np.float32), sentence]), RATE)
    take = starter.animate(sound, settings=QUIET)
    first, last = (round((said.duration + beside) * take.fps) for beside in (0.5, gap - 0.5))
    assert take.motion[first:last, JAW].max() < 0.01
    assert take.motion[first:last].max() < 0.05
    before, after = take.motion[: first - 15], take.motion[last + 15 :]
    assert before[:, JAW].max() > 0.2 and after[:, JAW].max() > 0.2
    key = [key.frame for key in take.keys if key.frame < first][-3]
    edited = starter.complete(take, sound, [{"frame": key, "pose": {"jawOpen": 0.9}}, {"frame": last, "add": True}])
    assert edited.motion[key, JAW] == np.float32(0.9)
    assert edited.motion[first + 15 : last - 15, JAW].max() < 0.01


def test_a_long_pause_that_is_told_needs_no_key_in_any_space(pretrained_animator: Animator, tmp_path: Path) -> None:
    phones = [Phone(0.1, 0.4, "m"), Phone(0.4, 0.8, "a"), Phone(70.0, 70.4, "a")]
    write_textgrid(Alignment.covering(phones, 71.0, "test"), tmp_path / "said.TextGrid")
    take = pretrained_animator.animate(noise(71.0), textgrid=tmp_path / "said.TextGrid")
    assert {key.frame for key in take.keys if 2 <= key.time <= 69} == set()
    assert np.isfinite(take.motion).all() and np.abs(take.motion).max() > 0


def test_a_delay_shows_everything_later(animator: Animator) -> None:
    sound = noise(4.0)
    now, later = (animator.animate(sound, method="uniform", settings={**QUIET, "delay": d}) for d in (0.0, 0.2))
    # The uniform keys lie three frames apart, so six frames later they stand on each other.
    np.testing.assert_allclose(later.motion[40:90], now.motion[34:84], atol=1e-4)
    assert later.settings["delay"] == 0.2


def test_a_gap_between_keys_thins_them(animator: Animator, minute: Sound) -> None:
    thinned = animator.animate(minute, method="uniform", settings={"minimum_key_gap": 0.3})
    assert min(np.diff([key.frame for key in thinned.keys])) >= 9


def test_uniform_weights_take_uniform_keys(tmp_path: Path) -> None:
    checkpoint.save(awake(small(keys="uniform")), tmp_path / "uniform", "An ablation.")
    take = Animator.load(tmp_path / "uniform").animate(noise(3.0))
    assert take.settings["method"] == "uniform"
    assert np.diff([key.frame for key in take.keys])[:-1].tolist() == [3] * (len(take.keys) - 2)


def test_an_explicit_method_that_fails_says_so(animator: Animator) -> None:
    with pytest.raises(AlignmentError):
        animator.animate(noise(1.0), method="transcript")


def test_progress_rises_and_comes_with_every_window(animator: Animator, minute: Sound) -> None:
    job = animator.animate_job(minute, method="uniform")
    steps = [step for step in job if step.stage == "animating"]
    assert len(steps) >= 4
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert steps[-1].fraction == 1


def test_a_job_can_be_stopped_at_every_step(animator: Animator) -> None:
    sound = noise(3.0)
    for count in range(1, 50):
        job = animator.animate_job(sound, method="neural")
        if len([step for _, step in zip(range(count), job, strict=False)]) < count:
            return
        job.close()
    pytest.fail("The job never ended.")


def test_stopping_a_pretrained_encoder_ends_its_thread(pretrained_animator: Animator) -> None:
    before = threading.active_count()
    job = pretrained_animator.animate_job(noise(20.0), method="uniform")
    stages = iter_stages(job)
    while next(stages) != "animating":
        pass
    next(stages)
    job.close()
    assert threading.active_count() == before
    hooks = [m for m in pretrained_animator.network.model.audio_encoder.modules() if m._forward_pre_hooks]
    assert hooks == []


def iter_stages(job: Iterator[Progress]) -> Iterator[str]:
    for step in job:
        yield step.stage


def test_the_threads_of_the_process_stay_as_they_were(animator: Animator) -> None:
    torch.set_num_threads(2)
    try:
        animator.animate(noise(1.0), method="uniform")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_weights_and_devices_that_are_not_there_are_named(animator: Animator, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="nowhere"):
        Animator.load(tmp_path / "nowhere")
    with pytest.raises(KMTalkError, match="no device 'abacus'"):
        Animator.load(animator.weights, "abacus")
    assert Animator.load(animator.weights, "auto").network.device == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(KMTalkError, match="choose auto or cpu"):
            Animator.load(animator.weights, "cuda")


def test_numpy_runs_what_it_can_and_pytorch_the_rest(animator: Animator, pretrained_animator: Animator) -> None:
    assert isinstance(Animator.load(animator.weights).network, NumPyNetwork)
    assert isinstance(Animator.load(animator.weights, "cpu").network, NumPyNetwork)
    assert isinstance(pretrained_animator.network, TorchNetwork)
    if torch.cuda.is_available():
        assert isinstance(Animator.load(animator.weights, "cuda").network, TorchNetwork)
