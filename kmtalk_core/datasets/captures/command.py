"""`captures`: what a folder of captured faces holds, and whether sound and motion fit."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...animate import Animator
from ...errors import DataSetError, KMTalkError
from ...progress import Job, Progress, finish
from .capture import Capture
from .find import Captures, find
from .lag import Lag, lag_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `captures` takes."""
    add_folder(parser)
    parser.add_argument("--no-lag", action="store_true", help="do not listen whether sound and motion fit")
    parser.add_argument(
        "--vertices", type=Path, metavar="DIR",
        help="also write them there as a data set in VOCASET's layout, on a head of ours: each take a subject",
    )  # fmt: skip


def add_folder(parser: argparse.ArgumentParser) -> None:
    """What every command on captures takes."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="captured faces: Live Link Face, ARKit, BEAT, …")
    parser.add_argument("--sounds", type=Path, metavar="DIR", help="their sounds, where these lie elsewhere")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="checkpoint folder (default: the starter weights)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """List the takes, each with its length, rate, channels, sound and lag; what is missing comes in one line."""
    folder: Path | None = options.vertices
    if folder is not None and folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataSetError(f"{folder} is there already; choose another folder for --vertices, or an empty one.")
    found = find(options.folder, options.sounds)
    listen = not options.no_lag and any(take.sound is not None for take in found.takes)
    animator = Animator.load(options.weights, options.device) if listen else None
    lags: dict[str, Lag | str] = show(lags_job(found.takes, animator)) if animator else {}
    for note in found.notes:
        print(f"kmtalk: note: {note}", file=sys.stderr)
    for take in found.takes:
        print(_line(take, lags.get(take.name)))
    print(_summary(found))
    print(found.missing())
    if folder is not None:
        _write_vertices(found, folder, animator, show)
    return 0


def _write_vertices(found: Captures, folder: Path, animator: Animator | None, show: Callable[[Job[Any]], Any]) -> None:
    """Write the takes that have a sound; those that are late or early are moved, where that was listened for."""
    from .vertices import vertices_job

    if not found.heard:
        raise DataSetError(f"{found.folder} has no sounds beside its takes; lay them there or give --sounds DIR.")
    takes = found.heard if animator is None else in_time(found.heard, animator, show)
    count, seconds = show(vertices_job(takes, folder))
    print(f"{folder}: {count} pieces of {len(takes)} takes, {seconds:.0f} s")


def lags_job(takes: tuple[Capture, ...], animator: Animator) -> Job[dict[str, Lag | str]]:
    """The lag of each take by its name, or why it cannot be told."""
    lags: dict[str, Lag | str] = {}
    for number, take in enumerate(takes):
        yield Progress(take.name, number / len(takes))
        try:
            found = yield from lag_job(take, animator)
        except KMTalkError as error:
            lags[take.name] = str(error)
        else:
            if found is not None:
                lags[take.name] = found
    return lags


def in_time(takes: tuple[Capture, ...], animator: Animator, show: Callable[[Job[Any]], Any]) -> tuple[Capture, ...]:
    """`in_time_job`, with what it says on stderr."""
    kept: tuple[Capture, ...]
    kept, notes = show(in_time_job(takes, animator))
    for note in notes:
        print(f"kmtalk: note: {note}", file=sys.stderr)
    return kept


def in_time_job(takes: tuple[Capture, ...], animator: Animator) -> Job[tuple[tuple[Capture, ...], tuple[str, ...]]]:
    """`takes` that have a sound, moved where they are clearly late or early, and whole sentences on what was done.

    Raises DataSetError where no take has a sound that can be read.
    """
    heard = tuple(take for take in takes if take.sound is not None)
    lags = yield from lags_job(heard, animator)
    kept, notes = [], []
    for take in heard:
        lag = lags.get(take.name)
        if isinstance(lag, str):
            notes.append(f"{take.name} is left out: {lag}")
            continue
        if lag is not None and (lag.is_off or not lag.is_sure):
            moved = "; it is moved" if lag.is_off else ""
            notes.append(f"{take.name} is {lag.sentence()}{moved}")
        kept.append(take.late(lag.seconds) if lag is not None and lag.is_off else take)
    if not kept:
        why = f" ({notes[0]})" if notes else ""
        raise DataSetError(
            f"None of these takes has a sound that can be read{why}; lay it beside them or give --sounds DIR."
        )
    return tuple(kept), tuple(notes)


def _line(take: Capture, lag: "Lag | str | None") -> str:
    sound = f"sound {take.sound.name}" if take.sound else "no sound"
    channels = f"{int(take.captured.sum())} of 52 channels, {int(take.moving.sum())} moving"
    parts = [f"{take.duration:.1f} s at {take.fps:.4g} fps", channels, "head" if take.head is not None else "", sound]
    parts.append("" if lag is None else lag if isinstance(lag, str) else lag.sentence())
    parts.append("phones in a TextGrid" if take.textgrid else "")
    return f"{take.name}: " + ", ".join(part for part in parts if part)


def _summary(found: Captures) -> str:
    count, seconds = len(found.takes), sum(take.duration for take in found.takes)
    if count == 1:
        return f"1 take, {seconds:.1f} s: enough to calibrate with, none to test with"
    tested = ", ".join(take.name for take in found.split("test"))
    return f"{count} takes, {seconds:.1f} s; to test with: {tested}"
