"""Phones by ear: the starter's log-mel encoder hears phones and boundaries, in any language and without a transcript.

Two steps keep the memory of an hour small: `listen_job` runs the encoder over exact windows and keeps one posterior
a frame and boundary evidence; `decode` turns these into phones.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment, Phone
from ..audio import Sound
from ..errors import WeightsError
from ..model import log_mel
from ..phones import BILABIALS, CLASS_INDEX, PHONE_CLASSES, SILENCE
from ..progress import Job, Progress

if TYPE_CHECKING:
    from ..model.log_mel_encoder import LogMelEncoder

FloatArray: TypeAlias = npt.NDArray[np.float32]

METHOD = "neural"

_WINDOW = 20 * log_mel.FRAME_RATE  # frames of 10 ms between margins
_PEAK = 0.3  # weakest boundary; chosen for its F1 against hand-set boundaries
_OFFSET = 0.0  # seconds from a peak of the boundary head to the boundary, measured on speech with known times
_SHORTEST_PHONE = 0.02
_SHORTEST_PAUSE = 0.08
_SURE_OF_SILENCE = 0.5
_BILABIAL_EVIDENCE = 0.35  # over-detected: lips close for less than this only if nothing else is likelier
_SMALLEST_PROBABILITY = 1e-4

_SILENCE_INDEX = CLASS_INDEX[SILENCE]
_BILABIAL_INDICES = np.array([CLASS_INDEX[name] for name in sorted(BILABIALS)])


@dataclass(frozen=True)
class Heard:
    """What the encoder made of a sound: `phones` (frames, classes) posteriors at 50 Hz, `boundaries` (frames,) of
    0 to 1 at 100 Hz."""

    phones: FloatArray
    boundaries: FloatArray


@dataclass(frozen=True)
class NeuralLocalizer:
    """Finds phones with a trained encoder; `device` is where that lies."""

    encoder: "LogMelEncoder"
    device: str = "cpu"

    @staticmethod
    def load(weights: Path, device: str = "cpu") -> "NeuralLocalizer":
        """The localizer of the checkpoint folder `weights`.  Raises `WeightsError` where it has no log-mel encoder."""
        from ..model import checkpoint

        network = checkpoint.load(weights)
        if network.config.encoder.kind != "log_mel":
            raise WeightsError(f"The weights in {weights} do not know phones: localize with the starter weights.")
        return NeuralLocalizer(network.audio_encoder.backbone.to(device), device)

    def job(self, sound: Sound) -> Job[Alignment]:
        """Find the phones of `sound`; whatever its language; silence is what the encoder calls so."""
        heard = yield from listen_job(self.encoder, sound, self.device)
        return decode(heard, sound.duration)


def listen_job(encoder: "LogMelEncoder", sound: log_mel.Readable, device: str = "cpu") -> Job[Heard]:
    """Run `encoder` over the whole sound in windows whose margins make them exact."""
    import torch

    statistics = yield from log_mel.statistics_job(sound)
    margin = 2 * encoder.margin
    phones, boundaries = [], []
    for start in range(0, statistics.frames, _WINDOW):
        stop = min(start + _WINDOW, statistics.frames)
        first, last = max(start - margin, 0), min(stop + margin, statistics.frames)
        features = torch.from_numpy(log_mel.features(sound, statistics, first, last))
        with torch.no_grad():
            evidence = encoder(features[None].to(device))
        inner = slice((start - first) // 2, (start - first) // 2 + (stop - start + 1) // 2)
        phones.append(evidence.phones[0, inner].softmax(-1).cpu().numpy().astype(np.float16))
        boundaries.append(evidence.boundaries[0, inner].sigmoid().reshape(-1)[: stop - start].cpu().numpy())
        yield Progress("finding phones", stop / statistics.frames)
    return Heard(np.concatenate(phones).astype(np.float32), np.concatenate(boundaries))


def decode(heard: Heard, duration: float) -> Alignment:
    """Phones of what was heard in a sound of `duration` seconds, each with the mean posterior of its class."""
    phones = _at_100_hertz(heard.phones, len(heard.boundaries))
    edges = np.concatenate([[0], boundary_frames(heard.boundaries), [len(phones)]])
    edges = _with_pauses(phones, edges)
    segments = _joined(phones, edges)
    found = [
        Phone(_seconds(start), _seconds(end) if end < len(phones) else duration, PHONE_CLASSES[index], confidence)
        for start, end, index, confidence in segments
    ]
    return Alignment.covering(found, duration, METHOD)


def _seconds(frame: float) -> float:
    return max(frame / log_mel.FRAME_RATE + _OFFSET, 0.0) if frame > 0 else 0.0


def _at_100_hertz(values: FloatArray, frames: int) -> FloatArray:
    """Posteriors at 50 Hz, interpolated between their centres."""
    position = np.minimum(np.arange(frames) / 2, len(values) - 1)
    below = position.astype(int)
    share = (position - below)[:, None].astype(np.float32)
    return values[below] * (1 - share) + values[np.minimum(below + 1, len(values) - 1)] * share


def boundary_frames(evidence: FloatArray) -> npt.NDArray[np.float64]:
    """Frames at 100 Hz, refined by a parabola, where a boundary is locally likeliest; the surer of two too close ones.

    `evidence` (frames,) is the encoder's, from 0 to 1.
    """
    inner = evidence[1:-1]
    local = np.flatnonzero((inner >= _PEAK) & (inner >= evidence[:-2]) & (inner > evidence[2:])) + 1
    kept: list[int] = []
    for frame in local.tolist():
        if not kept or frame - kept[-1] >= _SHORTEST_PHONE * log_mel.FRAME_RATE:
            kept.append(frame)
        elif evidence[frame] > evidence[kept[-1]]:
            kept[-1] = frame
    peak = np.array(kept, np.int64)
    before, here, after = (evidence[peak + k].astype(np.float64) for k in (-1, 0, 1))
    curvature = np.minimum(before - 2 * here + after, -1e-6)
    return peak + np.clip(0.5 * (before - after) / curvature, -0.5, 0.5)


def _with_pauses(phones: FloatArray, edges: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Edges plus the ends of pauses that lie inside a segment, where the boundary head missed them."""
    silent = phones[:, _SILENCE_INDEX] > _SURE_OF_SILENCE
    turns = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(int)))
    shortest = _SHORTEST_PAUSE * log_mel.FRAME_RATE
    added = []
    for start, end in zip(turns[::2], turns[1::2], strict=True):
        if end - start >= shortest:
            added += [frame for frame in (start, end) if np.abs(edges - frame).min() > shortest / 2]
    return np.sort(np.concatenate([edges, np.array(added, float)]))


def _joined(phones: FloatArray, edges: npt.NDArray[np.floating]) -> list[tuple[float, float, int, float]]:
    """(start, end, class, confidence) of each segment in frames; silences that touch become one."""
    found: list[tuple[float, float, int, float]] = []
    for start, end in itertools.pairwise(edges.tolist()):
        if end - start < 1:
            continue
        first = min(round(start), len(phones) - 1)
        index, confidence = _name(phones[first : max(round(end), first + 1)])
        if found and index == found[-1][2] == _SILENCE_INDEX:
            before = found.pop()
            length, longer = end - start, before[1] - before[0]
            found.append((before[0], end, index, (confidence * length + before[3] * longer) / (length + longer)))
        else:
            found.append((start, end, index, confidence))
    return found


def _name(posteriors: FloatArray) -> tuple[int, float]:
    """Class of a segment from its posteriors (frames, classes), and its mean probability."""
    likelihood = np.log(np.maximum(posteriors, _SMALLEST_PROBABILITY)).mean(axis=0)
    mean = posteriors.mean(axis=0)
    if mean[_BILABIAL_INDICES].sum() < _BILABIAL_EVIDENCE:
        likelihood[_BILABIAL_INDICES] = -np.inf
    index = int(likelihood.argmax())
    return index, float(min(mean[index], 1.0))
