"""The starter as people meet it: the command line from a cold start, both engines side by side, one edit, Blender."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..client import PACKAGE_FOLDER
from ..errors import KMTalkError

SECONDS = 11
LONG_SECONDS = 60
_ROUNDS = 5
_EDITED_KEY = 5
THREADS = (1, 2)
HOUR = 3600


def command(sound: Path, rounds: int = _ROUNDS) -> dict[str, Any]:
    """`kmtalk_core animate` of a sound, as a process of its own: the best time, and what it held at most."""
    spent: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="kmtalk-bench-", ignore_cleanup_errors=True) as folder:
        arguments = [sys.executable, "-m", "kmtalk_core", "animate", str(sound), "--out", f"{folder}/take.npz"]
        for _ in range(rounds):
            begin = time.perf_counter()
            process = subprocess.Popen(arguments, cwd=PACKAGE_FOLDER, stderr=subprocess.DEVNULL)
            usage = _usage_of(process)
            if process.returncode:
                raise KMTalkError("kmtalk_core animate failed; run it by itself to see why.")
            spent.append({"seconds": time.perf_counter() - begin, **usage})
    return min(spent, key=lambda one: float(one["seconds"]))


def _usage_of(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Wait for a process; its processor time and peak memory, where the system tells."""
    if not hasattr(os, "wait4"):
        process.wait()
        return {"processor_seconds": None, "megabytes": None}
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return {"processor_seconds": usage.ru_utime + usage.ru_stime, "megabytes": usage.ru_maxrss / unit}


def side_by_side(sound: Path) -> dict[str, Any]:
    """Both engines in one process, turn about: a sound animated, and one edit of it regenerated."""
    import numpy as np

    from .. import audio
    from ..animate import Animator
    from ..model.engine import TorchNetwork

    numpy = Animator.load(None, "cpu")
    animators = {"numpy": numpy, "torch": replace(numpy, network=TorchNetwork.load(numpy.weights, "cpu"))}
    loaded = audio.load(sound)
    best: dict[str, dict[str, float]] = {
        name: {"animate": np.inf, "processor": np.inf, "edit": np.inf} for name in animators
    }
    motions = {}
    for _ in range(_ROUNDS):
        for name, animator in animators.items():
            fresh = animator.afresh()
            begin, busy = time.perf_counter(), time.process_time()
            take = fresh.animate(loaded)
            best[name]["animate"] = min(best[name]["animate"], time.perf_counter() - begin)
            best[name]["processor"] = min(best[name]["processor"], time.process_time() - busy)
            motions[name] = take.motion
            edit = [{"frame": take.keys[_EDITED_KEY].frame, "pose": {"jawOpen": 0.7}}]
            begin = time.perf_counter()
            fresh.complete(take, loaded, edit)
            best[name]["edit"] = min(best[name]["edit"], time.perf_counter() - begin)
    return {
        "seconds": loaded.duration,
        "largest_difference": float(np.abs(motions["numpy"] - motions["torch"]).max()),
        **best,
    }


def in_blender(sound: Path) -> dict[str, Any] | None:
    """From the click to the keys in a Blender that has just started; None where Blender is no module here."""
    done = subprocess.run(
        [sys.executable, "-m", "kmtalk_addon.bench", str(sound)], cwd=PACKAGE_FOLDER, capture_output=True, text=True
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if done.returncode == 0 and lines else None


def measure(what: str, sound: Path) -> dict[str, Any] | None:
    """One of `command`, `once` (the same, but a single time), `side_by_side` and `in_blender`."""
    known: dict[str, Callable[[Path], dict[str, Any] | None]] = {
        "command": command,
        "once": lambda path: command(path, 1),
        "side_by_side": side_by_side,
        "in_blender": in_blender,
    }
    return known[what](sound)


def lines_of(figures: dict[str, Any]) -> list[str]:
    """The figures as lines of text."""
    command = figures["command"]
    memory = "" if command["megabytes"] is None else f", {command['megabytes']:.0f} MB at most"
    busy = "" if command["processor_seconds"] is None else f" ({command['processor_seconds']:.2f} s of processor)"
    lines = [f"the command line animates {SECONDS} s in {command['seconds']:.2f} s{busy}{memory}, from a cold start"]
    for seconds, found in figures["long"].items():
        memory = "" if found["megabytes"] is None else f" and {found['megabytes']:.0f} MB at most"
        lines.append(f"{int(seconds):>6} s in {found['seconds']:.2f} s{memory}")
    for threads, found in figures["side_by_side"].items():
        apart = f"{found['largest_difference']:.0e} apart"
        lines.append(f"{found['seconds']:.0f} s of sound on {threads} core{'s' if int(threads) > 1 else ''}, {apart}:")
        for name, label in (("numpy", "NumPy"), ("torch", "PyTorch")):
            best = found[name]
            lines.append(
                f"  {label:<8} {best['animate'] / found['seconds']:.4f} of real time, "
                f"{best['processor'] / found['seconds']:.4f} of a core; one edit {1000 * best['edit']:.0f} ms"
            )
    for seconds, blender in figures["in_blender"].items():
        if blender is None:
            lines.append("in Blender: not run (bpy is not installed)")
            break
        lines.append(
            f"in a Blender just started, from the click to the keys of {seconds} s: {blender['first']:.2f} s, again "
            f"{blender['again']:.2f} s; one edit regenerated {blender['regenerate']:.2f} s, another "
            f"{blender['regenerate_again']:.2f} s, by Live {blender['live']:.2f} s; the longest tick "
            f"{1000 * blender['longest_tick']:.0f} ms; an update that does not concern Live "
            f"{blender['unconcerned_microseconds']:.1f} µs"
        )
    return lines
