"""`synthesize`: the starter's corpus, or with `--layout` a small data set to try research code with."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..progress import Job, finish
from .splits import LAYOUTS
from .synthesis import SyntheticData, synthesize_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `synthesize` takes."""
    standard = SyntheticData(Path())
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--layout", choices=tuple(LAYOUTS), help="a data set in this layout instead of a corpus")
    parser.add_argument(
        "--sentences", type=int, default=standard.sentences, help="for each training subject (default %(default)s)"
    )
    parser.add_argument("--held-out", type=int, default=0, help="for each other subject (default: half as many)")
    parser.add_argument("--subjects", type=int, default=0, help="training subjects (default: all)")
    parser.add_argument("--rigid", action="store_true", help="BIWI heads keep one size and place over a sequence")
    parser.add_argument(
        "--styles", type=int, default=0, metavar="N", help="ill-posed: N faces to every sound, and chance in each"
    )
    parser.add_argument("--minutes", type=float, default=180.0, help="of speech in a corpus (default %(default)s)")
    parser.add_argument("--seed", type=int, default=standard.seed)


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Make the data; its folder goes to stdout."""
    if options.layout is None:
        from ..corpus.build import CorpusConfig
        from ..corpus.build import synthesize_job as corpus_job

        print(show(corpus_job(CorpusConfig(options.out, minutes=max(options.minutes, 1.0), seed=options.seed))))
        return 0
    wanted = SyntheticData(
        options.out,
        options.layout,
        max(options.sentences, 1),
        max(options.subjects, 0),
        options.seed,
        options.rigid,
        max(options.held_out, 0),
        max(options.styles, 0),
    )
    print(show(synthesize_job(wanted)))
    return 0
