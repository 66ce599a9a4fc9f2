"""The other end of the worker's pipe.  Standard library, and NumPy to send poses: it runs in Blender too."""

import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PACKAGE_FOLDER = Path(__file__).resolve().parent.parent

START_SECONDS = 30.0
"""How long a process may take to say hello, for which it imports nothing large."""
SILENCE_SECONDS = 120.0
"""How long a worker with something to do may say nothing at all.

It repeats itself every few seconds, but not while a library is loaded, which a scanner of viruses may look at for long.
"""
STANDSTILL_SECONDS = 900.0
"""How long one step of a job may take: loading a large model for the first time is the longest."""

_LONGEST_STRANGE = 1 << 16  # bytes that are no messages, before the first one
_LONGEST_MESSAGE = 256 << 20
_LONG_POSE = 256  # values; longer poses go by file
_HELLO = 0


def environment(
    module_path: Sequence[Path] | None = None, variables: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What a child process of another Python gets of this one's environment, with `variables` besides.

    Where there is a `module_path` it imports the core, and what lies in those folders.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}  # another Python's
    if module_path is not None:
        inherited["PYTHONPATH"] = os.pathsep.join(map(str, (PACKAGE_FOLDER, *module_path)))
    return {**inherited, "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **(variables or {})}


class Worker:
    """A worker process: `send` requests, `poll` for messages, `close` it.  None of them blocks on the model.

    A message is what the worker wrote, as a dict; one with `"died"` (the last lines of its log, or why it was ended)
    comes once when the process has ended.  One that does not say hello, falls silent or stands still is ended by
    `poll`.  `module_path` names folders that `python` should import from besides its own, `variables` what its
    environment is to have besides this process's.
    """

    def __init__(
        self,
        python: str | Path = sys.executable,
        arguments: Sequence[str] = (),
        module_path: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [str(python), "-m", "kmtalk_core", "worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(module_path, variables),
            cwd=PACKAGE_FOLDER,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.log: deque[str] = deque(maxlen=200)
        self.has_greeted = False
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self._requests: queue.Queue[bytes | None] = queue.Queue()
        self._numbers = itertools.count(_HELLO + 1)
        self._open: dict[int, list[Path]] = {}
        self._watch = _Watch()
        self._is_ended = False
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._readers = [
            threading.Thread(target=self._read_messages, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for thread in (self._writer, *self._readers):
            thread.start()
        self._request({"id": _HELLO, "do": "hello"})

    def send(self, do: str, **fields: Any) -> int:
        """Ask for one piece of work; return the id its messages will carry.  A dead worker shows in `poll`.

        Long poses of `edits` go by file, which is removed when the work has ended.
        """
        number = next(self._numbers)
        fields, self._open[number] = _by_file(fields)
        self._request({"id": number, "do": do, **fields})
        return number

    def cancel(self, number: int) -> None:
        """Stop the job `number`; it answers with an error of kind `cancelled`."""
        self._request({"id": number, "do": "cancel"})

    def poll(self, timeout: float = 0.0) -> dict[str, Any] | None:
        """The next message, or None when none came within `timeout` seconds."""
        try:
            message = self._messages.get(timeout=timeout) if timeout > 0 else self._messages.get_nowait()
        except queue.Empty:
            return self._overdue()
        self._watch.hear(message)
        if "died" in message:
            return self._ended(message)
        if "stage" not in message:
            self._forget(message.get("id"))
        return message

    def close(self, patience: float = 3.0) -> None:
        """End the process: closing its input is enough, killing it the fallback."""
        self._requests.put(None)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for thread in (self._writer, *self._readers):
            thread.join(1.0)
        for number in list(self._open):
            self._forget(number)

    def _overdue(self) -> dict[str, Any] | None:
        """What to say of a worker that has not answered for too long, which is ended; else None."""
        if self._is_ended or (self.has_greeted and not self._open):
            self._watch.rest()
            return None
        if self.has_greeted:
            why = self._watch.complaint(SILENCE_SECONDS, STANDSTILL_SECONDS)
        else:
            why = self._watch.complaint(START_SECONDS, START_SECONDS)
        if why is None:
            return None
        self.process.kill()
        strange = f"; it wrote {self.log[-1][:80]!r}" if self.log and not self.has_greeted else ""
        return self._ended({"died": f"{why}, so it was ended{strange}", "code": None})

    def _ended(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The one message that tells of the end."""
        if self._is_ended:
            return None
        self._is_ended = True
        for number in list(self._open):
            self._forget(number)
        return message

    def _forget(self, number: Any) -> None:
        for path in self._open.pop(number, []) if isinstance(number, int) else []:
            with contextlib.suppress(OSError):
                path.unlink()

    def _request(self, request: Mapping[str, Any]) -> None:
        self._requests.put(json.dumps(request).encode() + b"\n")

    def _write(self) -> None:
        """Write what is asked, beside whoever asks: a pipe takes no more than its reader has room for."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # the reader reports the death
            while (line := self._requests.get()) is not None:
                self.process.stdin.write(line)
                self.process.stdin.flush()
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.close()

    def _read_messages(self) -> None:
        assert self.process.stdout is not None
        strange, is_known = 0, False
        while line := self.process.stdout.readline(_LONGEST_MESSAGE if is_known else _LONGEST_STRANGE):
            message = _message(line)
            if message is not None:
                is_known = True
                if message.get("id") == _HELLO:
                    self.has_greeted = True
                else:
                    self._messages.put(message)
                continue
            self.log.append(line[:1000].decode("utf-8", "replace").rstrip())
            strange += len(line)
            if not is_known and strange >= _LONGEST_STRANGE:
                self.process.kill()
                break
        self._readers[1].join(1.0)
        self._messages.put({"died": "\n".join(list(self.log)[-5:]), "code": self.process.wait()})

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        while line := self.process.stderr.readline(_LONGEST_STRANGE):
            self.log.append(line[:1000].decode("utf-8", "replace").rstrip())


class _Watch:
    """For how long a worker has said nothing, and nothing new, in seconds that somebody was there to listen.

    A computer that slept, or a window that stood still, is no fault of the worker's.
    """

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self._silence = self._standstill = 0.0
        self._last: Any = None

    def hear(self, message: Mapping[str, Any]) -> None:
        self._tick()
        self._silence = 0.0
        new = message.get("id"), message.get("stage"), message.get("progress")
        if new != self._last or "stage" not in message:
            self._last, self._standstill = new, 0.0

    def rest(self) -> None:
        self._tick()
        self._silence = self._standstill = 0.0

    def complaint(self, silence: float, standstill: float) -> str | None:
        self._tick()
        if self._silence > silence:
            return f"it did not answer for {silence:.0f} s"
        if self._standstill > standstill:
            return f"it stood still for {standstill / 60:.0f} minutes"
        return None

    def _tick(self) -> None:
        now = time.monotonic()
        passed = min(now - self._seen, 1.0)
        self._seen, self._silence, self._standstill = now, self._silence + passed, self._standstill + passed


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _by_file(fields: dict[str, Any]) -> tuple[dict[str, Any], list[Path]]:
    """`fields` with long poses of edits as rows of a file, and that file: vertices are too many for a line."""
    edits = fields.get("edits")
    long = [edit for edit in edits if _is_long(edit)] if isinstance(edits, Sequence) else []
    if not long:
        return fields, []
    import numpy as np

    rows = {id(edit): row for row, edit in enumerate(long)}
    handle, name = tempfile.mkstemp(prefix="kmtalk_poses_", suffix=".npy")
    with os.fdopen(handle, "wb") as file:
        np.save(file, np.array([edit["pose"] for edit in long], np.float32))
    told = [{**edit, "pose": None, "pose_row": rows[id(edit)]} if id(edit) in rows else edit for edit in edits or ()]
    return {**fields, "edits": told, "poses": name}, [Path(name)]


def _is_long(edit: Any) -> bool:
    pose = edit.get("pose") if isinstance(edit, Mapping) else None
    return pose is not None and not isinstance(pose, (Mapping, str)) and len(pose) > _LONG_POSE
