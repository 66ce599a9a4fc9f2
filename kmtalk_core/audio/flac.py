"""Where the frames of a FLAC stream begin: to go on behind damage, with every sample at its own time.

Format: RFC 9639.
"""

import re
import struct
from typing import Protocol

_CHUNK = 1 << 20
_LONGEST_HEADER = 16
_SYNC = re.compile(b"\xff[\xf8\xf9]")


class Readable(Protocol):
    """What of a file is used here."""

    def read(self, count: int, /) -> bytes: ...
    def seek(self, offset: int, /) -> int: ...


def stream_head(file: Readable) -> tuple[bytes, int] | None:
    """The marker and STREAMINFO of a FLAC file, as a stream of unknown length begins, and its block size.

    None where there is none.  The block size is that of its largest frames.
    """
    file.seek(0)
    head = file.read(42)
    if len(head) < 42 or head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    largest = struct.unpack(">H", head[10:12])[0]
    unknown = bytes([head[21] & 0xF0]) + bytes(4)  # the number of samples, and no MD5 sum
    info = head[8:21] + unknown + bytes(16)
    return b"fLaC" + bytes([0x80, 0, 0, 34]) + info, largest


def next_frame(file: Readable, position: int, block_size: int, sample: int) -> tuple[int, int] | None:
    """(byte, sample) where the first frame from byte `position` begins that holds nothing before `sample`."""
    while True:
        file.seek(position)
        content = file.read(_CHUNK + _LONGEST_HEADER)
        for sync in _SYNC.finditer(content, 0, min(_CHUNK + 1, len(content))):
            at = sync.start()
            first = _first_sample(content[at : at + _LONGEST_HEADER], block_size)
            if first is not None and first >= sample:
                return position + at, first
        if len(content) < _CHUNK + _LONGEST_HEADER:
            return None
        position += _CHUNK


def _first_sample(header: bytes, block_size: int) -> int | None:
    """Number of the first sample of the frame whose header this is; None where it is no header."""
    if len(header) < 6 or header[1] & 0xFE != 0xF8 or header[2] >> 4 == 0 or header[2] & 15 == 15:
        return None
    if header[3] >> 4 > 10 or header[3] & 1:
        return None
    number, length = _coded_number(header[4:11])
    if not length:
        return None
    size_code, rate_code = header[2] >> 4, header[2] & 15
    length += 4 + {6: 1, 7: 2}.get(size_code, 0) + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if len(header) <= length or _crc8(header[:length]) != header[length]:
        return None
    return number if header[1] & 1 else number * block_size


def _coded_number(content: bytes) -> tuple[int, int]:
    """(number, bytes it takes) of a number coded like UTF-8, of up to 36 bits; no bytes where it is none."""
    lead = content[0]
    if lead < 0x80:
        return lead, 1
    length = 8 - (lead ^ 0xFF).bit_length()
    if not 2 <= length <= 7 or len(content) < length:
        return 0, 0
    number = lead & (0x7F >> length)
    for byte in content[1:length]:
        if byte & 0xC0 != 0x80:
            return 0, 0
        number = number << 6 | byte & 0x3F
    return number, length


def _crc8(content: bytes) -> int:
    value = 0
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 7) & 0xFF if value & 0x80 else value << 1
    return value
