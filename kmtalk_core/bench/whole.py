"""How fast it is and how much memory it takes: each figure from a process of its own, ratios from within one process.

python -m kmtalk_core.bench [--json FILE] [--quick]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..client import PACKAGE_FOLDER, Worker
from ..errors import KMTalkError
from ..files import replacing
from ..progress import Job, Progress, finish
from . import starter
from .measures import MEASURES, RATIO_SECONDS
from .speech import write_speech

DURATIONS = (4, 10, 60, 3600)
"""Seconds of sound."""

QUICK_DURATIONS = (4, 10, 60)
PRESETS = ("starter", "vocaset", "biwi")
TRAINED = ("vocaset-small", "vocaset", "biwi")

_HELLO_PATIENCE = 120.0
_MEGABYTE = 1 << 20


def bench_job(quick: bool = False) -> Job[dict[str, Any]]:
    """Measure everything and return the figures, as JSON would hold them.

    What `quick` leaves out (the paper's configurations, training, the hour but by the command line), and motion that is
    larger than the memory of the machine, is listed under `not_run`.
    """
    plan = [(preset, seconds) for preset in PRESETS for seconds in DURATIONS]
    wanted = [(p, s) for p, s in plan if not quick or (p == "starter" and s in QUICK_DURATIONS)]
    planned = [(p, s) for p, s in wanted if _motion_megabytes(p, s) < 0.7 * _machine_megabytes()]
    steps = len(planned) + 5 + len(TRAINED)
    figures: dict[str, Any] = {"machine": machine(), "parameters": parameters(), "animate": []}
    figures["not_run"] = [
        f"{preset}, {_length(seconds)} ({_motion_megabytes(preset, seconds) / 1000:.1f} GB of motion)"
        for preset, seconds in plan
        if (preset, seconds) not in planned
    ]
    with tempfile.TemporaryDirectory(prefix="kmtalk-bench-", ignore_cleanup_errors=True) as folder:
        yield Progress("the starter as people meet it", 0.0)
        figures["starter"] = _starter(Path(folder))
        for done, (preset, seconds) in enumerate(planned, 1):
            yield Progress(f"{preset} {seconds} s", done / steps)
            sound = Path(folder) / f"{seconds}.wav"
            if not sound.exists():
                write_speech(sound, seconds)
            figures["animate"].append(_measure("animate", preset, str(sound)))
        yield Progress("beside its bare encoder", (len(planned) + 1) / steps)
        sound = Path(folder) / f"{RATIO_SECONDS}.wav"
        others = [preset for preset in PRESETS if preset != "starter" and not quick]
        figures["beside_encoder"] = [_measure("ratio", preset, str(sound)) for preset in others]
        figures["training"] = []
        for config in TRAINED if not quick else ():
            yield Progress(f"training {config}", (len(planned) + 3 + len(figures["training"])) / steps)
            figures["training"].append(_measure("training", config, str(sound)))
        yield Progress("idle", (steps - 2) / steps)
        figures["idle"] = _measure("idle", "starter", str(sound))
        yield Progress("worker", (steps - 1) / steps)
        figures["worker_hello_seconds"] = worker_cold_start()
    return figures


def _starter(folder: Path) -> dict[str, Any]:
    sounds = {seconds: folder / f"{seconds}.wav" for seconds in (starter.SECONDS, starter.LONG_SECONDS, starter.HOUR)}
    for seconds, path in sounds.items():
        write_speech(path, seconds)
    short, long, hour = (str(path) for path in sounds.values())
    return {
        "command": _measure("command", "starter", short),
        "long": {
            str(seconds): _measure("once", "starter", path)
            for seconds, path in ((starter.LONG_SECONDS, long), (starter.HOUR, hour))
        },
        "side_by_side": {
            str(threads): _measure("side_by_side", "starter", long, threads) for threads in starter.THREADS
        },
        "in_blender": {
            str(seconds): _measure("in_blender", "starter", path)
            for seconds, path in ((starter.SECONDS, short), (starter.LONG_SECONDS, long))
        },
    }


def parameters() -> dict[str, dict[str, int]]:
    """How many parameters each part of each preset's network has."""
    import torch

    from ..model.config import preset
    from ..model.kmtalk import KMTalk

    counts = {}
    for name in PRESETS:
        with torch.device("meta"):
            network = KMTalk(preset(name))
        counts[name] = {part: sum(p.numel() for p in module.parameters()) for part, module in network.named_children()}
    return counts


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was."""
    import torch

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "load": load,
    }


def worker_cold_start() -> float:
    """Seconds from starting a worker process until it answers hello."""
    begin = time.perf_counter()
    worker = Worker()
    try:
        worker.send("hello")
        while time.perf_counter() - begin < _HELLO_PATIENCE:
            message = worker.poll(1.0) or {}
            if "hello" in message:
                return round(time.perf_counter() - begin, 3)
            if "died" in message:
                raise KMTalkError(f"The worker died: {message['died']}")
        raise KMTalkError(f"The worker did not answer within {_HELLO_PATIENCE:.0f} s.")
    finally:
        worker.close()


def table(figures: dict[str, Any]) -> str:
    """The figures as plain text.

    `of real time` is how long it took, `processor` how much of one core's time, which others' work does not lengthen;
    both as shares of the sound's duration.
    """
    machine = figures["machine"]
    parts = [
        f"{name}: {sum(c.values()) / 1e6:.1f} M ("
        + ", ".join(f"{part.replace('_', ' ')} {count / 1e6:.2f}" for part, count in c.items())
        + ")"
        for name, c in figures["parameters"].items()
    ]
    load = "unknown" if machine["load"] is None else f"{machine['load']:.1f}"
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, load {load}; torch {machine['torch']}, "
        f"{machine['threads']} threads",
        "",
        *(f"parameters of {part}" for part in parts),
        "",
        *starter.lines_of(figures["starter"]),
        "",
        f"{'weights':<16}{'sound':>8}{'time':>10}{'of real time':>14}{'processor':>12}{'peak memory':>14}",
    ]
    for row in figures["animate"]:
        lines.append(
            f"{row['weights']:<16}{_length(row['seconds']):>8}{row['wall_seconds']:>8.2f} s{row['real_time']:>14.4f}"
            f"{row['processor_time']:>12.4f}{_memory(row):>14}"
        )
    lines += [f"{name:<38}not run" for name in figures["not_run"]]
    lines.append("")
    for row in figures["beside_encoder"]:
        lines.append(
            f"{row['preset']}, {RATIO_SECONDS} s: {row['ratio']:.2f} times the time of its bare encoder, "
            f"{row['ratio_published']:.2f} times that of the encoder as published ({row['difference']:.0e} apart; "
            f"bfloat16 would take {row['bfloat16_seconds'] / row['encoder_seconds']:.2f} of ours, "
            f"{row['difference_bfloat16']:.0e} apart)"
        )
    for row in figures["training"]:
        lines.append(
            f"training {row['config']}, one clip of {row['seconds']:.0f} s at a time: {row['frames_per_second']:.0f} "
            f"frames a second, {_memory(row)}"
        )
    lines.append(f"memory with the starter loaded and nothing animated: {_memory(figures['idle'])}")
    lines.append(f"a worker answers {figures['worker_hello_seconds']:.2f} s after its start")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; a child process of its own measures one thing and prints JSON."""
    parser = argparse.ArgumentParser(prog="python -m kmtalk_core.bench", description="Speed and memory, as ratios.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="the starter alone, in five minutes")
    parser.add_argument("--measure", nargs=3, metavar=("WHAT", "PRESET", "SOUND"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        if options.measure:
            what, preset, sound = options.measure
            measure = MEASURES.get(what)
            found = measure(preset, Path(sound)) if measure else starter.measure(what, Path(sound))
            print(json.dumps(found))
            return 0
        figures = finish(bench_job(options.quick), lambda step: print(f"… {step.stage}", file=sys.stderr))
        print(table(figures))
        if options.json:
            with replacing(options.json) as file:
                file.write((json.dumps(figures, indent=1) + "\n").encode())
    except KMTalkError as error:
        print(f"kmtalk: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"kmtalk: {options.json} cannot be written ({error.strerror}).", file=sys.stderr)
        return 2
    return 0


def _measure(what: str, preset: str, sound: str, threads: int | None = None) -> Any:
    """One measurement in a fresh process, with so many threads for its products."""
    command = [sys.executable, "-m", "kmtalk_core.bench", "--measure", what, preset, sound]
    variables = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    environment = os.environ | (variables if threads else {})
    done = subprocess.run(command, cwd=PACKAGE_FOLDER, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise KMTalkError(f"Measuring {what} of {preset} failed: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout)


def _motion_megabytes(preset_name: str, seconds: float) -> float:
    """What the motion of a sound takes in memory."""
    from ..model.config import preset

    space = preset(preset_name).motion_space
    return seconds * space.fps * space.width * 4 / _MEGABYTE


def _machine_megabytes() -> float:
    """What the machine has; unlimited where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _MEGABYTE
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _processor() -> str:
    """The processor's own name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _memory(row: Mapping[str, Any]) -> str:
    return "unknown" if row["megabytes"] is None else f"{row['megabytes']:.0f} MB"


def _length(seconds: float) -> str:
    return f"{seconds / starter.HOUR:.0f} h" if seconds >= starter.HOUR else f"{seconds:.0f} s"
