"""Checkpoints: a folder with config.json, model.safetensors and README.md.  Nothing in it is ever executed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import WeightsError
from ..files import replacing
from .config import KMTalkConfig
from .kmtalk import KMTalk

CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "model.safetensors", "README.md"

_LARGEST_CONFIG = 1 << 20


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


def load_config(folder: Path) -> KMTalkConfig:
    """The config of the checkpoint in `folder`; raises WeightsError where there is none or it cannot be trusted."""
    path = _member(folder, CONFIG_FILE)
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise WeightsError(f"{path} is too large to be a config; download the weights again.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not valid JSON; download the weights again.") from error
    return KMTalkConfig.from_json(data)


def load(folder: Path) -> KMTalk:
    """The network in `folder`, on the CPU, ready to infer (`eval`).

    The tensors' names, shapes and types are compared with what the config asks for before they are read.
    Raises WeightsError for a folder or file that is missing, damaged, foreign or hostile.
    """
    from safetensors import SafetensorError, safe_open

    config = load_config(folder)
    path = _member(folder, WEIGHTS_FILE)
    # What is large is laid out without memory, so that a config alone cannot ask for any; PyTorch's machinery for that
    # takes a second to import, which what is small need not wait for.
    with torch.device("meta" if config.is_large else "cpu"):
        model = KMTalk(config)
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    try:
        with safe_open(path, framework="pt") as stored:
            _compare(wanted, {name: _layout(stored.get_slice(name)) for name in stored.keys()}, path)  # noqa: SIM118
            tensors = {name: stored.get_tensor(name).clone() for name in wanted}  # cut loose from the file
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path} is damaged or cut short; download the weights again.") from error
    for name, tensor in tensors.items():
        if not np.isfinite(tensor.numpy()).all():
            raise WeightsError(f"{path} holds numbers that are not finite ({name}); its training went wrong.")
    if any(buffer.is_meta for name, buffer in model.named_buffers() if name not in tensors):
        model = KMTalk(config)  # some encoders compute tables that no file holds
    model.load_state_dict(tensors, assign=True)
    return model.eval()


def model_hash(folder: Path) -> str:
    """SHA-256 (hex) over config and weights: two checkpoints with one hash give one motion."""
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        with _member(folder, name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _member(folder: Path, name: str) -> Path:
    """The file `name` of the checkpoint in `folder`, which must lie in it for real."""
    path = folder / name
    if not folder.is_dir():
        raise WeightsError(f"There is no folder of weights at {folder}; check the path, or train or download them.")
    if not path.is_file():
        raise WeightsError(f"{folder} is no checkpoint: {name} is missing; give a folder with {CONFIG_FILE} and "
                           f"{WEIGHTS_FILE}.")  # fmt: skip
    if path.resolve().parent != folder.resolve():
        raise WeightsError(f"{path} is a link out of its folder; copy the file itself there.")
    return path


def _layout(stored: Any) -> tuple[str, tuple[int, ...]]:
    return stored.get_dtype(), tuple(stored.get_shape())


def _compare(wanted: dict[str, tuple[int, ...]], found: dict[str, tuple[str, tuple[int, ...]]], path: Path) -> None:
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise WeightsError(f"{path} lacks {name!r:.100}; it belongs to another config.json.")
        if name not in wanted:
            raise WeightsError(f"{path} holds {name!r:.100}, which its config.json has no place for.")
        kind, shape = found[name]
        if shape != wanted[name]:
            raise WeightsError(f"{path}: {name!r:.100} is {shape}, its config.json asks for {wanted[name]}.")
        if kind != "F32":
            raise WeightsError(f"{path}: {name!r:.100} is of type {kind}; only 32-bit floats are read.")
