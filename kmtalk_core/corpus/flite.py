"""Flite's voices: natural American and Scottish English, from the program `flite` where it is installed."""

import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import CorpusError
from ..phones import SILENCE, classes_of
from . import texts
from .utterance import Utterance, to_samples, to_segments

VOICES = {"slt": 0.02, "rms": 0.01, "awb": 0.0, "kal16": 0.0}
"""Voice → seconds to add to its labels, which run early by as much (measured against loudness)."""

_SHARE = {"slt": 2, "rms": 2, "awb": 2, "kal16": 1}
_STRETCH = (0.75, 1.3)
_LONGEST_RUN = 30.0


def available() -> bool:
    """Whether the program is installed."""
    return shutil.which("flite") is not None


def utterances(seconds: float, rng: random.Random) -> Iterator[Utterance]:
    """Speech of all voices in turn, `seconds` in all.  Raises `CorpusError` where flite does not work."""
    spoken = 0.0
    while spoken < seconds:
        voice = rng.choices(list(_SHARE), list(_SHARE.values()))[0]
        utterance = _say(texts.text("en", rng), voice, rng.uniform(*_STRETCH))
        spoken += utterance.duration
        yield utterance


def _say(text: str, voice: str, stretch: float) -> Utterance:
    import soundfile

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "speech.wav"
        command = [
            "flite",
            "-voice",
            voice,
            "--setf",
            f"duration_stretch={stretch:.2f}",
            "-t",
            text,
            "-psdur",
            "-o",
            str(path),
        ]
        run = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_RUN, check=False)
        if run.returncode or not path.exists():
            raise CorpusError("flite does not speak: reinstall it or make the corpus without it.")
        wave, rate = soundfile.read(path)
    labelled: list[tuple[float, float, tuple[str, ...]]] = []
    start = 0.0
    for item in run.stdout.split():
        name, end = item.rsplit(":", 1)
        labelled.append((start, float(end), classes_of(name.upper()) or (SILENCE,)))
        start = float(end)
    return Utterance(to_samples(wave, rate), to_segments(labelled, VOICES[voice], len(wave) / rate), f"flite:{voice}")
