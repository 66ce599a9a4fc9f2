"""One evaluator for every method: any number of predictions against one truth, sequence by sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..datasets.regions import Regions
from ..errors import DataSetError
from ..progress import Job, Progress
from .metrics import Scores, SequenceScore, pool, score
from .sources import FloatArray, Phones, Prediction, Truth

_MOST_TRIMMED = 0.1  # of the frames; beyond this a prediction belongs to another sound or rate


@dataclass(frozen=True)
class MethodScores:
    """How one method did: overall, by subject, and every sequence by itself."""

    overall: Scores
    subjects: Mapping[str, Scores]
    sequences: Mapping[str, Scores]


@dataclass(frozen=True)
class Evaluation:
    """Scores of all methods on the same sequences; `notes` says in whole sentences what readers must know."""

    space: str
    unit: str
    regions: str
    methods: Mapping[str, MethodScores]
    notes: tuple[str, ...]


def evaluate_job(
    truth: Truth,
    predictions: Mapping[str, Prediction],
    regions: Regions,
    phones: Phones | None = None,
    partial: bool = False,
) -> Job[Evaluation]:
    """Score every method on the sequences that all of them have.

    Raises DataSetError where a sequence is missing, unless `partial` allows it, and for predictions of other lengths.
    """
    names, notes = _common(truth, predictions, partial)
    yield from _check_job(truth, predictions, names)
    found: dict[str, list[SequenceScore]] = {label: [] for label in predictions}
    trimmed: dict[str, int] = dict.fromkeys(predictions, 0)
    total = len(names) * len(predictions)
    for index, name in enumerate(names):
        captured = truth.motion(name)
        said = phones(name) if phones is not None else None
        for place, (label, method) in enumerate(predictions.items()):
            for predicted in method.motions(name):
                frames = min(len(captured), len(predicted))
                _check_length(label, name, len(captured), len(predicted))
                trimmed[label] = max(trimmed[label], abs(len(captured) - len(predicted)))
                found[label].append(
                    score(
                        name,
                        truth.subject(name),
                        predicted[:frames],
                        captured[:frames],
                        regions,
                        truth.space.fps,
                        said,
                    )
                )
            yield Progress("evaluating", (index * len(predictions) + place + 1) / total)
    for label, frames in trimmed.items():
        if frames:
            notes += (f"{label} differs from the captured motion by up to {frames} frames; both were trimmed.",)
    notes += truth.notes
    methods = {label: _group(scores) for label, scores in found.items()}
    return Evaluation(truth.space.name, truth.space.unit, regions.name, methods, notes)


def _check_job(truth: Truth, predictions: Mapping[str, Prediction], names: Sequence[str]) -> Job[None]:
    """Read all that is there already, so that one unusable file is told before checkpoints run for an hour."""
    for index, name in enumerate(names):
        captured = len(truth.motion(name))
        for label, method in predictions.items():
            for predicted in method.motions(name) if method.is_there else ():
                _check_length(label, name, captured, len(predicted))
        yield Progress("checking", (index + 1) / len(names))


def _common(
    truth: Truth, predictions: Mapping[str, Prediction], partial: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    names = truth.names
    for label, method in predictions.items():
        missing = [name for name in truth.names if not method.has(name)]
        if len(missing) == len(truth.names):
            raise DataSetError(f"{label} has none of the sequences, such as {names[0]}.npy; check the folder.")
        if missing and not partial:
            raise DataSetError(
                f"{label} lacks {len(missing)} of {len(truth.names)} sequences, such as {missing[0]}.npy; make them, "
                "or evaluate what is there with --partial."
            )
        if missing:
            notes += (f"{label} lacks {len(missing)} of {len(truth.names)} sequences; all methods go without them.",)
            names = tuple(name for name in names if name not in missing)
    if not names:
        raise DataSetError("The methods have no sequence in common; check the folders.")
    return names, notes


def _check_length(label: str, name: str, captured: int, predicted: int) -> None:
    if abs(captured - predicted) > max(_MOST_TRIMMED * captured, 3):
        raise DataSetError(
            f"{label} has {predicted} frames for {name}, captured are {captured}: is it at another frame rate?"
        )


def _group(scores: list[SequenceScore]) -> MethodScores:
    subjects = dict.fromkeys(item.subject for item in scores)
    names = dict.fromkeys(item.name for item in scores)
    return MethodScores(
        overall=pool(scores),
        subjects={who: pool([item for item in scores if item.subject == who]) for who in subjects},
        sequences={name: pool([item for item in scores if item.name == name]) for name in names},
    )


def error_over_time(predicted: FloatArray, truth: FloatArray, regions: Regions) -> FloatArray:
    """(frames,): root of the lip error, a distance in the unit of the space."""
    from ..motion.errors import lip_errors

    frames = min(len(predicted), len(truth))
    return np.sqrt(lip_errors(predicted[:frames], truth[:frames], regions.lips)).astype(np.float32)
