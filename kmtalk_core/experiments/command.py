"""`experiments components|localization|scheme`: one command makes one of the paper's tables on a data set."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..progress import Job, finish
from .names import TABLES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `experiments` takes."""
    parser.add_argument("table", choices=TABLES, help="parts taken out; other localizers; the scheme on other methods")
    parser.add_argument("--dataset", type=Path, required=True, metavar="DIR", help="in VOCASET's or BIWI's layout")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="tables and finished runs")
    parser.add_argument("--config", metavar="NAME|FILE", help="default: the small one of the data set's space")
    parser.add_argument("--audio-encoder", type=Path, metavar="DIR", help="pretrained encoder for every row")
    parser.add_argument("--alignments", type=Path, metavar="DIR")
    parser.add_argument("--regions", metavar="LIST")
    parser.add_argument(
        "--leave-one-out",
        action="store_true",
        help="each seed leaves another subject out to test with; so --seeds 9 of three subjects tests each three times",
    )
    parser.add_argument("--seeds", type=int, default=3, help="default %(default)s")
    parser.add_argument("--steps", type=int, default=600, help="of every training (default %(default)s)")
    parser.add_argument("--epochs", type=int, default=10_000, help="at most (default: as the steps take)")
    parser.add_argument("--batch", type=int, default=1, help="default %(default)s")
    parser.add_argument("--rate", type=float, default=2e-3, help="default %(default)s")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Make the table; it goes to stdout and to DIR/TABLE.md and .json."""
    from ..datasets.alignments import AlignmentStore, prepare_job
    from ..datasets.reader import open_data_set
    from ..datasets.regions import regions_for
    from ..files import replacing
    from ..training.vertex.settings import VertexTraining, read_config
    from .runs import Bench
    from .tables import table_job, to_json, to_markdown

    data = open_data_set(options.dataset)
    base = read_config(options.config or f"{data.space.name}-small")
    store = AlignmentStore.of(data, options.alignments)
    prepared = show(prepare_job(data, store))
    print(f"kmtalk: note: key ratio {prepared.ratio:.1%}", file=sys.stderr)
    settings = VertexTraining(
        epochs=options.epochs,
        steps=options.steps,
        batch=options.batch,
        rate=options.rate,
        schedule="one-cycle",
        clip=1.0,
        validate_every=options.epochs,
    )
    regions = regions_for(data.space.name, data.root, options.regions)
    bench = Bench(data, store, regions, base, settings, options.out, options.audio_encoder, options.leave_one_out)
    table = show(table_job(bench, options.table, max(options.seeds, 1)))
    text = to_markdown(table, bench)
    for ending, content in (("md", text), ("json", to_json(table))):
        with replacing(options.out / f"{options.table}.{ending}") as file:
            file.write(content.encode())
    print(text, end="")
    return 0
