"""The worker processes of this Blender: each is lent to one job at a time and kept warm for the next."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ..core import client, errors, progress
from .built_in import BuiltIn, Inside
from .faults import EngineError
from .install import ready
from .python import Engine

IDLE_SECONDS = 600.0


@dataclass(eq=False)
class _Process:
    """A worker, None while it starts: starting a process takes a busy computer longer than a window may stand still."""

    kind: tuple[Any, ...]
    worker: client.Worker | None = None
    failure: EngineError | None = None
    is_busy: bool = False
    is_closed: bool = False
    is_dead: bool = False
    has_worked: bool = False
    idle_since: float = field(default_factory=time.monotonic)

    @property
    def is_alive(self) -> bool:
        return not self.is_dead and self.failure is None and (self.worker is None or self.worker.process.poll() is None)

    def start(self) -> None:
        engine, arguments = self.kind
        try:
            worker = client.Worker(engine.python, arguments, engine.module_path, engine.variables)
        except OSError as error:
            self.failure = EngineError(f"{engine.python} cannot be started ({error.strerror}): check the engine.")
            return
        self.worker = worker
        if self.is_closed:
            worker.close()

    def close(self, patience: float = 3.0) -> None:
        self.is_closed = True
        if self.worker is not None:
            self.worker.close(patience)


class Workers:
    """Lends worker processes, at most `limit` at once.  A process serves one engine, weights and device."""

    def __init__(self, limit: int = 2) -> None:
        self.limit = limit
        self.inside = Inside()
        self._processes: list[_Process] = []

    def ask(
        self, engine: Engine | BuiltIn, arguments: tuple[str, ...], do: str, **request: Any
    ) -> progress.Job[dict[str, Any]]:
        """Have an engine do one piece of work and return its last message; closing the job cancels the work.

        The one that is built in does it in a thread of Blender's, others in a worker, to which `arguments` go.  Never
        blocks; an engine that is bundled with the extension is installed first.  Raises what the worker reports as
        KMTalkError, and EngineError when the process ends.
        """
        if isinstance(engine, BuiltIn):
            return (yield from self.inside.ask(engine, do, request))
        kind = ((yield from ready(engine)), arguments)
        while True:
            while (process := self._lend(kind)) is None:
                yield progress.Progress("waiting for another job", 0.0)
            was_idle = process.has_worked
            try:
                return (yield from self._ask(process, do, request))
            except _GoneError as gone:
                if not was_idle or gone.has_begun:
                    raise EngineError(str(gone)) from None
                # it had died, or stopped answering, while nobody used it: a new one does the same work

    def _ask(self, process: _Process, do: str, request: dict[str, Any]) -> progress.Job[dict[str, Any]]:
        """Have the process that was lent do the work, and take it back.  Raises _GoneError where it ends."""
        worker: client.Worker | None = None
        number, is_answered = 0, False
        try:
            while process.worker is None:
                yield progress.Progress("starting the engine", 0.0)
                if process.failure is not None:
                    raise process.failure
            worker = process.worker
            number = worker.send(do, **request)
            step, has_begun = progress.Progress("starting the engine", 0.0), False
            while True:
                while (message := worker.poll()) is not None:
                    if "died" in message:
                        process.is_dead = True
                        raise _GoneError(_death_notice(message, worker.has_greeted), has_begun)
                    if message.get("id") != number:
                        continue
                    has_begun = process.has_worked = True
                    if "stage" in message:
                        step = progress.Progress(str(message["stage"]), float(message.get("progress", 0.0)))
                        continue
                    is_answered = True
                    if "error" in message:
                        raise _error_of(message["error"])
                    return message
                yield step
        finally:
            if worker is not None and not is_answered:
                worker.cancel(number)
            process.is_busy, process.idle_since = False, time.monotonic()

    def pids(self) -> list[int]:
        """Process ids of all workers, busy ones first."""
        started = [p for p in self._processes if p.worker is not None]
        return [p.worker.process.pid for p in sorted(started, key=lambda p: not p.is_busy) if p.worker]

    def close_idle(self, seconds: float = IDLE_SECONDS) -> None:
        """End the processes that nobody has used for `seconds`: a model is a gigabyte of memory."""
        now = time.monotonic()
        for process in [p for p in self._processes if not p.is_busy and now - p.idle_since >= seconds]:
            self._let_go(process)

    def close(self) -> None:
        """End every process, and what runs inside Blender, now."""
        self.inside.close()
        closing = [threading.Thread(target=p.close, args=(0.5,), daemon=True) for p in self._processes]
        self._processes.clear()
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join(3.0)

    def _let_go(self, process: _Process) -> None:
        self._processes.remove(process)
        # closing waits for the process, and nobody else may wait for that
        threading.Thread(target=process.close, daemon=True).start()

    def _lend(self, kind: tuple[Any, ...]) -> _Process | None:
        for dead in [p for p in self._processes if not p.is_busy and not p.is_alive]:
            self._let_go(dead)
        idle = next((p for p in self._processes if p.kind == kind and not p.is_busy), None)
        if idle is None:
            if sum(p.is_busy for p in self._processes) >= self.limit:
                return None
            self.close_idle(IDLE_SECONDS if len(self._processes) < self.limit else 0.0)
            idle = _Process(kind)
            self._processes.append(idle)
            threading.Thread(target=idle.start, daemon=True).start()
        idle.is_busy = True
        return idle


class _GoneError(Exception):
    """A process ended; `has_begun` tells whether it had said anything of this work."""

    def __init__(self, notice: str, has_begun: bool) -> None:
        super().__init__(notice)
        self.has_begun = has_begun


def _death_notice(message: dict[str, Any], has_greeted: bool) -> str:
    last = str(message["died"]).strip().splitlines()
    why = f" ({last[-1][:200]})" if last else ""
    if not has_greeted:
        return f"The engine does not start{why}: press Self-Test in KMTalk's preferences, or install it again."
    return f"The engine's process ended in the middle of the work{why}; nothing was changed, so try again."


def _error_of(error: dict[str, Any]) -> errors.KMTalkError:
    kinds = {kind.kind: kind for kind in errors.KMTalkError.__subclasses__()}
    return kinds.get(str(error.get("kind")), errors.KMTalkError)(str(error.get("message")))
