"""Phones in time: what a localizer finds and what key frames are made from."""

from collections.abc import Iterable
from dataclasses import dataclass

from .phones import SILENCE


@dataclass(frozen=True)
class Phone:
    """A labelled stretch of time: `start` and `end` in seconds, `label` as found, `confidence` from 0 to 1."""

    start: float
    end: float
    label: str
    confidence: float = 1.0

    @property
    def is_silence(self) -> bool:
        return self.label == SILENCE


@dataclass(frozen=True)
class Alignment:
    """The phones of one sound, in order, without overlap, covering 0 to `duration` (seconds); pauses are phones too.

    `method` names the localizer that made it; `notes` says in whole sentences what the user should know of how.
    """

    phones: tuple[Phone, ...]
    duration: float
    method: str
    notes: tuple[str, ...] = ()

    @staticmethod
    def covering(phones: Iterable[Phone], duration: float, method: str, notes: tuple[str, ...] = ()) -> "Alignment":
        """Alignment of `phones` in time order, clipped to the sound, with every gap filled by a silence."""
        covered: list[Phone] = []
        time = 0.0
        for phone in sorted(phones, key=lambda p: (p.start, p.end)):
            start, end = max(phone.start, time), min(phone.end, duration)
            if end - start < 1e-6:
                continue
            if start - time > 1e-3:
                covered.append(Phone(time, start, SILENCE))
            elif covered:
                start = time
            else:
                start = 0.0
            covered.append(Phone(start, end, phone.label, phone.confidence))
            time = end
        if duration - time > 1e-3:
            covered.append(Phone(time, duration, SILENCE))
        elif covered:
            last = covered[-1]
            covered[-1] = Phone(last.start, duration, last.label, last.confidence)
        return Alignment(tuple(covered), duration, method, notes)
