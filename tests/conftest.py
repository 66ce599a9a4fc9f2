"""Fixtures that several rooms share."""

import sys
from pathlib import Path

import pytest
import soundfile

from kmtalk_core import espeak

SENTENCE = "Bob made a map of the moon."


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--examples", type=int, default=40, help="how many a property is tried with (default %(default)s)")


def pytest_configure(config: pytest.Config) -> None:
    try:
        from hypothesis import HealthCheck, settings
    except ImportError:  # in the environments of other Blenders
        return
    few = settings(
        max_examples=config.getoption("--examples"),
        deadline=None,
        derandomize=config.getoption("--examples") <= 40,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    settings.register_profile("kmtalk", few)
    settings.load_profile("kmtalk")


_STATUS = pytest.StashKey[int]()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_STATUS] = int(exitstatus)


def pytest_unconfigure(config: pytest.Config) -> None:
    """How the tests went is known and told; Blender's own end as a module may hang or crash."""
    if "bpy" in sys.modules and _STATUS in config.stash:
        from kmtalk_addon.as_module import leave

        leave(config.stash[_STATUS])


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
