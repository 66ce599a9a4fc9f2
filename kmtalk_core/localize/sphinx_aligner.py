"""PocketSphinx as an aligner: it aligns the words first, then, stretch by stretch, the phones within them.

Sounds longer than about a minute are taken window by window: each keeps the words up to its last sure pause, and the
next begins there.  So time and memory grow with the length of the sound and no faster.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..alignment import Phone
from ..audio import RATE, Sound
from ..progress import Job, Progress
from .aligner import Lost, SpokenWord
from .pronunciation import Pronounced, Pronunciation, Transcript
from .sphinx import BLOCK, FRAME, confidence_of, new_decoder, pcm_blocks

_SAMPLES = round(RATE * FRAME)  # a frame
_WINDOW = 6000  # frames
_WORDS_PER_FRAME = 0.06  # faster than anybody speaks
_UNSURE_END = 300  # frames at the end of a window where the path may still change
_STRETCH, _LONGEST_STRETCH = 600, 1200  # frames that the phones of which are aligned at once
_MARGIN = 25  # frames of a pause that a stretch keeps
_LONG_PAUSE, _TURN_MARGIN = 3.0, 50  # seconds of a pause that parts two turns, frames of it that each keeps
_BEAM, _WIDE_BEAM = 1e-48, 1e-100

_Spans = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class _Placed:
    """The `index`-th of the words, from frame `start` up to frame `end`."""

    index: int
    start: int
    end: int


@dataclass(frozen=True)
class SphinxAligner:
    """Aligns the words of `transcript` with `sound`, whose `pauses` are (start, end) in seconds."""

    sound: Sound
    transcript: Transcript
    pauses: _Spans

    def align_job(self, words: range, start: float, end: float) -> Job[list[SpokenWord]]:
        """As `Aligner` has it; confidence compares each phone with whatever else the model could hear there."""
        said = self.transcript.words[words.start : words.stop]
        frames = round(start / FRAME), min(round(end / FRAME), self.sound.length // _SAMPLES)
        turns = _turns(*frames, self.pauses)
        for whole in (True, False):
            for beam in (_BEAM, _WIDE_BEAM):
                try:
                    placed = yield from _place_within(turns, _Decoder(self.sound, said, beam), whole)
                except Lost:
                    continue
                if placed:
                    phones = yield from _place_phones(self.sound, said, placed, frames)
                    return [
                        SpokenWord(words.start + word.index, word.start * FRAME, word.end * FRAME, found)
                        for word, found in zip(placed, phones, strict=True)
                    ]
        raise Lost


class _Decoder:
    """PocketSphinx with some words in its dictionary."""

    def __init__(self, sound: Sound, words: Sequence[Pronounced], beam: float, **options: Any) -> None:
        self._sound = sound
        self._options = {"beam": beam, "pbeam": beam, "wbeam": beam, **options}
        self._decoder: Any = None
        self._names = {word.pronunciations: f"word{index}" for index, word in enumerate(words)}
        self._words = words
        self._entries = {
            f"{name}({number})" if number > 1 else name: pronunciation
            for pronunciations, name in self._names.items()
            for number, pronunciation in enumerate(pronunciations, 1)
        }

    @property
    def count(self) -> int:
        """How many words there are."""
        return len(self._words)

    def pronunciation(self, entry: str) -> Pronunciation | None:
        """What stands in the dictionary under `entry`; None for a pause or a noise."""
        return self._entries.get(entry)

    def place(self, words: range, first: int, last: int, whole: bool) -> Job[list[tuple[str, int, int]]]:
        """Align `words` with frames `first` to `last`: entries with their first and last frame, counted from `first`.

        `whole` demands that the last word ends there; otherwise the words go as far as they have come.
        """
        try:
            decoder = self._ready(words)
            decoder.start_utt()
            for block in pcm_blocks(self._sound, first * _SAMPLES, last * _SAMPLES):
                decoder.process_raw(block)
                yield Progress("aligning words", min(first * FRAME / self._sound.duration, 1.0))
                first += BLOCK // _SAMPLES
            if whole:
                decoder.end_utt()
            found = [(segment.word, segment.start_frame, segment.end_frame) for segment in decoder.seg() or ()]
            if not whole:
                decoder.end_utt()
        except RuntimeError as error:
            raise self._lost() from error
        if not found:
            raise self._lost()
        return found

    def phones(self, words: range, first: int, last: int) -> Job[Any]:
        """Align the phones of `words` with frames `first` to `last`."""
        pcm = b"".join(pcm_blocks(self._sound, first * _SAMPLES, last * _SAMPLES))
        try:
            decoder = self._ready(words)
            for align in (lambda: None, decoder.set_alignment):
                align()
                decoder.start_utt()
                decoder.process_raw(pcm, full_utt=True)
                decoder.end_utt()
                yield Progress("aligning phones", min(first * FRAME / self._sound.duration, 1.0))
            return decoder.get_alignment()
        except RuntimeError as error:
            raise self._lost() from error

    def _lost(self) -> Lost:
        self._decoder = None  # one that has failed fails again
        return Lost()

    def _ready(self, words: range) -> Any:
        if self._decoder is None:
            self._decoder = new_decoder(bestpath=False, **self._options)
            for entry, pronunciation in self._entries.items():
                self._decoder.add_word(entry, " ".join(model for model, _ in pronunciation), False)
        self._decoder.set_align_text(" ".join(self._names[self._words[index].pronunciations] for index in words))
        return self._decoder


def _turns(first: int, last: int, pauses: _Spans) -> list[tuple[int, int]]:
    """Frames `first` to `last` without the long pauses: in them the model would sooner or later hear words."""
    inside = ((max(round(a / FRAME), first), min(round(b / FRAME), last)) for a, b in pauses if b - a > _LONG_PAUSE)
    long = [(a, b) for a, b in inside if b - a > 2 * _TURN_MARGIN]
    starts = [first, *(end - _TURN_MARGIN for _, end in long)]
    ends = [*(start + _TURN_MARGIN for start, _ in long), last]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if end - start > 2 * _TURN_MARGIN] or [
        (first, last)
    ]


def _place_within(turns: Sequence[tuple[int, int]], decoder: _Decoder, whole: bool) -> Job[list[_Placed]]:
    placed: list[_Placed] = []
    for start, turn_end in turns:
        end = start
        while end < turn_end and len(placed) < decoder.count:
            end = turn_end if turn_end - start < 1.25 * _WINDOW else start + _WINDOW
            final = end == turns[-1][1]
            most = len(placed) + round((end - start) * _WORDS_PER_FRAME)
            ahead = range(len(placed), decoder.count if final else min(most, decoder.count))
            found = yield from decoder.place(ahead, start, end, whole and final)
            words = [(start + a, start + b + 1) for entry, a, b in found if decoder.pronunciation(entry) is not None]
            if end < turn_end:
                words = words[: _surest_cut(words, end)]
            elif not final:  # in the pause only a word that has just begun ends where the path does
                words = [word for word in words if word[1] < end - _MARGIN]
            placed += [_Placed(index, *span) for index, span in enumerate(words, len(placed))]
            start = words[-1][1] if words else end - _UNSURE_END
    return placed


def _surest_cut(words: Sequence[tuple[int, int]], end: int) -> int:
    """How many of the placed words to keep: up to the longest pause in the later half of what is settled."""
    settled = [index for index, (_, last) in enumerate(words, 1) if last < end - _UNSURE_END]
    pauses = {index: (words[index][0] if index < len(words) else end) - words[index - 1][1] for index in settled}
    return max(settled[len(settled) // 2 :], key=pauses.__getitem__, default=0)


def _place_phones(
    sound: Sound, words: Sequence[Pronounced], placed: Sequence[_Placed], frames: tuple[int, int]
) -> Job[list[tuple[Phone, ...]]]:
    """The phones of each placed word."""
    decoder = _Decoder(sound, words, _WIDE_BEAM, compallsen=True)
    found: list[tuple[Phone, ...]] = []
    for first, last in _stretches(placed):
        begin = max(placed[first].start - _MARGIN, placed[first - 1].end if first else frames[0])
        end = min(placed[last - 1].end + _MARGIN, placed[last].start if last < len(placed) else frames[1])
        try:
            indices = range(placed[first].index, placed[last - 1].index + 1)
            alignment = yield from decoder.phones(indices, begin, end)
            phones = list(_phones_of(alignment, decoder, begin * FRAME))
        except Lost:
            phones = []
        found += phones if len(phones) == last - first else [_evenly(words, word) for word in placed[first:last]]
    return found


def _stretches(words: Sequence[_Placed]) -> Iterator[tuple[int, int]]:
    """Runs of words, first and one past the last, that begin and end at a pause where there is one."""
    first = 0
    for index in range(1, len(words)):
        length = words[index - 1].end - words[first].start
        pause = words[index].start - words[index - 1].end
        too_long = words[index].end - words[first].start > _LONGEST_STRETCH
        if pause >= 2 * _MARGIN or (pause >= _MARGIN // 2 and length > _STRETCH) or too_long:
            yield first, index
            first = index
    if words:
        yield first, len(words)


def _phones_of(alignment: Any, decoder: _Decoder, begin: float) -> Iterator[tuple[Phone, ...]]:
    """The phones of each word; what is no word is left to be silent."""
    for word in alignment:
        pronunciation = decoder.pronunciation(word.name)
        if pronunciation is None:
            continue
        found = []
        for index, phone in enumerate(word):
            start = begin + phone.start * FRAME
            confidence = confidence_of(phone.score, phone.duration)
            found.append(Phone(start, start + phone.duration * FRAME, pronunciation[index][1], confidence))
        yield tuple(found)


def _evenly(words: Sequence[Pronounced], word: _Placed) -> tuple[Phone, ...]:
    """Phones spread over a word, with no confidence: the word stands, but its phones could not be aligned."""
    labels = [label for _, label in words[word.index].pronunciations[0]]
    step = (word.end - word.start) / len(labels)
    starts = [(word.start + index * step) for index in range(len(labels))]
    return tuple(
        Phone(start * FRAME, (start + step) * FRAME, label, 0.0) for start, label in zip(starts, labels, strict=True)
    )
