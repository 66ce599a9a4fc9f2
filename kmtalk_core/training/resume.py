"""Interrupted training goes on where it stopped: all that changes is in one file, read without pickle's powers."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch

from ..errors import TrainingError
from ..files import replacing


class Stateful(Protocol):
    """A model, an optimizer or a schedule."""

    def state_dict(self) -> Any: ...

    def load_state_dict(self, state: Any, /) -> Any: ...


def store(path: Path, parts: Mapping[str, Stateful], settings: Any, step: int) -> None:
    """Write the state of `parts` after `step` steps to `path`, whole or not at all; `settings` is a data class.

    Raises TrainingError where that cannot be done.
    """
    state: dict[str, Any] = {name: part.state_dict() for name, part in parts.items()}
    write(path, state | {"settings": asdict(settings), "step": step})


def restore(path: Path, parts: Mapping[str, Stateful], settings: Any) -> int:
    """Put `parts` back as they were and return the steps done; 0 where `path` is of other settings or not there.

    Raises TrainingError for a file that is torn or something else.
    """
    if not path.exists():
        return 0
    state = read(path)
    try:
        if state["settings"] != asdict(settings):
            return 0
        for name, part in parts.items():
            part.load_state_dict(state[name])
        return int(state["step"])
    except Exception as error:  # whatever is not as it was written
        raise _damaged(path) from error


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors and plain values, whole or not at all.  Raises TrainingError."""
    try:
        with replacing(path) as file:
            torch.save(dict(state), file)
    except (OSError, RuntimeError) as error:  # PyTorch's writer has an error of its own for a full disk
        why = getattr(error, "strerror", None) or "the disk may be full"
        raise TrainingError(f"{path} cannot be written ({why}); make room and start again: it resumes.") from error


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote.  Raises TrainingError for a file that is torn or something else."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for one damaged file
        raise _damaged(path) from error
    if not isinstance(state, dict):
        raise _damaged(path)
    return state


def _damaged(path: Path) -> TrainingError:
    return TrainingError(f"{path} is damaged; delete it to train anew.")
