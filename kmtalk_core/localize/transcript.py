"""Phones of known words: PocketSphinx aligns the words first, then, stretch by stretch, the phones within them.

Sounds longer than about a minute are taken window by window: each keeps the words up to its last sure pause, and the
next begins there.  So time and memory grow with the length of the sound and no faster.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..alignment import Alignment, Phone
from ..audio import RATE, Sound
from ..errors import AlignmentError
from ..phones import SILENCE
from ..progress import Job, Progress
from .pauses import pauses_job
from .pronunciation import Pronunciation, Transcript, read_transcript
from .sphinx import BLOCK, FRAME, confidence_of, dictionary, new_decoder, pcm_blocks

METHOD = "transcript"

_SAMPLES = round(RATE * FRAME)  # a frame
_SHORTEST_PHONE = 3  # frames; the states of the model's phones
_WINDOW = 6000  # frames
_WORDS_PER_FRAME = 0.06  # faster than anybody speaks
_UNSURE_END = 300  # frames at the end of a window where the path may still change
_STRETCH, _LONGEST_STRETCH = 600, 1200  # frames that the phones of which are aligned at once
_MARGIN = 25  # frames of a pause that a stretch keeps
_TRUSTED = 0.5  # mean confidence; right words have .67 to .97 in real English, .4 to .75 in robots', wrong ones 0 to .5
_TRUSTED_ABROAD = _WRONG = 0.3  # phones of other languages never fit the English model well
_LONG_PAUSE, _TURN_MARGIN = 3.0, 50  # seconds of a pause that parts two turns, frames of it that each keeps
_SHORTEST_LEFT_OUT = 0.3  # seconds by which a pause and the silence between two words may differ
_BEAM, _WIDE_BEAM = 1e-48, 1e-100


_Spans = Sequence[tuple[float, float]]


class _Lost(Exception):
    """The words do not fit the sound; it steers the fallbacks and never leaves this module."""


@dataclass(frozen=True)
class _Placed:
    """The `index`-th word of the transcript, from frame `start` up to frame `end`."""

    index: int
    start: int
    end: int


@dataclass(frozen=True)
class Fitted:
    """An alignment, how well it fits, and the (start, end) of speech that none of the words is placed in.

    `fit` is 0 to 1: the mean confidence of its phones times the share of speech they cover; `trusted` where the words
    are surely what is said.
    """

    alignment: Alignment
    fit: float
    trusted: bool
    left_out: tuple[tuple[float, float], ...]


def transcript_job(sound: Sound, text: str, language: str = "en") -> Job[Alignment]:
    """Align the words of `text` with `sound`; labels are ARPAbet in English and IPA elsewhere.

    Confidence compares each phone with whatever else the model could hear there (see `sphinx.confidence_of`).
    Raises AlignmentError where the words cannot be read, do not fit, or are clearly not what is said.
    """
    found = yield from fitted_job(sound, text, language)
    notes = found.alignment.notes
    missing = sum(end - start for start, end in found.left_out)
    if missing > 0.5:
        notes += (f"About {missing:.1f} s that may be speech are not in the transcript; the mouth rests there.",)
    if not found.trusted:
        notes += ("The transcript fits the sound poorly; check that it is what is said.",)
    return replace(found.alignment, notes=notes)


def fitted_job(sound: Sound, text: str, language: str = "en") -> Job[Fitted]:
    """As `transcript_job`, with the means to judge the result."""
    yield Progress("reading the transcript", 0.0)
    transcript = _readable(sound, text, language)
    pauses = yield from pauses_job(sound)
    trusted = _TRUSTED if language.startswith("en") else _TRUSTED_ABROAD
    best: Fitted | None = None
    for whole in (True, False):
        try:
            words = yield from _place_words(sound, transcript, pauses or (), whole)
        except _Lost:
            continue
        phones = yield from _place_phones(sound, transcript, words)
        unsaid = len(transcript.words) - len(words)
        notes = (f"The sound ends before the last {unsaid} words of the transcript.",) if unsaid else ()
        found = Alignment.covering(phones, sound.duration, METHOD, transcript.notes + notes)
        left_out = tuple(_speech_left_out(found, pauses)) if pauses is not None else ()
        covered = sum(phone.end - phone.start for phone in found.phones if not phone.is_silence)
        fit = found.mean_confidence * covered / max(covered + sum(end - start for start, end in left_out), FRAME)
        if best is None or fit > best.fit:
            best = Fitted(found, fit, fit >= _WRONG and found.mean_confidence >= trusted, left_out)
        if best.trusted:
            break
    if best is None or best.fit < _WRONG:
        raise AlignmentError("The transcript does not seem to be what is said; correct it or choose another method.")
    return best


def _speech_left_out(alignment: Alignment, pauses: _Spans) -> Iterator[tuple[float, float]]:
    """Stretches in which the words are silent and the sound is not."""
    for phone in alignment.phones:
        if not phone.is_silence:
            continue
        inside = [(max(start, phone.start), min(end, phone.end)) for start, end in pauses]
        time = phone.start
        for start, end in [*((a, b) for a, b in inside if a < b), (phone.end, phone.end)]:
            if start - time > _SHORTEST_LEFT_OUT:
                yield time, start
            time = end


def _readable(sound: Sound, text: str, language: str) -> Transcript:
    if sound.peak == 0.0:
        raise AlignmentError("The sound is silent, so its transcript cannot be aligned; choose the right sound.")
    if len(text) > 1000 + 200 * sound.duration:
        raise AlignmentError("The transcript is far longer than the sound; give only what is said in it.")
    transcript = read_transcript(text, dictionary(new_decoder()), language)
    if transcript.shortest_phones * _SHORTEST_PHONE > 2 * sound.duration / FRAME:
        raise AlignmentError("The transcript is far longer than the sound; give only what is said in it.")
    return transcript


class _Aligner:
    """PocketSphinx with the words of a transcript in its dictionary."""

    def __init__(self, sound: Sound, transcript: Transcript, beam: float, **options: Any) -> None:
        self._sound = sound
        self._options = {"beam": beam, "pbeam": beam, "wbeam": beam, **options}
        self._decoder: Any = None
        self._names = {word.pronunciations: f"word{index}" for index, word in enumerate(transcript.words)}
        self._words = transcript.words
        self._entries = {
            f"{name}({number})" if number > 1 else name: pronunciation
            for pronunciations, name in self._names.items()
            for number, pronunciation in enumerate(pronunciations, 1)
        }

    @property
    def count(self) -> int:
        """Words in the transcript."""
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

    def _lost(self) -> _Lost:
        self._decoder = None  # one that has failed fails again
        return _Lost()

    def _ready(self, words: range) -> Any:
        if self._decoder is None:
            self._decoder = new_decoder(bestpath=False, **self._options)
            for entry, pronunciation in self._entries.items():
                self._decoder.add_word(entry, " ".join(model for model, _ in pronunciation), False)
        self._decoder.set_align_text(" ".join(self._names[self._words[index].pronunciations] for index in words))
        return self._decoder


def _place_words(sound: Sound, transcript: Transcript, pauses: _Spans, whole: bool) -> Job[list[_Placed]]:
    """When each word is said, with a wider beam if need be; not `whole`: as many words as the sound has."""
    turns = _turns(sound.length // _SAMPLES, pauses)
    try:
        return (yield from _place_within(turns, _Aligner(sound, transcript, _BEAM), whole))
    except _Lost:
        return (yield from _place_within(turns, _Aligner(sound, transcript, _WIDE_BEAM), whole))


def _turns(frames: int, pauses: _Spans) -> list[tuple[int, int]]:
    """The sound without its long pauses, in frames: in them the model would sooner or later hear words."""
    long = [(round(start / FRAME), round(end / FRAME)) for start, end in pauses if end - start > _LONG_PAUSE]
    starts = [0, *(end - _TURN_MARGIN for _, end in long)]
    ends = [*(start + _TURN_MARGIN for start, _ in long), frames]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if end - start > 2 * _TURN_MARGIN] or [
        (0, frames)
    ]


def _place_within(turns: Sequence[tuple[int, int]], aligner: _Aligner, whole: bool) -> Job[list[_Placed]]:
    placed: list[_Placed] = []
    for start, turn_end in turns:
        end = start
        while end < turn_end and len(placed) < aligner.count:
            end = turn_end if turn_end - start < 1.25 * _WINDOW else start + _WINDOW
            final = end == turns[-1][1]
            most = len(placed) + round((end - start) * _WORDS_PER_FRAME)
            ahead = range(len(placed), aligner.count if final else min(most, aligner.count))
            found = yield from aligner.place(ahead, start, end, whole and final)
            words = [(start + a, start + b + 1) for entry, a, b in found if aligner.pronunciation(entry) is not None]
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


def _place_phones(sound: Sound, transcript: Transcript, words: Sequence[_Placed]) -> Job[list[Phone]]:
    aligner = _Aligner(sound, transcript, _WIDE_BEAM, compallsen=True)
    frames = sound.length // _SAMPLES
    phones: list[Phone] = []
    for first, last in _stretches(words):
        begin = max(words[first].start - _MARGIN, words[first - 1].end if first else 0)
        end = min(words[last - 1].end + _MARGIN, words[last].start if last < len(words) else frames)
        try:
            alignment = yield from aligner.phones(range(words[first].index, words[last - 1].index + 1), begin, end)
            phones += _phones_of(alignment, aligner, begin * FRAME)
        except _Lost:
            phones += _evenly(transcript, words[first:last])
    return phones


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


def _phones_of(alignment: Any, aligner: _Aligner, begin: float) -> Iterator[Phone]:
    for word in alignment:
        pronunciation = aligner.pronunciation(word.name)
        for index, phone in enumerate(word):
            label = pronunciation[index][1] if pronunciation else SILENCE
            start = begin + phone.start * FRAME
            end = start + phone.duration * FRAME
            yield Phone(start, end, label, confidence_of(phone.score, phone.duration))


def _evenly(transcript: Transcript, words: Sequence[_Placed]) -> Iterator[Phone]:
    """Phones spread over their words, with no confidence: the words stand, but their phones could not be aligned."""
    for word in words:
        labels = [label for _, label in transcript.words[word.index].pronunciations[0]]
        step = (word.end - word.start) / len(labels)
        for index, label in enumerate(labels):
            start = word.start + index * step
            yield Phone(start * FRAME, (start + step) * FRAME, label, 0.0)
