"""Phones of every sequence, found once and kept: what `prepare` writes and training and evaluation read."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment, Phone
from ..errors import AlignmentError, DataSetError
from ..files import replacing
from ..localize import key_frames, localize
from ..model.folder import model_hash
from ..progress import Job, Progress
from .reader import MotionDataSet, MotionSequence
from .textgrids import named_in, textgrids_in

IndexArray: TypeAlias = npt.NDArray[np.int64]

FOLDER = "alignments"
TRANSCRIPTS, TEXTGRIDS = "text", "textgrids"

_LARGEST = 16 << 20  # bytes of one alignment
_UNIFORM_STEP = 3  # frames: a third of them are keys, as in the paper's comparison


@dataclass(frozen=True)
class AlignmentStore:
    """A folder of `<name>.json`, one alignment each, laid out as `localize --json` writes phones."""

    folder: Path
    data: MotionDataSet

    @staticmethod
    def of(data: MotionDataSet, folder: Path | None = None) -> "AlignmentStore":
        """The store in `folder`, or in the data set itself."""
        return AlignmentStore(folder or data.root / FOLDER, data)

    def find(self, name: str) -> Alignment | None:
        """The alignment of a sequence, or None where it is not prepared; DataSetError where it is damaged."""
        path = self.folder / f"{name}.json"
        try:
            if not path.is_file():
                return None
            if path.stat().st_size > _LARGEST:
                raise ValueError("too large")
            return _parse(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise DataSetError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataSetError(f"{path} is damaged; delete it and run `prepare` again.") from error

    def get(self, name: str) -> Alignment:
        """The alignment of a sequence; DataSetError where it is not prepared."""
        found = self.find(name)
        if found is None:
            raise DataSetError(f"{name} is not prepared; run `python -m kmtalk_core prepare {self.data.root}` first.")
        return found

    def asked(self, name: str) -> str | None:
        """What an alignment was asked for with, as `put` was told; None where that is not known."""
        try:
            content = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            return None if content.get("asked") is None else str(content["asked"])
        except (OSError, ValueError, AttributeError, RecursionError):
            return None

    def put(self, name: str, alignment: Alignment, asked: str | None = None) -> None:
        """Keep an alignment, and what it was `asked` for with; DataSetError where the folder takes none."""
        phones = [
            {"start": round(p.start, 4), "end": round(p.end, 4), "label": p.label, "confidence": round(p.confidence, 4)}
            for p in alignment.phones
        ]
        content = {"phones": phones, "duration": alignment.duration, "method": alignment.method,
                   "notes": list(alignment.notes), "asked": asked}  # fmt: skip
        path = self.folder / f"{name}.json"
        try:
            with replacing(path) as file:
                file.write(json.dumps(content, ensure_ascii=False).encode())
        except OSError as error:
            raise DataSetError(
                f"{path} cannot be written ({error.strerror}); give a folder that can with --alignments."
            ) from error


@dataclass(frozen=True)
class Preparation:
    """What `prepare` found: key ratio (share of frames that are keys) overall and by split, sequences by method."""

    sequences: int
    frames: int
    keys: int
    ratios: Mapping[str, float]
    methods: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def ratio(self) -> float:
        return self.keys / max(self.frames, 1)


def prepare_job(
    data: MotionDataSet,
    store: AlignmentStore,
    *,
    method: str = "auto",
    textgrids: Path | None = None,
    weights: Path | None = None,
    again: bool = False,
    only: Iterable[MotionSequence] | None = None,
) -> Job[Preparation]:
    """Find the phones of all sequences that are not in `store` yet (`again`: of all), and count the keys.

    `auto` takes a TextGrid of `textgrids` (or of the data set's own folder) where there is one, forced alignment where
    `text/<name>.txt` says what is said, and the neural localizer elsewhere.  Those that are in `store` but were not
    found as is now asked (another `method`, other `textgrids` or `weights`) are found again, which `notes` say.
    Raises DataSetError for a folder of TextGrids that has none of these sequences.
    """
    sequences = tuple(only) if only is not None else tuple(s for part in data.splits.values() for s in part)
    own = data.root / TEXTGRIDS
    names = [sequence.name for sequence in sequences]
    grids: Mapping[str, Path] = {}
    if textgrids is not None:
        grids = textgrids_in(textgrids, names)
    elif own.is_dir():
        grids = named_in(own, names)
    methods: dict[str, int] = {}
    notes: dict[str, int] = {}
    renewed = 0
    for index, sequence in enumerate(sequences):
        grid = grids.get(sequence.name) if method in ("auto", "textgrid") else None
        asked = None
        if method != "auto" or textgrids is not None or weights is not None:
            asked = _asked(method, grid, weights)
        alignment = None if again else store.find(sequence.name)
        if alignment is not None and asked is not None and store.asked(sequence.name) != asked:
            alignment, renewed = None, renewed + 1
        if alignment is None:
            alignment = yield from _localized(data, sequence, method, grid, weights)
            store.put(sequence.name, alignment, asked)
        methods[alignment.method] = methods.get(alignment.method, 0) + 1
        for note in alignment.notes:
            notes[note] = notes.get(note, 0) + 1
        yield Progress("finding phones", (index + 1) / len(sequences))
    counted = _count(data, store, sequences, methods, notes)
    return replace(counted, notes=(*counted.notes, *_on_guides(sequences, grids, textgrids, renewed)))


def _asked(method: str, grid: Path | None, weights: Path | None) -> str:
    """A short text that changes with whatever an alignment follows from."""
    parts = [method, _digest(grid), model_hash(weights) if weights is not None else ""]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _digest(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataSetError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error


def _on_guides(
    sequences: Sequence[MotionSequence], grids: Mapping[str, Path], textgrids: Path | None, renewed: int
) -> Iterator[str]:
    if renewed:
        yield f"{renewed} sequences had been prepared otherwise and were prepared anew, as asked."
    missing = [sequence.name for sequence in sequences if sequence.name not in grids]
    if textgrids is not None and missing:
        few = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        yield f"{len(missing)} of {len(sequences)} sequences have no TextGrid in {textgrids}: {few}."


def _localized(
    data: MotionDataSet, sequence: MotionSequence, method: str, grid: Path | None, weights: Path | None
) -> Job[Alignment]:
    said = data.root / TRANSCRIPTS / f"{sequence.name}.txt"
    text = said.read_text(encoding="utf-8-sig").strip() if said.is_file() else None
    try:
        return (
            yield from localize(
                data.sound(sequence),
                method=method,
                text=text if method in ("auto", "transcript") else None,
                textgrid=grid,
                weights=weights,
            )
        )
    except AlignmentError as error:
        raise DataSetError(f"{sequence.name}: {error}") from error


def _count(
    data: MotionDataSet,
    store: AlignmentStore,
    sequences: tuple[MotionSequence, ...],
    methods: dict[str, int],
    notes: dict[str, int],
) -> Preparation:
    counted = {s.name: (data.frame_count(s), len(phoneme_keys(store.get(s.name), data, s))) for s in sequences}
    ratios = {}
    for which, part in data.splits.items():
        here = [counted[s.name] for s in part if s.name in counted]
        if here:
            ratios[which] = sum(keys for _, keys in here) / sum(frames for frames, _ in here)
    return Preparation(
        sequences=len(sequences),
        frames=sum(frames for frames, _ in counted.values()),
        keys=sum(keys for _, keys in counted.values()),
        ratios=ratios,
        methods=methods,
        notes=tuple(f"{note} ({count} sequences)" for note, count in notes.items()),
    )


def phoneme_keys(alignment: Alignment, data: MotionDataSet, sequence: MotionSequence) -> IndexArray:
    """Key frames of a sequence at the starts and ends of its phones (the paper's localization)."""
    keys = key_frames(alignment, data.space.fps, data.frame_count(sequence))
    return np.array([key.frame for key in keys], np.int64)


def uniform_keys(frame_count: int) -> IndexArray:
    """Every third frame and the last one: the paper's comparison."""
    return np.unique(np.append(np.arange(0, frame_count, _UNIFORM_STEP), frame_count - 1))


def _parse(content: Any) -> Alignment:
    phones = tuple(
        Phone(float(p["start"]), float(p["end"]), str(p["label"]), float(p["confidence"])) for p in content["phones"]
    )
    notes = tuple(str(note) for note in content.get("notes", ()))
    return Alignment(phones, float(content["duration"]), str(content["method"]), notes)
