"""What a face in real time gives away for being early: quality against look-ahead, beside takes of the whole sound."""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from .. import audio
from ..animate import Animator
from ..audio import RATE, Sound
from ..errors import DataSetError, KMTalkError
from ..jobs import read_json
from ..progress import Job, Progress
from ..stream.live import MOST_LOOK_AHEAD, Frame, LiveFace, network_of
from ..training.motion import visible_opening
from . import real_speech

FloatArray: TypeAlias = npt.NDArray[np.floating]

LOOK_AHEADS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
_BLOCK = RATE // 100  # samples
_TOLERANCE = 0.05  # seconds between a true and a found boundary


@dataclass(frozen=True)
class Played:
    """One clip as it was played: `times` and `opening` (frames,), `boundaries` in seconds, and for each frame the
    seconds of work and from the sound to the frame."""

    times: FloatArray
    opening: FloatArray
    boundaries: FloatArray
    work: FloatArray
    latency: FloatArray


def live(face: LiveFace, sound: Sound) -> Played:
    """Play `sound` to a face in blocks of 10 ms."""
    frames: list[Frame] = []
    boundaries: set[float] = set()
    work, latency = [], []
    count = round(sound.duration * face.space.fps)
    position, waiting = 0, 0.0
    while len(frames) < count:
        before, worked = time.perf_counter(), time.thread_time()
        due = face.push(sound.read(position, position + _BLOCK))
        took = time.perf_counter() - before
        position += _BLOCK
        waiting += time.thread_time() - worked
        for frame in due:
            latency.append(position / RATE - frame.time + took)
            work.append(waiting / len(due))
        if due:
            waiting = 0.0
            boundaries |= {round(p.start, 3) for p in face.phones if 0 < p.start < due[-1].time - 0.12}
        frames += due
    motion = np.stack([frame.motion for frame in frames[:count]])
    return Played(
        np.array([frame.time for frame in frames[:count]]),
        _opening(motion),
        np.array(sorted(boundaries)),
        np.array(work),
        np.array(latency),
    )


def whole(animator: Animator, sound: Sound) -> Played:
    """The take of the whole sound."""
    take = animator.animate(sound)
    starts = np.array(sorted({round(phone.start, 3) for phone in take.phones if phone.start > 0}))
    return Played(np.arange(take.frame_count) / take.fps, _opening(take.motion), starts, np.zeros(0), np.zeros(0))


def row_job(index: Path, play: Callable[[Sound], Played]) -> Job[dict[str, float]]:
    """Scores of one way to play the clips of `index`, as `evaluate-speech` has them."""
    clips = read_json(index)
    if not isinstance(clips, list) or not all(isinstance(c, dict) and {"name", "audio"} <= c.keys() for c in clips):
        raise DataSetError(f"{index} must be a JSON list of clips with a name and an audio file each.")
    openings, hits, boundaries, all_played = [], [], [], []
    for number, clip in enumerate(clips):
        yield Progress(str(clip["name"]), number / len(clips))
        phones = real_speech.phones_file(clip, index)
        if not clip.get("motion") and not phones:
            continue
        sound = audio.load(index.parent / clip["audio"])
        played = play(sound)
        all_played.append(played)
        if clip.get("motion") and not clip.get("sync_doubtful"):
            with np.load(index.parent / clip["motion"], allow_pickle=False) as motion:
                last = min(motion["t"][-1], played.times[-1] + 0.1, sound.duration)
                grid = np.arange(0, last, 1 / real_speech.GRID)
                truth = np.interp(grid, motion["t"], motion["opening"])
            openings.append((str(clip["name"]), truth, np.interp(grid, played.times, played.opening)))
        if phones:
            true = read_json(phones)
            hits += real_speech.bilabial_hits(true, played.times, played.opening)
            if clip.get("phones"):
                starts = np.unique([round(float(p[side]), 3) for p in true for side in ("start", "end")])
                boundaries.append((starts, played.boundaries))
    if not openings:
        raise DataSetError(f"{index} names no clip with captured motion; `evaluate-speech` says what it must hold.")
    mean, macro, lag = real_speech.correlation(openings)
    work = np.concatenate([played.work for played in all_played])
    latency = np.concatenate([played.latency for played in all_played])
    found = {"r mean": mean, "r macro": macro, "lag": lag, "p b m": float(np.mean(hits)) if hits else np.nan}
    found["F1 50ms"] = real_speech.boundary_scores(boundaries, _TOLERANCE)[2] if boundaries else np.nan
    if len(work):
        found |= {"ms/frame": 1000 * float(work.mean()), "median": float(np.median(latency) * 1000)}
        found["99th"] = float(np.percentile(latency, 99) * 1000)
    return found


def endure_job(index: Path, make: Callable[[], LiveFace], hours: float) -> Job[list[tuple[float, float, float]]]:
    """Play the clips of `index` in a loop for so many hours of sound, as fast as it goes, to one face.

    Gives, every twentieth of it, the hours so far, the memory of this process in MB and milliseconds a frame.
    """
    clips = read_json(index)
    sounds = [audio.load(index.parent / clip["audio"]) for clip in clips]
    face, heard, shown = make(), 0, 0
    rows: list[tuple[float, float, float]] = []
    begun, frames = time.thread_time(), 0
    while heard < hours * 3600 * RATE:
        for sound in sounds:
            for position in range(0, sound.length, RATE):
                frames += len(face.push(sound.read(position, min(position + RATE, sound.length))))
                heard += min(RATE, sound.length - position)
                if heard >= (len(rows) + 1) * hours * 3600 * RATE / 20:
                    took = time.thread_time() - begun
                    rows.append((heard / RATE / 3600, _memory(), 1000 * took / max(frames - shown, 1)))
                    begun, shown = time.thread_time(), frames
                    yield Progress("enduring", min(len(rows) / 20, 1.0))
                if heard >= hours * 3600 * RATE:
                    return rows
    return rows


def _memory() -> float:
    """MB that this process holds; NaN where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, AttributeError):
        return float("nan")


def _opening(motion: npt.NDArray[np.float32]) -> FloatArray:
    return visible_opening(torch.from_numpy(motion)).numpy()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `evaluate-stream` takes."""
    parser.add_argument("index", type=Path, metavar="INDEX.json", help="clips as `evaluate-speech` has them")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="checkpoint folder (default: the starter weights)")
    parser.add_argument("--rate", type=float, default=30.0, help="frames a second (default %(default)g)")
    parser.add_argument(
        "--look-ahead",
        nargs="+",
        type=float,
        default=list(LOOK_AHEADS),
        metavar="SECONDS",
        help=f"0 to {MOST_LOOK_AHEAD:g}, as many as wanted",
    )
    parser.add_argument(
        "--endure", type=float, metavar="HOURS", help="instead: play the clips in a loop, and tell memory and time"
    )


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any]) -> int:
    """Score a face in real time at several look-aheads beside takes of the whole sound; prints a table.

    `ms/frame` is the time of one core, `median` and `99th` are milliseconds from the sound to the frame that shows it.
    """
    network = network_of(options.weights)
    for look_ahead in options.look_ahead:
        LiveFace(network, rate=options.rate, look_ahead=look_ahead)  # refuses what cannot be before the work begins
    if options.endure is not None:
        if not 0 < options.endure <= 1000:
            raise KMTalkError("--endure takes hours, more than 0.")
        make = lambda: LiveFace(network, rate=options.rate, look_ahead=options.look_ahead[-1])  # noqa: E731
        print("   hours      MB  ms/frame")
        for hours, memory, took in show(endure_job(options.index, make, options.endure)):
            print(f"{hours:8.3f}{memory:8.1f}{took:10.2f}")
        return 0
    columns = ("r mean", "r macro", "lag", "p b m", "F1 50ms", "ms/frame", "median", "99th")
    print("look-ahead  " + "".join(f"{name:>9}" for name in columns), flush=True)

    def tell(name: str, found: dict[str, float], columns: Sequence[str] = columns) -> None:
        digits = {"ms/frame": 2, "median": 0, "99th": 0}
        cells = (f"{found[c]:9.{digits.get(c, 3)}f}" if c in found else f"{'–':>9}" for c in columns)
        print(f"{name:<12}" + "".join(cells), flush=True)

    for look_ahead in options.look_ahead:

        def play(sound: Sound, look_ahead: float = look_ahead) -> Played:
            return live(LiveFace(network, rate=options.rate, look_ahead=look_ahead), sound)

        tell(f"{1000 * look_ahead:.0f} ms", show(row_job(options.index, play)))
    animator = Animator.load(options.weights)
    tell("whole sound", show(row_job(options.index, lambda sound: whole(animator, sound))))
    return 0
