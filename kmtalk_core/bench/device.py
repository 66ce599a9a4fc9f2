"""What a graphics device gives: the same motion as the processor, how fast, in how much memory, and how fast it learns.

    python -m kmtalk_core.bench.device [--device cuda] [--json FILE] [--only KIND …] [--quick] [--corpus DIR --out DIR]

Each figure comes with its unit; the device's name stands above them.  `--quick` uses networks of toy size and a few
steps, so that the script itself can be tried on any machine.  With `--corpus` (see `train-starter`) the starter is
also trained longer, at two sizes, into folders below `--out`.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .. import audio
from ..animate import STARTER_WEIGHTS, Animator
from ..errors import KMTalkError
from ..files import replacing
from ..model import checkpoint
from ..model.config import KMTalkConfig, preset
from ..model.engine import pick_device
from ..model.kmtalk import Heard, KMTalk
from ..progress import finish
from .speech import write_speech

SECONDS = (10, 60)
"""Of speech."""

QUICK_SECONDS = (2,)

BATCHES = (1, 8)
"""Clips of `CLIP_SECONDS` a training step."""

CLIP_SECONDS = 4
PRESETS = ("starter", "vocaset", "biwi")
TRAINED = ("vocaset", "biwi")
KINDS = ("animate", "compile", "training")
QUICK = {"starter": "starter", "vocaset": "vocaset-tiny", "biwi": "biwi-tiny"}
_STEPS, _QUICK_STEPS = 12, 2
_ROUNDS = 3
_HEAD_SPREAD = 0.02
_GIGABYTE = 1 << 30


def animate(name: str, sound: Path, device: torch.device, scratch: Path, quick: bool) -> list[dict[str, Any]]:
    """The motion of the device beside the processor's, and each one's time, for the weights called `name`."""
    folder = _weights(name, scratch, quick)
    method = "neural" if name == "starter" else "uniform"
    rows = []
    loaded = audio.load(sound)
    animators = {"cpu": Animator.load(folder, "cpu"), device.type: Animator.load(folder, device.type)}
    for seconds in QUICK_SECONDS if quick else SECONDS:
        part = audio.from_samples(loaded.read(0, seconds * audio.RATE), audio.RATE, f"{seconds} s")
        motion, spent, memory = {}, {}, 0.0
        for place, animator in animators.items():
            _reset_memory(device)
            spent[place], motion[place] = _best(partial(_motion, animator, part, method), device)
            memory = _memory(device)
        spread = float(np.ptp(motion["cpu"])) or 1.0
        apart = float(np.abs(motion["cpu"] - motion[device.type]).max()) / spread
        rows.append(
            {
                "weights": name,
                "seconds": seconds,
                "real_time": spent[device.type] / seconds,
                "real_time_processor": spent["cpu"] / seconds,
                "largest_difference": apart,
                "gigabytes": memory,
            }
        )
    return rows


def compiled(name: str, device: torch.device, quick: bool) -> list[dict[str, Any]]:
    """`torch.compile` on both halves of the network, over a window of 20 s, beside the network as it is."""
    config = _config(name, quick)
    network = _random(config).to(device)
    frames = round(config.motion_space.fps * (2 if quick else 20))
    keys = torch.arange(0, frames, 3, device=device)[None]
    audio_features = torch.randn(1, frames, config.width, device=device)

    def network_pass(features: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        heard = Heard(features, None, None)
        return network.complete(heard, keys, network.key_motions(heard, keys))

    def run(model: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> torch.Tensor:
        with torch.inference_mode():
            return model(audio_features, keys)

    quicker = torch.compile(network_pass, dynamic=True)
    begin = time.perf_counter()
    first = run(quicker)
    _wait(device)
    start_up = time.perf_counter() - begin
    plain, exact = _best(lambda: run(network_pass), device)
    fast, _ = _best(lambda: run(quicker), device)
    spread = float(exact.abs().max()) or 1.0
    return [
        {
            "weights": name,
            "ratio": fast / plain,
            "compiling_seconds": start_up,
            "largest_difference": float((exact - first).abs().max()) / spread,
        }
    ]


def training(name: str, mixed: str, batch: int, device: torch.device, quick: bool) -> list[dict[str, Any]]:
    """Frames of motion a second that a training of the paper's recipe learns from, after its first steps."""
    from ..datasets.alignments import uniform_keys
    from ..datasets.regions import Regions
    from ..phones import PHONE_CLASSES
    from ..training.vertex.data import Item, SequenceItems, signal_of
    from ..training.vertex.network import build
    from ..training.vertex.settings import VertexTraining, read_config
    from ..training.vertex.trainer import accelerator_for, train_job

    config = read_config(QUICK[name] if quick else name)
    chance = np.random.default_rng(0)
    voice = audio.from_samples(chance.normal(scale=0.1, size=CLIP_SECONDS * audio.RATE).astype(np.float32), audio.RATE)
    frames = round(CLIP_SECONDS * config.motion_space.fps)
    motion = chance.normal(scale=0.002, size=(frames, config.motion_space.width)).astype(np.float32)
    phones = np.zeros((frames, len(PHONE_CLASSES)), np.float32)
    item = Item("clip", signal_of(voice, config.encoder), motion, uniform_keys(frames), phones, 0.0)
    steps = _QUICK_STEPS if quick else _STEPS

    class Clips(SequenceItems):
        def __init__(self, count: int) -> None:
            self._count = count

        def __len__(self) -> int:
            return self._count

        def __getitem__(self, index: int) -> Item:
            return item

    _reset_memory(device)
    network, _ = build(config)
    settings = VertexTraining(epochs=1, batch=batch, mixed=mixed)
    nothing = np.zeros(0, np.int64)
    accelerator = accelerator_for(settings, device.type)
    rates = []
    for count in (2, steps):  # the first steps set the kernels up
        job = train_job(
            network, Clips(count * batch), None, Regions("none", nothing, nothing), settings, accelerator=accelerator
        )
        rates.append(finish(job).frames_per_second)
    return [
        {
            "config": name,
            "precision": "bfloat16" if mixed == "bf16" else "float32",
            "batch": batch,
            "frames_per_second": rates[-1],
            "gigabytes": _memory(device),
        }
    ]


def starters(corpus: Path, out: Path, device: torch.device, lengths: Sequence[int], widths: Sequence[int]) -> list[str]:
    """Train the starter on a finished corpus, `lengths` times as long and `widths` wide; the folders of the weights."""
    from ..corpus import build
    from ..model.config import STARTER
    from ..training.acoustic import AcousticTraining, train_encoder_job
    from ..training.motion import MotionTraining, train_motion_job

    made = []
    for length in lengths:
        acoustic = AcousticTraining(steps=AcousticTraining.steps * length, device=device.type)
        scratch = out / f"scratch-{length}"
        scratch.mkdir(parents=True, exist_ok=True)
        encoder = finish(train_encoder_job(build.clips(corpus), acoustic, scratch / "encoder.pt"))
        for width in widths:
            motion = MotionTraining(steps=MotionTraining.steps * length, device=device.type)
            config = replace(STARTER, width=width)
            job = train_motion_job(build.clips(corpus), encoder, motion, scratch / f"motion-{width}.pt", config)
            folder = out / f"starter-{width}-x{length}"
            checkpoint.save(
                finish(job).to("cpu"), folder, f"The starter's recipe, {length} times as long, {width} wide."
            )
            made.append(str(folder))
    return made


def report(device: torch.device, quick: bool = False, kinds: Sequence[str] = KINDS) -> dict[str, Any]:
    """All figures of these `kinds`, without the trainings of the starter."""
    figures: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else device.type,
        "torch": str(torch.__version__),
        "animate": [],
        "compile": [],
        "training": [],
        "failed": [],
    }
    with tempfile.TemporaryDirectory(prefix="kmtalk-bench-", ignore_cleanup_errors=True) as folder:
        sound = Path(folder) / "speech.wav"
        write_speech(sound, max(SECONDS))
        for name in PRESETS if "animate" in kinds else ():
            _measured(figures, "animate", partial(animate, name, sound, device, Path(folder), quick))
        compiles = "compile" in kinds and device.type != "cpu"  # there linear maps run through oneDNN already
        for name in PRESETS if compiles else ():
            _measured(figures, "compile", partial(compiled, name, device, quick))
        for name in TRAINED if "training" in kinds else ():
            for mixed in ("no", "bf16"):
                for batch in BATCHES[: 1 if quick else None]:
                    _measured(figures, "training", partial(training, name, mixed, batch, device, quick))
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures as plain text."""
    lines = [f"{figures['device']}, torch {figures['torch']}", ""]
    lines.append(
        f"{'weights':<10}{'sound':>7}{'of real time':>14}{'processor':>11}{'largest difference':>20}{'memory':>10}"
    )
    lines += [
        f"{row['weights']:<10}{row['seconds']:>5} s{row['real_time']:>14.4f}{row['real_time_processor']:>11.4f}"
        f"{row['largest_difference']:>20.1e}{row['gigabytes']:>7.2f} GB"
        for row in figures["animate"]
    ]
    lines.append("")
    lines += [
        f"torch.compile, {row['weights']}: {row['ratio']:.2f} of the time, {row['largest_difference']:.0e} apart, "
        f"{row['compiling_seconds']:.0f} s to compile"
        for row in figures["compile"]
    ]
    lines += [
        f"training {row['config']}, {row['batch']} clips of {CLIP_SECONDS} s a step, {row['precision']}: "
        f"{row['frames_per_second']:.0f} frames a second, {row['gigabytes']:.1f} GB"
        for row in figures["training"]
    ]
    lines += [f"failed: {line}" for line in figures["failed"]]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kmtalk_core.bench.device", description="What a device gives.")
    parser.add_argument("--device", default="auto", help="cuda, mps or cpu (default: the best there is)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--only", choices=KINDS, nargs="+", default=KINDS, help="measure no more than these")
    parser.add_argument("--quick", action="store_true", help="toy sizes")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="train the starter too, on this corpus")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("runs/starters"), help="where its weights go")
    parser.add_argument("--lengths", type=int, nargs="+", default=[1, 3], help="times the recipe's steps")
    parser.add_argument("--widths", type=int, nargs="+", default=[160, 320], help="of KMTalk's layers")
    options = parser.parse_args(arguments)
    try:
        device = pick_device(options.device)
        if options.corpus:
            print("\n".join(starters(options.corpus, options.out, device, options.lengths, options.widths)))
            return 0
        figures = report(device, options.quick, options.only)
        print(table(figures))
        if options.json:
            with replacing(options.json) as file:
                file.write((json.dumps(figures, indent=1) + "\n").encode())
    except KMTalkError as error:
        print(f"kmtalk: {error}", file=sys.stderr)
        return 2
    return 1 if figures["failed"] else 0


def _measured(figures: dict[str, Any], kind: str, work: Callable[[], list[dict[str, Any]]]) -> None:
    """Add what `work` measures; what fails is told and does not stop the rest, for a device's time is dear."""
    try:
        rows = work()
    except Exception as error:
        figures["failed"].append(f"{kind}: {type(error).__name__}: {str(error).splitlines()[0][:200]}")
        return
    figures[kind] += rows
    print(f"… {kind} {json.dumps(rows)}", file=sys.stderr, flush=True)


def _motion(animator: Animator, sound: audio.Sound, method: str) -> npt.NDArray[np.float32]:
    return animator.animate(sound, method=method).motion


def _config(name: str, quick: bool) -> KMTalkConfig:
    from ..training.vertex.settings import CONFIGS

    return CONFIGS[QUICK[name]] if quick and name in TRAINED else preset(name)


def _weights(name: str, scratch: Path, quick: bool) -> Path:
    """A checkpoint: the starter's own, random ones for the rest, whose weights may not be passed on."""
    if name == "starter":
        return STARTER_WEIGHTS
    folder = scratch / name
    if not folder.exists():
        checkpoint.save(_random(_config(name, quick)), folder, "Random weights.")
    return folder


def _random(config: KMTalkConfig) -> KMTalk:
    """A network that moves: the heads that training begins with at zero are random too."""
    torch.manual_seed(0)
    network = KMTalk(config).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                parameter.normal_(std=_HEAD_SPREAD)
    return network


def _best(work: Callable[[], Any], device: torch.device) -> tuple[float, Any]:
    """The least time of some rounds, in seconds, and what the work gives."""
    result = work()
    spent = float("inf")
    for _ in range(_ROUNDS):
        _wait(device)
        begin = time.perf_counter()
        result = work()
        _wait(device)
        spent = min(spent, time.perf_counter() - begin)
    return spent, result


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _reset_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def _memory(device: torch.device) -> float:
    """The most memory of the device that was in use, in GB."""
    return torch.cuda.max_memory_allocated(device) / _GIGABYTE if device.type == "cuda" else 0.0


if __name__ == "__main__":
    sys.exit(main())
