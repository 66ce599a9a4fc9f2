"""What any aligner of known words offers, so that one can stand in for another."""

from dataclasses import dataclass
from typing import Protocol

from ..alignment import Phone
from ..progress import Job


class Lost(Exception):
    """The words do not fit the sound; it steers the fallbacks and never reaches a user."""


@dataclass(frozen=True)
class SpokenWord:
    """The `index`-th word of a transcript, from `start` to `end` (seconds of the sound), and its phones in order."""

    index: int
    start: float
    end: float
    phones: tuple[Phone, ...]


class Aligner(Protocol):
    """Finds the phones of the words of one transcript in one sound."""

    def align_job(self, words: range, start: float, end: float) -> Job[list[SpokenWord]]:
        """Align `words` (indices into the transcript), said one after the other, with the sound from `start` to `end`.

        Where the sound ends before the words do, as many as are said.  Raises Lost where they do not fit.
        """
