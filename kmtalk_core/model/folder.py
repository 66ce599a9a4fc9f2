"""A checkpoint's folder: config.json, model.safetensors and README.md, checked before anything of it is used."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from ..errors import WeightsError
from .config import KMTalkConfig

CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "model.safetensors", "README.md"

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]

_LARGEST_CONFIG = 1 << 20


def load_config(folder: Path) -> KMTalkConfig:
    """The config of the checkpoint in `folder`; raises WeightsError where there is none or it cannot be trusted."""
    path = member(folder, CONFIG_FILE)
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise WeightsError(f"{path} is too large to be a config; download the weights again.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not valid JSON; download the weights again.") from error
    return KMTalkConfig.from_json(data)


def model_hash(folder: Path) -> str:
    """SHA-256 (hex) over config and weights: two checkpoints with one hash give one motion."""
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        with member(folder, name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def member(folder: Path, name: str) -> Path:
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


def require_layout(wanted: Shapes, found: Mapping[str, tuple[str, tuple[int, ...]]], path: Path) -> None:
    """Raise WeightsError unless the tensors `found` in `path` (type and shape by name) are those `wanted`, in F32."""
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


def damaged(path: Path) -> WeightsError:
    return WeightsError(f"{path} is damaged or cut short; download the weights again.")


def not_finite(path: Path, name: str) -> WeightsError:
    return WeightsError(f"{path} holds numbers that are not finite ({name}); its training went wrong.")
