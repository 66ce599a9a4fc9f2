"""English phones by ear: PocketSphinx's all-phone search, for when there are neither words nor weights."""

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..alignment import Alignment, Phone
from ..audio import RATE, Sound
from ..phones import SILENCE
from ..progress import Job, Progress
from .pauses import pauses_job
from .sphinx import BLOCK, FRAME, new_decoder, pcm_blocks, phone_language_model

METHOD = "allphone"

_SHORTEST_PIECE, _LONGEST_PIECE = 8 * RATE, 30 * RATE
_SEARCH = {"lw": 2.0, "beam": 1e-20, "pbeam": 1e-20}  # as PocketSphinx's documentation advises


def allphone_job(sound: Sound) -> Job[Alignment]:
    """Guess the phones of `sound`; labels are ARPAbet, confidence is the share of such guesses that are right.

    What the level calls a pause is one, whatever the model hears in its noise.  Raises AlignmentError where
    PocketSphinx is missing.
    """
    if sound.peak == 0.0:
        return Alignment.covering((), sound.duration, METHOD)
    pauses = (yield from pauses_job(sound)) or ()
    decoder = new_decoder(bestpath=False, allphone=phone_language_model(), **_SEARCH)
    phones: list[Phone] = []
    for first, last in _pieces(pauses, sound.length):
        decoder.start_utt()
        for index, block in enumerate(pcm_blocks(sound, first, last)):
            decoder.process_raw(block)
            yield Progress("hearing phones", (first + index * BLOCK) / sound.length)
        decoder.end_utt()
        phones += _phones_of(decoder, first / RATE)
    return Alignment.covering(_with_pauses(phones, pauses), sound.duration, METHOD)


def _pieces(pauses: Sequence[tuple[float, float]], length: int) -> Iterator[tuple[int, int]]:
    """Parts (first, last) in samples that end in the middle of a pause where there is one: long ones take longer."""
    cuts = [round((start + end) / 2 * RATE) for start, end in pauses]
    first = 0
    while length - first > _LONGEST_PIECE:
        fitting = [cut for cut in cuts if first + _SHORTEST_PIECE <= cut <= first + _LONGEST_PIECE]
        last = fitting[-1] if fitting else first + _LONGEST_PIECE
        yield first, last
        first = last
    yield first, length


def _phones_of(decoder: Any, begin: float) -> Iterator[Phone]:
    logarithm = decoder.get_logmath().log
    for segment in decoder.seg() or ():
        frames = segment.end_frame - segment.start_frame + 1
        start = begin + segment.start_frame * FRAME
        label = segment.word if segment.word.isalpha() and segment.word != "SIL" else SILENCE
        yield Phone(start, start + frames * FRAME, label, _confidence_of(logarithm(segment.ascore) / frames))


def _confidence_of(score: float) -> float:
    """Confidence from the score of a frame, fitted to how often such guesses were right on real English speech."""
    return 1.0 / (1.0 + math.exp(-0.6 - 0.05 * score))


def _with_pauses(phones: Sequence[Phone], pauses: Sequence[tuple[float, float]]) -> Iterator[Phone]:
    """The phones, silent where their middle lies in a pause."""
    starts = [start for start, _ in pauses]
    for phone in phones:
        middle = (phone.start + phone.end) / 2
        index = bisect(starts, middle) - 1
        silent = index >= 0 and middle < pauses[index][1]
        yield replace(phone, label=SILENCE) if silent else phone
