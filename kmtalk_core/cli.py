"""The command line: `python -m kmtalk_core animate | localize | batch | complete | speak | worker | …`.

Exit status: 0 when the work was done, 1 when some files of a batch failed, 2 for a mistake of the user's (one line on
stderr says what to do), 130 when interrupted.  Progress goes to stderr, nothing but results to stdout.
"""

import argparse
import contextlib
import importlib
import io
import os
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from . import __version__
from .errors import KMTalkError
from .files import replacing, require_free, typed_path
from .progress import Progress, finish
from .settings import SETTINGS, Settings

Result = TypeVar("Result")


_RESEARCH = (
    ("stream", "stream.command", "a face in real time: microphone, file or stdin to JSON, Live Link Face or VMC"),
    ("synthesize", "datasets.synthesis_command", "a synthetic corpus, or a data set in VOCASET's or BIWI's layout"),
    (
        "captures",
        "datasets.captures.command",
        "what a folder of captured faces holds, and if sound and motion fit",
    ),
    ("prepare", "datasets.command", "find the phones of a data set once"),
    ("train", "training.vertex.command", "the paper's recipe on a data set"),
    ("train-starter", "training.starter", "the starter weights from nothing"),
    ("train-letters", "training.letters", "how words are pronounced where eSpeak NG is not"),
    ("evaluate", "evaluation.command", "any number of methods on a data set, in one table"),
    ("film", "evaluation.film", "vertices of a .npy and their sound as a film, without Blender"),
    ("calibrate", "training.calibrate", "an actor's amplitudes, rests and poses from a recording of theirs"),
    ("evaluate-captures", "evaluation.captures_command", "any number of systems on captured faces, in one table"),
    ("evaluate-speech", "evaluation.real_speech", "a checkpoint on recorded speech with known motion or phones"),
    (
        "evaluate-performance",
        "evaluation.performance_command",
        "what takes do beside their lips: blinks, gaze, head, brows",
    ),
    ("evaluate-stream", "evaluation.streaming", "a face in real time: quality against look-ahead"),
    ("evaluate-pitch", "evaluation.pitch_trackers", "our pitch tracker beside others on recorded speech"),
    ("experiments", "experiments.command", "the paper's tables on a data set"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    _make_output_patient()
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # read when PyTorch is imported
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.run is not _research:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return int(options.run(options))
    except KMTalkError as error:
        _tell(f"kmtalk: {error}")
        return 2
    except KeyboardInterrupt:
        _tell("kmtalk: stopped.")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        _tell(f"kmtalk: {named}{error.strerror or error}; make room, or give another path.")
        return 2
    except MemoryError:
        _tell("kmtalk: There is not enough memory for this; close other programs or use less at once.")
        return 2


def _make_output_patient() -> None:
    """Write what a pipe's code page has no letters for with escapes, rather than fail after the work.

    What was closed by whoever started this leads nowhere: else the first file that is opened would take its place, and
    what libraries print would go into it.
    """
    handle = 0
    while handle < 3:  # the lowest free number is taken; who writes to it all the same is told that it is closed
        handle = os.open(os.devnull, os.O_RDONLY)
    os.close(handle)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as the program
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _tell(message: str) -> None:
    """One line on stderr, if anybody takes it; a name with a line break in it stays on the line."""
    with contextlib.suppress(OSError):
        print(" ".join(message.splitlines()), file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kmtalk_core", description="Speech to facial motion by key motions.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("animate", help="a sound to a take of facial motion")
    command.add_argument("audio", type=typed_path)
    command.add_argument("--out", type=typed_path, required=True, metavar="TAKE.npz")
    command.add_argument("--csv", type=typed_path, help="also write the coefficients in the Live Link Face layout")
    command.add_argument(
        "--npy",
        type=typed_path,
        metavar="OUT.npy",
        help="also write the vertices (frames, 3 V), with weights of vertices; offsets where no --neutral is given",
    )
    command.add_argument("--neutral", type=typed_path, metavar="HEAD.ply", help="the neutral head of --npy")
    command.add_argument("--keep", type=typed_path, metavar="OLD.npz", help="an earlier take, whose edits are kept")
    _add_settings(command)
    _add_localization(command)
    _add_model(command)
    _add_calibration(command)
    command.set_defaults(run=_animate)

    command = commands.add_parser("localize", help="phones and key frames of a sound")
    command.add_argument("audio", type=typed_path)
    command.add_argument("--json", type=typed_path, required=True, metavar="OUT")
    command.add_argument("--fps", type=float, default=30.0, help="rate of the key frames (default %(default)s)")
    _add_localization(command)
    command.add_argument("--weights", type=typed_path)
    command.set_defaults(run=_localize)

    command = commands.add_parser("batch", help="many sounds; resumes, and a bad file never stops the rest")
    command.add_argument("source", type=typed_path, metavar="FOLDER_OR_LIST")
    command.add_argument("--out", type=typed_path, required=True, metavar="DIR")
    command.add_argument("--csv", action="store_true", help="also write each take as Live Link Face CSV")
    _add_settings(command)
    command.add_argument("--jobs", type=int, default=1, help="processes side by side (default %(default)s)")
    _add_model(command)
    _add_calibration(command)
    command.set_defaults(run=_batch)

    command = commands.add_parser("complete", help="regenerate a take beside keys edited by hand")
    command.add_argument("take", type=typed_path)
    command.add_argument("--audio", type=typed_path, required=True)
    command.add_argument("--edits", type=typed_path, required=True, metavar="EDITS.json")
    command.add_argument("--out", type=typed_path, required=True, metavar="TAKE2.npz")
    _add_model(command)
    command.set_defaults(run=_complete)

    command = commands.add_parser("reshape", help="strength, smoothing and delay of a take, without its sound")
    command.add_argument("take", type=typed_path)
    command.add_argument("--out", type=typed_path, required=True, metavar="TAKE2.npz")
    command.add_argument("--csv", type=typed_path, help="also write the coefficients in the Live Link Face layout")
    _add_settings(command)
    command.set_defaults(run=_reshape)

    command = commands.add_parser("speak", help="a sentence spoken by eSpeak NG, to try things with")
    command.add_argument("text")
    command.add_argument("--out", type=typed_path, required=True, metavar="FILE.wav")
    command.add_argument("--voice", default="en-us", help="an eSpeak NG voice (default %(default)s)")
    command.set_defaults(run=_speak)

    for name, module, purpose in _RESEARCH:
        commands.add_parser(name, help=purpose, add_help=False).set_defaults(run=_research, module=module, name=name)

    command = commands.add_parser("worker", help="serve requests on stdin (what the Blender extension talks to)")
    _add_model(command)
    _add_calibration(command)
    command.set_defaults(run=_worker)
    return parser


def _add_localization(command: argparse.ArgumentParser) -> None:
    from .localize import METHODS

    guide = command.add_mutually_exclusive_group()
    guide.add_argument("--text", help="what is said: phones come from forced alignment")
    guide.add_argument("--transcript", type=typed_path, metavar="FILE", help="what is said: a text, script, SRT or VTT")
    guide.add_argument("--textgrid", type=typed_path, help="phones from a Praat TextGrid")
    command.add_argument("--language", default="en", help="of the text, as eSpeak NG names it (default %(default)s)")
    command.add_argument("--method", choices=METHODS, default="auto", help="how phones are found (default %(default)s)")


def _localization(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("text", "transcript", "textgrid", "method", "language")}


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"how the face moves, as often as wanted: {', '.join(SETTINGS)}",
    )


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--weights", type=typed_path, metavar="DIR", help="checkpoint folder (default: the starter weights)"
    )
    command.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")


def _add_calibration(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--calibration", type=typed_path, metavar="ACTOR.json", help="speak as this actor (what `calibrate` made)"
    )


def _animate(options: argparse.Namespace) -> int:
    from . import jobs
    from .animate import Animator

    if options.neutral is not None and options.npy is None:
        raise KMTalkError("--neutral is the head that --npy is written on; give --npy OUT.npy too, or leave it out.")
    require_free(options.out, options.calibration)
    animator = Animator.load(options.weights, options.device, options.calibration)
    if options.npy is not None:
        from .datasets.predictions import require_vertices

        require_free(options.npy, options.audio, options.neutral, options.out)
        require_vertices(animator.network.config.motion_space, options.neutral)
    take = _show(
        jobs.animate_file(
            animator,
            options.audio,
            options.out,
            csv=options.csv,
            settings=Settings.parse(options.set),
            keep=options.keep,
            **_localization(options),
        ),
    )
    if options.npy is not None:
        from .datasets.predictions import write_vertices

        write_vertices(take, options.npy, options.neutral)
    _print_notes(take.notes)
    return 0


def _localize(options: argparse.Namespace) -> int:
    from . import jobs

    if not 1 <= options.fps <= 1000:
        raise KMTalkError("--fps must lie between 1 and 1000.")
    require_free(options.json, options.audio, options.textgrid, options.transcript)
    found = _show(jobs.localize_file(options.audio, fps=options.fps, weights=options.weights, **_localization(options)))
    _print_notes(found["notes"])
    jobs.write_json(options.json, found)
    return 0


def _complete(options: argparse.Namespace) -> int:
    from . import jobs
    from .animate import Animator

    require_free(options.out, options.edits)
    edits = jobs.read_json(options.edits)
    take = _show(
        jobs.complete_file(
            Animator.load(options.weights, options.device), options.take, options.audio, edits, options.out
        )
    )
    _print_notes(take.notes)
    return 0


def _reshape(options: argparse.Namespace) -> int:
    from . import jobs

    jobs.reshape_file(options.take, options.out, Settings.parse(options.set), csv=options.csv)
    return 0


def _batch(options: argparse.Namespace) -> int:
    from . import batch

    if options.jobs < 1:
        raise KMTalkError("--jobs must be 1 or more.")
    settings = Settings.parse(options.set)
    work = batch.Work.of(settings, options.weights, options.csv, options.calibration)
    listing = batch.read_list(options.source, options.out)
    for note in listing.notes:
        _tell(f"kmtalk: note: {note}")
    arguments = ["--device", options.device]
    if options.weights:
        arguments += ["--weights", str(options.weights.absolute())]
    if options.calibration:
        arguments += ["--calibration", str(options.calibration.absolute())]
    counts = {"done": 0, "skipped": 0, "failed": 0}
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    plain: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("batch", total=len(listing.items))
        steps = batch.run_batch(listing, work, workers=options.jobs, arguments=arguments)
        for step in steps:
            if step.state in counts:
                counts[step.state] += 1
                bar.advance(task)
            for note in step.notes:
                console.print(f"kmtalk: {step.item.source}: note: {note}", **plain)
            if step.state == "failed":
                console.print(f"kmtalk: {step.item.source}: {step.message}", style="red", **plain)
            elif step.state in ("started", "progress"):
                bar.update(task, description=f"{step.item.source.name[:40]} {step.message}".strip())
    _tell("{done} done, {skipped} already there, {failed} failed".format(**counts))
    return 1 if counts["failed"] else 0


def _speak(options: argparse.Namespace) -> int:
    import soundfile

    from .espeak import synthesize

    require_free(options.out)
    spoken = synthesize(options.text, options.voice)
    sound = io.BytesIO()
    soundfile.write(sound, spoken.samples, spoken.rate, format="WAV")
    with replacing(options.out) as file:
        file.write(sound.getvalue())
    return 0


def _worker(options: argparse.Namespace) -> int:
    from .worker import run

    run(options.weights, options.device, options.calibration)


def _research(options: argparse.Namespace) -> int:
    """A command whose module says what it takes; imported here, since most need PyTorch."""
    module = importlib.import_module(f".{options.module}", __package__)
    parser = argparse.ArgumentParser(prog=f"kmtalk_core {options.name}", description=module.run.__doc__)
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(options.rest), _show))


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        _tell(f"note: {note}")


def _show(job: Generator[Progress, None, Result]) -> Result:
    """Run a job with a progress bar on stderr, which stays out of the way where stderr is no terminal."""
    if not sys.stderr.isatty():  # nobody sees a bar, and the library of bars is a tenth of a short sound's time
        return finish(job)
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        return finish(job, lambda step: bar.update(task, description=step.stage, completed=step.fraction))
