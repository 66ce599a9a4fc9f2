"""Phones of known words: which of the words are said where is told by ear, then an aligner places their phones.

What is written and not said, or said and not written, costs itself alone; a part of a longer recording takes its part
of the transcript; the times of subtitles keep the words near them.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment, Mark, Phone, Word, in_order
from ..audio import Sound
from ..errors import AlignmentError
from ..progress import Job, Progress
from .aligner import Aligner, Lost, SpokenWord
from .ear_aligner import EarAligner
from .matching import Evidence, Run, Wanted, match_job, offset_of
from .pauses import pauses_job
from .pronunciation import Lookup, Transcript, read_transcript
from .sphinx import FRAME, dictionary, new_decoder
from .sphinx_aligner import SphinxAligner

METHOD = "transcript"

_SHORTEST_PHONE = 3  # frames; the states of the model's phones
_LONGEST_TEXT = 200_000  # characters beside 200 a second: two hours of speech
_TRUSTED = 0.5  # mean confidence; right words have .67 to .97 in real English, .4 to .75 in robots', wrong ones 0 to .5
_TRUSTED_BY_EAR = 0.45  # right words have .64 and more, in any language, wrong ones .36 and less
_TRUSTED_ABROAD = _WRONG = 0.3  # phones of other languages never fit the English model well
_SHORTEST_LEFT_OUT = 0.3  # seconds by which a pause and the silence between two words may differ
_FEW_WRITTEN, _FEW_HEARD = 4, 8  # phones that the ear may have missed, or made up, beside what matches
_MARGIN = 0.2  # seconds of sound beside a stretch
_TIME_SLACK = 1.5  # seconds by which a subtitle may come early or late
_CLEAR = 0.35  # of the ear: above it, words that it does not hear are not said, whatever the subtitles say
_SHORTEST_SHOWN = 0.2  # seconds of a subtitle within the sound

_Spans = Sequence[tuple[float, float]]
Hear = Callable[[], Job[Evidence]]
"""What hears the sound once, when it is first needed."""


@dataclass(frozen=True)
class Fitted:
    """An alignment, whether its words are surely what is said, and the (start, end) of speech without any of them."""

    alignment: Alignment
    trusted: bool
    left_out: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class _Stretch:
    """Some `words` that are said from `start` to `end`, in seconds: `runs` are those heard there, `is_timed` shown."""

    words: range
    start: float
    end: float
    runs: tuple[Run, ...] = ()
    is_timed: bool = False


def fitted_job(sound: Sound, text: str, hear: Hear, language: str = "en", begin: float = 0.0) -> Job[Fitted]:
    """Align the words of `text` with `sound`; labels are ARPAbet in English and IPA elsewhere.

    `begin` is where the sound begins in the recording that the times of subtitles belong to.  Confidence compares each
    phone with whatever else the model could hear there.  Raises AlignmentError where the words cannot be read, do not
    fit, or are clearly not what is said.
    """
    yield Progress("reading the transcript", 0.0)
    transcript = _readable(sound, text, language)
    pauses = yield from pauses_job(sound)
    evidence = yield from hear()
    wanted = Wanted.of(transcript)
    runs, offset, notes = yield from _runs_job(evidence, wanted, transcript, -begin)
    stretches = list(_stretches(runs, evidence, wanted, len(transcript.words), sound.duration))
    by_time = not stretches and offset is not None and evidence.clarity < _CLEAR
    if by_time:
        stretches = list(_by_time(transcript, offset or 0.0, sound.duration))
    if not stretches:
        stretches = [_Stretch(range(len(transcript.words)), 0.0, sound.duration)]
        if wanted.count_of(stretches[0].words) * _SHORTEST_PHONE > 2 * sound.duration / FRAME:
            raise AlignmentError("The transcript is far longer than the sound; give only what is said in it.")
    aligner: Aligner = SphinxAligner(sound, transcript, pauses or ())
    if evidence.heard is not None:  # who hears any language, and speech in noise, and places phones more closely
        aligner = EarAligner(evidence.heard, transcript)
    words: list[SpokenWord] = []
    for stretch in stretches:
        words += yield from _aligned(stretch, aligner, transcript, evidence, wanted)
    found = Alignment.covering((p for word in words for p in word.phones), sound.duration, METHOD)
    if not words or not (runs or by_time or found.mean_confidence >= _WRONG):
        raise AlignmentError("The transcript does not seem to be what is said; correct it or choose another method.")
    left_out = tuple(_speech_left_out(found, pauses)) if pauses is not None else ()
    needed = _TRUSTED if language.startswith("en") else _TRUSTED_ABROAD
    if isinstance(aligner, EarAligner):
        needed = _TRUSTED_BY_EAR
    trusted = bool(runs) or by_time or _fits(found, left_out, needed)
    marks = tuple(_marks(transcript, words, sound.duration))
    notes = (*transcript.notes, *notes, *_unsaid(transcript, words, stretches, sound.duration))
    written = in_order(_written(transcript, words), sound.duration)
    return Fitted(Alignment(found.phones, sound.duration, METHOD, notes, marks, written), trusted, left_out)


def _readable(sound: Sound, text: str, language: str) -> Transcript:
    if sound.peak == 0.0:
        raise AlignmentError("The sound is silent, so its transcript cannot be aligned; choose the right sound.")
    if len(unicodedata.normalize("NFKC", text)) > _LONGEST_TEXT + 200 * sound.duration:
        raise AlignmentError("The transcript is far longer than the sound; give only what is said in it.")
    return read_transcript(text, _lookup(), language)


def _lookup() -> Lookup | None:
    """PocketSphinx's dictionary of English; None where it is not installed."""
    try:
        return dictionary(new_decoder())
    except AlignmentError:
        return None


def _runs_job(
    evidence: Evidence, wanted: Wanted, transcript: Transcript, offset: float
) -> Job[tuple[list[Run], float | None, tuple[str, ...]]]:
    """What is heard of the words; by how much their times are to be moved, None where they have none that fit."""
    runs = yield from match_job(evidence, wanted)
    if not transcript.times:
        return runs, None, ()
    spans = _times_of(transcript, wanted)
    total = sum(run.score for run in runs)
    measured = offset_of(runs, evidence, wanted, spans)
    for moved in dict.fromkeys((offset, measured)):
        if moved is None:
            continue
        timed = yield from match_job(evidence, wanted, spans + np.array([-_TIME_SLACK, _TIME_SLACK]) + moved)
        if timed and sum(run.score for run in timed) >= 0.8 * total:
            apart = moved - offset
            note = (
                f"The transcript's times are {abs(apart):.1f} s too {'early' if apart > 0 else 'late'}; they are moved."
            )
            return timed, moved, (note,) if abs(apart) > _TIME_SLACK else ()
    if not runs:
        return [], offset, ()
    return runs, None, ("The transcript's times do not fit the sound; they are left aside.",)


def _times_of(transcript: Transcript, wanted: Wanted) -> npt.NDArray[np.float32]:
    """(n, 2): from when to when each phone is shown; endless where nothing is known."""
    spans = np.tile(np.array([-np.inf, np.inf], np.float32), (len(wanted.words), 1))
    for first, last, start, end in transcript.times:
        spans[slice(*np.searchsorted(wanted.words, [first, last]))] = start, end
    return spans


def _stretches(
    runs: Sequence[Run], evidence: Evidence, wanted: Wanted, count: int, duration: float
) -> Iterator[_Stretch]:
    """Stretches to align: the runs, with what lies between two where as much is heard there as is written."""
    if not runs:
        return
    ends = [(0, 0.0), *((run.last, run.end) for run in runs)]
    starts = [*((run.first, run.start) for run in runs), (count, duration)]
    waiting: list[Run] = []
    begin: tuple[int, float] | None = None
    for index, ((last, end), (first, start)) in enumerate(zip(ends, starts, strict=True)):
        joined = _belongs(wanted.count_of(range(last, first)), evidence.count_within(end, start))
        margin = min(_MARGIN, (start - end) / 2)
        is_last = index == len(runs)
        if index and not (joined and not is_last):
            assert begin is not None
            stop = (first, start) if joined else (last, end + margin)
            yield _Stretch(range(begin[0], stop[0]), begin[1], stop[1], tuple(waiting))
            waiting, begin = [], None
        if begin is None:
            begin = (last, end) if joined and not index else (first, start - margin)
        if not is_last:
            waiting.append(runs[index])


def _belongs(written: int, heard: int) -> bool:
    """Whether phones that match nothing are what is heard at their place all the same."""
    if written <= _FEW_WRITTEN and heard <= _FEW_HEARD:
        return True
    return written > 0 and 0.4 * written <= heard <= 2.5 * written + _FEW_WRITTEN


def _by_time(transcript: Transcript, offset: float, duration: float) -> Iterator[_Stretch]:
    """Stretches by the times of subtitles alone, for a sound in which the words cannot be heard."""
    before = 0.0
    for first, last, start, end in transcript.times:
        start, end = max(start + offset, before), min(end + offset, duration)
        if end - start > _SHORTEST_SHOWN:
            yield _Stretch(range(first, last), start, end, is_timed=True)
            before = end


def _aligned(
    stretch: _Stretch, aligner: Aligner, transcript: Transcript, evidence: Evidence, wanted: Wanted
) -> Job[list[SpokenWord]]:
    """The words of a stretch; where the aligner is lost, by the ear that matched them."""
    try:
        words = yield from aligner.align_job(stretch.words, stretch.start, stretch.end)
        if not stretch.runs or words[-1].index + 1 >= stretch.runs[-1].last:
            return words
    except Lost:
        pass
    if stretch.runs or stretch.is_timed:
        return list(_by_ear(stretch, transcript, evidence, wanted))
    return []


def _by_ear(stretch: _Stretch, transcript: Transcript, evidence: Evidence, wanted: Wanted) -> Iterator[SpokenWord]:
    """The words of a stretch, each phone where it was heard, and between what was heard; without confidence."""
    first, last = np.searchsorted(wanted.words, [stretch.words.start, stretch.words.stop]).tolist()
    anchors = [(first, stretch.start), (last, stretch.end)]
    if stretch.runs:
        heard, written = np.concatenate([run.pairs for run in stretch.runs]).T
        inside = evidence.times[(evidence.times[:, 1] > stretch.start) & (evidence.times[:, 0] < stretch.end)]
        anchors = [(first, float(inside[0, 0]))] if written[0] > first else []
        anchors += zip(written.tolist(), evidence.times[heard, 0].tolist(), strict=True)
        anchors.append((last, float(inside[-1, 1] if written[-1] + 1 < last else evidence.times[heard[-1], 1])))
    places, moments = zip(*anchors, strict=True)
    times = np.interp(np.arange(first, last + 1), places, moments)
    phones: dict[int, list[Phone]] = {}
    for index in range(first, last):
        word, number = int(wanted.words[index]), int(wanted.labels[index])
        start, end = float(times[index - first]), float(times[index + 1 - first])
        found = phones.setdefault(word, [])
        if index > first and wanted.words[index - 1] == word and wanted.labels[index - 1] == number:
            found[-1] = replace(found[-1], end=end)
        else:
            found.append(Phone(start, end, transcript.words[word].pronunciations[0][number][1], 0.0))
    for word, found in phones.items():
        yield SpokenWord(word, found[0].start, found[-1].end, tuple(found))


def _fits(alignment: Alignment, left_out: _Spans, needed: float) -> bool:
    """Whether words that the ear does not vouch for are what is said, by how well the aligner finds them to fit."""
    covered = sum(phone.end - phone.start for phone in alignment.phones if not phone.is_silence)
    fit = alignment.mean_confidence * covered / max(covered + sum(end - start for start, end in left_out), FRAME)
    return fit >= 0.5 * needed and alignment.mean_confidence >= needed


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


def _unsaid(
    transcript: Transcript, words: Sequence[SpokenWord], stretches: Sequence[_Stretch], duration: float
) -> Iterator[str]:
    """What to say of words that are not placed."""
    said = {word.index for word in words}
    missing = [index for index in range(len(transcript.words)) if index not in said]
    if not missing or not words:
        return
    first, last, count = words[0].index, words[-1].index, len(transcript.words)
    if missing[0] > last and stretches[-1].end >= duration:
        yield f"The sound ends before the last {len(missing)} words of the transcript."
    elif len(words) == last + 1 - first and len(missing) > len(words):
        yield f"Of the transcript only {len(words)} words are said in this sound, from word {first + 1} of {count} on."
    else:
        spelt = [transcript.words[index].spelling for index in missing if not transcript.words[index].by_rule]
        quoted = f" (“{' '.join(spelt[:6])}{'…' if len(spelt) > 6 else ''}”)" if spelt else ""
        yield f"{len(missing)} words of the transcript are not heard in the sound and left out{quoted}."


def _written(transcript: Transcript, words: Sequence[SpokenWord]) -> Iterator[Word]:
    """The words as they are written; one that is said in several is one all the same."""
    before: SpokenWord | None = None
    waiting: Word | None = None
    for word in words:
        spelling = transcript.words[word.index].spelling
        follows = before is not None and before.index + 1 == word.index
        if not spelling and waiting is not None and follows:
            waiting = replace(waiting, end=word.end)
        else:
            if waiting is not None:
                yield waiting
            waiting = Word(word.start, word.end, spelling)
        before = word
    if waiting is not None:
        yield waiting


def _marks(transcript: Transcript, words: Sequence[SpokenWord], duration: float) -> Iterator[Mark]:
    """Each manner at the first word that is said so, or where the words before it end.

    Of manners of words that are not said only the last counts, since the next word said is said so.
    """
    times: dict[int, float] = {}
    for index in dict.fromkeys(index for index, _ in transcript.manners):
        before = max((word.end for word in words if word.index < index), default=0.0)
        times[index] = min(min((word.start for word in words if word.index >= index), default=before), duration)
    for index, manner in transcript.manners:
        if not any(later > index and time <= times[index] for later, time in times.items()):
            yield Mark(round(times[index], 4), manner.name, manner.strength)
