"""The worker: requests as JSON lines on stdin, progress and results as JSON lines on stdout.

    in   {"id": 1, "do": "animate", "audio": PATH, "out": PATH, "text"?, "textgrid"?, "method"?, "settings"?, "csv"?,
          "span"?: [seconds, seconds or null]}
         {"id": 2, "do": "complete", "take": PATH, "audio": PATH, "edits": [...], "out": PATH, "span"?}
         {"id": 3, "do": "localize", "audio": PATH, "text"?, "textgrid"?, "method"?, "fps"?}
         {"id": 6, "do": "landmarks", "face": PATH}
         {"id": 8, "do": "check_face", "face": PATH, "poses": PATH}
         {"id": 7, "do": "build_face", "face": PATH, "out": PATH, "placed"?, "laid_out"?: {landmark: [x, y, z]}}
         {"id": 1, "do": "cancel"}   {"id": 4, "do": "hello", "load"?: true}   {"id": 5, "do": "quit"}
    out  {"id", "stage", "progress"} …, then {"id", "take": PATH, "notes": […]} or, named for what was asked,
         {"id", "localization" | "landmarks" | "built" | "checked" | "hello": {…}},
         or {"id", "error": {"kind", "message"}}

Jobs run one at a time in the order they came.  The process ends when its stdin closes.
"""

import json
import os
import platform
import queue
import sys
import threading
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from . import __version__
from .errors import Cancelled, KMTalkError
from .progress import Progress

if TYPE_CHECKING:
    from .animate import Animator

LINE_LIMIT = 16 << 20
GRACE_SECONDS = 2.0


class WorkerServer:
    """Answers the requests of one client until its input ends."""

    def __init__(
        self, requests: IO[bytes], answers: IO[str], weights: Path | None = None, device: str = "auto"
    ) -> None:
        self._requests, self._answers = requests, answers
        self._weights, self._device = weights, device
        self._animator: Animator | None = None
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._waiting: set[Any] = set()
        self._cancelled: set[Any] = set()
        self._closing = threading.Event()

    def serve(self) -> int:
        """Run until stdin closes or a `quit` comes; return the exit status."""
        threading.Thread(target=self._read, daemon=True).start()
        while (request := self._queue.get()) is not None and not self._closing.is_set():
            self._answer(request)
        return 0

    def _read(self) -> None:
        while line := self._requests.readline(LINE_LIMIT):
            try:
                request = json.loads(line)
                if not isinstance(request, dict):
                    raise ValueError
            except (ValueError, RecursionError):
                self._fail(None, "request", "A request must be one JSON object a line.")
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
            job = self._job(request)
            while True:
                if self._closing.is_set() or number in self._cancelled:
                    job.close()
                    raise Cancelled("Cancelled.")
                try:
                    step = next(job)
                except StopIteration as stop:
                    self._say({"id": number, **stop.value})
                    break
                self._say({"id": number, "stage": step.stage, "progress": round(step.fraction, 4)})
        except KMTalkError as error:
            self._fail(number, error.kind, str(error))
        except MemoryError:
            self._fail(
                number, "memory", "There is not enough memory for this; close other programs or use a shorter sound."
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            traceback.print_exc()
            self._fail(number, "request", f"The request is incomplete or malformed: {error!r}.")
        except Exception as error:  # the client must hear of a bug too, and the next job may still work
            traceback.print_exc()
            self._fail(number, "internal", f"Something failed that should not have: {error!r}; see the log.")
        finally:
            self._waiting.discard(number)
            self._cancelled.discard(number)

    def _job(self, request: dict[str, Any]) -> Generator[Progress, None, dict[str, Any]]:
        from . import jobs

        do = request.get("do")
        if do == "hello":
            yield Progress("hello", 0.0)
            animator = self._loaded() if request.get("load") else self._animator
            device = str(animator.device) if animator else None
            return {"hello": {"version": __version__, "python": platform.python_version(), "device": device}}
        options = {
            name: request[name] for name in ("text", "textgrid", "method", "language") if request.get(name) is not None
        }
        if do == "animate":
            yield Progress("loading", 0.0)
            csv = Path(request["csv"]) if request.get("csv") else None
            settings = request.get("settings")
            take = yield from jobs.animate_file(
                self._loaded(),
                Path(request["audio"]),
                Path(request["out"]),
                csv=csv,
                settings=settings,
                span=_span(request),
                **options,
            )
            return {"take": request["out"], "notes": list(take.notes)}
        if do == "complete":
            yield Progress("loading", 0.0)
            take = yield from jobs.complete_file(
                self._loaded(),
                Path(request["take"]),
                Path(request["audio"]),
                request["edits"],
                Path(request["out"]),
                _span(request),
            )
            return {"take": request["out"], "notes": list(take.notes)}
        if do == "localize":
            fps = {"fps": float(request["fps"])} if request.get("fps") else {}
            return {
                "localization": (
                    yield from jobs.localize_file(Path(request["audio"]), weights=self._weights, **options, **fps)
                )
            }
        if do in ("landmarks", "build_face", "check_face"):
            return (yield from self._face_job(request))
        raise KMTalkError(
            f"This worker cannot {do!r}; it knows hello, animate, complete, localize, landmarks, build_face, "
            "check_face, cancel and quit."
        )

    def _face_job(self, request: dict[str, Any]) -> Generator[Progress, None, dict[str, Any]]:
        from .faces import check, files

        if request["do"] == "landmarks":
            return {"landmarks": (yield from files.landmarks_job(Path(request["face"])))}
        if request["do"] == "check_face":
            return {"checked": (yield from check.check_job(Path(request["face"]), Path(request["poses"])))}
        by_hand = request.get("placed"), request.get("laid_out")
        built = yield from files.build_job(Path(request["face"]), Path(request["out"]), *by_hand)
        return {"built": built}

    def _loaded(self) -> "Animator":
        if self._animator is None:
            from .animate import Animator

            self._animator = Animator.load(self._weights, self._device)
        return self._animator

    def _fail(self, number: Any, kind: str, message: str) -> None:
        self._say({"id": number, "error": {"kind": kind, "message": message}})

    def _say(self, message: dict[str, Any]) -> None:
        try:
            self._answers.write(json.dumps(message) + "\n")
            self._answers.flush()
        except OSError:
            self._closing.set()


def _span(request: dict[str, Any]) -> tuple[float, float | None] | None:
    """The part of the sound that a request is about."""
    if not request.get("span"):
        return None
    begin, end = request["span"]
    return float(begin), None if end is None else float(end)


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


def run(weights: Path | None = None, device: str = "auto") -> NoReturn:
    """Serve the client at the other end of stdin and stdout, then end the process.

    Whatever else is printed goes to stderr.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    status = WorkerServer(private_input(), answers, weights, device).serve()
    answers.flush()
    sys.stderr.flush()
    os._exit(status)  # a thread that still reads stdin makes the interpreter's own end abort now and then
