"""`evaluate`: any number of predictions against a data set, or against another folder, in one table."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..datasets.alignments import AlignmentStore
from ..datasets.check import check_job
from ..datasets.reader import open_data_set
from ..datasets.regions import NAMES, Regions, regions_for
from ..datasets.splits import SPLITS
from ..errors import DataSetError
from ..files import replacing
from ..progress import Job, finish
from .evaluator import Evaluation, evaluate_job
from .report import to_json, to_markdown
from .sources import FolderPrediction, FolderTruth, Phones, Prediction, SplitTruth, Truth

if TYPE_CHECKING:
    from .pictures import Pictured


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `evaluate` takes."""
    parser.add_argument(
        "data_set", type=Path, nargs="?", metavar="DATASET", help="folder in VOCASET's or BIWI's layout"
    )
    parser.add_argument(
        "--truth", type=Path, metavar="DIR", help="captured .npy at the motion rate, instead of DATASET"
    )
    parser.add_argument("--templates", type=Path, metavar="templates.pkl", help="neutral heads that belong to --truth")
    parser.add_argument("--split", choices=SPLITS, default="test", help="of DATASET (default %(default)s)")
    parser.add_argument(
        "--predictions", action="append", default=[], metavar="[LABEL=]DIR", help="a folder of .npy; may be repeated"
    )
    parser.add_argument(
        "--weights", action="append", default=[], metavar="[LABEL=]DIR", help="a checkpoint to run; may be repeated"
    )
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep what the checkpoints predict as DIR/LABEL/*.npy")
    parser.add_argument("--regions", metavar="LIST", help=f"{', '.join(NAMES)}, an .npz, or LIPS.txt,UPPER.txt")
    parser.add_argument("--alignments", type=Path, metavar="DIR", help="what `prepare` cached (default: in DATASET)")
    parser.add_argument("--partial", action="store_true", help="leave out sequences that a method lacks")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write scores.md and scores.json there")
    parser.add_argument("--pictures", nargs="?", const="", metavar="SEQUENCE", help="also error maps, curves, strips")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Evaluate; the table goes to stdout."""
    truth, phones, regions = _truth(options, show)
    predictions = {label: FolderPrediction(Path(path), truth) for label, path in _labelled(options.predictions)}
    methods: dict[str, Prediction] = {**predictions, **_models(options, truth)}
    if not methods:
        raise DataSetError("Nothing to evaluate: give --predictions DIR or --weights DIR.")
    evaluation: Evaluation = show(evaluate_job(truth, methods, regions, phones, options.partial))
    table = to_markdown(evaluation)
    print(table, end="")
    if options.out is not None:
        _write(options.out / "scores.md", table)
        _write_json(options.out / "scores.json", to_json(evaluation))
    if options.pictures is not None:
        _draw(options, truth, methods, regions, phones, show)
    return 0


def _truth(options: argparse.Namespace, show: Callable[[Job[Any]], Any]) -> tuple[Truth, Phones | None, Regions]:
    if (options.data_set is None) == (options.truth is None):
        raise DataSetError("Give either the folder of a data set or --truth with --templates.")
    if options.truth is not None:
        if options.templates is None:
            raise DataSetError("--truth needs --templates: without the neutral heads there is no FDD.")
        folder = FolderTruth.open(options.truth, options.templates)
        return folder, None, regions_for(folder.space.name, options.templates.parent, options.regions)
    data = open_data_set(options.data_set)
    store = AlignmentStore.of(data, options.alignments)
    truth = SplitTruth(data, options.split)
    show(check_job(data, data.split(options.split)))
    return truth, store.find, regions_for(data.space.name, data.root, options.regions)


def _labelled(arguments: list[str]) -> list[tuple[str, str]]:
    """(label, path) of `LABEL=PATH`, or of a path that is its own label."""
    found = []
    for argument in arguments:
        label, equals, path = argument.partition("=")
        found.append((label, path) if equals else (Path(argument).name, argument))
    if len({label for label, _ in found}) < len(found):
        raise DataSetError("Two predictions have one name; tell them apart with LABEL=DIR.")
    return found


def _models(options: argparse.Namespace, truth: Truth) -> dict[str, Prediction]:
    if not options.weights:
        return {}
    if not isinstance(truth, SplitTruth):
        raise DataSetError("A checkpoint needs sounds to run on: give a data set instead of --truth.")
    from .predict import ModelPrediction

    store = AlignmentStore.of(truth.data, options.alignments)
    return {
        label: ModelPrediction.load(
            Path(path), truth.data, store, options.device, options.save and options.save / label
        )
        for label, path in _labelled(options.weights)
    }


def _draw(
    options: argparse.Namespace,
    truth: Truth,
    methods: dict[str, Prediction],
    regions: Regions,
    phones: Phones | None,
    show: Callable[[Job[Any]], Any],
) -> None:
    from .pictures import draw_job

    if options.out is None or options.data_set is None:
        raise DataSetError("--pictures needs a data set and --out DIR.")
    chosen = options.pictures or truth.names[0]
    pictured: Pictured = show(draw_job(truth, methods, regions, phones, chosen, options.data_set, options.out))
    for path in pictured.files:
        print(path)


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise DataSetError(f"{path} cannot be written ({error.strerror}); choose a folder you may write to.") from error


def _write_json(path: Path, value: Any) -> None:
    import json

    _write(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
