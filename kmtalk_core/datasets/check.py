"""Whether every sequence of a data set can be used, told before hours are spent on the others."""

from collections.abc import Iterable

import numpy as np

from ..errors import DataSetError
from ..progress import Job, Progress
from .reader import MotionDataSet, MotionSequence

_APART, _APART_SECONDS = 0.1, 0.5  # by which sound and motion may differ in length: a share of it, or so long
_NAMED = 3
_BLOCK = 1 << 18  # samples looked at together


def check_job(data: MotionDataSet, sequences: Iterable[MotionSequence] | None = None) -> Job[None]:
    """Read all motion and all sounds of `sequences` (all of `data` where none are given) once.

    Raises DataSetError, one line on the first three that cannot be used and how many there are.
    """
    chosen = tuple(sequences) if sequences is not None else tuple(s for part in data.splits.values() for s in part)
    faults = []
    for index, sequence in enumerate(chosen):
        try:
            _check(data, sequence)
        except DataSetError as error:
            faults.append(str(error))
        yield Progress("checking", (index + 1) / len(chosen))
    if faults:
        more = f" {len(faults) - _NAMED} more are unusable." if len(faults) > _NAMED else ""
        raise DataSetError(" ".join(faults[:_NAMED]) + more)


def _check(data: MotionDataSet, sequence: MotionSequence) -> None:
    data.frame_count(sequence)  # too short is told there
    captured, heard = (count(sequence) / data.space.fps for count in (data.captured_frames, data.heard_frames))
    if abs(captured - heard) > max(_APART * max(captured, heard), _APART_SECONDS):
        raise DataSetError(
            f"{sequence.name} has {captured:.1f} s of motion and {heard:.1f} s of sound; give it its own sound, or "
            "take it out."
        )
    data.captured(sequence)
    unheard = _broken(sequence)
    if unheard:
        raise DataSetError(f"{sequence.wav} {unheard}; get the file again.")


def _broken(sequence: MotionSequence) -> str:
    """What is wrong with a sound's samples, which only floating-point files can have."""
    import soundfile

    try:
        with soundfile.SoundFile(str(sequence.wav)) as file:
            if file.subtype not in ("FLOAT", "DOUBLE"):
                return ""
            for block in file.blocks(_BLOCK, dtype="float64"):
                if not np.isfinite(block).all():
                    return "holds samples that are not numbers"
    except (OSError, soundfile.LibsndfileError) as error:
        raise DataSetError(f"{sequence.wav} is damaged or no sound; get the file again.") from error
    return ""
