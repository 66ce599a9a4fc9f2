"""Files that were joined end to end: chained Ogg (RFC 3533) and MP3s, of which most readers see the first alone."""

import os
import struct
from itertools import pairwise
from typing import BinaryIO

_PAGE_HEADER = 27 + 255
_LOST = 1 << 16  # bytes in which the next page or frame is looked for where one should be
_MOST_PARTS = 10_000
_KILOBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KILOBITS_OF_LOW_RATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (44100, 48000, 32000)


def parts_of(file: BinaryIO) -> list[tuple[int, int]]:
    """(start, stop) in bytes of each of the files that were joined, one where none were."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(4)
    starts = [0]
    if head == b"OggS":
        starts = _ogg_starts(file)
    elif head[:3] == b"ID3" or _frame_length(head):
        starts = _mp3_starts(file, size)
    return list(pairwise([*starts, size]))


def _ogg_starts(file: BinaryIO) -> list[int]:
    """Where a page opens a stream although pages with content came before."""
    starts, position, has_content = [0], 0, False
    while len(starts) < _MOST_PARTS:
        file.seek(position)
        head = file.read(_PAGE_HEADER)
        if head[:4] != b"OggS" or len(head) < 27:
            file.seek(position)
            skipped = file.read(_LOST).find(b"OggS", 1)
            if skipped < 0:
                break
            position += skipped
            continue
        opens = bool(head[5] & 2)
        if opens and has_content:
            starts.append(position)
        has_content = not opens
        segments = head[26]
        position += 27 + segments + sum(head[27 : 27 + segments])
    return starts


def _mp3_starts(file: BinaryIO, size: int) -> list[int]:
    """Where an MP3 goes on behind the length that its own first frame tells."""
    starts = [0]
    while len(starts) < _MOST_PARTS:
        end = _told_end(file, starts[-1])
        start = _next_mp3(file, end) if end is not None and end < size else None
        if start is None:
            break
        starts.append(start)
    return starts


def _told_end(file: BinaryIO, start: int) -> int | None:
    """Where an MP3 that begins at `start` ends by its Xing or Info frame; None without one."""
    file.seek(start)
    head = file.read(10)
    if head[:3] == b"ID3" and len(head) == 10:
        tag = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start += 10 + tag
        file.seek(start)
        head = file.read(10)
    if not _frame_length(head):
        return None
    file.seek(start)
    frame = file.read(256)
    at = max(frame.find(b"Xing", 0, 64), frame.find(b"Info", 0, 64))
    if at < 0 or len(frame) < at + 16:
        return None
    flags, *values = struct.unpack(">III", frame[at + 4 : at + 16])
    if not flags & 2:
        return None
    length = values[1 if flags & 1 else 0]
    return start + length if length else None


def _next_mp3(file: BinaryIO, position: int) -> int | None:
    """Where the next MP3 begins at or soon behind `position`."""
    file.seek(position)
    content = file.read(_LOST)
    if content[:3] == b"TAG" and len(content) > 128:
        position, content = position + 128, content[128:]
    if content[:3] == b"ID3":
        return position
    at = content.find(b"\xff")
    while at >= 0:
        length = _frame_length(content[at : at + 4])
        if length and _frame_length(content[at + length : at + length + 4]):
            return position + at
        at = content.find(b"\xff", at + 1)
    return None


def _frame_length(header: bytes) -> int:
    """Bytes of the MPEG layer III frame that `header` begins; 0 where it begins none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2 or header[1] & 0x18 == 0x08:
        return 0
    version = header[1] >> 3 & 3  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    kilobits, rate = header[2] >> 4, header[2] >> 2 & 3
    if kilobits in (0, 15) or rate == 3:
        return 0
    table = _KILOBITS if version == 3 else _KILOBITS_OF_LOW_RATES
    samples = 144 if version == 3 else 72
    hertz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    return samples * 1000 * table[kilobits] // hertz + (header[2] >> 1 & 1)
