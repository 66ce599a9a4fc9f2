"""Data sets as they lie on disk: `wav/`, `vertices_npy/`, `templates.pkl`.  Motion is mapped into memory."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import audio
from ..errors import AudioError, DataSetError
from ..motion.spaces import SPACES, MotionSpace
from .splits import LAYOUTS, SPLITS, Layout, assign, missing_of, parse_name
from .templates import load_templates

FloatArray: TypeAlias = npt.NDArray[np.float32]

_RATES_TRIED = 9  # sequences looked at to tell 60 from 30 frames a second
_RATE_TOLERANCE = 1.2
FARTHEST = 0.35  # of the head's size: a neutral head this far from its own motion is another head or unit
_SHORTEST = 3  # frames


@dataclass(frozen=True)
class MotionSequence:
    """One sentence of one subject: a sound and captured vertices."""

    name: str
    subject: str
    sentence: int
    wav: Path
    vertices: Path


@dataclass(frozen=True)
class MotionDataSet:
    """A data set in the layout of VOCASET or BIWI; `notes` says in whole sentences what is not as published.

    `templates` has the neutral head (V, 3) of each subject; one in `stride` frames on disk is used.
    """

    root: Path
    layout: Layout
    templates: Mapping[str, FloatArray]
    stride: int
    splits: Mapping[str, tuple[MotionSequence, ...]]
    notes: tuple[str, ...] = ()

    @property
    def space(self) -> MotionSpace:
        return SPACES[self.layout.name]

    def split(self, which: str) -> tuple[MotionSequence, ...]:
        """The sequences of a split; DataSetError where there is no such split or nothing in it."""
        if which not in SPLITS:
            raise DataSetError(f"There is no split {which!r:.40}; choose one of {', '.join(SPLITS)}.")
        found = self.splits[which]
        if not found:
            wanted = self.layout.parts.get(which)
            who = f": it takes sentences {wanted.first}–{wanted.last} of {', '.join(wanted.subjects)}" if wanted else ""
            raise DataSetError(f"{self.root} has no sequence of the split {which}{who}.")
        return found

    @property
    def subjects(self) -> tuple[str, ...]:
        """All who are in any split, by name."""
        return tuple(sorted({sequence.subject for part in self.splits.values() for sequence in part}))

    def tested_on(self, subject: str) -> "MotionDataSet":
        """The same sequences in other splits: tested on those of `subject`, learnt from all others but the last of
        each, which validate.  Raises DataSetError where too little is left."""
        everything = sorted({item for part in self.splits.values() for item in part}, key=lambda item: item.name)
        others = [[s for s in everything if s.subject == who] for who in self.subjects if who != subject]
        splits: dict[str, tuple[MotionSequence, ...]] = dict.fromkeys(SPLITS, ())
        splits["train"] = tuple(sequence for own in others for sequence in own[:-1])
        splits["validation"] = tuple(own[-1] for own in others)
        splits["test"] = tuple(sequence for sequence in everything if sequence.subject == subject)
        if not splits["train"]:
            raise DataSetError(f"Without {subject} {self.root} has too little to learn from; give more subjects.")
        return replace(self, splits=splits)

    def frame_count(self, sequence: MotionSequence) -> int:
        """Frames at the motion rate that both the sound and the motion of `sequence` cover."""
        captured, heard = self.captured_frames(sequence), self.heard_frames(sequence)
        if min(captured, heard) < _SHORTEST:
            raise DataSetError(f"{sequence.name} is too short to use: {captured} frames, sound for {heard}; remove it.")
        return min(captured, heard)

    def motion(self, sequence: MotionSequence) -> FloatArray:
        """Offsets from the neutral head (frames, 3 V) at the motion rate, trimmed to the sound."""
        return self.captured(sequence)[: self.frame_count(sequence)]

    def captured_frames(self, sequence: MotionSequence) -> int:
        """Frames at the motion rate that were captured, whether or not the sound lasts as long."""
        return -(-len(self._mapped(sequence)) // self.stride)

    def heard_frames(self, sequence: MotionSequence) -> int:
        """Frames at the motion rate that the sound lasts."""
        return round(_duration(sequence.wav) * self.space.fps)

    def captured(self, sequence: MotionSequence) -> FloatArray:
        """Offsets from the neutral head (frames, 3 V) at the motion rate, all that were captured."""
        mapped = self._mapped(sequence)[:: self.stride]
        vertices = np.asarray(mapped, np.float32).reshape(len(mapped), -1)
        template = self.templates[sequence.subject]
        motion = vertices - template.ravel()
        if not np.isfinite(motion).all():
            raise DataSetError(f"{sequence.vertices} holds numbers that are not finite; get the file again.")
        away = float(np.abs(motion[0].reshape(-1, 3)).mean())
        size = min(float(np.ptp(head, axis=0).max()) for head in (template, vertices[0].reshape(-1, 3)))
        if away > FARTHEST * size:
            raise DataSetError(
                f"{sequence.vertices} does not move the head of {sequence.subject} in templates.pkl; "
                "are both in one unit and topology?"
            )
        return motion

    def sound(self, sequence: MotionSequence) -> audio.Sound:
        """The sound of `sequence`, trimmed to its motion."""
        try:
            whole = audio.load(sequence.wav)
        except AudioError as error:
            raise DataSetError(str(error)) from error
        count = self.frame_count(sequence)
        samples = whole.read(0, min(whole.length, round(count / self.space.fps * audio.RATE)))
        return audio.from_samples(samples, audio.RATE, sequence.wav.name)

    def _mapped(self, sequence: MotionSequence) -> npt.NDArray[Any]:
        return _map_vertices(sequence.vertices, self.space)


def open_data_set(root: str | Path) -> MotionDataSet:
    """The data set in `root`.  Only names and headers are read.

    Raises DataSetError with one line on whatever is missing or of another kind.
    """
    root = Path(root)
    for name in ("wav", "vertices_npy"):
        if not (root / name).is_dir():
            raise DataSetError(
                f"{root} has no folder {name}/; give the folder that holds wav/, vertices_npy/ and templates.pkl."
            )
    templates = load_templates(root / "templates.pkl")
    layout = _layout_of(templates, root)
    found, notes = _sequences(root, templates)
    splits, split_notes = assign(found, layout)
    used = {which: tuple(found[name] for name in names) for which, names in splits.items()}
    split_notes += missing_of(used, layout)
    stride = _stride([found[name] for names in splits.values() for name in names], SPACES[layout.name], root)
    return MotionDataSet(root, layout, templates, stride, used, notes + split_notes)


def _layout_of(templates: Mapping[str, FloatArray], root: Path) -> Layout:
    counts = {len(template) for template in templates.values()}
    fitting = [layout for layout in LAYOUTS.values() if counts == {SPACES[layout.name].vertices}]
    if not fitting:
        known = ", ".join(f"{SPACES[name].vertices} ({name})" for name in LAYOUTS)
        raise DataSetError(
            f"{root / 'templates.pkl'} has heads of {', '.join(map(str, sorted(counts)))} vertices; known are {known}."
        )
    return fitting[0]


def _sequences(root: Path, templates: Mapping[str, FloatArray]) -> tuple[dict[str, MotionSequence], tuple[str, ...]]:
    vertices = {path.stem: path for path in sorted((root / "vertices_npy").glob("*.npy"))}
    sounds = {path.stem: path for path in sorted((root / "wav").glob("*.wav"))}
    if not vertices:
        raise DataSetError(f"{root / 'vertices_npy'} has no .npy file; unpack the data set's motion there.")
    missing = {
        "have no sound in wav/": sorted(set(vertices) - set(sounds)),
        "have no motion in vertices_npy/": sorted(set(sounds) - set(vertices)),
    }
    found: dict[str, MotionSequence] = {}
    for name in sorted(set(vertices) & set(sounds)):
        parsed = parse_name(name)
        if parsed is None:
            missing.setdefault("are not named <subject>_<sentence number>", []).append(name)
        elif parsed[0] not in templates:
            missing.setdefault("belong to a subject without a template", []).append(name)
        else:
            found[name] = MotionSequence(name, *parsed, sounds[name], vertices[name])
    notes = tuple(
        f"{len(names)} sequences {what} and are left out: {', '.join(names[:3])}{' …' if len(names) > 3 else ''}."
        for what, names in missing.items()
        if names
    )
    if not found:
        raise DataSetError(f"{root} has no usable sequence. {' '.join(notes)}")
    return found, notes


def _stride(sequences: list[MotionSequence], space: MotionSpace, root: Path) -> int:
    """How many frames on disk make one of the motion rate, from the lengths of sounds and motion."""
    if not sequences:
        raise DataSetError(f"{root} has no sequence of any split; name them as the data set does.")
    step = max(len(sequences) // _RATES_TRIED, 1)
    tried = sequences[::step]
    rates = [len(_map_vertices(item.vertices, space)) / max(_duration(item.wav), 1e-3) for item in tried]
    rate = float(np.median(rates))
    for stride in (1, 2):
        if 1 / _RATE_TOLERANCE < rate / (stride * space.fps) < _RATE_TOLERANCE:
            return stride
    raise DataSetError(
        f"{root} has {rate:.1f} frames for a second of sound; {space.name} has {space.fps:g} or {2 * space.fps:g}. "
        f"Do wav/ and vertices_npy/ belong together (see {tried[0].name})?"
    )


def _map_vertices(path: Path, space: MotionSpace) -> npt.NDArray[Any]:
    """The array at `path`, (frames, 3 V) or (frames, V, 3), mapped and not read."""
    return map_motion(path, space.width)


def map_motion(path: Path, width: int) -> npt.NDArray[Any]:
    """The .npy file at `path` as (frames, `width`), mapped into memory; DataSetError where it is no such array."""
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise DataSetError(f"{path} cannot be read ({error.strerror or error}); check the file.") from error
    except (ValueError, EOFError, SyntaxError) as error:
        raise DataSetError(f"{path} is damaged or no array of numbers; get or make it again.") from error
    if not isinstance(mapped, np.ndarray) or mapped.dtype.kind != "f":
        raise DataSetError(f"{path} must hold floating-point numbers.")
    if mapped.ndim > 1 and mapped.shape[0] == 1 and mapped.size > width:  # (1, frames, …), as some projects save
        mapped = mapped[0]
    if mapped.ndim not in (2, 3) or int(np.prod(mapped.shape[1:])) != width or not len(mapped):
        shape = " × ".join(map(str, mapped.shape))
        raise DataSetError(f"{path} is {shape}; (frames, {width}) is wanted.")
    return mapped.reshape(len(mapped), width)


def _duration(path: Path) -> float:
    """Seconds of a sound, from its header."""
    import soundfile

    try:
        found = soundfile.info(str(path))
    except (OSError, soundfile.LibsndfileError) as error:
        raise DataSetError(f"{path} is damaged or no sound; get the file again.") from error
    return float(found.frames / found.samplerate)
