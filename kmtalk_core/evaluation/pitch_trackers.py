"""`evaluate-pitch`: our pitch tracker beside others on recorded speech, clean and in noise.

The others (parselmouth, librosa, swift-f0) are no dependency: those that are installed take part.  Nobody knows the
true pitch of a recording, so a tracker is judged by what the others agree on within 5 % on the clean sound.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..audio import RATE, load_job
from ..batch import read_list
from ..errors import KMTalkError
from ..expression import pitch
from ..progress import Job, Progress, finish

FloatArray: TypeAlias = npt.NDArray[np.float64]
Tracker: TypeAlias = Callable[[npt.NDArray[np.float32]], tuple[FloatArray, FloatArray]]
"""Samples at 16 kHz → times in s and pitch in Hz, 0 where there is no voice."""

_STEP = 0.04  # seconds
_AGREED, _GROSS = 0.05, 0.2
_SURE = 0.5  # confidence from which swift-f0 counts a frame as voiced


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `evaluate-pitch` takes."""
    parser.add_argument("source", type=Path, metavar="FOLDER_OR_LIST", help="sounds of speech, as for `batch`")
    parser.add_argument(
        "--noise", type=float, nargs="*", default=[20.0, 10.0, 0.0], help="dB of speech over pink noise"
    )


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Compare pitch trackers: frames they miss, get wrong by a fifth, or hear where there is no voice."""
    trackers = _trackers()
    if len(trackers) < 3:
        raise KMTalkError("Two other trackers at least must be installed: praat-parselmouth, librosa or swift-f0.")
    print(show(_compare_job(options, trackers)), end="")
    return 0


def _compare_job(options: argparse.Namespace, trackers: Mapping[str, Tracker]) -> Job[str]:
    chance = np.random.default_rng(0)
    counts: dict[tuple[str, str], FloatArray] = {}
    spent = dict.fromkeys(trackers, 0.0)
    sounds, seconds = [item.source for item in read_list(options.source, Path()).items], 0.0
    for number, path in enumerate(sounds):
        sound = yield from load_job(path)
        samples = sound.read(0, min(sound.length, 10 * RATE))
        seconds += len(samples) / RATE
        clock = np.arange(_STEP, len(samples) / RATE - _STEP, _STEP)
        clean: dict[str, FloatArray] = {}
        for name, tracker in trackers.items():
            yield Progress(f"{path.name}: {name}", number / len(sounds))
            begun = time.perf_counter()
            clean[name] = _at(*tracker(samples), clock)
            spent[name] += time.perf_counter() - begun
        pink = np.cumsum(chance.standard_normal(len(samples)))
        pink -= np.convolve(pink, np.full(801, 1 / 801), "same")
        scale = np.sqrt(float((samples**2).mean()) / float((pink**2).mean()))
        for noise in (None, *options.noise):
            heard = samples if noise is None else (samples + scale * 10 ** (-noise / 20) * pink).astype(np.float32)
            for name, tracker in trackers.items():
                found = clean[name] if noise is None else _at(*tracker(heard), clock)
                key = (name, "clean" if noise is None else f"{noise:g} dB")
                others = np.array([clean[other] for other in trackers if other != name])
                counts[key] = counts.get(key, np.zeros(5)) + _judged(found, others)
    lines = ["| tracker | noise | missed | wrong | heard in silence |", "|---|---|---|---|---|"]
    for (name, kind), (voiced, missed, wrong, silent, false) in counts.items():
        shares = (missed / max(voiced, 1), wrong / max(voiced, 1), false / max(silent, 1))
        lines.append(f"| {name} | {kind} | {' | '.join(f'{share:.3f}' for share in shares)} |")
    costs = ", ".join(f"{name} {1000 * value / max(seconds, 1e-9):.1f}" for name, value in spent.items())
    return "\n".join(lines) + f"\n\nMilliseconds a second of sound: {costs}\n"


def _judged(found: FloatArray, others: FloatArray) -> FloatArray:
    """Counts of frames: agreed to have a voice, of these missed and wrong; agreed to have none, of these heard."""
    middle = np.median(others, axis=0)
    agreed = (others > 0).all(axis=0) & (np.abs(others / np.maximum(middle, 1) - 1).max(axis=0) < _AGREED)
    silent = (others == 0).all(axis=0)
    wrong = agreed & (found > 0) & (np.abs(found / np.maximum(middle, 1) - 1) > _GROSS)
    return np.array(
        [agreed.sum(), (agreed & (found == 0)).sum(), wrong.sum(), silent.sum(), (silent & (found > 0)).sum()]
    )


def _at(times: FloatArray, hertz: FloatArray, clock: FloatArray) -> FloatArray:
    """The pitch of the frames that are nearest to `clock`."""
    places = np.interp(clock, times, np.arange(len(times)))
    return np.asarray(hertz, float)[np.round(places).astype(int)]


def _ours(samples: npt.NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
    slow = pitch.slowed(samples)
    count = len(slow) * pitch.RATE // pitch.SAMPLE_RATE + 1
    padded = np.concatenate([np.zeros(pitch.HALF_WINDOW), slow, np.zeros(2 * pitch.HALF_WINDOW)])
    found = pitch.candidates(padded, count, float(np.abs(samples).max()))
    return np.arange(count) / pitch.RATE, pitch.best_path(*found)


def _trackers() -> dict[str, Tracker]:
    """Ours, and those that are installed."""
    found: dict[str, Tracker] = {"ours": _ours}
    for name, make in (("parselmouth", _praat), ("librosa pyin", _pyin), ("swift-f0", _swift)):
        try:
            found[name] = make()
        except ImportError:
            continue
    return found


def _praat() -> Tracker:
    import parselmouth

    def track(samples: npt.NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
        sound = parselmouth.Sound(samples.astype(float), RATE)
        found = sound.to_pitch(time_step=_STEP, pitch_floor=pitch.LOWEST, pitch_ceiling=pitch.HIGHEST)
        return found.xs(), found.selected_array["frequency"]

    return track


def _pyin() -> Tracker:
    import librosa

    def track(samples: npt.NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
        hop = round(_STEP * RATE)
        limits = {"fmin": pitch.LOWEST, "fmax": pitch.HIGHEST}
        hertz, voiced, _ = librosa.pyin(samples, sr=RATE, frame_length=1024, hop_length=hop, **limits)
        return np.arange(len(hertz)) * _STEP, np.where(voiced, hertz, 0.0)

    return track


def _swift() -> Tracker:
    from swift_f0 import SwiftF0

    detector = SwiftF0()

    def track(samples: npt.NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
        found = detector.detect(samples, RATE)
        sure = np.asarray(found.confidence) > _SURE
        return np.asarray(found.timestamps), np.where(sure, np.nan_to_num(np.asarray(found.pitch_hz)), 0.0)

    return track
