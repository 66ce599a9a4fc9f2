"""Blocks of any kind become one stream at 16 kHz."""

import numpy as np
import pytest

from kmtalk_core.errors import AudioError
from kmtalk_core.stream.intake import Intake
from kmtalk_core.stream.sources import Waiting


def tone(rate: int, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("block", [1, 160, 441, 4096])
def test_any_rate_in_any_blocks(rate: int, block: int) -> None:
    intake, sound = Intake(rate), tone(rate, 0.2 if block == 1 else 1.0)
    parts = [intake(sound[start : start + block]) for start in range(0, len(sound), block)]
    early = sum(map(len, parts))
    assert early / 16000 > len(sound) / rate - 0.06, "sound is held back"
    found = np.concatenate([*parts, intake.finish()])
    wanted = tone(16000, len(sound) / rate)
    assert len(found) == len(wanted)
    np.testing.assert_allclose(found[400:-400], wanted[400:-400], atol=0.01)


def test_stereo_is_mixed() -> None:
    left = tone(16000)
    np.testing.assert_allclose(Intake(16000, 2)(np.stack([left, 0 * left], axis=1)), left / 2, atol=1e-6)


def test_what_is_no_number_is_silence() -> None:
    block = np.array([0.5, np.nan, np.inf, -np.inf, 1e30, 0.5], np.float32)
    np.testing.assert_array_equal(Intake(16000)(block), np.array([0.5, 0, 0, 0, 0, 0.5], np.float32))


def test_a_block_that_comes_twice_or_late_counts_once() -> None:
    intake, sound = Intake(16000), tone(16000)
    found = [intake(sound[:320], 0), intake(sound[320:640], 320), intake(sound[320:640], 320), intake(sound[:320], 0)]
    found.append(intake(sound[600:960], 600))
    np.testing.assert_array_equal(np.concatenate(found), sound[:960])
    assert intake.doubled == 320 + 320 + 40 and intake.lost == 0


def test_a_lost_block_is_silence_and_those_after_it_stay_in_time() -> None:
    intake, sound = Intake(16000), tone(16000)
    found = np.concatenate([intake(sound[:320], 0), intake(sound[640:960], 640)])
    np.testing.assert_array_equal(found[640:960], sound[640:960])
    assert not found[320:640].any() and intake.lost == 320


def test_what_falls_out_while_the_machine_is_busy_is_silence_of_its_length() -> None:
    intake, sound, waiting = Intake(16000), tone(16000), Waiting(most=2)
    blocks = [sound[start : start + 320] for start in range(0, 5 * 320, 320)]
    for block in blocks[:4]:  # the third and the fourth find no room
        waiting.take(block.tobytes(), len(block))
    heard = [waiting.next(1.0), waiting.next(1.0)]
    waiting.take(blocks[4].tobytes(), 320)
    heard.append(waiting.next(1.0))
    found = np.concatenate([intake(np.frombuffer(block, np.float32), at) for at, block in heard])
    np.testing.assert_array_equal(found, np.concatenate([sound[:640], np.zeros(640), blocks[4]]))
    assert intake.lost == 640


def test_an_hour_that_was_lost_is_not_made_up() -> None:
    intake, sound = Intake(16000), tone(16000)
    intake(sound, 0)
    assert len(intake(sound, 3600 * 16000)) == 2 * 16000
    assert len(intake(sound, 3601 * 16000)) == 16000


@pytest.mark.parametrize(("rate", "channels"), [(0, 1), (16000, 0), (10**9, 1), (16000, 1000)])
def test_a_device_that_cannot_be_is_refused(rate: int, channels: int) -> None:
    with pytest.raises(AudioError):
        Intake(rate, channels)
