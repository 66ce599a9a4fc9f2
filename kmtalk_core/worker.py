"""The worker: requests as JSON lines on stdin, progress and results as JSON lines on stdout.

    in   {"id": 1, "do": "animate", "audio": PATH, "out": PATH, …}    what each verb takes is declared in `verbs`
         {"id": 1, "do": "cancel"}   {"id": 4, "do": "hello", "load"?: true}   {"id": 5, "do": "quit"}
    out  {"id", "stage", "progress"} …, then {"id", "take": PATH, "notes": […]} or, named for what was asked,
         {"id", "localization" | "landmarks" | "built" | "checked" | "hello": {…}},
         or {"id", "error": {"kind", "message"}}

Jobs run one at a time in the order they came; while one takes a long step, its last progress is told again every few
seconds.  The process ends when its stdin closes.
"""

import json
import os
import queue
import re
import sys
import threading
import traceback
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from .errors import Cancelled, KMTalkError
from .verbs import verb

if TYPE_CHECKING:
    from .animate import Animator

LINE_LIMIT = 256 << 20
GRACE_SECONDS = 2.0
REPEAT_SECONDS = 5.0


class WorkerServer:
    """Answers the requests of one client until its input ends."""

    load = None  # sounds are files, which the core reads

    def __init__(
        self,
        requests: IO[bytes],
        answers: IO[str],
        weights: Path | None = None,
        device: str = "auto",
        calibration: Path | None = None,
    ) -> None:
        self._requests, self._answers = requests, answers
        self.weights, self._device, self._calibration = weights, device, calibration
        self.animator: Animator | None = None
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._waiting: set[Any] = set()
        self._cancelled: set[Any] = set()
        self._closing = threading.Event()
        self._saying = threading.Lock()
        self._under_way: dict[str, Any] | None = None

    def serve(self) -> int:
        """Run until stdin closes or a `quit` comes; return the exit status."""
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._repeat, daemon=True).start()
        while (request := self._queue.get()) is not None and not self._closing.is_set():
            self._answer(request)
        return 0

    def loaded(self) -> "Animator":
        """The network, loaded when it is first wanted."""
        if self.animator is None:
            from .animate import Animator

            self.animator = Animator.load(self.weights, self._device, self._calibration)
        return self.animator

    def _read(self) -> None:
        while line := self._requests.readline(LINE_LIMIT):
            if len(line) == LINE_LIMIT and not line.endswith(b"\n"):
                self._fail(_number_in(line), "request", f"A request may have {LINE_LIMIT >> 20} MB; send less at once.")
                while line and not line.endswith(b"\n"):
                    line = self._requests.readline(LINE_LIMIT)
                continue
            try:
                request = json.loads(line)
                if not isinstance(request, dict):
                    raise ValueError
            except (ValueError, RecursionError):
                self._fail(_number_in(line), "request", "A request must be one JSON object a line.")
                continue
            number, do = request.get("id"), request.get("do")
            if isinstance(number, (dict, list)):
                self._fail(None, "request", "An id must be a number or a string.")
            elif do == "cancel":
                if number in self._waiting:
                    self._cancelled.add(number)
            elif do == "quit":
                break
            else:
                self._waiting.add(number)
                self._queue.put(request)
        self._closing.set()
        self._queue.put(None)
        # A native call may hold the main thread; whoever closed the pipe must not be left with an orphan.
        timer = threading.Timer(GRACE_SECONDS, os._exit, (0,))
        timer.daemon = True
        timer.start()

    def _answer(self, request: dict[str, Any]) -> None:
        number = request.get("id")
        try:
            self._under_way = {"id": number, "stage": "starting", "progress": 0.0}
            job = verb(request, self)
            while True:
                if self._closing.is_set() or number in self._cancelled:
                    job.close()
                    raise Cancelled("Cancelled.")
                try:
                    step = next(job)
                except StopIteration as stop:
                    self._end({"id": number, **stop.value})
                    break
                self._under_way = {"id": number, "stage": step.stage, "progress": round(step.fraction, 4)}
                self._say(self._under_way)
        except KMTalkError as error:
            self._fail(number, error.kind, str(error))
        except MemoryError:
            self._fail(
                number, "memory", "There is not enough memory for this; close other programs or use a shorter sound."
            )
        except OSError as error:
            traceback.print_exc()
            what = " ".join(str(part) for part in (error.strerror, error.filename) if part) or repr(error)
            self._fail(number, "system", f"The system refused something ({what}); see the log, and try again.")
        except Exception as error:  # the client must hear of a bug too, and the next job may still work
            traceback.print_exc()
            self._fail(number, "internal", f"Something failed that should not have: {error!r:.300}; see the log.")
        finally:
            self._waiting.discard(number)
            self._cancelled.discard(number)

    def _fail(self, number: Any, kind: str, message: str) -> None:
        self._end({"id": number, "error": {"kind": kind, "message": message}})

    def _end(self, message: dict[str, Any]) -> None:
        """Say the last word of a job."""
        with self._saying:
            if self._under_way is not None and self._under_way["id"] == message["id"]:
                self._under_way = None
            self._write(message)

    def _say(self, message: dict[str, Any]) -> None:
        with self._saying:
            self._write(message)

    def _repeat(self) -> None:
        while not self._closing.wait(REPEAT_SECONDS):
            with self._saying:
                if self._under_way is not None:
                    self._write(self._under_way)

    def _write(self, message: dict[str, Any]) -> None:
        try:
            self._answers.write(json.dumps(message) + "\n")
            self._answers.flush()
        except OSError:
            self._closing.set()


def _number_in(line: bytes) -> int | None:
    """The id of a request that cannot be read as a whole."""
    found = re.search(rb'"id"\s*:\s*(\d{1,15})\b', line[:200])
    return int(found[1]) if found else None


def private_input() -> IO[bytes]:
    """This process's input to read from, with the null device on descriptor 0 instead.

    On Windows whoever asks anything of a pipe waits for a read of it that is under way, and libraries ask about
    descriptor 0 while they are loaded (SciPy's Fortran runtime does): that would be for ever.
    """
    requests = os.fdopen(os.dup(0), "rb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return requests


def run(weights: Path | None = None, device: str = "auto", calibration: Path | None = None) -> NoReturn:
    """Serve the client at the other end of stdin and stdout, then end the process.

    Whatever else is printed goes to stderr.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    status = WorkerServer(private_input(), answers, weights, device, calibration).serve()
    answers.flush()
    sys.stderr.flush()
    os._exit(status)  # a thread that still reads stdin makes the interpreter's own end abort now and then
