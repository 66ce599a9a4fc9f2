"""Several channels become their mean, but for those that are silent or cancel each other."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from kmtalk_core import audio

RATE = 16000


def voice(seed: int = 0, seconds: float = 3.0) -> np.ndarray:
    return (0.2 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def mixed(tmp_path: Path, *channels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    soundfile.write(tmp_path / "many.wav", np.stack(channels, axis=1), RATE, subtype="FLOAT")
    sound = audio.load(tmp_path / "many.wav")
    return sound.read(0, sound.length), sound.notes


def test_two_sides_are_averaged(tmp_path: Path) -> None:
    left, right = voice(0), voice(1)
    found, notes = mixed(tmp_path, left, right)
    assert np.allclose(found, (left + right) / 2, atol=1e-6) and notes == ()


@pytest.mark.parametrize("level", [0.0, 1e-4])
@pytest.mark.parametrize("offset", [0.0, 0.05])
def test_a_silent_side_is_left_out_and_told(tmp_path: Path, level: float, offset: float) -> None:
    said, nothing = voice(0), level * voice(1) + np.float32(offset)
    found, notes = mixed(tmp_path, nothing, said)
    assert np.array_equal(found, said)
    assert len(notes) == 1 and "Sound is in the right channel alone" in notes[0]
    found, notes = mixed(tmp_path, said, nothing)
    assert np.array_equal(found, said) and "left channel" in notes[0]


@pytest.mark.parametrize("weaker", [0.95, 0.8, 0.6])
def test_sides_in_opposite_phase_do_not_cancel(tmp_path: Path, weaker: float) -> None:
    said = voice(0)
    found, notes = mixed(tmp_path, -weaker * said, said + 0.01 * voice(1))
    assert np.allclose(found, said, atol=0.02)
    assert len(notes) == 1 and "opposite phase" in notes[0] and "right channel" in notes[0]


def test_of_six_channels_those_with_sound_are_averaged(tmp_path: Path) -> None:
    left, right, nothing = voice(0), voice(1), np.zeros(3 * RATE, np.float32)
    found, notes = mixed(tmp_path, left, right, nothing, nothing, nothing, nothing)
    assert np.allclose(found, (left + right) / 2, atol=1e-6)
    assert notes == ("4 of the 6 channels are silent; the others are used.",)


def test_one_of_six_channels_is_used_alone(tmp_path: Path) -> None:
    said, nothing = voice(0), np.zeros(3 * RATE, np.float32)
    found, notes = mixed(tmp_path, nothing, nothing, said, nothing, nothing, nothing)
    assert np.array_equal(found, said) and "channel 3" in notes[0]


def test_speakers_who_take_turns_on_two_sides_are_both_heard(tmp_path: Path) -> None:
    left, right = voice(0), voice(1)
    left[: len(left) // 2], right[len(right) // 2 :] = 0, 0
    found, notes = mixed(tmp_path, left, right)
    assert np.allclose(found, (left + right) / 2, atol=1e-6) and notes == ()


def test_silence_on_all_sides_is_told_once(tmp_path: Path) -> None:
    nothing = np.zeros(RATE, np.float32)
    _, notes = mixed(tmp_path, nothing, nothing)
    assert len(notes) == 1 and "silent from beginning to end" in notes[0]


def test_a_voice_in_the_centre_of_eight_channels_is_no_opposite_phase(tmp_path: Path) -> None:
    centre, around = voice(0), [0.1 * voice(seed) for seed in range(1, 8)]
    found, notes = mixed(tmp_path, *around[:2], centre, *around[2:])
    assert np.allclose(found, (centre + sum(around)) / 8, atol=1e-6) and notes == ()
