"""The state of a training: whole or not at all, and one sentence where it is torn."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from kmtalk_core.errors import TrainingError
from kmtalk_core.training import resume


@dataclass(frozen=True)
class Settings:
    rate: float = 1.0


def test_a_training_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state.pt"
    first, second = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    resume.store(path, {"network": first}, Settings(), 7)
    assert resume.restore(path, {"network": second}, Settings(2.0)) == 0
    assert resume.restore(path, {"network": second}, Settings()) == 7
    assert torch.equal(first.weight, second.weight)
    assert [item.name for item in path.parent.iterdir()] == ["state.pt"]


def test_a_state_that_is_torn_or_something_else_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    network = torch.nn.Linear(30, 20)
    resume.store(path, {"network": network}, Settings(), 7)
    whole = path.read_bytes()
    for content in (b"", b"nonsense", whole[:100], whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(content)
        with pytest.raises(TrainingError, match="is damaged; delete it"):
            resume.restore(path, {"network": network}, Settings())
    for state in ([1, 2], {}, {"settings": {"rate": 1.0}}, {"settings": {"rate": 1.0}, "network": 5, "step": 1}):
        torch.save(state, path)
        with pytest.raises(TrainingError, match="is damaged; delete it"):
            resume.restore(path, {"network": network}, Settings())
