"""Captured faces as a data set of vertices: what was captured moves a head of our own, in VOCASET's layout.

So the paper's network and its tables, which know vertices alone, meet real motion that anyone may record.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ... import audio
from ...errors import DataSetError
from ...motion.spaces import ARKIT, SPACES
from ...progress import Job, Progress
from ..ply import TriangleMesh, write_ply
from ..regions import BESIDE_DATA_SET
from ..templates import save_templates
from .capture import Capture

FloatArray: TypeAlias = npt.NDArray[np.float32]

LAYOUT = "vocaset"
PIECE = 4.0
"""Seconds of a piece, about: cut where it is quietest."""

_MOST_PIECES = 99  # that two digits number
_AROUND = 0.25  # of a piece, to each side, where the quietest moment is looked for
_WINDOW = 0.05  # seconds over which it is quiet
_SHORTEST = 1.0  # seconds


def vertices_job(takes: Sequence[Capture], folder: Path) -> Job[tuple[int, float]]:
    """Write `takes`, all with sounds, into `folder`: each a subject, in numbered pieces; how many, and their seconds.

    Raises DataSetError where the folder cannot be written, or nothing is long enough.
    """
    from ..heads import synthetic_head

    yield Progress("making a head", 0.0)
    head = synthetic_head(SPACES[LAYOUT].vertices)
    subjects = _subjects(takes)
    try:
        for name in ("wav", "vertices_npy", "templates"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        count, seconds = 0, 0.0
        for number, (take, subject) in enumerate(zip(takes, subjects, strict=True)):
            yield Progress(take.name, number / len(takes))
            assert take.sound is not None
            sound = yield from audio.load_job(take.sound)
            for index, (first, last) in enumerate(pieces(take, sound), 1):
                _write(take, sound, first, last, head.mesh.vertices, head.shapes, folder, f"{subject}_{index:02d}")
                count, seconds = count + 1, seconds + last - first
        if not count:
            raise DataSetError(f"No take is as long as {_SHORTEST:g} s; give longer ones.")
        save_templates(folder / "templates.pkl", dict.fromkeys(subjects, head.mesh.vertices))
        write_ply(folder / "templates" / "head.ply", TriangleMesh(head.mesh.vertices, head.mesh.triangles))
        head.regions.save(folder / BESIDE_DATA_SET)
        (folder / "README.md").write_text(_card(takes, count, seconds), encoding="utf-8")
    except OSError as error:
        raise DataSetError(f"{folder} cannot be written ({error.strerror}); choose another folder.") from error
    return count, seconds


def pieces(take: Capture, sound: audio.Sound) -> list[tuple[float, float]]:
    """From when to when, in seconds of the sound, each piece lasts; together they are all that is heard and seen."""
    begin, end = max(0.0, -take.lag), min(sound.duration, take.duration - take.lag)
    length = max(PIECE, (end - begin) / (_MOST_PIECES / (1 + _AROUND)))
    found = []
    while end - begin >= _SHORTEST:
        if end - begin < 1.5 * length:
            found.append((begin, end))
            break
        cut = _quietest(sound, begin + (1 - _AROUND) * length, begin + (1 + _AROUND) * length)
        found.append((begin, cut))
        begin = cut
    return found


def _quietest(sound: audio.Sound, first: float, last: float) -> float:
    """The second between `first` and `last` around which `sound` is quietest; on a frame."""
    samples = sound.read(round(first * audio.RATE), round(last * audio.RATE)).astype(np.float64)
    window = round(_WINDOW * audio.RATE)
    power = np.convolve(samples**2, np.ones(window), "valid")
    moment = first + (int(power.argmin()) + window / 2) / audio.RATE
    return round(moment * ARKIT.fps) / ARKIT.fps


def _write(
    take: Capture,
    sound: audio.Sound,
    first: float,
    last: float,
    neutral: FloatArray,
    shapes: FloatArray,
    folder: Path,
    name: str,
) -> None:
    import soundfile

    times = first + np.arange(int((last - first) * ARKIT.fps + 1e-6)) / ARKIT.fps
    vertices = neutral.ravel() + take.at(times) @ shapes
    np.save(folder / "vertices_npy" / f"{name}.npy", vertices.astype(np.float32))
    samples = sound.read(round(first * audio.RATE), round(last * audio.RATE))
    soundfile.write(folder / "wav" / f"{name}.wav", samples, audio.RATE)


def _subjects(takes: Sequence[Capture]) -> list[str]:
    """A name for each take that files can bear, none twice."""
    names = ["".join(c if c.isalnum() or c in "-_" else "-" for c in take.name) for take in takes]
    if len(set(names)) < len(names):
        raise DataSetError("Two takes have one name in a data set; rename one of them.")
    return names


def _card(takes: Sequence[Capture], count: int, seconds: float) -> str:
    moving = int(np.any([take.moving for take in takes], axis=0).sum())
    return (
        f"# Captured faces on a head of ours, in the layout of {LAYOUT}\n\n"
        f"{count} pieces, {seconds:.0f} s, of {', '.join(take.name for take in takes)[:500]}, made by "
        f"`python -m kmtalk_core captures … --vertices`. The motion of {moving} channels was captured, and the sounds "
        "recorded: whoever made them holds the rights. The head and its shapes are a synthetic one's, and what was not "
        "captured rests: an error in metres is no error on the speaker's own face.\n\n"
        "Each take is a subject: `experiments … --leave-one-out` tests each on what the others taught.\n"
    )
