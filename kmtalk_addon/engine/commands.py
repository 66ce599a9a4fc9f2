"""The commands of an installation: run to their end, with their lines in its log."""

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..core import progress
from .faults import EngineError, Reading, UnreachableError, host_in, is_unreachable, sentence
from .process import lines_of
from .python import data_folder

_PIP_KEPT = frozenset(
    [  # of how to reach its servers
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_CERT",
        "PIP_CLIENT_CERT",
        "PIP_PROXY",
        "PIP_TRUSTED_HOST",
        "PIP_CONFIG_FILE",
        "PIP_RETRIES",
        "PIP_TIMEOUT",
        "PIP_DEFAULT_TIMEOUT",
        "PIP_KEYRING_PROVIDER",
        "PIP_USE_FEATURE",
    ]
)


def log() -> Path:
    """What the last installation did, line by line."""
    return data_folder() / "install.log"


def run(
    command: Sequence[str | Path],
    stage: str,
    start: float,
    end: float,
    expected: float = 1.0,
    growth: float = 0.0,
    variables: Mapping[str, str] | None = None,
) -> progress.Job[None]:
    """Run one command to its end, with its lines in the log and `variables` in its environment.  Raises EngineError.

    How far it is shows in its lines, which count up to `expected` bytes, or in the `growth` of what the disk holds.
    """
    reading = Reading(stage, expected)
    environment: Mapping[str, str] = {"PYTHONNOUSERSITE": "1", "PYTHONPATH": "", **pip_variables(), **(variables or {})}
    said = ["$ " + " ".join(map(str, command))]
    _note(said[0])
    used = _used_bytes()
    lines = lines_of(command, environment)
    try:
        while True:
            try:
                line = next(lines)
            except StopIteration as stop:
                status = stop.value
                break
            if line is None:
                grown = (_used_bytes() - used) / growth if growth else 0.0
                reading.fraction = max(reading.fraction, min(grown, 0.99))
                yield progress.Progress(reading.stage, start + (end - start) * reading.fraction)
            elif not reading.hear(line):
                said.append(line)
                _note(line)
    except OSError as error:
        raise EngineError(f"{command[0]} cannot be run ({error.strerror}): choose another Python.") from error
    finally:
        lines.close()
    if status:
        text = "\n".join(said)
        told = sentence(text, data_folder())
        raise UnreachableError(told, host_in(text)) if is_unreachable(text) else EngineError(told)


def pip_variables() -> dict[str, str]:
    """pip's settings for its children: how to reach its servers is the user's, where and what to install is ours."""
    others = {name: "" for name in os.environ if name.startswith("PIP_") and name not in _PIP_KEPT}
    return {**others, "PIP_NO_INPUT": "1", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0"}


def _used_bytes() -> int:
    return shutil.disk_usage(data_folder()).used


def _note(line: str) -> None:
    with contextlib.suppress(OSError), log().open("a", encoding="utf-8") as file:  # a full disk shows elsewhere
        file.write(line + "\n")
