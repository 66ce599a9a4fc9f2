"""Fixtures that several rooms share."""

from pathlib import Path

import pytest
import soundfile

from kmtalk_core import espeak

SENTENCE = "Bob made a map of the moon."


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WAV file of `SENTENCE`, spoken by eSpeak NG; about two seconds."""
    path = tmp_path_factory.mktemp("speech") / "sentence.wav"
    spoken = espeak.synthesize(SENTENCE)
    soundfile.write(path, spoken.samples, spoken.rate)
    return path


@pytest.fixture(scope="session")
def long_speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same sentence over and over, four minutes of it: long enough to be stopped in the middle."""
    import numpy as np

    path = tmp_path_factory.mktemp("speech") / "long.wav"
    spoken = espeak.synthesize(SENTENCE)
    repeats = int(240 / (len(spoken.samples) / spoken.rate)) + 1
    soundfile.write(path, np.tile(spoken.samples, repeats), spoken.rate)
    return path
