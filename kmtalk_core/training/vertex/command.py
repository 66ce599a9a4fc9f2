"""`train`: the paper's recipe on a data set, on one process or on those of `accelerate launch`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...datasets.alignments import AlignmentStore, prepare_job
from ...datasets.check import check_job
from ...datasets.reader import MotionDataSet, open_data_set
from ...datasets.regions import regions_for
from ...errors import DataSetError, TrainingError
from ...progress import Job, finish
from .. import fine_tune_command as fine_tuning
from .settings import CONFIGS, MIXED, SCHEDULES, VertexTraining, read_config

_RECIPE = (
    "epochs", "steps", "batch", "accumulation", "rate", "schedule", "clip", "mixed", "seed", "validate_every",
    "workers",
)  # fmt: skip
"""The fields of the recipe that options of their names give."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `train` takes."""
    recipe = VertexTraining()
    parser.add_argument(
        "--dataset",
        type=Path,
        required=True,
        metavar="DIR",
        help="in VOCASET's or BIWI's layout; with --from, a folder of captured faces",
    )
    parser.add_argument("--config", required=True, metavar="NAME|FILE", help=f"{', '.join(CONFIGS)}, or a config.json")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change the configuration, as the ablations do: keys=uniform, key_motion=false, audio_guidance=false, "
        "fusion=fixed, phone_conditioning=true",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="best/, last/, log; resumes from it; with --from, the fine-tuned weights themselves",
    )
    parser.add_argument(
        "--from", dest="begin_from", type=Path, metavar="DIR",
        help="fine-tune these weights on captured faces, with --config starter",
    )  # fmt: skip
    parser.add_argument("--sounds", type=Path, metavar="DIR", help="of captured faces, where they lie elsewhere")
    parser.add_argument("--takes", nargs="+", default=[], metavar="NAME", help="of captured faces (default: all)")
    parser.add_argument(
        "--held-out", nargs="+", default=[], metavar="NAME", help="takes that say when to stop (default: every fifth)"
    )
    parser.add_argument("--audio-encoder", type=Path, metavar="DIR", help="pretrained wav2vec2, HuBERT or WavLM folder")
    parser.add_argument(
        "--alignments", type=Path, metavar="DIR", help="what `prepare` cached (default: in the data set)"
    )
    parser.add_argument("--regions", metavar="LIST", help="region list of the validation LVE, as in `evaluate`")
    usual = f"default {recipe.batch}, of captured faces {fine_tuning.FineTuning.batch}"
    parser.add_argument("--epochs", type=int, help=f"default {recipe.epochs}")
    parser.add_argument("--steps", type=int, help="end after so many steps (default: epochs only)")
    parser.add_argument("--batch", type=int, help=f"sequences a process ({usual})")
    parser.add_argument("--accumulation", type=int, help=f"default {recipe.accumulation}")
    parser.add_argument("--rate", type=float, help=f"of Adam (default {recipe.rate})")
    parser.add_argument("--schedule", choices=SCHEDULES, help=f"default {recipe.schedule}")
    parser.add_argument("--clip", type=float, help="gradient norm (default: unbounded)")
    parser.add_argument("--mixed-precision", dest="mixed", choices=MIXED, help=f"default {recipe.mixed}")
    parser.add_argument("--seed", type=int, help=f"default {recipe.seed}")
    parser.add_argument("--validate-every", type=int, metavar="EPOCHS", help=f"default {recipe.validate_every}")
    parser.add_argument("--workers", type=int, help=f"processes that read ahead (default {recipe.workers})")
    parser.add_argument("--device", choices=("auto", "cpu"), default="auto")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Train; what came of it goes to stdout."""
    if fine_tuning.wants(options):
        return fine_tuning.run(options, show)
    import torch

    from .data import SequenceItems
    from .network import build
    from .trainer import Trained, accelerator_for, train_job

    given = {name: getattr(options, name) for name in _RECIPE if getattr(options, name) is not None}
    settings = VertexTraining(**given)
    config = read_config(options.config, options.set)
    data = open_data_set(options.dataset)
    if config.space != data.space.name:
        raise TrainingError(
            f"The configuration {config.name} is for {config.space}, the data set is {data.space.name}."
        )
    accelerator = accelerator_for(settings, options.device)
    quiet = not accelerator.is_main_process
    store = AlignmentStore.of(data, options.alignments)
    with accelerator.main_process_first():
        (finish if quiet else show)(check_job(data, (*data.split("train"), *data.splits["validation"])))
    if config.keys == "phoneme" or config.phone_conditioning:
        with accelerator.main_process_first():
            prepared = (finish if quiet else show)(prepare_job(data, store))
        _say(quiet, f"key ratio {prepared.ratio:.1%} over {prepared.sequences} sequences")
    torch.manual_seed(settings.seed)
    network, origin = build(config, options.audio_encoder)
    if network.model.audio_encoder.is_small and accelerator.device.type == "cpu":
        torch.set_num_threads(1)  # more take turns at products that are done before they have begun
    for note in (*data.notes, origin):
        _say(quiet, note)
    regions = regions_for(data.space.name, data.root, options.regions)
    training = SequenceItems(data, data.split("train"), config, store)
    validation = _validation(data, quiet)
    card = (
        f"# {config.name}\n\nKMTalk trained by `python -m kmtalk_core train` on {len(training)} sequences of "
        f"{data.layout.name}'s layout. {origin} No speaker style. Region list of the validation LVE: {regions.name}."
    )
    trained: Trained = (finish if quiet else show)(
        train_job(
            network,
            training,
            SequenceItems(data, validation, config, store) if validation else None,
            regions,
            settings,
            options.out,
            card,
            accelerator,
        )
    )
    if not quiet:
        if trained.best_epoch:
            print(f"best validation LVE {trained.best_lve:.6g} after epoch {trained.best_epoch} of {trained.epochs}")
        else:
            print(f"{trained.epochs} epochs without a validation: best/ is last/")
        if trained.frames_per_second:
            print(f"{trained.frames_per_second:.0f} frames of motion a second; checkpoint: {options.out / 'best'}")
        else:
            print(f"nothing was left to train; checkpoint: {options.out / 'best'}")
    accelerator.end_training()
    return 0


def _validation(data: MotionDataSet, quiet: bool) -> tuple[Any, ...]:
    try:
        return data.split("validation")
    except DataSetError as error:
        _say(quiet, f"{error} The last checkpoint counts as the best.")
        return ()


def _say(quiet: bool, note: str) -> None:
    if not quiet:
        print(f"kmtalk: note: {note}", file=sys.stderr)
