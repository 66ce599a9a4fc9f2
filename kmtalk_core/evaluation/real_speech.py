"""How well a checkpoint moves a mouth on recorded speech whose true motion, or true phones, are known.

The recordings stay with whoever has them; they are described by a JSON list of clips, paths relative to it:

    {"name": "set_clip", "audio": FILE, "motion"?: FILE.npz with t (seconds) and opening, "phones"?: FILE.json, "text"?}

where `phones` holds `[{"start", "end", "label"}]`.  Phones that an aligner found may lie beside the motion, as
`<motion>.autophones.json`: good enough to say where p, b and m are, not to judge boundaries by.  Clips of one set
share the part of their name before the first `_`.
"""

import argparse
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import audio
from ..alignment import Alignment, Phone
from ..animate import Animator
from ..audio import Sound
from ..errors import DataSetError, KMTalkError
from ..jobs import read_json
from ..motion.opening import visible_opening
from ..phones import BILABIALS
from ..progress import Job, Progress, within
from ..take import Take
from ..textgrid import write_textgrid
from ..training.starter import record_scores
from .hardships import HARDSHIPS

FloatArray: TypeAlias = npt.NDArray[np.floating]

Heard: TypeAlias = Callable[[Sound], Sound]

GUIDES = {"ear": "", "text": ", with transcripts", "phones": ", with the phones as a TextGrid"}
"""What a take is made from beside the sound, and how its scores are called."""

GRID = 60.0  # samples a second at which openings are compared
LONGEST_LAG = 0.2  # seconds
TOLERANCES = (0.02, 0.05)  # seconds between a true and a found boundary

_MARGIN, _SLACK = 0.1, 0.02  # seconds beside a bilabial: where the mouth must have been wider, where it may be closed
_LEAST_MOVE, _SAME = 0.1, 0.02  # shares of the range of a clip's opening


@dataclass(frozen=True)
class SpeechScores:
    """`correlation` of the opening at one lag for all clips, over clips (`mean`) and over sets (`macro`).

    `bilabial_hits` is the share of /p b m/ at which the mouth is narrowest; `boundaries` maps a tolerance in seconds
    to precision, recall and F1.  What no clip could tell is absent.
    """

    clips: int
    mean: float | None
    macro: float | None
    lag: float | None
    bilabials: int
    bilabial_hits: float | None
    boundaries: dict[float, tuple[float, float, float]]

    def rows(self) -> dict[str, float]:
        """The scores by what to call them in a table."""
        named = {
            f"correlation of the mouth opening, mean of {self.clips} clips": self.mean,
            "the same, mean of the sets": self.macro,
            f"lips closed on p, b, m (of {self.bilabials})": self.bilabial_hits,
            **{f"phone boundaries within {1000 * t:.0f} ms, F1": f1 for t, (_, _, f1) in self.boundaries.items()},
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Played:
    """One clip as a face showed it: `times` and visible `opening` (frames,), and `boundaries` of phones in seconds."""

    times: FloatArray
    opening: FloatArray
    boundaries: FloatArray


def clips_of(index: Path) -> list[dict[str, Any]]:
    """The clips that `index` lists; raises DataSetError for an index that is not one or lists none."""
    clips = read_json(index)
    if not isinstance(clips, list) or not all(isinstance(c, dict) and {"name", "audio"} <= c.keys() for c in clips):
        raise DataSetError(f"{index} must be a JSON list of clips with a name and an audio file each.")
    if not clips:
        raise DataSetError(f"{index} lists no clips; give each a name and an audio file.")
    return clips


def score_job(animator: Animator, index: Path, guide: str = "ear", heard: Heard | None = None) -> Job[SpeechScores]:
    """Animate the clips of `index` and score the takes; with `heard` the sounds are what that makes of them.

    `guide` is one of `GUIDES`: all clips by ear, or with the transcripts of those that have one, or those clips alone
    whose phones are known, with these as a TextGrid.  Raises DataSetError for an index that is not one.
    """

    def play(clip: dict[str, Any], sound: Sound) -> Job[Played]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            given = _given(clip, index, guide, sound.duration, Path(folder))
            take = yield from animator.animate_job(sound if heard is None else heard(sound), **given)
        times = np.arange(take.frame_count) / take.fps
        return Played(times, visible_opening(take.motion), _found(take))

    clips = clips_of(index)
    if guide == "phones":
        clips = [clip for clip in clips if phones_file(clip, index)]
    return (yield from score_clips_job(clips, index, play))


def score_clips_job(
    clips: Sequence[dict[str, Any]], index: Path, play: Callable[[dict[str, Any], Sound], Job[Played]]
) -> Job[SpeechScores]:
    """Score `clips` of `index` as the job that `play` makes of each clip and its sound has a face show them."""
    openings: list[tuple[str, FloatArray, FloatArray]] = []
    hits: list[bool] = []
    boundaries: list[tuple[FloatArray, FloatArray]] = []
    for number, clip in enumerate(clips):
        yield Progress(str(clip["name"]), number / len(clips))
        sound = audio.load(index.parent / clip["audio"])
        played = yield from within(play(clip, sound), number / len(clips), (number + 1) / len(clips))
        if clip.get("motion") and not clip.get("sync_doubtful"):
            with np.load(index.parent / clip["motion"], allow_pickle=False) as motion:
                last = min(motion["t"][-1], played.times[-1] + 0.1, sound.duration)
                grid = np.arange(0, last, 1 / GRID)
                truth = np.interp(grid, motion["t"], motion["opening"])
            openings.append((str(clip["name"]), truth, np.interp(grid, played.times, played.opening)))
        if found := phones_file(clip, index):
            phones = read_json(found)
            hits += bilabial_hits(phones, played.times, played.opening)
            if clip.get("phones"):
                boundaries.append((_boundaries(phones), played.boundaries))
    mean, macro, lag = correlation(openings) if openings else (None, None, None)
    return SpeechScores(
        len(openings),
        mean,
        macro,
        lag,
        len(hits),
        float(np.mean(hits)) if hits else None,
        {tolerance: boundary_scores(boundaries, tolerance) for tolerance in TOLERANCES} if boundaries else {},
    )


def phones_file(clip: dict[str, Any], index: Path) -> Path | None:
    """The phones of a clip: those that people set, or those that an aligner found beside its motion."""
    if clip.get("phones"):
        return index.parent / clip["phones"]
    beside = (index.parent / clip["motion"]).with_suffix(".autophones.json") if clip.get("motion") else None
    return beside if beside and beside.exists() else None


def _given(clip: dict[str, Any], index: Path, guide: str, duration: float, folder: Path) -> dict[str, Any]:
    """What the animator is told of a clip."""
    if guide == "text":
        return {"text": clip.get("text"), "language": str(clip.get("language") or "en").lower()}
    found = phones_file(clip, index) if guide == "phones" else None
    if found is None:
        return {}
    phones = [Phone(float(p["start"]), float(p["end"]), str(p["label"])) for p in read_json(found)]
    write_textgrid(Alignment.covering(phones, duration, "textgrid"), folder / "phones.TextGrid")
    return {"textgrid": folder / "phones.TextGrid"}


def correlation(openings: Sequence[tuple[str, FloatArray, FloatArray]]) -> tuple[float, float, float]:
    """Pearson r over clips and over sets, and the lag in seconds (positive: the prediction is early) that serves best.

    Each of `openings` is a clip's name and its true and predicted opening on one grid.
    """
    steps = np.arange(-round(LONGEST_LAG * GRID), round(LONGEST_LAG * GRID) + 1)
    curves = np.array([[_pearson(*_shifted(truth, found, k)) for k in steps] for _, truth, found in openings])
    sets = np.array([name.split("_")[0] for name, _, _ in openings])
    by_set = np.array([curves[sets == name].mean(0) for name in np.unique(sets)])
    best = int(by_set.mean(0).argmax())
    return float(curves[:, best].mean()), float(by_set[:, best].mean()), float(steps[best] / GRID)


def bilabial_hits(phones: Sequence[dict[str, Any]], times: FloatArray, opening: FloatArray) -> list[bool]:
    """For each p, b and m: whether the opening is narrowest within it, and was clearly wider beside it."""
    grid = np.arange(0, times[-1], 0.01)
    curve = np.interp(grid, times, opening)
    low, high = np.percentile(curve, [5, 95])
    span = max(high - low, 1e-9)
    hits = []
    for phone in phones:
        if str(phone["label"]).lower() not in BILABIALS:
            continue
        around = curve[(grid >= phone["start"] - _MARGIN) & (grid <= phone["end"] + _MARGIN)]
        inside = curve[(grid >= phone["start"] - _SLACK) & (grid <= phone["end"] + _SLACK)]
        if not len(inside):
            continue
        moves = around.max() - around.min() >= _LEAST_MOVE * span and high - low > 1e-6
        hits.append(bool(inside.min() <= around.min() + _SAME * span and moves))
    return hits


def boundary_scores(clips: Sequence[tuple[FloatArray, FloatArray]], tolerance: float) -> tuple[float, float, float]:
    """Precision, recall and F1 of found boundaries, matched one to one with the true ones."""
    hits = 0
    for truth, found in clips:
        free = list(found)
        for boundary in truth:
            near = [f for f in free if abs(f - boundary) <= tolerance]
            if near:
                free.remove(min(near, key=lambda f: abs(f - boundary)))
                hits += 1
    precision = hits / max(sum(len(found) for _, found in clips), 1)
    recall = hits / max(sum(len(truth) for truth, _ in clips), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def _found(take: Take) -> FloatArray:
    return np.unique([round(t, 3) for phone in take.phones for t in (phone.start, phone.end)])


def _boundaries(phones: Sequence[dict[str, Any]]) -> FloatArray:
    return np.unique([round(float(phone[side]), 3) for phone in phones for side in ("start", "end")])


def _shifted(truth: FloatArray, found: FloatArray, steps: int) -> Iterator[FloatArray]:
    """The two curves with the prediction delayed by `steps`."""
    yield truth[steps:] if steps >= 0 else truth[:steps]
    yield found[: len(found) - steps] if steps >= 0 else found[-steps:]


def _pearson(a: FloatArray, b: FloatArray) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 1e-12 else 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `evaluate-speech` takes."""
    parser.add_argument("index", type=Path, metavar="INDEX.json", help="clips with captured openings or true phones")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="checkpoint folder (default: the starter weights)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument(
        "--guide", nargs="+", choices=tuple(GUIDES), default=["ear", "text"], help="what is known (default: ear text)"
    )
    parser.add_argument(
        "--trust", nargs="+", type=float, metavar="SHARE", help="try how much known phones count beside the ear, 0 to 1"
    )
    parser.add_argument(
        "--heard", nargs="+", choices=tuple(HARDSHIPS), default=["clean"],
        help="what the sounds go through before they are heard (default: clean)",
    )  # fmt: skip
    parser.add_argument(
        "--level", type=float, default=0.0, metavar="DB", help="how far noise and babble lie below speech (default: 0)"
    )
    parser.add_argument("--record", metavar="WHAT", help="write the scores into the card, measured on WHAT")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any]) -> int:
    """Score by ear, with transcripts or with known phones; prints a table, with `--record` into the card too."""
    animator = Animator.load(options.weights, options.device)
    trusts: list[float | None] = list(options.trust or [None])
    if not all(trust is None or 0 <= trust <= 1 for trust in trusts) or (options.record and options.trust):
        raise KMTalkError("--trust takes shares from 0 to 1, and its scores are not recorded.")
    if not -40 <= options.level <= 80:
        raise KMTalkError("--level takes decibels from -40 to 80.")
    scores: dict[str, float] = {}
    for heard, guide in itertools.product(options.heard, options.guide):
        suffix = GUIDES[guide] + _through(heard, options.level)
        through = None if heard == "clean" else HARDSHIPS[heard](options.level)
        for trust in trusts if guide != "ear" else [None]:
            job = score_job(replace(animator, trust=trust), options.index, guide, through)
            found: SpeechScores = show(job)
            trusted = f", trusted {trust:g}" if trust is not None else ""
            scores |= {name + suffix + trusted: value for name, value in found.rows().items()}
    for name, value in scores.items():
        print(f"{value:.3f}  {name}")
    if options.record:
        record_scores(animator.weights, scores, options.record)
    return 0


def _through(heard: str, level: float) -> str:
    """How scores are called whose sounds went through something."""
    if heard == "clean":
        return ""
    return ", by telephone" if heard == "telephone" else f", in {heard} at {level:g} dB"
