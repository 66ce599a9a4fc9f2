"""`python -m kmtalk_addon.demo TAKE.npz AUDIO DIR` writes DIR/demo.blend, demo.mp4 and keys.png."""

import argparse
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kmtalk_core.errors import KMTalkError

from ..as_module import leave


def main() -> int:
    options = _parse()
    with tempfile.TemporaryFile() as log:
        terminal = _silence(log)
        try:
            with _registered(), _bar(terminal) as report:
                notes = _make(options, report)
            for note in notes:
                print(f"demo: {note}", file=terminal)
            return 0
        except KMTalkError as error:
            print(f"demo: {error}", file=terminal)
            return 2
        except KeyboardInterrupt:
            print("demo: stopped.", file=terminal)
            return 130
        except Exception:
            log.seek(max(log.seek(0, os.SEEK_END) - 4000, 0))
            terminal.write(log.read().decode(errors="replace"))
            traceback.print_exc(file=terminal)
            return 1


def _make(options: argparse.Namespace, report: Callable[[str, float], None]) -> list[str]:
    from .scene import DemoOptions, make

    wanted = DemoOptions(options.seconds, options.size, options.keys, options.renderer)
    return make(options.take, options.audio, options.out, wanted, report)


@contextmanager
def _registered() -> Iterator[None]:
    """The add-on registered, and not any more at the interpreter's exit, where that would crash."""
    from .. import registration

    registration.register()
    try:
        yield
    finally:
        registration.unregister()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="kmtalk_addon.demo", description="A take on the demo head.")
    parser.add_argument("take", type=Path, metavar="TAKE.npz")
    parser.add_argument("audio", type=Path)
    parser.add_argument("out", type=Path, metavar="DIR")
    parser.add_argument("--seconds", type=float, default=60.0, help="longest film (default %(default)g)")
    parser.add_argument("--size", type=_size, default=(480, 540), metavar="WxH", help="of the film (default 480x540)")
    parser.add_argument("--keys", type=int, default=48, help="most cells on the sheet (default %(default)s)")
    parser.add_argument("--renderer", choices=("auto", "workbench", "cycles"), default="auto")
    options = parser.parse_args()
    if not options.seconds > 0 or options.keys < 1:
        parser.error("--seconds and --keys must be above zero")
    return options


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if match is None or int(match[1]) % 2 or int(match[2]) % 2:
        raise argparse.ArgumentTypeError("give an even width and height, such as 480x540")
    return int(match[1]), int(match[2])


def _silence(log: IO[bytes]) -> IO[str]:
    """Send what Blender and its drivers print, up to their last words at exit, to `log`; returns the standard error."""
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1)
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    return terminal


@contextmanager
def _bar(terminal: IO[str]) -> Iterator[Callable[[str, float], None]]:
    """A progress bar, or a line every tenth where the terminal is none."""
    if terminal.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(file=terminal), transient=True) as bar:
            task = bar.add_task("starting", total=1.0)
            yield lambda stage, fraction: bar.update(task, description=stage, completed=fraction)
        return
    said = ("", -1)

    def say(stage: str, fraction: float) -> None:
        nonlocal said
        if (stage, int(fraction * 10)) != said:
            said = stage, int(fraction * 10)
            print(f"demo: {stage} {fraction:4.0%}", file=terminal, flush=True)

    yield say


if __name__ == "__main__":
    leave(main())
