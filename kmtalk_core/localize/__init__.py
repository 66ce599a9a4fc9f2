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
from ..audio.sound import SILENT
from ..errors import AlignmentError, WeightsError
from ..progress import Job
from .keys import KeyFrame, frame_count_of, key_frames, key_ratio, with_density

if TYPE_CHECKING:
    from .matching import Evidence
    from .neural import Heard, NeuralLocalizer

__all__ = ["METHODS", "KeyFrame", "frame_count_of", "key_frames", "key_ratio", "localize", "with_density"]

Ear: TypeAlias = Callable[[], "NeuralLocalizer"]
"""What hears phones, loaded when it is first needed."""

_NOBODY = "No speech is heard in this sound, so that the mouth rests; check that it is the right one."
_BY_EAR = ("neural", "allphone")
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
    if method not in METHODS:
        raise AlignmentError(f"There is no localization method “{method}”; choose one of {', '.join(METHODS)}.")
    found = yield from _found(sound, method, text, textgrid, language, begin, _ear(ear, weights))
    if found.method in _BY_EAR and SILENT not in sound.notes and all(phone.is_silence for phone in found.phones):
        return replace(found, notes=(*found.notes, _NOBODY))
    return found


def _found(
    sound: Sound,
    method: str,
    text: str | None,
    textgrid: str | Path | None,
    language: str,
    begin: float,
    loaded: Ear,
) -> Job[Alignment]:
    if method == "textgrid" or (method == "auto" and textgrid is not None):
        return (yield from _from_textgrid(sound, textgrid, begin))
    if method == "transcript":
        return (yield from _from_transcript(_Listener(sound, loaded), text, language, begin))
    if method == "neural":
        return (yield from loaded().job(sound))
    if method == "allphone":
        from .allphone import allphone_job

        return (yield from allphone_job(sound))
    if method == "uniform":
        from .uniform import uniform

        return uniform(sound)
    if not (text and text.strip()):
        return (yield from _Listener(sound, loaded).job())
    return (yield from _transcript_if_right(_Listener(sound, loaded), text, language, begin))


def _from_textgrid(sound: Sound, textgrid: str | Path | None, begin: float) -> Job[Alignment]:
    from ..textgrid import alignment_of, read_textgrid
    from .pauses import pauses_job

    if textgrid is None:
        raise AlignmentError("The method textgrid needs a TextGrid file; give one or choose another method.")
    grid = read_textgrid(textgrid)
    pauses = (yield from pauses_job(sound)) or ()
    return alignment_of(grid, sound.duration, Path(textgrid).name, begin=begin, pauses=pauses)


def _from_transcript(listener: "_Listener", text: str | None, language: str, begin: float) -> Job[Alignment]:
    from .transcript import fitted_job

    if text is None:
        raise AlignmentError("The method transcript needs the words; give a text or choose another method.")
    found = yield from fitted_job(listener.sound, text, listener.evidence_job, language, begin)
    notes = found.alignment.notes
    missing = sum(end - start for start, end in found.left_out)
    if missing > 0.5:
        notes += (f"About {missing:.1f} s that may be speech are not in the transcript; the mouth rests there.",)
    if not found.trusted:
        notes += ("The transcript fits the sound poorly; check that it is what is said.",)
    return replace(found.alignment, notes=notes)


def _transcript_if_right(listener: "_Listener", text: str, language: str, begin: float) -> Job[Alignment]:
    """The transcript's phones, by ear where it lacks what is said; all by ear where it is not what is said."""
    from .transcript import fitted_job

    try:
        found = yield from fitted_job(listener.sound, text, listener.evidence_job, language, begin)
    except AlignmentError as error:
        return (yield from listener.job(f"The transcript was left aside: {error}"))
    if not found.trusted:
        return (yield from listener.job("The transcript was left aside: it does not seem to be what is said."))
    if not found.left_out:
        return found.alignment
    return _filled(found.alignment, (yield from listener.job()), found.left_out)


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
    return replace(filled, marks=alignment.marks, words=alignment.words)


def _ear(ear: "NeuralLocalizer | None", weights: str | Path | None) -> Ear:
    from ..engines import STARTER_WEIGHTS
    from .neural import NeuralLocalizer

    folder = STARTER_WEIGHTS if weights is None else Path(weights)
    return lambda: ear or NeuralLocalizer.load(folder)


class _Listener:
    """One sound and the ear that hears it, once: neural where it can run, else PocketSphinx's guess."""

    def __init__(self, sound: Sound, ear: Ear) -> None:
        self.sound, self._ear = sound, ear
        self._found: Alignment | None = None
        self._heard: Heard | None = None

    def job(self, *notes: str) -> Job[Alignment]:
        """The phones heard, with `notes` before those of how."""
        if self._found is None:
            self._found = yield from self._hear_job()
        return replace(self._found, notes=(*notes, *self._found.notes))

    def evidence_job(self) -> Job["Evidence"]:
        """What a transcript is matched with."""
        from .matching import Evidence

        found = yield from self.job()
        return Evidence.of(found, self._heard)

    def _hear_job(self) -> Job[Alignment]:
        from .allphone import allphone_job

        try:
            found, heard = yield from self._ear().hear_job(self.sound)
        except (WeightsError, ImportError, OSError) as error:  # OSError: PyTorch's libraries do not load
            reason = str(error) if isinstance(error, WeightsError) else "PyTorch does not run here."
            note = f"Phones are guessed by PocketSphinx, which knows English alone: {reason}"
            found = yield from allphone_job(self.sound)
            return replace(found, notes=(note, *found.notes))
        self._heard = heard
        return found
