"""Phones by ear: the starter's log-mel encoder hears phones and boundaries, in any language and without a transcript.

Two steps keep the memory of hours small: `listen_job` runs the encoder over exact windows and keeps the posteriors, of
16 bits, and the boundary evidence (5 kB a second together); `decode_job` turns these into phones, a block at a time.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment, Phone
from ..audio import Sound
from ..engines import load as load_network
from ..errors import WeightsError
from ..model import log_mel, sizes
from ..model.log_mel import FRAME_RATE
from ..model.network import Evidence
from ..phones import BILABIALS, CLASS_INDEX, PHONE_CLASSES, SILENCE
from ..progress import Job, Progress

FloatArray: TypeAlias = npt.NDArray[np.float32]
Posteriors: TypeAlias = npt.NDArray[np.float16] | npt.NDArray[np.float32]

METHOD = "neural"

_WINDOW = 20 * FRAME_RATE  # frames of 10 ms between margins
_PEAK = 0.3  # weakest boundary worth a key frame by itself
_WEAKEST_PEAK = 0.12  # weakest boundary that a change of phones can make credible
_PAUSE_EDGE = 0.05  # credit of the edge of a pause where the encoder hears no boundary
OFFSET = -0.012  # seconds from a peak of the boundary head to the boundary as people and aligners set it
_SHORTEST_PHONE = 0.02
_LONGEST_PHONE = 0.6
_MOST_CANDIDATES = 25  # boundary candidates that one phone may run across
_FRAME_WEIGHT = 0.4  # of a frame's posterior in the path: frames of one phone are no independent witnesses
_PHONE_COST = 0.5  # log odds by which a boundary has to be likelier than not
_SURE_OF_SILENCE = 0.5
_BILABIAL_EVIDENCE = 0.35  # they are over-detected: with a smaller share of the posterior, the next best class it is
_SMALLEST_PROBABILITY = 1e-3
_BLOCK = 1 << 14  # frames worked on at a time, so that an hour takes no more memory than a minute

_SILENCE_INDEX = CLASS_INDEX[SILENCE]
_BILABIAL_INDICES = np.array([CLASS_INDEX[name] for name in sorted(BILABIALS)])


@dataclass(frozen=True)
class Heard:
    """What the encoder made of a sound: `phones` (frames, classes) at 50 Hz, `boundaries` (frames,) at 100 Hz."""

    phones: Posteriors
    boundaries: FloatArray


class Ear(Protocol):
    """Who hears: a network whose encoder is the log-mel one."""

    def evidence(self, features: FloatArray) -> Evidence:
        """Features (steps, 81) at 100 Hz to what is heard in them at 50 Hz."""


@dataclass(frozen=True)
class NeuralLocalizer:
    """Finds phones with a trained encoder; `measure` takes the statistics of a sound."""

    ear: Ear
    measure: Callable[[Sound], Job[log_mel.MelStatistics]] = log_mel.statistics_job

    @staticmethod
    def load(weights: Path, device: str = "auto") -> "NeuralLocalizer":
        """The localizer of the checkpoint folder `weights`.  Raises `WeightsError` where it has no log-mel encoder."""
        network = load_network(weights, device)
        if not network.config.encoder.hears_phones:
            raise WeightsError(f"The weights in {weights} do not know phones: localize with the starter weights.")
        return NeuralLocalizer(network)

    def job(self, sound: Sound) -> Job[Alignment]:
        """Find the phones of `sound`; whatever its language; silence is what the encoder calls so."""
        found, _ = yield from self.hear_job(sound)
        return found

    def hear_job(self, sound: Sound) -> Job[tuple[Alignment, Heard]]:
        """As `job`, with all that was heard."""
        statistics = yield from self.measure(sound)
        heard = yield from listen_job(self.ear, sound, statistics)
        found = yield from decode_job(heard, sound.duration)
        return found, heard


def listen_job(ear: Ear, sound: log_mel.Readable, statistics: log_mel.MelStatistics) -> Job[Heard]:
    """Hear the whole sound in windows whose margins make them exact."""
    margin = 2 * sizes.margin()
    phones = np.empty((-(-statistics.frames // 2), len(PHONE_CLASSES)), np.float16)
    boundaries = np.empty(statistics.frames, np.float32)
    for start in range(0, statistics.frames, _WINDOW):
        stop = min(start + _WINDOW, statistics.frames)
        first, last = max(start - margin, 0), min(stop + margin, statistics.frames)
        evidence = ear.evidence(log_mel.features(sound, statistics, first, last))
        inner = slice((start - first) // 2, (start - first) // 2 + (stop - start + 1) // 2)
        phones[start // 2 : -(-stop // 2)] = evidence.phones[inner]
        boundaries[start:stop] = evidence.boundaries[inner].reshape(-1)[: stop - start]
        yield Progress("finding phones", stop / statistics.frames)
    return Heard(phones, boundaries)


def decode_job(heard: Heard, duration: float) -> Job[Alignment]:
    """Phones of what was heard in a sound of `duration` seconds, each with the mean posterior of its class.

    The likeliest path through segments: boundaries and the phones between them vouch for each other.
    """
    count = len(heard.boundaries)
    silence = at_100_hertz(heard.phones[:, [_SILENCE_INDEX]], 0, count)[:, 0]
    times, credit = _candidates(heard.boundaries, silence)
    edges = yield from _best_path(heard, np.round(times).astype(np.int64), credit)
    found = [
        Phone(_seconds(start), _seconds(end) if end < count else duration, PHONE_CLASSES[index], confidence)
        for start, end, index, confidence in _named(heard, times[edges])
    ]
    return Alignment.covering(found, duration, METHOD)


def _seconds(frame: float) -> float:
    return max(frame / FRAME_RATE + OFFSET, 0.0) if frame > 0 else 0.0


def at_100_hertz(values: Posteriors, first: int, last: int) -> FloatArray:
    """Posteriors at 50 Hz, interpolated between their centres, of the frames `first` to `last` at 100 Hz."""
    found = np.empty((last - first, values.shape[1]), np.float32)
    for start in range(first, last, _BLOCK):
        position = np.minimum(np.arange(start, min(start + _BLOCK, last)) / 2, len(values) - 1)
        below = position.astype(int)
        share = (position - below)[:, None].astype(np.float32)
        above = values[np.minimum(below + 1, len(values) - 1)]
        found[start - first : start - first + _BLOCK] = values[below] * (1 - share) + above * share
    return found


def boundary_frames(evidence: FloatArray) -> npt.NDArray[np.float64]:
    """Frames at 100 Hz, refined by a parabola, where the encoder is fairly sure of a boundary.

    `evidence` (frames,) is the encoder's, from 0 to 1.
    """
    return _refined(evidence, _peaks(evidence, _PEAK))


def _peaks(evidence: FloatArray, weakest: float) -> npt.NDArray[np.int64]:
    """Frames where a boundary is locally likeliest; the surer of two that are closer than a phone."""
    inner = evidence[1:-1]
    local = np.flatnonzero((inner >= weakest) & (inner >= evidence[:-2]) & (inner > evidence[2:])) + 1
    kept: list[int] = []
    for frame in local.tolist():
        if not kept or frame - kept[-1] >= _SHORTEST_PHONE * FRAME_RATE:
            kept.append(frame)
        elif evidence[frame] > evidence[kept[-1]]:
            kept[-1] = frame
    return np.array(kept, np.int64)


def _refined(evidence: FloatArray, peaks: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    before, here, after = (evidence[peaks + k].astype(np.float64) for k in (-1, 0, 1))
    curvature = np.minimum(before - 2 * here + after, -1e-6)
    return peaks + np.clip(0.5 * (before - after) / curvature, -0.5, 0.5)


def _candidates(evidence: FloatArray, silence: FloatArray) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Frames that may be boundaries, the first and last of the sound among them, and the log odds that they are."""
    peaks = _peaks(evidence, _WEAKEST_PEAK)
    turns = np.flatnonzero(np.diff((silence > _SURE_OF_SILENCE).astype(int))) + 1
    near = np.searchsorted(peaks, turns)
    padded = np.concatenate([[-np.inf], peaks, [np.inf]])
    apart = np.minimum(turns - padded[near], padded[near + 1] - turns)
    turns = turns[apart > _SHORTEST_PHONE * FRAME_RATE]
    times = np.concatenate([_refined(evidence, peaks), turns])
    sure = np.concatenate([evidence[peaks], np.full(len(turns), _PAUSE_EDGE)]).clip(1e-3, 1 - 1e-3)
    order = np.argsort(times)
    credit = np.log(sure / (1 - sure))[order] - _PHONE_COST
    return np.concatenate([[0], times[order], [len(evidence)]]), np.concatenate([[0], credit, [0]])


def _best_path(
    heard: Heard, frames: npt.NDArray[np.int64], credit: npt.NDArray[np.float64]
) -> Job[npt.NDArray[np.int64]]:
    """Indices of the candidates `frames` that the best segmentation takes: dynamic programming over their pairs."""
    longest = _LONGEST_PHONE * FRAME_RATE
    best = np.zeros(len(frames))
    came_from = np.zeros(len(frames), np.int64)
    summed, here = np.zeros((1, heard.phones.shape[1])), 1  # of the candidates before `here`, as far as they matter
    for fresh in _summed_until(heard, frames[1:]):
        summed = np.concatenate([summed[-_MOST_CANDIDATES:], fresh])
        for row in range(len(summed) - len(fresh), len(summed)):
            first = max(0, here - _MOST_CANDIDATES)
            spans = summed[row] - summed[row - (here - first) : row]
            too_long = frames[here] - frames[first:here] > longest
            too_long[-1] = False
            score = np.where(too_long, spans[:, _SILENCE_INDEX], spans.max(axis=1)) + best[first:here]
            came_from[here] = first + score.argmax()
            best[here] = score.max() + credit[here]
            here += 1
        yield Progress("finding phones", here / len(frames))
    path = [len(frames) - 1]
    while path[-1] > 0:
        path.append(int(came_from[path[-1]]))
    return np.array(path[::-1])


def _summed_until(heard: Heard, frames: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.float64]]:
    """How likely each class is over all that comes before each of `frames` (rising), as a sum of logs.

    Gives (some of `frames`, classes), block after block.
    """
    total = np.zeros(heard.phones.shape[1])
    count, done = len(heard.boundaries), 0
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        posteriors = at_100_hertz(heard.phones, start, stop)
        likelihood = np.log(np.maximum(posteriors, _SMALLEST_PROBABILITY)) * _FRAME_WEIGHT
        running = np.concatenate([total[None], total + np.cumsum(likelihood, axis=0, dtype=np.float64)])
        inside = frames[done : np.searchsorted(frames, stop, "right")]
        yield running[inside - start]
        done += len(inside)
        total = running[-1]


def _named(heard: Heard, edges: npt.NDArray[np.float64]) -> list[tuple[float, float, int, float]]:
    """(start, end, class, confidence) of each segment in frames; silences that touch become one."""
    indices, confidences = _names(heard, np.minimum(np.rint(edges[:-1]).astype(np.int64), len(heard.boundaries) - 1))
    found: list[tuple[float, float, int, float]] = []
    segments = zip(itertools.pairwise(edges.tolist()), indices.tolist(), confidences.tolist(), strict=True)
    for (start, end), index, confidence in segments:
        if found and index == found[-1][2] == _SILENCE_INDEX:
            before = found.pop()
            length, longer = end - start, before[1] - before[0]
            found.append((before[0], end, index, (confidence * length + before[3] * longer) / (length + longer)))
        else:
            found.append((start, end, index, confidence))
    return found


def _names(heard: Heard, firsts: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The class of every segment and its mean probability; each runs from its first frame to the next one's."""
    count, classes = len(heard.boundaries), heard.phones.shape[1]
    likelihood, mean = np.zeros((len(firsts), classes)), np.zeros((len(firsts), classes))
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        low, after, high = np.searchsorted(firsts, (start, start + 1, stop)).tolist()
        low = max(min(low, after - 1), 0)  # the segment that runs into the block, or those that begin with it
        posteriors = at_100_hertz(heard.phones, start, stop)
        at = np.maximum(firsts[low:high] - start, 0)
        mean[low:high] += np.add.reduceat(posteriors, at, axis=0, dtype=np.float64)
        logs = np.log(np.maximum(posteriors, _SMALLEST_PROBABILITY))
        likelihood[low:high] += np.add.reduceat(logs, at, axis=0, dtype=np.float64)
    frames = np.maximum(np.diff(firsts, append=count), 1)[:, None]
    mean, likelihood = mean / frames, likelihood / frames
    is_unsure = mean[:, _BILABIAL_INDICES].sum(axis=1) < _BILABIAL_EVIDENCE
    likelihood[np.ix_(is_unsure, _BILABIAL_INDICES)] = -np.inf
    indices = likelihood.argmax(axis=1)
    return indices, np.minimum(mean[np.arange(len(firsts)), indices], 1.0)
