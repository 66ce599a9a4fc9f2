"""`python -m kmtalk_core stream`."""

import argparse
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from ..calibration import Calibration
from ..errors import KMTalkError
from ..files import require_free, typed_path
from ..progress import Job
from ..settings import SETTINGS, Settings
from .live import LOOK_AHEAD, MOST_LOOK_AHEAD, LiveFace, network_of
from .outputs import PORTS, JsonLines, LiveLink, Output, Vmc
from .sources import PCM_FORMATS, devices, sound_source

TARGETS = ("json", "live-link", "vmc", "pcm")
"""What frames become; `pcm` is the sound that is heard, float32 at 16 kHz, for programs that want no frames."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `stream` takes."""
    add = parser.add_argument
    add(
        "source",
        nargs="?",
        default="mic",
        metavar="SOURCE",
        help="mic (default), a sound file, or - for samples on stdin",
    )
    add(
        "--to", choices=TARGETS, default="json", help="what frames become (default %(default)s); pcm is the sound alone"
    )
    add("--out", type=typed_path, metavar="FILE", help="where lines of JSON go (default: stdout)")
    add("--host", default="127.0.0.1", help="where packets go (default %(default)s)")
    add("--port", type=int, help=f"default {PORTS['live-link']} for live-link, {PORTS['vmc']} for vmc")
    add("--subject", default="KMTalk", help="name of the face in Live Link (default %(default)s)")
    add("--names", choices=("arkit", "vrm"), default="arkit", help="blend shapes of vmc: 52, or five vowels and lids")
    add("--head-bone", action="store_true", help="let vmc turn the head's bone too")
    add("--rate", type=float, default=30.0, help="frames a second (default %(default)g)")
    add(
        "--look-ahead", type=float, default=LOOK_AHEAD, metavar="SECONDS",
        help=f"how long the face waits for what is said next, 0 to {MOST_LOOK_AHEAD:g} (default %(default)g)",
    )  # fmt: skip
    add("--device", metavar="MIC", help="number or a part of the name of a microphone")
    add("--devices", action="store_true", help="list the microphones")
    add("--fast", action="store_true", help="play a file as fast as it goes")
    add("--pcm", choices=PCM_FORMATS, default="s16le", help="samples on stdin (default %(default)s)")
    add("--pcm-rate", type=int, default=16000, metavar="HZ", help="of samples on stdin (default %(default)s)")
    add("--pcm-channels", type=int, default=1, metavar="N", help="of samples on stdin (default %(default)s)")
    add("--weights", type=typed_path, metavar="DIR", help="checkpoint folder (default: the starter weights)")
    add("--calibration", type=typed_path, metavar="ACTOR.json", help="speak as this actor (what `calibrate` made)")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help=f"how the face moves: {', '.join(SETTINGS)}")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any]) -> int:
    """A voice moves a face while it is spoken: from a microphone, a file or stdin, to JSON, Live Link Face or VMC."""
    if options.devices:
        print(devices())
        return 0
    settings = Settings.of(Settings.parse(options.set))
    if settings.delay:
        raise KMTalkError("A face in real time cannot be delayed by the setting delay; choose a longer --look-ahead.")
    if options.out and options.to != "json":
        raise KMTalkError("--out is for lines of JSON; packets go to --host and --port.")
    actor = None if options.calibration is None else Calibration.load(options.calibration)
    if options.to == "pcm":
        for block in sound_source(options.source, options, sys.stdin.buffer):
            sys.stdout.buffer.write(block.astype("<f4").tobytes())
            sys.stdout.buffer.flush()
        return 0
    face = LiveFace(
        network_of(options.weights), settings, rate=options.rate, look_ahead=options.look_ahead, calibration=actor
    )
    blocks = sound_source(options.source, options, sys.stdin.buffer)
    with _output(options, face) as output, _stopping() as is_stopped:
        for block in blocks:
            for frame in face.push(block):
                output.send(frame)
            if is_stopped():
                break
        for frame in face.stop():
            output.send(frame)
    return 0


@contextmanager
def _output(options: argparse.Namespace, face: LiveFace) -> Iterator[Output]:
    file: IO[str] | None = None
    output: Output | None = None
    try:
        if options.to == "json":
            if options.out:
                taken = Path(options.source) if options.source not in ("mic", "-") else None
                require_free(options.out, taken, options.calibration)
                file = options.out.open("w", encoding="utf-8")
            output = JsonLines(file or sys.stdout, face.space)
        elif options.to == "live-link":
            output = LiveLink(options.host, _port(options), face.space, options.subject)
        else:
            output = Vmc(options.host, _port(options), face.space, options.names, options.head_bone)
        yield output
    finally:
        if output is not None:
            with suppress(BrokenPipeError):
                output.close()
        if file is not None:
            file.close()


def _port(options: argparse.Namespace) -> int:
    return PORTS[options.to] if options.port is None else int(options.port)


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Let Ctrl+C end the stream once the face is back at rest; a second one ends it at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: types.FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
