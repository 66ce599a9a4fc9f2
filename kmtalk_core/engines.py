"""The two engines behind one interface: the NumPy pass for the starter and its like, PyTorch for all else.

Whoever makes motion talks to a `Network`, arrays in and arrays out, and need not know which it is.
"""

from pathlib import Path

from .errors import KMTalkError
from .model.folder import load_config
from .model.network import DEVICES, Network

STARTER_WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "starter"
"""The checkpoint that comes with the project."""


def load(folder: Path, device: str = "auto") -> Network:
    """The network of a checkpoint folder, in 32-bit floats.

    On a processor NumPy runs what hears by the log-mel encoder; PyTorch runs the rest, and whatever is to run on
    another device.  Raises WeightsError for a checkpoint that cannot be used, KMTalkError for a device that is not
    there, or where PyTorch is wanted and not installed.
    """
    if device not in DEVICES:
        raise KMTalkError(f"There is no device {device!r:.40}; choose one of {', '.join(DEVICES)}.")
    config = load_config(folder)
    if config.encoder.hears_phones and device in ("auto", "cpu"):
        from .portable import checkpoint

        return checkpoint.load(folder)
    try:
        from .model.engine import TorchNetwork
    except (ImportError, OSError) as error:  # OSError: its libraries do not load
        wanted = f"The device {device}" if config.encoder.hears_phones else f"The weights in {folder}"
        raise KMTalkError(f"{wanted} needs PyTorch ({error!s:.80}): install kmtalk[torch].") from error
    return TorchNetwork.load(folder, device)
