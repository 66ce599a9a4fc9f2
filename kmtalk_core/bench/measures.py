"""What the benchmark measures, each in a process of its own; see `bench`."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

RATIO_SECONDS = 10
_RATIO_ROUNDS = 5
_FEWEST_SECONDS = 3.0  # short sounds are repeated for at least this long, and the best time counts
TRAINING_SECONDS = 4
_TRAINING_STEPS = 4
_MOTION = 0.002  # of the space's unit
_MEGABYTE = 1 << 20


def animate(preset: str, sound: Path) -> dict[str, Any]:
    """From the file to the take, localization included where the network's own encoder finds the phones."""
    from .. import audio

    animator, weights = _animator(preset, sound.parent / preset)
    method = "neural" if preset == "starter" else "uniform"
    times: list[float] = []
    busy: list[float] = []
    while not times or sum(times) < _FEWEST_SECONDS:
        begin, begin_busy = time.perf_counter(), time.process_time()
        take = animator.animate(audio.load(sound), method=method)
        times.append(time.perf_counter() - begin)
        busy.append(time.process_time() - begin_busy)
    return {
        "preset": preset,
        "weights": weights,
        "localization": method,
        "seconds": take.duration,
        "wall_seconds": min(times),
        "real_time": min(times) / take.duration,
        "processor_time": min(busy) / take.duration,
        "megabytes": _peak_megabytes(),
    }


def beside_encoder(preset: str, sound: Path) -> dict[str, Any]:
    """The whole network beside its bare encoder on the same sound, turn about, the best of each.

    The bare encoder as its library runs it, as ours does (see `QuickLinear`), and in bfloat16 for comparison.
    """
    import torch
    from torch import nn

    from .. import audio
    from ..model.audio_encoder import normalized
    from ..model.linear import quicken

    animator, _ = _animator(preset, sound.parent / preset)
    encoder = animator.network.model.audio_encoder.backbone
    maps = [module for module in encoder.modules() if isinstance(module, nn.Linear)]
    loaded = audio.load(sound)
    waveform = torch.from_numpy(normalized(loaded.read(0, loaded.length)))[None]

    def encode() -> torch.Tensor:
        with torch.inference_mode():
            features: torch.Tensor = encoder(waveform).last_hidden_state
            return features

    def as_published() -> torch.Tensor:
        for module in maps:
            module.__class__ = nn.Linear
        try:
            return encode()
        finally:
            quicken(encoder)

    def in_half() -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return encode()

    def whole() -> None:
        animator.animate(loaded, method="uniform")

    works: dict[str, Callable[[], Any]] = {
        "published": as_published,
        "encoder": encode,
        "bfloat16": in_half,
        "whole": whole,
    }
    times = {name: float("inf") for name in works}
    for _ in range(_RATIO_ROUNDS):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            times[name] = min(times[name], time.perf_counter() - begin)
    exact = as_published()
    return {
        "preset": preset,
        **{f"{name}_seconds": spent for name, spent in times.items()},
        "ratio": times["whole"] / times["encoder"],
        "ratio_published": times["whole"] / times["published"],
        "difference": _difference(encode(), exact),
        "difference_bfloat16": _difference(in_half(), exact),
    }


def _difference(features: Any, exact: Any) -> float:
    """Root mean square of the difference over that of what is exact."""
    return float((features.float() - exact).norm() / exact.norm())


def idle(preset: str, sound: Path) -> dict[str, Any]:
    _animator(preset, sound.parent / preset)
    return {"megabytes": _peak_megabytes()}


def training(config_name: str, sound: Path) -> dict[str, Any]:
    """A few steps of training on the first seconds of the sound, one clip a step as the paper's recipe has it."""
    from .. import audio
    from ..datasets.alignments import uniform_keys
    from ..datasets.regions import Regions
    from ..phones import PHONE_CLASSES
    from ..progress import finish
    from ..training.vertex.data import Item, SequenceItems, signal_of
    from ..training.vertex.network import build
    from ..training.vertex.settings import VertexTraining, read_config
    from ..training.vertex.trainer import train_job

    config = read_config(config_name)
    whole = audio.load(sound)
    loaded = audio.from_samples(whole.read(0, min(whole.length, TRAINING_SECONDS * audio.RATE)), audio.RATE)
    frames = round(loaded.duration * config.motion_space.fps)

    class Clip(SequenceItems):
        def __init__(self) -> None:
            size = (frames, config.motion_space.width)
            motion = np.random.default_rng(0).normal(scale=_MOTION, size=size).astype(np.float32)
            phones = np.zeros((frames, len(PHONE_CLASSES)), np.float32)
            self.item = Item("clip", signal_of(loaded, config.encoder), motion, uniform_keys(frames), phones, 0.0)

        def __len__(self) -> int:
            return _TRAINING_STEPS

        def __getitem__(self, index: int) -> Item:
            return self.item

    network, _ = build(config)
    nothing = np.zeros(0, np.int64)
    trained = finish(train_job(network, Clip(), None, Regions("none", nothing, nothing), VertexTraining(epochs=1)))
    return {
        "config": config_name,
        "seconds": frames / config.motion_space.fps,
        "frames_per_second": trained.frames_per_second,
        "megabytes": _peak_megabytes(),
    }


MEASURES: dict[str, Callable[[str, Path], dict[str, Any]]] = {
    "animate": animate,
    "ratio": beside_encoder,
    "idle": idle,
    "training": training,
}


def _animator(preset_name: str, scratch: Path) -> tuple[Any, str]:
    """An animator for a preset on the processor, and what to call its weights; `scratch` is a folder it may make.

    The paper's weights cannot be shipped; random ones of the same sizes cost the same time.
    """
    from ..animate import STARTER_WEIGHTS, Animator

    if preset_name == "starter" and (STARTER_WEIGHTS / "config.json").exists():
        return Animator.load(None, "cpu"), "starter"
    import torch

    from ..model import checkpoint
    from ..model.config import preset
    from ..model.engine import TorchNetwork
    from ..model.kmtalk import KMTalk

    torch.manual_seed(0)
    network = KMTalk(replace(preset(preset_name), name=f"{preset_name} (random)")).eval()
    if preset_name == "starter":  # its localization reads the weights itself
        checkpoint.save(network, scratch, "Random weights.")
        return Animator.load(scratch, "cpu"), network.config.name
    return Animator(TorchNetwork(network), scratch, ""), network.config.name


def _peak_megabytes() -> float | None:
    """The most memory this process has held, None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return _peak_megabytes_on_windows()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MEGABYTE if sys.platform == "darwin" else peak / 1024


def _peak_megabytes_on_windows() -> float | None:
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = (
            ("size", wintypes.DWORD),
            ("page_faults", wintypes.DWORD),
            ("peak_working_set", ctypes.c_size_t),
            ("rest", ctypes.c_size_t * 7),
        )

    counters = Counters(size=ctypes.sizeof(Counters))
    try:
        kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        found = kernel.K32GetProcessMemoryInfo(
            wintypes.HANDLE(kernel.GetCurrentProcess()), ctypes.byref(counters), counters.size
        )
    except (AttributeError, OSError):
        return None
    return float(counters.peak_working_set) / _MEGABYTE if found else None
