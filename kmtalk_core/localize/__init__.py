"""Phoneme-based localization (PLM in the paper): where the phones of a sound begin and end, by one of several methods.

- `transcript`: the words are known; PocketSphinx aligns their phones with the sound.
- `neural`: the log-mel encoder of a checkpoint hears phones and boundaries, in any language.
- `allphone`: PocketSphinx guesses English phones; what serves where there are neither words nor weights.
- `textgrid`: somebody else found them; read the file.
- `uniform`: evenly spaced keys, the paper's ablation.
- `auto`: the file where there is one, the transcript where there is one, else neural.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..alignment import Alignment, Phone
from ..audio import Sound
from ..errors import AlignmentError, WeightsError
from ..progress import Job
from .keys import KeyFrame, frame_count_of, key_frames, key_ratio, with_density

if TYPE_CHECKING:
    from .neural import NeuralLocalizer

__all__ = ["METHODS", "KeyFrame", "frame_count_of", "key_frames", "key_ratio", "localize", "with_density"]

Ear: TypeAlias = Callable[[], "NeuralLocalizer"]
"""What hears phones, loaded when it is first needed."""

METHODS = ("auto", "neural", "transcript", "allphone", "textgrid", "uniform")


def localize(
    sound: Sound,
    *,
    method: str = "auto",
    text: str | None = None,
    textgrid: str | Path | None = None,
    language: str = "en",
    begin: float = 0.0,
    weights: str | Path | None = None,
    ear: "NeuralLocalizer | None" = None,
) -> Job[Alignment]:
    """Find the phones of `sound`.

    `text` is what is said, `language` the eSpeak NG code of it; `textgrid` a file of Praat's or MFA's; `begin` is
    where in its file the sound begins, in seconds, where it is a part of it; `ear` is what `neural` hears with; without
    one it is loaded from the checkpoint folder `weights`, or from the starter's.  A method asked for by name raises
    AlignmentError when it fails; `auto` goes by ear instead and says so in the notes.
    """
    loaded = _ear(ear, weights)
    if method not in METHODS:
        raise AlignmentError(f"There is no localization method “{method}”; choose one of {', '.join(METHODS)}.")
    if method == "textgrid" or (method == "auto" and textgrid is not None):
        return (yield from _from_textgrid(sound, textgrid, begin))
    if method == "transcript":
        return (yield from _from_transcript(sound, text, language))
    if method == "neural":
        return (yield from loaded().job(sound))
    if method == "allphone":
        from .allphone import allphone_job

        return (yield from allphone_job(sound))
    if method == "uniform":
        from .uniform import uniform

        return uniform(sound)
    if not (text and text.strip()):
        return (yield from _by_ear(sound, loaded, ()))
    return (yield from _transcript_if_right(sound, text, language, loaded))


def _from_textgrid(sound: Sound, textgrid: str | Path | None, begin: float) -> Job[Alignment]:
    from ..textgrid import alignment_of, read_textgrid
    from .pauses import pauses_job

    if textgrid is None:
        raise AlignmentError("The method textgrid needs a TextGrid file; give one or choose another method.")
    grid = read_textgrid(textgrid)
    pauses = (yield from pauses_job(sound)) or ()
    return alignment_of(grid, sound.duration, Path(textgrid).name, begin=begin, pauses=pauses)


def _from_transcript(sound: Sound, text: str | None, language: str) -> Job[Alignment]:
    from .transcript import transcript_job

    if text is None:
        raise AlignmentError("The method transcript needs the words; give a text or choose another method.")
    return (yield from transcript_job(sound, text, language))


def _transcript_if_right(sound: Sound, text: str, language: str, ear: Ear) -> Job[Alignment]:
    """The transcript's phones, by ear where it lacks what is said; all by ear where it is not what is said."""
    from .transcript import fitted_job

    try:
        found = yield from fitted_job(sound, text, language)
    except AlignmentError as error:
        return (yield from _by_ear(sound, ear, (f"The transcript was left aside: {error}",)))
    if not found.trusted:
        note = "The transcript was left aside: it does not seem to be what is said."
        return (yield from _by_ear(sound, ear, (note,)))
    if not found.left_out:
        return found.alignment
    heard = yield from _by_ear(sound, ear, ())
    return _filled(found.alignment, heard, found.left_out)


def _filled(alignment: Alignment, heard: Alignment, spans: Sequence[tuple[float, float]]) -> Alignment:
    """`alignment` with what was `heard` within `spans`, where it is silent."""
    added = [
        Phone(max(phone.start, start), min(phone.end, end), phone.label, phone.confidence)
        for phone in heard.phones
        for start, end in spans
        if not phone.is_silence and start < (phone.start + phone.end) / 2 < end
    ]
    if not added:
        return alignment
    seconds = sum(phone.end - phone.start for phone in added)
    note = f"About {seconds:.1f} s of speech are not in the transcript; their phones are found by ear."
    spoken = [phone for phone in alignment.phones if not phone.is_silence]
    notes = (*alignment.notes, note, *heard.notes)
    filled = Alignment.covering(spoken + added, alignment.duration, alignment.method, notes)
    return replace(filled, marks=alignment.marks)


def _ear(ear: "NeuralLocalizer | None", weights: str | Path | None) -> Ear:
    from ..engines import STARTER_WEIGHTS
    from .neural import NeuralLocalizer

    folder = STARTER_WEIGHTS if weights is None else Path(weights)
    return lambda: ear or NeuralLocalizer.load(folder)


def _by_ear(sound: Sound, ear: Ear, notes: tuple[str, ...]) -> Job[Alignment]:
    """Neural where it can run, else PocketSphinx's guess."""
    from .allphone import allphone_job

    try:
        found = yield from ear().job(sound)
    except (WeightsError, ImportError, OSError) as error:  # OSError: PyTorch's libraries do not load
        reason = str(error) if isinstance(error, WeightsError) else "PyTorch does not run here."
        notes += (f"Phones are guessed by PocketSphinx, which knows English alone: {reason}",)
        found = yield from allphone_job(sound)
    return Alignment(found.phones, found.duration, found.method, notes + found.notes)
