"""A part of a file as a file, for libraries whose callbacks must not raise."""

from contextlib import suppress
from typing import BinaryIO


class Slice:
    """Bytes put before a part of a file; what a damaged header asks for beyond it is not there."""

    def __init__(self, file: BinaryIO, prefix: bytes, start: int, stop: int) -> None:
        self._file, self._prefix, self._start = file, prefix, start
        self._size = len(prefix) + stop - start
        self._position = 0

    def read(self, count: int = -1) -> bytes:
        left = max(self._size - self._position, 0)
        count = left if count < 0 else min(count, left)
        found = self._prefix[self._position : self._position + count]
        if len(found) < count:
            with suppress(OSError):
                self._file.seek(self._start + max(self._position - len(self._prefix), 0))
                found += self._file.read(count - len(found))
        self._position += len(found)
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        target = offset + (0, self._position, self._size)[whence]
        if 0 <= target < 1 << 62:
            self._position = target
        return self._position

    def tell(self) -> int:
        return self._position
