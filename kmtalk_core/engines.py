"""The two engines behind one interface: the NumPy pass for the starter and its like, PyTorch for all else.

Whoever makes motion talks to a `Network`, arrays in and arrays out, and need not know which it is.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import KMTalkError
from .model.config import KMTalkConfig
from .model.folder import load_config
from .progress import Job

FloatArray: TypeAlias = npt.NDArray[np.float32]
IndexArray: TypeAlias = npt.NDArray[np.intp]

STARTER_WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "starter"
"""The checkpoint that comes with the project."""

DEVICES = ("auto", "cpu", "cuda", "mps")


class Encoded(NamedTuple):
    """Speech at the motion rate: `features` (time, width), A of the paper; `phones` (time, classes), the encoder's own
    posteriors, None from a pretrained one."""

    features: FloatArray
    phones: FloatArray | None


class Evidence(NamedTuple):
    """What the log-mel encoder hears at 50 Hz: `phones` (T, classes), posteriors, and `boundaries` (T, 2), how likely a
    phone starts at the output's centre or 10 ms after it."""

    phones: FloatArray
    boundaries: FloatArray


class Network(Protocol):
    """A trained KMTalk network on its device, for one sound at a time."""

    @property
    def config(self) -> KMTalkConfig: ...

    @property
    def device(self) -> str:
        """Where it computes, as PyTorch names devices."""

    def encode_job(self, signal: FloatArray, frame_count: int, start: float) -> Job[Encoded]:
        """Encode for `frame_count` motion frames, of which the first lies `start` seconds into the signal: log-mel
        features (steps, 81) at 100 Hz, or for a pretrained encoder samples (n,) at 16 kHz."""

    def evidence(self, features: FloatArray) -> Evidence:
        """What the encoder makes of features (steps, 81); only where it is the log-mel one."""

    def motion(
        self,
        encoded: Encoded,
        keys: IndexArray,
        given: Sequence[int],
        settle: Callable[[FloatArray], FloatArray],
        core: slice,
    ) -> FloatArray:
        """Motion (frames, motion width) of the frames `core` of a stretch of speech whose key frames are `keys` (n,).

        The poses of those `given` (indices into `keys`) are what `settle` makes of the network's own (each (m, motion
        width)).
        """


def load(folder: Path, device: str = "auto") -> Network:
    """The network of a checkpoint folder, in 32-bit floats.

    On a processor NumPy runs what hears by the log-mel encoder; PyTorch runs the rest, and whatever is to run on
    another device.  Raises WeightsError for a checkpoint that cannot be used, KMTalkError for a device that is not
    there, or where PyTorch is wanted and not installed.
    """
    if device not in DEVICES:
        raise KMTalkError(f"There is no device {device!r:.40}; choose one of {', '.join(DEVICES)}.")
    config = load_config(folder)
    if config.encoder.kind == "log_mel" and device in ("auto", "cpu"):
        from .portable import checkpoint

        return checkpoint.load(folder)
    try:
        from .model.engine import TorchNetwork
    except (ImportError, OSError) as error:  # OSError: its libraries do not load
        wanted = f"The device {device}" if config.encoder.kind == "log_mel" else f"The weights in {folder}"
        raise KMTalkError(f"{wanted} needs PyTorch ({error!s:.80}): install kmtalk[torch].") from error
    return TorchNetwork.load(folder, device)
