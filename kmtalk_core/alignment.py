"""Phones in time: what a localizer finds and what key frames are made from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .phones import SILENCE

_SHORTEST = 1e-6  # seconds
_GAP = 1e-3


@dataclass(frozen=True)
class Phone:
    """A labelled stretch of time: `start` and `end` in seconds, `label` as found, `confidence` from 0 to 1.

    edited: whether a hand has set it, so that it counts whatever is heard.
    """

    start: float
    end: float
    label: str
    confidence: float = 1.0
    edited: bool = False

    @property
    def is_silence(self) -> bool:
        return self.label == SILENCE


@dataclass(frozen=True)
class Word:
    """A word that is said from `start` to `end`, in seconds of the sound; `text` is how it is written."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Mark:
    """What a transcript says of how something is said: `(happy)`, `[whispering, very softly]`.

    It holds from `time` (seconds of the sound) to the next mark; `name` is what stands in the brackets, in lower case
    and with single spaces; `strength` is from 0 to 1 where the mark names one (`(happy 40%)`), else None.
    """

    time: float
    name: str
    strength: float | None = None


@dataclass(frozen=True)
class Alignment:
    """The phones of one sound, in order, without overlap, covering 0 to `duration` (seconds); pauses are phones too.

    `method` names the localizer that made it; `notes` says in whole sentences what the user should know of how;
    `marks` are the transcript's, in order of their times; `words` are those that are known, in order, without overlap.
    """

    phones: tuple[Phone, ...]
    duration: float
    method: str
    notes: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    words: tuple[Word, ...] = ()

    @property
    def mean_confidence(self) -> float:
        """Mean confidence of the phones that are no pauses; 0 where there are none."""
        spoken = [phone.confidence for phone in self.phones if not phone.is_silence]
        return sum(spoken) / max(len(spoken), 1)

    @staticmethod
    def covering(phones: Iterable[Phone], duration: float, method: str, notes: tuple[str, ...] = ()) -> "Alignment":
        """Alignment of `phones`, clipped to the sound; every gap is a silence, and silences that touch are one."""
        covered: list[Phone] = []
        time = 0.0
        for phone in sorted(phones, key=lambda p: (p.start, p.end)):
            start, end = max(phone.start, time), min(phone.end, duration)
            if end - start < _SHORTEST:
                continue
            if start - time > _GAP:
                _append(covered, Phone(time, start, SILENCE))
                time = start
            _append(covered, replace(phone, start=time, end=end))
            time = end
        if duration - time > _GAP or not covered:
            _append(covered, Phone(time, duration, SILENCE))
        else:
            covered[-1] = replace(covered[-1], end=duration)
        return Alignment(tuple(covered), duration, method, notes)


def in_order(words: Iterable[Word], duration: float) -> tuple[Word, ...]:
    """`words` within 0 to `duration`, one after the other; where two overlap the earlier ends as the later begins."""
    kept: list[Word] = []
    for word in sorted(words, key=lambda w: (w.start, w.end)):
        start, end = max(word.start, 0.0), min(word.end, duration)
        if end - start < _GAP or not word.text.strip():
            continue
        if kept and kept[-1].end > start:
            kept[-1] = replace(kept[-1], end=start)
            if start - kept[-1].start < _GAP:
                kept.pop()
        kept.append(replace(word, start=start, end=end))
    return tuple(kept)


def _append(phones: list[Phone], phone: Phone) -> None:
    """Append `phone`, or lengthen the silence before it by it."""
    if not (phones and phone.is_silence and phones[-1].is_silence) or phone.edited or phones[-1].edited:
        phones.append(phone)
        return
    before = phones[-1]
    length, more = before.end - before.start, phone.end - phone.start
    confidence = (before.confidence * length + phone.confidence * more) / (length + more)
    phones[-1] = Phone(before.start, phone.end, SILENCE, confidence)
