"""Checkpoints as the NumPy pass reads them; see `model.folder`."""

from pathlib import Path

from ..errors import WeightsError
from ..model.folder import CONFIG_FILE, WEIGHTS_FILE, load_config, member
from .kmtalk import KMTalk
from .layout import layout
from .safetensors import read
from .tensors import Tensors


def load(folder: Path) -> KMTalk:
    """The network in `folder`, which must hear by the log-mel encoder.

    The tensors' names, shapes and types are compared with what the config asks for before they are read.
    Raises WeightsError for a folder or file that is missing, damaged, foreign or hostile.
    """
    config = load_config(folder)
    if not config.encoder.hears_phones:
        raise WeightsError(f"{folder / CONFIG_FILE} describes a speech encoder that PyTorch alone runs.")
    return KMTalk(config, Tensors(read(member(folder, WEIGHTS_FILE), layout(config))))
