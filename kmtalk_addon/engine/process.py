"""A child process as a job: its lines as they come, and nothing left running when the job is closed."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

from ..core import client

WINDOWS = os.name == "nt"


def lines_of(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None
) -> Generator[str | None, None, int]:
    """Run `command`; yield each line it prints (both streams), None while there is none, and return its exit status.

    Closing the generator ends the process and its children.  Its input stays empty and open for as long as this process
    lives.  Raises OSError when it cannot be started.
    """
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=client.PACKAGE_FOLDER,  # `-m` imports from here first, and Blender's own may be gone or anyone's
        env=client.environment(variables=environment),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        start_new_session=not WINDOWS,
    )
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        while True:
            try:
                line = lines.get_nowait()
            except queue.Empty:
                yield None
                continue
            if line is None:
                return process.wait()
            yield line
    finally:
        if process.poll() is None:
            _end(process)
        if process.stdin:
            process.stdin.close()


def _read(process: "subprocess.Popen[bytes]", lines: "queue.Queue[str | None]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line.decode("utf-8", "replace").rstrip())
    lines.put(None)


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(OSError):
        if WINDOWS:  # an environment's python.exe is but a launcher: what it started has to go too
            subprocess.run(
                ["taskkill", "/F", "/T", "/PID", str(process.pid)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
