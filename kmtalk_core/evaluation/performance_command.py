"""`evaluate-performance`: what takes do beside their lips, in one table beside what captured faces do."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..alignment import Alignment
from ..animate import Animator
from ..audio import load_job
from ..batch import read_list
from ..errors import KMTalkError
from ..expression.mood import MOODS
from ..expression.prosody import prosody_job
from ..jobs import write_json
from ..progress import Job, Progress, finish
from ..settings import MOODS as NAMES
from ..settings import Settings
from .performance import UPPER, Heard, Row, heard, mood_rows, rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `evaluate-performance` takes."""
    parser.add_argument("source", type=Path, metavar="FOLDER_OR_LIST", help="sounds, as for `batch`")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="settings, as for `animate`")
    parser.add_argument("--seeds", type=int, default=3, help="takes of each sound (default %(default)s)")
    parser.add_argument("--mood", choices=NAMES[2:], help="also measure this mood beside the takes without it")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="checkpoint folder (default: the starter weights)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there too")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Animate some sounds and measure blinks, gaze, head, brows, stillness and mood; the table goes to stdout."""
    if options.seeds < 1:
        raise KMTalkError("--seeds must be 1 or more.")
    settings = Settings.parse(options.set)
    found: list[Row] = show(_measure_job(options, settings))
    print(_table(found), end="")
    if options.json is not None:
        write_json(
            options.json,
            [
                {"name": row.name, "value": None if row.value is None else float(row.value), "met": row.is_met}
                for row in found
            ],
        )
    return 0


def _measure_job(options: argparse.Namespace, settings: dict[str, Any]) -> Job[list[Row]]:
    animator = Animator.load(options.weights, "cpu")
    sounds = [item.source for item in read_list(options.source, Path()).items]
    plain: list[Heard] = []
    felt: list[Heard] = []
    for number, path in enumerate(sounds):
        yield Progress(path.name, number / len(sounds))
        sound = yield from load_job(path)
        stressed: Sequence[float] | None = None
        for seed in range(options.seeds):
            take = animator.animate(sound, settings={**settings, "seed": seed})
            if not take.space.has_names:
                raise KMTalkError(f"These weights move {take.space.name}, which has no brows or lids to measure.")
            if stressed is None:
                alignment = Alignment(take.phones, sound.duration, "")
                stressed = [syllable.time for syllable in finish(prosody_job(sound, alignment)).prominences]
            plain.append(heard(take, stressed))
            if options.mood:
                take = animator.animate(sound, settings={**settings, "seed": seed, "mood": options.mood})
                felt.append(heard(take, stressed))
    found = rows(plain)
    if options.mood:
        pose = MOODS[options.mood].poses[len(MOODS[options.mood].poses) // 2]
        found += mood_rows(plain, felt, {name: pose[name] for name in UPPER if name in pose})
    return found


def _table(found: Sequence[Row]) -> str:
    lines = ["| figure | takes | good | captured | |", "|---|---|---|---|---|"]
    for row in found:
        value = "–" if row.value is None else f"{row.value:.3g}"
        mark = "" if row.is_met or row.value is None else "outside"
        lines.append(f"| {row.name} | {value} | {_range(row)} | {row.captured} | {mark} |")
    return "\n".join(lines) + "\n"


def _range(row: Row) -> str:
    if row.high > 1e6:
        return f"≥ {row.low:g}"
    return f"≤ {row.high:g}" if row.low in (0, -1) else f"{row.low:g} to {row.high:g}"
