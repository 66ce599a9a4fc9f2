"""A sound as the network hears it: encoded in windows of bounded length, for any stretch of motion frames."""

import math
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from ..audio import RATE, Sound
from ..progress import Job, Progress
from . import log_mel, sizes
from .config import EncoderConfig
from .network import Encoded, FloatArray, Network

WINDOW_SECONDS = 20.0
BLEND_SECONDS = 1.0
"""Where two windows of a pretrained encoder meet, one fades into the other over this long."""

PRETRAINED_CONTEXT = 2.0
"""Seconds of sound given to a pretrained encoder on each side of a window; its own context is the whole window."""

_USUAL_STRIDES = (5, 2, 2, 2, 2, 2, 2)  # of wav2vec 2.0 and its relatives, where a config names none
_KEPT_WINDOWS = 4
_MOST_REMEMBERED = 600 * log_mel.FRAME_RATE  # frames of sound in all; a single longer sound is remembered by itself
_BLOCK_SAMPLES = 60 * RATE


class Hearing:
    """One sound and the network whose encoder listens to it; `delay` seconds is how much later the face moves.

    The windows stand on a grid that depends on the sound alone, so a frame is heard alike whatever stretch it is
    asked for in.
    """

    def __init__(self, network: Network, source: "_Source", frame_count: int, delay: float) -> None:
        self._network, self._source, self._delay = network, source, delay
        self._fps = network.config.motion_space.fps
        self.frame_count = frame_count
        windows = max(1, round(frame_count / (WINDOW_SECONDS * self._fps)))
        self._length = math.ceil(frame_count / windows)
        self._blend = 0 if source.is_exact else round(BLEND_SECONDS * self._fps)
        self._encoded: OrderedDict[int, Encoded] = OrderedDict()

    @property
    def seconds(self) -> float:
        """Of sound."""
        return self.frame_count / self._fps

    def encode_job(self, first: int, last: int) -> Job[Encoded]:
        """Frames `first` to `last`, within the sound."""
        parts = []
        for window in range(first // self._length, (last - 1) // self._length + 1):
            start = window * self._length
            low, high = max(first - start, 0), min(last - start, self._length)
            features, phones = yield from self._blended(window)
            parts.append((features[low:high], None if phones is None else phones[low:high]))
        heard = [part[1] for part in parts if part[1] is not None]
        return Encoded(np.concatenate([part[0] for part in parts]), np.concatenate(heard) if heard else None)

    def _blended(self, window: int) -> Generator[Progress, None, Encoded]:
        """The window's frames; where a pretrained encoder heard its beginning twice, one fades into the other."""
        encoded = yield from self._window(window)
        if not self._blend or window == 0:
            return encoded
        before = (yield from self._window(window - 1)).features[self._length :]
        blend = len(before)
        share = np.linspace(0, 1, blend + 2, dtype=np.float32)[1:-1, None]
        joined = before + share * (encoded.features[:blend] - before)
        return Encoded(np.concatenate([joined, encoded.features[blend:]]), encoded.phones)

    def _window(self, window: int) -> Job[Encoded]:
        """The encoder's output for one window of the grid, and for what of the next the blending needs."""
        if window in self._encoded:
            self._encoded.move_to_end(window)
            return self._encoded[window]
        first = window * self._length
        last = min(first + self._length + self._blend, self.frame_count)
        start, stop = (frame / self._fps - self._delay for frame in (first, last))
        signal, origin = self._source.read(start - self._source.context, stop + self._source.context)
        encoded = yield from self._network.encode_job(signal, last - first, start - origin)
        self._encoded[window] = encoded
        while len(self._encoded) > _KEPT_WINDOWS:
            self._encoded.popitem(last=False)
        return encoded


class Memory:
    """The sounds that were heard last, so that whoever asks of one again need not wait: bounded, by their length."""

    def __init__(self) -> None:
        self._statistics: OrderedDict[str, log_mel.MelStatistics] = OrderedDict()
        self._hearings: OrderedDict[tuple[str, int, float], Hearing] = OrderedDict()

    def statistics_job(self, sound: Sound) -> Job[log_mel.MelStatistics]:
        """What the log-mel features of `sound` are measured against."""
        known = self._statistics.get(sound.digest)
        if known is None:
            known = self._statistics[sound.digest] = yield from log_mel.statistics_job(sound)
        self._statistics.move_to_end(sound.digest)
        while len(self._statistics) > 1 and sum(s.frames for s in self._statistics.values()) > _MOST_REMEMBERED:
            self._statistics.popitem(last=False)
        return known

    def hearing_job(self, network: Network, sound: Sound, frame_count: int, delay: float) -> Job[Hearing]:
        """`sound` as `network` hears it, for so many frames of motion, `delay` seconds later."""
        key = (sound.digest, frame_count, delay)
        known = self._hearings.get(key)
        if known is None:
            is_log_mel = network.config.encoder.hears_phones
            statistics = (yield from self.statistics_job(sound)) if is_log_mel else None
            known = self._hearings[key] = yield from listen_job(network, sound, frame_count, delay, statistics)
        self._hearings.move_to_end(key)
        seconds = [hearing.seconds for hearing in self._hearings.values()]
        while len(seconds) > 1 and sum(seconds) * log_mel.FRAME_RATE > _MOST_REMEMBERED:
            self._hearings.popitem(last=False)
            del seconds[0]
        return known


@dataclass(frozen=True)
class _Waveform:
    """Samples at zero mean and unit deviation over the whole sound, in windows that start on a step of the encoder."""

    sound: Sound
    mean: float
    deviation: float
    step: int
    is_exact = False
    context = PRETRAINED_CONTEXT

    def read(self, start: float, stop: float) -> tuple[FloatArray, float]:
        """The signal from `start` to `stop` (seconds), within the sound, and where it really starts."""
        last = max(min(math.ceil(stop * RATE), self.sound.length), min(self.step, self.sound.length))
        first = max(min(math.floor(start * RATE), last - self.step) // self.step * self.step, 0)
        samples = self.sound.read(first, last)
        return ((samples - self.mean) / self.deviation).astype(np.float32), first / RATE


@dataclass(frozen=True)
class _LogMel:
    """Features at 100 Hz, in windows that start on an even step, as the encoder's stride of two wants."""

    sound: Sound
    statistics: log_mel.MelStatistics
    is_exact = True
    context = sizes.margin() / sizes.EVIDENCE_RATE

    def read(self, start: float, stop: float) -> tuple[FloatArray, float]:
        """The features from `start` to `stop` (seconds), within the sound, and where they really start."""
        total = self.statistics.frames
        last = max(min(math.ceil(stop * log_mel.FRAME_RATE) + 2, total), min(2, total))
        first = max(min(math.floor(start * log_mel.FRAME_RATE), last - 2) // 2 * 2, 0)
        return log_mel.features(self.sound, self.statistics, first, last), first / log_mel.FRAME_RATE


_Source = _Waveform | _LogMel
"""What an encoder is fed with: `is_exact` where a window with `context` seconds on each side is as good as all."""


def listen_job(
    network: Network,
    sound: Sound,
    frame_count: int,
    delay: float = 0.0,
    statistics: log_mel.MelStatistics | None = None,
) -> Job[Hearing]:
    """Take the measure of `sound` (its loudness, its spectrum), reading it in blocks, and return its `Hearing`.

    `statistics` are what the log-mel encoder wants, where they are known already.
    """
    encoder = network.config.encoder
    if encoder.hears_phones:
        statistics = statistics or (yield from log_mel.statistics_job(sound))
        return Hearing(network, _LogMel(sound, statistics), frame_count, delay)
    total = squares = 0.0
    for start in range(0, sound.length, _BLOCK_SAMPLES):
        samples = sound.read(start, min(start + _BLOCK_SAMPLES, sound.length)).astype(np.float64)
        total += float(samples.sum())
        squares += float((samples**2).sum())
        yield Progress("listening", min((start + _BLOCK_SAMPLES) / sound.length, 1.0))
    mean = total / sound.length
    deviation = math.sqrt(max(squares / sound.length - mean**2, 0.0) + 1e-7)
    return Hearing(network, _Waveform(sound, mean, deviation, _step(encoder)), frame_count, delay)


def _step(encoder: EncoderConfig) -> int:
    """Samples from one token of a pretrained encoder to the next."""
    return math.prod(encoder.transformers.get("conv_stride", _USUAL_STRIDES))
