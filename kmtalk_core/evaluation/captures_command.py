"""`evaluate-captures`: any number of systems on captured faces, in one table."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ..alignment import Alignment
from ..animate import Animator
from ..audio import load_job
from ..calibration import Calibration
from ..datasets.captures import Capture, find
from ..datasets.captures.command import add_folder, in_time
from ..datasets.captures.lag import PLAIN
from ..errors import DataSetError, KMTalkError
from ..jobs import write_json
from ..motion.spaces import ARKIT
from ..progress import Job, Progress, finish
from ..take import Take
from ..textgrid import alignment_of, read_textgrid
from .captures import Predicted, Score, System, score

_TOLERANCE = 0.02  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `evaluate-captures` takes."""
    add_folder(parser)
    parser.add_argument("--takes", nargs="+", default=[], metavar="NAME", help="score these alone (default: all)")
    parser.add_argument("--split", choices=("all", "train", "test"), default="all", help="of the takes, by whole takes")
    parser.add_argument(
        "--predictions", nargs="+", default=[], metavar="NAME=DIR", help="systems: folders of CSV, JSON or .npz"
    )
    parser.add_argument(
        "--calibration", nargs="+", type=Path, default=[], metavar="ACTOR.json", help="also ours, calibrated so"
    )
    parser.add_argument("--tuned", nargs="+", type=Path, default=[], metavar="DIR", help="also these weights of ours")
    parser.add_argument("--channels", action="store_true", help="a row for every channel too")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures there too")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Score ours, ours with calibrations, and folders of anybody's predictions; the table goes to stdout."""
    named = [_named(pair) for pair in options.predictions]
    found = find(options.folder, options.sounds)
    chosen = {take.name for take in found.named(options.takes)} & {take.name for take in found.split(options.split)}
    takes = tuple(take for take in found.takes if take.name in chosen and take.sound is not None)
    if not takes:
        raise DataSetError(
            "None of the takes chosen has a sound; lay it beside them, give --sounds DIR or other takes."
        )
    animator = Animator.load(options.weights, options.device)
    takes = in_time(takes, animator, show)
    systems, notes = [], []
    own = {"ours": animator}
    own |= {f"ours, {path.stem}": replace(animator, calibration=Calibration.load(path)) for path in options.calibration}
    own |= {f"ours, {path.name}": Animator.load(path, options.device) for path in options.tuned}
    for name, system in own.items():
        made = show(_made_job(takes, system))
        systems.append(score(name, takes, {key: _of_take(take) for key, take in made.items()}))
        if system is animator:
            notes += _boundaries(takes, made)
    for name, folder in named:
        predictions = _predictions(find(folder).takes, takes)
        missing = [take.name for take in takes if take.name not in predictions]
        if len(missing) == len(takes):
            raise DataSetError(f"{folder} has no file named as one of the takes ({takes[0].name}, …); rename them.")
        if missing:
            notes.append(f"{name} lacks {', '.join(missing)}: it is scored on the others alone.")
        systems.append(score(name, takes, predictions))
    print(_table(systems, options.channels), end="")
    for note in notes:
        print(f"- {note}")
    if options.json is not None:
        write_json(options.json, [asdict(system) for system in systems])
    return 0


def _named(pair: str) -> tuple[str, Path]:
    name, sign, folder = pair.partition("=")
    if not sign or not name or not folder:
        raise KMTalkError(f"{pair!r:.80} is no system; write NAME=DIR.")
    return name, Path(folder)


def _made_job(takes: Sequence[Capture], animator: Animator) -> Job[dict[str, Take]]:
    made = {}
    for number, take in enumerate(takes):
        yield Progress(take.name, number / len(takes))
        assert take.sound is not None
        sound = yield from load_job(take.sound)
        made[take.name] = yield from animator.animate_job(sound, settings=PLAIN)
    return made


def _of_take(take: Take) -> Predicted:
    motion, fps = take.motion, take.fps
    if take.space is not ARKIT:
        raise KMTalkError(f"These weights move {take.space.name}, not ARKit's channels; give others.")
    own = np.arange(len(motion)) / fps
    return Predicted(
        lambda times: np.stack([np.interp(times, own, column) for column in motion.T], axis=1).astype(np.float32),
        len(motion) / fps,
        np.ones(ARKIT.width, bool),
    )


def _predictions(found: Sequence[Capture], takes: Sequence[Capture]) -> dict[str, Predicted]:
    """Those of a folder by the takes' names, where a take of that name, or of that last part of it, is there."""
    by_name = {take.name: take for take in found}
    by_last = {PurePosixPath(take.name).name: take for take in found}
    pairs = ((take.name, by_name.get(take.name, by_last.get(PurePosixPath(take.name).name))) for take in takes)
    return {name: Predicted(p.at, p.duration, p.captured) for name, p in pairs if p is not None}


def _boundaries(takes: Sequence[Capture], made: dict[str, Take]) -> list[str]:
    """How well our phones' boundaries meet those of the TextGrids, in a sentence, where there are any."""
    from .real_speech import boundary_scores

    clips, notes = [], []
    for take in takes:
        if take.textgrid is None:
            continue
        try:
            duration = float(made[take.name].audio["duration"])
            labelled: Alignment = alignment_of(read_textgrid(take.textgrid), duration, take.textgrid.name)
        except KMTalkError as error:
            notes.append(str(error))
            continue
        sides = [[t for p in phones for t in (p.start, p.end)] for phones in (labelled.phones, made[take.name].phones)]
        clips.append((np.unique(np.round(sides[0], 3)), np.unique(np.round(sides[1], 3))))
    if clips:
        precision, recall, f1 = boundary_scores(clips, _TOLERANCE)
        notes.append(
            f"Phone boundaries of ours within {1000 * _TOLERANCE:.0f} ms of {len(clips)} TextGrids: precision "
            f"{precision:.2f}, recall {recall:.2f}, F1 {f1:.2f}."
        )
    return notes


def _table(systems: Sequence[System], with_channels: bool) -> str:
    lines = ["| system | takes | lag | of | r | error | amplitude |", "|---|---|---|---|---|---|---|"]
    for system in systems:
        head = f"| {system.name} | {system.takes} | {1000 * system.lag:+.0f} ms"
        rows: dict[str, Score] = {} if system.opening is None else {"opening": system.opening}
        rows |= system.regions
        if with_channels:
            rows |= system.channels
        for name, found in rows.items():
            lines.append(f"{head} | {name} | {found.r:.3f} | {found.error:.4f} | {found.amplitude:.2f} |")
        met, count = system.closures
        if count:
            lines.append(f"{head} | closures | {met} of {count} ({met / count:.0%}) | | |")
    return "\n".join(lines) + "\n"
