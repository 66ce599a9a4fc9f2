"""All that runs in this Blender now: jobs, workers, and what they had to say.  No bpy here."""

import contextlib
import queue
import threading
import time
import traceback
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .core import errors, progress
from .engine import Workers

Result = TypeVar("Result")


@dataclass(eq=False)
class RunningJob:
    """One job under way: `step` is how far it is, `outcome` what to tell the user when it came to its end.

    error: what to tell of an end that was none; failure: what was raised then.
    """

    title: str
    job: Generator[progress.Progress, None, str]
    cancelled: str = "Cancelled: nothing was changed."
    step: progress.Progress = field(default_factory=lambda: progress.Progress("starting", 0.0))
    is_ended: bool = False
    outcome: str = ""
    error: str = ""
    failure: BaseException | None = None
    was_cancelled: bool = False
    slowest: float = 0.0

    def advance(self) -> None:
        """One step; never raises for what the user can mend."""
        started = time.perf_counter()
        try:
            self.step = next(self.job)
            self.slowest = max(self.slowest, time.perf_counter() - started)
        except StopIteration as stop:
            self.is_ended, self.outcome = True, str(stop.value or "")
        except errors.KMTalkError as error:
            self.is_ended, self.error, self.failure = True, str(error), error
            self.was_cancelled = isinstance(error, errors.Cancelled)
        except Exception as error:
            self.is_ended, self.failure = True, error
            self.error = "Something failed that should not have; the console says more."
            raise

    def cancel(self, why: str = "") -> None:
        """Stop it now.  Closing the job ends what it started."""
        if not self.is_ended:
            self.is_ended, self.error, self.was_cancelled = True, why or self.cancelled, True
            try:
                self.job.close()
            except Exception:  # its end is an end all the same: a file that is held must not keep it on the list
                traceback.print_exc()


@dataclass
class Desk:
    """All that runs in this Blender now, and how the last job ended.  There is one, from register to unregister.

    failure: what ended the last job that was run to its end at once, or kept it from starting; None for a good end.
    """

    workers: Workers = field(default_factory=Workers)
    running: list[RunningJob] = field(default_factory=list)
    notice: str = ""
    notice_is_error: bool = False
    failure: BaseException | None = None
    _taken: set[Hashable] = field(default_factory=set)

    def start(
        self, title: str, job: Generator[progress.Progress, None, str], cancelled: str = RunningJob.cancelled
    ) -> RunningJob:
        started = RunningJob(title, job, cancelled)
        self.running.append(started)
        self.notice = ""
        return started

    @contextlib.contextmanager
    def alone(self, things: Iterable[Hashable], sentence: str) -> Iterator[None]:
        """Keep `things` from other jobs meanwhile.  Raises FaceError with `sentence` where one has them."""
        wanted = set(things)
        if wanted & self._taken:
            raise errors.FaceError(sentence)
        self._taken |= wanted
        try:
            yield
        finally:
            self._taken -= wanted

    def settle(self, job: RunningJob) -> None:
        """Take an ended job off the list and keep its last word for the panel."""
        if job in self.running:
            self.running.remove(job)
            self.notice, self.notice_is_error = job.error or job.outcome, bool(job.error)

    def cancel_all(self, why: str) -> None:
        for job in list(self.running):
            job.cancel(why)
            self.settle(job)

    def close(self) -> None:
        self.cancel_all("Stopped.")
        self.workers.close()


_desk: list[Desk] = []  # Blender makes operators and panels itself, so what they share can only live in a module


def desk() -> Desk:
    if not _desk:
        _desk.append(Desk())
    return _desk[0]


def close_desk() -> None:
    while _desk:
        _desk.pop().close()


def in_thread(function: Callable[[], Result], stage: str) -> progress.Job[Result]:
    """Work out something without Blender beside the window; return it, or raise what it raised."""
    results: queue.Queue[tuple[bool, Any]] = queue.Queue()

    def work() -> None:
        try:
            results.put((True, function()))
        except BaseException as error:
            results.put((False, error))

    threading.Thread(target=work, daemon=True).start()
    while results.empty():
        yield progress.Progress(stage, 1.0)
    is_done, value = results.get()
    if not is_done:
        raise value
    return value
