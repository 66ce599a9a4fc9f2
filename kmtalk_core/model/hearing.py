"""A sound as the network hears it: encoded in windows of bounded length, for any stretch of motion frames."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ..audio import RATE, Sound
from ..progress import Job, Progress
from . import log_mel
from .audio_encoder import AudioEncoder, EncodedSpeech, FloatArray
from .inference import inferring

Result = TypeVar("Result")

WINDOW_SECONDS = 20.0
BLEND_SECONDS = 1.0
"""Where two windows of a pretrained encoder meet, one fades into the other over this long."""

_KEPT_WINDOWS = 4
_BLOCK_SAMPLES = 60 * RATE
_POLL_SECONDS = 0.1


class Hearing:
    """One sound and the audio encoder that listens to it; `delay` seconds is how much later the face moves.

    The windows stand on a grid that depends on the sound alone, so a frame is heard alike whatever stretch it is
    asked for in.
    """

    def __init__(self, encoder: AudioEncoder, source: "_Source", frame_count: int, delay: float) -> None:
        self._encoder, self._source, self._delay = encoder, source, delay
        self.frame_count = frame_count
        windows = max(1, round(frame_count / (WINDOW_SECONDS * encoder.fps)))
        self._length = math.ceil(frame_count / windows)
        self._blend = 0 if encoder.kind == "log_mel" else round(BLEND_SECONDS * encoder.fps)
        self._encoded: OrderedDict[int, EncodedSpeech] = OrderedDict()

    def encode_job(self, first: int, last: int) -> Job[EncodedSpeech]:
        """Frames `first` to `last` (within the sound), batch of one."""
        parts = []
        for window in range(first // self._length, (last - 1) // self._length + 1):
            start = window * self._length
            low, high = max(first - start, 0), min(last - start, self._length)
            features, phones = yield from self._blended(window)
            parts.append((features[:, low:high], None if phones is None else phones[:, low:high]))
        features = torch.cat([part[0] for part in parts], dim=1)
        heard = [part[1] for part in parts if part[1] is not None]
        return EncodedSpeech(features, torch.cat(heard, dim=1) if heard else None)

    def _blended(self, window: int) -> Generator[Progress, None, tuple[Tensor, Tensor | None]]:
        """The window's frames; where a pretrained encoder heard its beginning twice, one fades into the other."""
        encoded = yield from self._window(window)
        if not self._blend or window == 0:
            return encoded.features, encoded.phones
        before = (yield from self._window(window - 1)).features[:, self._length :]
        blend = before.shape[1]
        share = torch.linspace(0, 1, blend + 2, device=before.device)[1:-1, None]
        joined = torch.lerp(before, encoded.features[:, :blend], share)
        return torch.cat([joined, encoded.features[:, blend:]], dim=1), encoded.phones

    def _window(self, window: int) -> Job[EncodedSpeech]:
        """The encoder's output for one window of the grid, and for what of the next the blending needs."""
        if window in self._encoded:
            self._encoded.move_to_end(window)
            return self._encoded[window]
        first = window * self._length
        last = min(first + self._length + self._blend, self.frame_count)
        start, stop = (frame / self._encoder.fps - self._delay for frame in (first, last))
        signal, origin = self._source.read(start - self._encoder.context, stop + self._encoder.context)

        def encode() -> EncodedSpeech:
            with inferring(one_thread=self._encoder.is_small):
                device = self._encoder.project.weight.device
                encoded = self._encoder(torch.from_numpy(signal)[None].to(device), last - first, start - origin)
                return EncodedSpeech(encoded.features, encoded.phones)

        if self._encoder.kind == "log_mel":
            encoded = encode()
        else:
            encoded = yield from _in_background(encode, self._encoder)
        self._encoded[window] = encoded
        while len(self._encoded) > _KEPT_WINDOWS:
            self._encoded.popitem(last=False)
        return encoded


@dataclass(frozen=True)
class _Waveform:
    """Samples at zero mean and unit deviation over the whole sound."""

    sound: Sound
    mean: float
    deviation: float
    step: int

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

    def read(self, start: float, stop: float) -> tuple[FloatArray, float]:
        """The features from `start` to `stop` (seconds), within the sound, and where they really start."""
        total = self.statistics.frames
        last = max(min(math.ceil(stop * log_mel.FRAME_RATE) + 2, total), min(2, total))
        first = max(min(math.floor(start * log_mel.FRAME_RATE), last - 2) // 2 * 2, 0)
        return log_mel.features(self.sound, self.statistics, first, last), first / log_mel.FRAME_RATE


_Source = _Waveform | _LogMel


def listen_job(encoder: AudioEncoder, sound: Sound, frame_count: int, delay: float = 0.0) -> Job[Hearing]:
    """Take the measure of `sound` (its loudness, its spectrum), reading it in blocks, and return its `Hearing`."""
    if encoder.kind == "log_mel":
        statistics = yield from log_mel.statistics_job(sound)
        return Hearing(encoder, _LogMel(sound, statistics), frame_count, delay)
    total = squares = 0.0
    for start in range(0, sound.length, _BLOCK_SAMPLES):
        samples = sound.read(start, min(start + _BLOCK_SAMPLES, sound.length)).astype(np.float64)
        total += float(samples.sum())
        squares += float((samples**2).sum())
        yield Progress("listening", min((start + _BLOCK_SAMPLES) / sound.length, 1.0))
    mean = total / sound.length
    deviation = math.sqrt(max(squares / sound.length - mean**2, 0.0) + 1e-7)
    step = round(RATE / encoder.token_rate)
    return Hearing(encoder, _Waveform(sound, mean, deviation, step), frame_count, delay)


class _Stopped(Exception):
    """Raised inside the encoder when nobody waits for it any more."""


def _in_background(work: Callable[[], Result], encoder: AudioEncoder) -> Job[Result]:
    """Run `work` in a thread, yielding while it runs; closing the job stops the encoder at its next layer.

    A window of a large encoder takes many seconds on a CPU, and whoever waits may want to cancel.
    """
    stop = threading.Event()
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def check(*_: object) -> None:
        if stop.is_set():
            raise _Stopped

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # handed to the waiting job
            failure.append(error)

    hooks = [module.register_forward_pre_hook(check) for module in encoder.backbone.modules()]
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_POLL_SECONDS)
            yield Progress("listening", 0.0)
    finally:
        stop.set()
        thread.join()
        for hook in hooks:
            hook.remove()
    if failure:
        raise failure[0]
    return outcome[0]
