"""What whoever makes motion asks of a network, arrays in and arrays out, whichever engine runs it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..progress import Job
from .config import KMTalkConfig

FloatArray: TypeAlias = npt.NDArray[np.float32]
IndexArray: TypeAlias = npt.NDArray[np.intp]


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
