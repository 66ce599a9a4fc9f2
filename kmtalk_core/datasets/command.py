"""`prepare`: find the phones of a data set once."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..localize import METHODS
from ..progress import Job, finish
from .alignments import AlignmentStore, Preparation, prepare_job
from .check import check_job
from .reader import open_data_set


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `prepare` takes."""
    parser.add_argument("data_set", type=Path, metavar="DATASET", help="folder in VOCASET's or BIWI's layout")
    parser.add_argument("--method", choices=METHODS, default="auto", help="how phones are found (default %(default)s)")
    parser.add_argument("--textgrids", type=Path, metavar="DIR", help="<name>.TextGrid of the Montreal Forced Aligner")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="checkpoint whose encoder hears phones")
    parser.add_argument("--alignments", type=Path, metavar="DIR", help="where they are kept (default: in DATASET)")
    parser.add_argument("--again", action="store_true", help="also those that are there already")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Prepare; what was found goes to stdout."""
    data = open_data_set(options.data_set)
    store = AlignmentStore.of(data, options.alignments)
    show(check_job(data))
    found: Preparation = show(
        prepare_job(
            data,
            store,
            method=options.method,
            textgrids=options.textgrids,
            weights=options.weights,
            again=options.again,
        )
    )
    for note in (*data.notes, *found.notes):
        print(f"kmtalk: note: {note}", file=sys.stderr)
    print(f"{found.sequences} sequences, {found.frames} frames at {data.space.fps:g} a second, {found.keys} keys")
    print(f"key ratio {found.ratio:.1%} (30–40 % is usual for running speech): " +
          ", ".join(f"{which} {ratio:.1%}" for which, ratio in found.ratios.items()))  # fmt: skip
    print("found by " + ", ".join(f"{method} ({count})" for method, count in found.methods.items()))
    return 0
