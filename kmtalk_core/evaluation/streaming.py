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

from .. import audio
from ..animate import Animator
from ..audio import RATE, Sound
from ..errors import DataSetError, KMTalkError
from ..motion.opening import visible_opening
from ..progress import Job, Progress
from ..stream.live import MOST_LOOK_AHEAD, Frame, LiveFace, network_of
from .real_speech import Played, clips_of, phones_file, score_clips_job

FloatArray: TypeAlias = npt.NDArray[np.floating]

LOOK_AHEADS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
_BLOCK = RATE // 100  # samples
_REPORTED = 50 * _BLOCK  # samples from one report of progress to the next
_TOLERANCE = 0.05  # seconds between a true and a found boundary


@dataclass(frozen=True)
class PlayedLive(Played):
    """A clip as it was played in real time: for each frame the seconds of work, and from the sound to the frame."""

    work: FloatArray
    latency: FloatArray


def live_job(face: LiveFace, sound: Sound) -> Job[PlayedLive]:
    """Play `sound` to a face in blocks of 10 ms."""
    frames: list[Frame] = []
    boundaries: set[float] = set()
    work, latency = [], []
    count = round(sound.duration * face.space.fps)
    position, waiting = 0, 0.0
    while len(frames) < count:
        if position % _REPORTED == 0:
            yield Progress("playing", len(frames) / count)
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
    return PlayedLive(
        np.array([frame.time for frame in frames[:count]]),
        visible_opening(motion),
        np.array(sorted(boundaries)),
        np.array(work),
        np.array(latency),
    )


def whole_job(animator: Animator, sound: Sound) -> Job[Played]:
    """The take of the whole sound."""
    take = yield from animator.animate_job(sound)
    starts = np.array(sorted({round(phone.start, 3) for phone in take.phones if phone.start > 0}))
    return Played(np.arange(take.frame_count) / take.fps, visible_opening(take.motion), starts)


def row_job(index: Path, play: Callable[[Sound], Job[Played]]) -> Job[dict[str, float]]:
    """Scores of one way to play the clips of `index`, as `evaluate-speech` has them."""
    all_played: list[Played] = []

    def kept(clip: dict[str, Any], sound: Sound) -> Job[Played]:
        all_played.append((yield from play(sound)))
        return all_played[-1]

    clips = [clip for clip in clips_of(index) if clip.get("motion") or phones_file(clip, index)]
    scores = yield from score_clips_job(clips, index, kept)
    if scores.mean is None or scores.macro is None or scores.lag is None:
        raise DataSetError(f"{index} names no clip with captured motion; `evaluate-speech` says what it must hold.")
    found = {"r mean": scores.mean, "r macro": scores.macro, "lag": scores.lag}
    found["p b m"] = np.nan if scores.bilabial_hits is None else scores.bilabial_hits
    found["F1 50ms"] = scores.boundaries[_TOLERANCE][2] if scores.boundaries else np.nan
    in_time = [played for played in all_played if isinstance(played, PlayedLive)]
    if in_time:
        work = np.concatenate([played.work for played in in_time])
        latency = np.concatenate([played.latency for played in in_time])
        found |= {"ms/frame": 1000 * float(work.mean()), "median": float(np.median(latency) * 1000)}
        found["99th"] = float(np.percentile(latency, 99) * 1000)
    return found


def endure_job(
    index: Path, make: Callable[[], LiveFace], hours: float, tell: Callable[[float, float, float], None]
) -> Job[None]:
    """Play the clips of `index` in a loop for so many hours of sound, as fast as it goes, to one face.

    Tells, every twentieth of it, the hours so far, the memory of this process in MB and milliseconds a frame.
    """
    sounds = [audio.load(index.parent / clip["audio"]) for clip in clips_of(index)]
    face, heard, shown = make(), 0, 0
    told = frames = 0
    begun = time.thread_time()
    while heard < hours * 3600 * RATE:
        for sound in sounds:
            for position in range(0, sound.length, RATE):
                frames += len(face.push(sound.read(position, min(position + RATE, sound.length))))
                heard += min(RATE, sound.length - position)
                if heard >= (told + 1) * hours * 3600 * RATE / 20:
                    took = time.thread_time() - begun
                    tell(heard / RATE / 3600, _memory(), 1000 * took / max(frames - shown, 1))
                    begun, shown, told = time.thread_time(), frames, told + 1
                    yield Progress("enduring", min(told / 20, 1.0))
                if heard >= hours * 3600 * RATE:
                    return


def _tell_endurance(hours: float, memory: float, took: float) -> None:
    print(f"{hours:8.3f}{memory:8.1f}{took:10.2f}", flush=True)


def _memory() -> float:
    """MB that this process holds; NaN where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, AttributeError):
        return float("nan")


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

        def make() -> LiveFace:
            return LiveFace(network, rate=options.rate, look_ahead=options.look_ahead[-1])

        print("   hours      MB  ms/frame")
        show(endure_job(options.index, make, options.endure, _tell_endurance))
        return 0
    columns = ("r mean", "r macro", "lag", "p b m", "F1 50ms", "ms/frame", "median", "99th")
    print("look-ahead  " + "".join(f"{name:>9}" for name in columns), flush=True)

    def tell(name: str, found: dict[str, float], columns: Sequence[str] = columns) -> None:
        digits = {"ms/frame": 2, "median": 0, "99th": 0}
        cells = (f"{found[c]:9.{digits.get(c, 3)}f}" if c in found else f"{'–':>9}" for c in columns)
        print(f"{name:<12}" + "".join(cells), flush=True)

    for look_ahead in options.look_ahead:

        def play(sound: Sound, look_ahead: float = look_ahead) -> Job[Played]:
            return live_job(LiveFace(network, rate=options.rate, look_ahead=look_ahead), sound)

        tell(f"{1000 * look_ahead:.0f} ms", show(row_job(options.index, play)))
    animator = Animator.load(options.weights)
    tell("whole sound", show(row_job(options.index, lambda sound: whole_job(animator, sound))))
    return 0
