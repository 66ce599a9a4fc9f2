"""Where the samples of a sound lie: short ones in memory, long ones in a temporary file."""

import tempfile
import threading
import weakref
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import AudioError

FloatArray: TypeAlias = npt.NDArray[np.float32]


class Store(Protocol):
    """Samples that are appended in order while a sound is read, then read back by position."""

    def append(self, samples: FloatArray) -> None: ...
    def read(self, start: int, stop: int) -> FloatArray: ...
    def close(self) -> None: ...


class MemoryStore:
    """Samples in memory."""

    def __init__(self) -> None:
        self._blocks: list[FloatArray] = []

    def append(self, samples: FloatArray) -> None:
        self._blocks.append(samples)

    def read(self, start: int, stop: int) -> FloatArray:
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return self._blocks[0][start:stop]

    def close(self) -> None:
        self._blocks = []


class FileStore:
    """Samples in a temporary file that has no name, or loses it when closed; it is closed with its last user."""

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile(prefix="kmtalk-")  # noqa: SIM115 - it lives as long as the store
        except OSError as error:
            raise AudioError(_no_room(error)) from error
        self._lock = threading.Lock()
        self.close = weakref.finalize(self, self._file.close)

    def append(self, samples: FloatArray) -> None:
        try:
            self._file.write(np.ascontiguousarray(samples, np.float32).data)
        except OSError as error:
            raise AudioError(_no_room(error)) from error

    def read(self, start: int, stop: int) -> FloatArray:
        with self._lock:
            self._file.seek(4 * start)
            return np.frombuffer(self._file.read(4 * (stop - start)), np.float32)


def _no_room(error: OSError) -> str:
    return f"The temporary folder {tempfile.gettempdir()} takes no more ({error.strerror}); free some space there."
