"""Where captured and predicted motion come from: a data set, or folders of .npy of any method."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment
from ..datasets.reader import FARTHEST, MotionDataSet, MotionSequence, map_motion
from ..datasets.splits import LAYOUTS, parse_name
from ..datasets.templates import load_templates
from ..errors import DataSetError
from ..motion.spaces import SPACES, MotionSpace

FloatArray: TypeAlias = npt.NDArray[np.float32]


class Truth(Protocol):
    """Captured motion: `names` of the sequences, and for each its subject, neutral head and offsets (frames, 3 V)."""

    @property
    def space(self) -> MotionSpace: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    def subject(self, name: str) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    def template(self, name: str) -> FloatArray: ...
    def motion(self, name: str) -> FloatArray: ...


@dataclass(frozen=True)
class SplitTruth:
    """A split of a data set."""

    data: MotionDataSet
    which: str

    @property
    def space(self) -> MotionSpace:
        return self.data.space

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sequence.name for sequence in self.data.split(self.which))

    def subject(self, name: str) -> str:
        return self._sequence(name).subject

    def template(self, name: str) -> FloatArray:
        return self.data.templates[self.subject(name)]

    def motion(self, name: str) -> FloatArray:
        return self.data.captured(self._sequence(name))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as published, and how many sounds end before their motion does."""
        pairs = [
            (self.data.captured_frames(s) - self.data.heard_frames(s), s.name) for s in self.data.split(self.which)
        ]
        short = [pair for pair in pairs if pair[0] > 0]
        if not short:
            return self.data.notes
        frames, name = max(short)
        return (
            *self.data.notes,
            f"{len(short)} of {len(pairs)} sounds end before their captured motion, by up to {frames} frames ({name}): "
            "what is predicted from them ends there, too.",
        )

    def _sequence(self, name: str) -> MotionSequence:
        return next(sequence for sequence in self.data.split(self.which) if sequence.name == name)


@dataclass(frozen=True)
class FolderTruth:
    """A folder of .npy vertices at the motion rate, and the templates they are measured from."""

    folder: Path
    templates: Mapping[str, FloatArray]

    @staticmethod
    def open(folder: Path, templates: Path) -> "FolderTruth":
        """Raises DataSetError where there is no such folder, or its files belong to no template."""
        truth = FolderTruth(folder, load_templates(templates))
        if not truth.names:
            raise DataSetError(f"{folder} has no .npy file of a subject in {templates}.")
        return truth

    @property
    def space(self) -> MotionSpace:
        count = len(next(iter(self.templates.values())))
        for name in LAYOUTS:
            if SPACES[name].vertices == count:
                return SPACES[name]
        raise DataSetError(f"The templates have {count} vertices; VOCASET has 5023, BIWI 23370.")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(path.stem for path in sorted(self.folder.glob("*.npy")) if self.subject(path.stem))

    def subject(self, name: str) -> str:
        parsed = parse_name(name)
        subject = parsed[0] if parsed else ""
        return subject if subject in self.templates else ""

    @property
    def notes(self) -> tuple[str, ...]:
        return ()

    def template(self, name: str) -> FloatArray:
        return self.templates[self.subject(name)]

    def motion(self, name: str) -> FloatArray:
        return read_offsets(self.folder / f"{name}.npy", self.template(name))


class Prediction(Protocol):
    """What a method predicts for a sequence: offsets (frames, 3 V), one array for each condition; none if missing."""

    def has(self, name: str) -> bool: ...
    def motions(self, name: str) -> Iterator[FloatArray]: ...

    @property
    def is_there(self) -> bool:
        """Whether it need not be made first."""


@dataclass(frozen=True)
class FolderPrediction:
    """A folder of `<name>.npy`, or of `<name>_condition_<speaker>.npy` of methods that need a style.

    Vertices and offsets are told apart by which of them the numbers are nearer to.
    """

    folder: Path
    truth: Truth

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise DataSetError(f"There is no folder of predictions at {self.folder}; check the path.")

    @property
    def is_there(self) -> bool:
        return True

    def has(self, name: str) -> bool:
        return bool(self._paths(name))

    def motions(self, name: str) -> Iterator[FloatArray]:
        for path in self._paths(name):
            yield read_offsets(path, self.truth.template(name))

    def _paths(self, name: str) -> Sequence[Path]:
        exact = self.folder / f"{name}.npy"
        return [exact] if exact.is_file() else sorted(self.folder.glob(f"{name}_condition_*.npy"))


def read_offsets(path: Path, template: FloatArray) -> FloatArray:
    """Offsets (frames, 3 V) from `template` (V, 3) of the vertices, or the offsets, that `path` holds."""
    found = np.asarray(map_motion(path, template.size), np.float32)
    if not np.isfinite(found).all():
        raise DataSetError(f"{path} holds numbers that are not finite; make it again.")
    neutral = template.ravel()
    middle = found[len(found) // 2]
    are_vertices = np.linalg.norm(middle - neutral) < np.linalg.norm(middle)
    offsets = found - neutral if are_vertices else found
    size = float(np.ptp(template, axis=0).max())
    if (away := float(np.abs(offsets).mean())) > FARTHEST * size:
        raise DataSetError(
            f"{path} lies {away / size:.3g} head sizes from its subject's neutral head on average; is it in another "
            "unit (millimetres?), another place or another topology than templates.pkl?"
        )
    return offsets


class Phones(Protocol):
    """Who knows what is said in a sequence; None where nobody does."""

    def __call__(self, name: str) -> Alignment | None: ...
