"""`train --from WEIGHTS --dataset CAPTURES`: what came of a fine-tuning, in words and in the weights' card."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..animate import Animator
from ..datasets.captures import find
from ..datasets.captures.command import in_time
from ..errors import DataSetError, TrainingError
from ..model import checkpoint
from ..progress import Job, finish
from .calibrate import HeldOut
from .fine_tune import FineTuned, FineTuning, fine_tune_job

CONFIG = "starter"
"""The configuration that captured faces train."""

_FOREIGN = (
    "set", "audio_encoder", "alignments", "regions", "epochs", "accumulation", "schedule", "clip", "mixed",
    "validate_every", "workers",
)  # fmt: skip
"""Options of the paper's recipe that mean nothing here, where they are given."""

_OWN = ("sounds", "takes", "held_out")
"""Options that mean nothing but here."""


def wants(options: argparse.Namespace) -> bool:
    """Whether `train` is asked to fine-tune.  Raises TrainingError where half of it is."""
    if options.config == CONFIG:
        return True
    if options.begin_from is not None:
        raise TrainingError(f"--from goes on with --config {CONFIG} alone, not {options.config!r:.60}; leave one out.")
    given = next((name for name in _OWN if _is_given(options, name)), None)
    if given is not None:
        raise TrainingError(f"{_option(given)} is for captured faces: leave it out, or give --config {CONFIG} --from.")
    return False


def _is_given(options: argparse.Namespace, name: str) -> bool:
    return getattr(options, name) not in (None, [])


def _option(name: str) -> str:
    return "--mixed-precision" if name == "mixed" else f"--{name.replace('_', '-')}"


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Fine-tune; what came of it goes to stdout."""
    for name in _FOREIGN:
        if _is_given(options, name):
            raise TrainingError(f"{_option(name)} does not apply to captured faces; leave it out.")
    if options.begin_from is None:
        raise TrainingError("Captured faces are learnt from weights that can speak: give --from weights/starter.")
    given = {name: getattr(options, name) for name in ("steps", "batch", "rate", "seed") if _is_given(options, name)}
    settings = FineTuning(**given, device=options.device)
    found = find(options.dataset, options.sounds)
    names = {take.name for take in found.named([*options.takes, *options.held_out])}
    heard = [take for take in found.takes if take.sound is not None]
    if options.takes:
        heard = [take for take in heard if take.name in names]
    if not heard:
        raise DataSetError(f"{options.dataset} has no sounds beside its takes; lay them there or give --sounds DIR.")
    takes = in_time(tuple(heard), Animator.load(options.begin_from), show)
    held = set(options.held_out)
    if not held and len(takes) > 1:
        held = {take.name for take in found.split("test")} & {take.name for take in takes} or {takes[-1].name}
    learnt = tuple(take for take in takes if take.name not in held)
    kept = tuple(take for take in takes if take.name in held)
    if not learnt:
        raise DataSetError("All takes are held out; leave some to learn from.")
    tuned: FineTuned = show(fine_tune_job(learnt, kept, options.begin_from, settings))
    by = ", ".join(take.name for take in kept) or "the last fifth of it"
    said = _said(tuned, by)
    checkpoint.save(tuned.model, options.out, _card(tuned, [take.name for take in learnt], by, settings, options))
    print(f"learnt from {tuned.seconds:.1f} s of {len(learnt)} takes; held out: {by}")
    print(said)
    if not tuned.is_better:
        note = "nothing was better than the weights it began with, so these are written as they were"
        print(f"kmtalk: note: {note}; give more takes, or calibrate.", file=sys.stderr)
    print(options.out)
    return 0


def _said(tuned: FineTuned, by: str) -> str:
    (r, error, met), (new_r, new_error, new_met) = tuned.before, tuned.after
    return (
        f"on {by}: opening r {r:.3f} → {new_r:.3f}, error {error:.4f} → {new_error:.4f}, closures {met} → {new_met}; "
        f"kept step {tuned.step} of {tuned.steps}, with {tuned.matched:.0%} of the amplitude it lacked"
    )


def _row(name: str, scores: HeldOut) -> str:
    return f"| {name} | {scores[0]:.3f} | {scores[1]:.4f} | {scores[2]} |"


def _card(tuned: FineTuned, takes: list[str], by: str, settings: FineTuning, options: argparse.Namespace) -> str:
    """The model card (Markdown) of fine-tuned weights."""
    name = Path(options.begin_from).resolve().name
    what = (
        f"After {tuned.step} steps they served {by} best, with {tuned.matched:.0%} of the amplitude that they lacked."
        if tuned.is_better
        else f"**Nothing was learnt**: no step served {by} better, so the weights are those of {name}."
    )
    rows = "\n".join([_row(name, tuned.before), _row("these", tuned.after)])
    return (
        f"---\nlicense: other\n---\n\n# {name}, fine-tuned on one actor\n\n"
        f"Made by `python -m kmtalk_core train --config {CONFIG} --from {name} --dataset …` from {tuned.seconds:.0f} s "
        f"of captured takes ({', '.join(takes)[:500]}), which whoever made them holds the rights of. {what} What hears "
        f"is the encoder of {name}, unchanged; channels that were not captured are as {name} makes them.\n\n"
        f"| on what was held out | opening r | error | closures met |\n|---|---|---|---|\n{rows}\n\n"
        f"Settings: `{settings}`\n"
    )
