"""Checkpoints as PyTorch writes and reads them; see `folder`.  Nothing in one is ever executed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import WeightsError
from ..files import replacing
from .folder import (
    CARD_FILE,
    CONFIG_FILE,
    WEIGHTS_FILE,
    damaged,
    load_config,
    member,
    model_hash,
    not_finite,
    require_layout,
)
from .kmtalk import KMTalk

__all__ = ["CARD_FILE", "CONFIG_FILE", "WEIGHTS_FILE", "load", "load_config", "model_hash", "save"]


def save(model: KMTalk, folder: Path, card: str) -> None:
    """Write `model` to `folder`, with `card` (Markdown) as its README.md; other files there stay.

    Each file is written beside its place and then renamed.  Raises WeightsError where that cannot be done.
    """
    from safetensors.torch import save as to_bytes

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    config = json.dumps(model.config.to_json(), indent=1, ensure_ascii=False) + "\n"
    try:
        contents = {
            WEIGHTS_FILE: to_bytes(tensors, {"format": "pt"}),
            CONFIG_FILE: config.encode(),
            CARD_FILE: card.encode(),
        }
        for name, data in contents.items():
            with replacing(folder / name) as file:
                file.write(data)
    except OSError as error:
        raise WeightsError(f"{folder} cannot be written ({error.strerror}); choose another folder.") from error


def load(folder: Path) -> KMTalk:
    """The network in `folder`, on the CPU, ready to infer (`eval`).

    The tensors' names, shapes and types are compared with what the config asks for before they are read.
    Raises WeightsError for a folder or file that is missing, damaged, foreign or hostile.
    """
    from safetensors import SafetensorError, safe_open

    config = load_config(folder)
    path = member(folder, WEIGHTS_FILE)
    # What is large is laid out without memory, so that a config alone cannot ask for any; PyTorch's machinery for that
    # takes a second to import, which what is small need not wait for.
    with torch.device("meta" if config.is_large else "cpu"):
        model = KMTalk(config)
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    try:
        with safe_open(path, framework="pt") as stored:
            require_layout(wanted, {name: _layout(stored.get_slice(name)) for name in stored.keys()}, path)  # noqa: SIM118
            tensors = {name: stored.get_tensor(name).clone() for name in wanted}  # cut loose from the file
    except (SafetensorError, OSError, ValueError) as error:
        raise damaged(path) from error
    for name, tensor in tensors.items():
        if not np.isfinite(tensor.numpy()).all():
            raise not_finite(path, name)
    if any(buffer.is_meta for name, buffer in model.named_buffers() if name not in tensors):
        model = KMTalk(config)  # some encoders compute tables that no file holds
    model.load_state_dict(tensors, assign=True)
    return model.eval()


def _layout(stored: Any) -> tuple[str, tuple[int, ...]]:
    return stored.get_dtype(), tuple(stored.get_shape())
