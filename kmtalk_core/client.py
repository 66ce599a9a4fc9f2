"""The other end of the worker's pipe.  Standard library only: it runs inside Blender as well as in a batch."""

import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PACKAGE_FOLDER = Path(__file__).resolve().parent.parent


class Worker:
    """A worker process: `send` requests, `poll` for messages, `close` it.  Neither blocks on the model.

    A message is what the worker wrote, as a dict; one with `"died"` (the last lines of its log) comes once when the
    process has ended.  `module_path` names folders that `python` should import from besides its own, `variables` what
    its environment is to have besides this process's.
    """

    def __init__(
        self,
        python: str | Path = sys.executable,
        arguments: Sequence[str] = (),
        module_path: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}  # another Python's
        environment |= {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **(variables or {})}
        environment["PYTHONPATH"] = os.pathsep.join(map(str, (PACKAGE_FOLDER, *module_path)))
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        self.process = subprocess.Popen(
            [str(python), "-m", "kmtalk_core", "worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=PACKAGE_FOLDER,
            creationflags=flags,
        )
        self.log: deque[str] = deque(maxlen=200)
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self._numbers = itertools.count(1)
        self._readers = [
            threading.Thread(target=self._read_messages, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def send(self, do: str, **fields: Any) -> int:
        """Ask for one piece of work; return the id its messages will carry.  A dead worker shows in `poll`."""
        number = next(self._numbers)
        self._write({"id": number, "do": do, **fields})
        return number

    def cancel(self, number: int) -> None:
        """Stop the job `number`; it answers with an error of kind `cancelled`."""
        self._write({"id": number, "do": "cancel"})

    def poll(self, timeout: float = 0.0) -> dict[str, Any] | None:
        """The next message, or None when none came within `timeout` seconds."""
        try:
            return self._messages.get(timeout=timeout) if timeout > 0 else self._messages.get_nowait()
        except queue.Empty:
            return None

    def close(self, patience: float = 3.0) -> None:
        """End the process: closing its input is enough, killing it the fallback."""
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(1.0)

    def _write(self, request: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # the reader reports the death
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()

    def _read_messages(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                self.log.append(line.decode("utf-8", "replace").rstrip())
                continue
            if isinstance(message, dict):
                self._messages.put(message)
        self._readers[1].join(1.0)
        self._messages.put({"died": "\n".join(list(self.log)[-5:]), "code": self.process.wait()})

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line.decode("utf-8", "replace").rstrip())
