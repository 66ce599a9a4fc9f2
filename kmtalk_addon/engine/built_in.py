"""The engine inside this Blender: the NumPy pass in a thread, with nothing to install and no process to start.

NumPy lets go of Python's lock while it computes, so the window stays alive beside it; the thread touches nothing of
Blender's.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..core import animate, errors, progress, verbs
from ..core import jobs as core_jobs

if TYPE_CHECKING:
    from kmtalk_core.take import Take

Result = TypeVar("Result")

VERBS = frozenset({"hello", "animate", "complete", "learn", "localize"})
"""What it does; the rest needs the libraries of the engine beside Blender."""

_NETWORKS = 2  # kept in memory
_PATIENCE = 2.0


@dataclass(frozen=True)
class BuiltIn:
    """The engine inside Blender, for the weights in a folder; None for the starter's."""

    weights: Path | None = None


def runs(weights: Path | None, device: str) -> bool:
    """Whether this Blender runs these weights by itself where `device` (`auto`, `cpu` …) is wanted.

    False for weights that cannot be read: whoever uses them tells why.
    """
    if device not in ("auto", "cpu"):
        return False
    if weights is None:
        return True
    try:
        config = json.loads((weights / "config.json").read_text(encoding="utf-8"))
        return bool(config["encoder"]["kind"] == "log_mel")
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


@dataclass(eq=False)
class _Server:
    """What the verbs ask of the process that runs them."""

    weights: Path | None
    animator: Any = None
    sounds: "_Sounds" = field(default_factory=lambda: _Sounds())

    def loaded(self) -> Any:
        if self.animator is None:
            self.animator = animate.Animator.load(self.weights, "cpu")
        return self.animator

    @property
    def load(self) -> Any:
        return self.sounds.sound_job


class _Sounds:
    """The sound that was read last, so that edits of its keys need not read it again."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._sound: Any = None

    def sound_job(self, path: Path, span: tuple[float, float | None] | None) -> progress.Job[Any]:
        try:
            about = path.stat()
        except OSError:
            return (yield from core_jobs.sound_job(path, span))  # which says what is wrong
        key = (path, span, about.st_mtime_ns, about.st_size, about.st_ino)
        if key != self._key:
            self._sound, self._key = (yield from core_jobs.sound_job(path, span)), key
        return self._sound


@dataclass(eq=False)
class _Work:
    """One piece of work in a thread."""

    job: Any
    step: progress.Progress = field(default_factory=lambda: progress.Progress("starting", 0.0))
    answer: Any = None
    failure: BaseException | None = None
    is_stopped: bool = False

    def run(self) -> None:
        try:
            while not self.is_stopped:
                self.step = next(self.job)
            self.job.close()
        except StopIteration as stop:
            self.answer = stop.value
        except BaseException as error:  # handed to whoever waits
            self.failure = error


class Inside:
    """Does the built-in engine's work, one piece at a time."""

    def __init__(self) -> None:
        self._servers: dict[Path | None, _Server] = {}
        self._is_busy = False
        self._thread: threading.Thread | None = None
        self._work: _Work | None = None

    def ask(self, engine: BuiltIn, do: str, request: dict[str, Any]) -> progress.Job[dict[str, Any]]:
        """Do one piece of work and return its last message; closing the job stops it at its next step.

        Never blocks.  Raises what the work raises.
        """
        return (yield from self.run(engine, lambda server: verbs.verb({"do": do, **request}, server)))

    def complete(
        self, engine: BuiltIn, take: "Take", sound: Path, span: tuple[float, float | None], edits: Sequence[Any]
    ) -> "progress.Job[Take]":
        """The take completed (see `Animator.complete_job`), with no file between; as `ask` otherwise."""
        return (
            yield from self._on_sound(engine, sound, span, lambda animator, on: animator.complete_job(take, on, edits))
        )

    def again(
        self, engine: BuiltIn, take: "Take", sound: Path, span: tuple[float, float | None], values: Mapping[str, Any]
    ) -> "progress.Job[Take]":
        """The take with other settings (see `Animator.again_job`), with no file between; as `ask` otherwise."""
        return (
            yield from self._on_sound(engine, sound, span, lambda animator, on: animator.again_job(take, on, values))
        )

    def _on_sound(
        self,
        engine: BuiltIn,
        sound: Path,
        span: tuple[float, float | None],
        do: "Callable[[Any, Any], progress.Job[Take]]",
    ) -> "progress.Job[Take]":
        """Run the job that `do` makes of the animator and the sound that is heard."""

        def job(server: _Server) -> "progress.Job[Take]":
            heard = yield from server.load(sound, span)
            return (yield from do(server.loaded(), heard))

        return (yield from self.run(engine, job))

    def run(self, engine: BuiltIn, job: "Callable[[_Server], progress.Job[Result]]") -> "progress.Job[Result]":
        """Run the job of a server in a thread, and return what it returns."""
        while self._is_busy or (self._thread is not None and self._thread.is_alive()):
            yield progress.Progress("waiting for another job", 0.0)
        self._is_busy = True
        try:
            work = _Work(job(self._server(engine.weights)))
            self._work, self._thread = work, threading.Thread(target=work.run, name="kmtalk", daemon=True)
            self._thread.start()
            try:
                while self._thread.is_alive():
                    yield work.step
            finally:
                work.is_stopped = True
            if isinstance(work.failure, MemoryError):
                raise errors.KMTalkError(
                    "There is not enough memory for this; close other programs or use a shorter sound."
                ) from work.failure
            if work.failure is not None:
                raise work.failure
            answer: Result = work.answer
            return answer
        finally:
            self._is_busy = False

    def close(self) -> None:
        """Stop what runs, and forget the networks."""
        if self._work is not None:
            self._work.is_stopped = True
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        self._servers.clear()

    def _server(self, weights: Path | None) -> _Server:
        server = self._servers.pop(weights, None) or _Server(weights)
        self._servers[weights] = server  # the one used last stays longest
        while len(self._servers) > _NETWORKS:
            del self._servers[next(iter(self._servers))]
        return server
