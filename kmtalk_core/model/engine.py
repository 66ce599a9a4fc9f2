"""The network as an engine: arrays in and out, on any device that PyTorch knows."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from ..errors import KMTalkError
from ..progress import Job, Progress
from . import checkpoint
from .audio_encoder import AudioEncoder, EncodedSpeech
from .config import KMTalkConfig
from .inference import inferring
from .kmtalk import KMTalk
from .network import DEVICES, Encoded, Evidence, FloatArray, IndexArray

Result = TypeVar("Result")

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class TorchNetwork:
    """A `Network` that PyTorch runs."""

    model: KMTalk

    @staticmethod
    def load(folder: Path, device: str = "auto") -> "TorchNetwork":
        """The network of a checkpoint folder.  Raises WeightsError, and KMTalkError for a device that is not there."""
        model = checkpoint.load(folder)
        return TorchNetwork(model.to(pick_device(device, model.audio_encoder.is_small)))

    @property
    def config(self) -> KMTalkConfig:
        return self.model.config

    @property
    def device(self) -> str:
        return str(self._place)

    @property
    def _place(self) -> torch.device:
        return self.model.audio_encoder.project.weight.device

    def encode_job(self, signal: FloatArray, frame_count: int, start: float) -> Job[Encoded]:
        """In a thread where the encoder is large."""
        encoder = self.model.audio_encoder

        def encode() -> Encoded:
            with _memory_told(), inferring(one_thread=encoder.is_small):
                encoded = encoder(torch.from_numpy(signal)[None].to(self._place), frame_count, start)
                phones = None if encoded.phones is None else encoded.phones[0].cpu().numpy()
                return Encoded(encoded.features[0].cpu().numpy(), phones)

        return encode() if encoder.is_small else (yield from _in_background(encode, encoder))

    def evidence(self, features: FloatArray) -> Evidence:
        with _memory_told(), inferring(one_thread=True):
            heard = self.model.audio_encoder.backbone(torch.from_numpy(features)[None].to(self._place))
            return Evidence(heard.phones[0].softmax(-1).cpu().numpy(), heard.boundaries[0].sigmoid().cpu().numpy())

    def motion(
        self,
        encoded: Encoded,
        keys: IndexArray,
        given: Sequence[int],
        settle: Callable[[FloatArray], FloatArray],
        core: slice,
    ) -> FloatArray:
        with _memory_told(), inferring(one_thread=self.model.audio_encoder.is_small):
            features = torch.from_numpy(encoded.features)[None].to(self._place)
            phones = None if encoded.phones is None else torch.from_numpy(encoded.phones)[None].to(self._place)
            frames = torch.from_numpy(keys)[None].to(self._place, torch.long)
            heard = self.model.listen(EncodedSpeech(features, phones))
            poses = self.model.key_motions(heard, frames)
            if given:
                poses[0, list(given)] = torch.from_numpy(settle(poses[0, list(given)].cpu().numpy())).to(self._place)
            motion: FloatArray = self.model.complete(heard, frames, poses, core=core)[0].cpu().numpy()
            return motion


def pick_device(name: str, is_small: bool = False) -> torch.device:
    """The device called `name`; `auto` is the best this machine has, for a network that `is_small` the processor.

    Raises KMTalkError where the machine has none such.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = "cpu" if is_small else next(kind for kind in ("cuda", "mps", "cpu") if available[kind])
    if name not in available:
        raise KMTalkError(f"There is no device {name!r:.40}; choose one of {', '.join(DEVICES)}.")
    if not available[name]:
        raise KMTalkError(f"PyTorch finds no {name} device on this machine; choose auto or cpu.")
    return torch.device(name)


@contextmanager
def _memory_told() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise KMTalkError("The graphics device ran out of memory; free some, or choose the device cpu.") from error


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
