"""A job is one iterator of progress: run it to its end here, or a step at a time where a window must stay alive."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """How far one stage of a job is: `stage` names it in a word or two, `fraction` runs from 0 to 1."""

    stage: str
    fraction: float


Job = Generator[Progress, None, Result]
"""What long work looks like: it yields `Progress` at least every half second or so and returns its result.

Closing the generator cancels the work; a job holds nothing that closing does not release."""


def finish(job: Generator[Progress, None, Result], report: Callable[[Progress], None] | None = None) -> Result:
    """Run `job` to its end, telling `report` of every step, and return what it returns."""
    while True:
        try:
            step = next(job)
        except StopIteration as stop:
            return stop.value
        if report is not None:
            report(step)


def within(job: Job[Result], start: float, end: float, before: str = "") -> Job[Result]:
    """`job` as a part of a longer one, whose fraction runs from `start` to `end` meanwhile.

    `before` stands before the names of its stages.
    """
    try:
        while True:
            try:
                step = next(job)
            except StopIteration as stop:
                return stop.value
            yield Progress(before + step.stage, start + (end - start) * min(step.fraction, 1.0))
    finally:
        job.close()
