"""Interrupted training goes on where it stopped: all that changes is in one file, read without pickle's powers."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch


class Stateful(Protocol):
    """A model, an optimizer or a schedule."""

    def state_dict(self) -> Any: ...

    def load_state_dict(self, state: Any, /) -> Any: ...


def store(path: Path, parts: Mapping[str, Stateful], settings: Any, step: int) -> None:
    """Write the state of `parts` after `step` steps to `path`, whole or not at all; `settings` is a data class."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state: dict[str, Any] = {name: part.state_dict() for name, part in parts.items()}
    temporary = path.with_suffix(".part")
    torch.save(state | {"settings": asdict(settings), "step": step}, temporary)
    temporary.replace(path)


def restore(path: Path, parts: Mapping[str, Stateful], settings: Any) -> int:
    """Put `parts` back as they were and return the steps done; 0 where `path` is of other settings or not there."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["settings"] != asdict(settings):
        return 0
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"])
