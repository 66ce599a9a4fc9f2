"""Phones of a sound that goes on: what lies before the frame that is shown is decided, what lies ahead is open."""

from collections.abc import Sequence
from dataclasses import replace

from ..alignment import Phone
from ..localize.neural import OFFSET, Heard, decode_job
from ..model import log_mel, sizes
from ..portable.tensors import sigmoid, softmax
from ..progress import finish
from .ear import HeardWindow

_DECIDED = 0.1  # seconds before the frame that is shown: a boundary there stays
_LONG = 0.6  # seconds: of a phone that goes on longer the beginning is decided
_SHORTEST = 0.025  # seconds


class StreamingLocalizer:
    """Decides on phones as the sound is heard; remembers those of the last `memory` seconds."""

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._decided: list[Phone] = []
        self._start = 0.0  # of what is open

    def phones(self, heard: HeardWindow, shown: float) -> tuple[Phone, ...]:
        """The last phones up to the end of what is heard; those before `shown` (seconds) are for good."""
        found = self._open(heard)
        while len(found) > 1 and found[0].end <= shown - _DECIDED:
            self._decide(found.pop(0))
        if found and shown - found[0].start > _LONG:
            first = found[0]
            cut = shown - _LONG / 2
            self._decide(replace(first, end=cut))
            found[0] = replace(first, start=cut)
        self._decided = [phone for phone in self._decided if phone.end > shown - self._memory]
        return _joined([*self._decided, *found])

    def _open(self, heard: HeardWindow) -> list[Phone]:
        """What is heard since the last decision."""
        first = max(round((self._start - OFFSET) * sizes.EVIDENCE_RATE) - heard.first, 0)
        posteriors = softmax(heard.evidence.phones[first:].copy())
        boundaries = sigmoid(heard.evidence.boundaries[first:]).reshape(-1)
        if not len(posteriors):
            return []
        origin = (heard.first + first) / sizes.EVIDENCE_RATE
        found = finish(decode_job(Heard(posteriors, boundaries), len(boundaries) / log_mel.FRAME_RATE)).phones
        phones = [replace(p, start=p.start + origin, end=p.end + origin) for p in found]
        while len(phones) > 1 and phones[0].end - self._start < _SHORTEST:  # the boundary that was decided on, again
            del phones[0]
        phones[0] = replace(phones[0], start=self._start)
        return phones if phones[-1].end > self._start else []

    def _decide(self, phone: Phone) -> None:
        self._start = phone.end
        self._decided[-2:] = _joined([*self._decided[-2:], phone])


def _joined(phones: Sequence[Phone]) -> tuple[Phone, ...]:
    """`phones` in which what was cut, and silences that touch, are one again."""
    found: list[Phone] = []
    for phone in phones:
        before = found[-1] if found else None
        if before is not None and before.label == phone.label and (phone.is_silence or phone.start == before.end):
            length, more = before.end - before.start, phone.end - phone.start
            confidence = (before.confidence * length + phone.confidence * more) / max(length + more, 1e-9)
            found[-1] = replace(before, end=phone.end, confidence=confidence)
        else:
            found.append(phone)
    return tuple(found)
