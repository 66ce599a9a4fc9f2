"""The network on a sound that goes on: the motion of one frame from what is heard up to a while after it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..alignment import Alignment, Phone
from ..localize.neural import METHOD
from ..model.log_mel import FloatArray
from ..portable.kmtalk import Heard, KMTalk
from ..portable.spacing import KeySpacing
from .ear import StreamingEar
from .layers import StreamingLayer
from .phones import StreamingLocalizer

IndexArray = npt.NDArray[np.intp]

_OPEN = 2  # frames before the shown one that are worked out again
_PHONES_KEPT = 3.0  # seconds
_CONDITIONED = 2  # frames on each side that the phones of one pose come from


@dataclass(frozen=True)
class Moment:
    """The network's motion `raw` (frames, channels) from frame `first` up to the last that is heard, and the
    `alignment` of the last seconds."""

    first: int
    raw: FloatArray
    alignment: Alignment


class StreamingMouth:
    """Key motions and their completion as the sound is heard; everything before the shown frame is settled."""

    def __init__(self, network: KMTalk) -> None:
        self._network, self._config = network, network.config
        self._fps = self._config.motion_space.fps
        self._reach = self._config.reach
        past = (_OPEN + self._reach + _CONDITIONED + 1) / self._fps
        self.ear = StreamingEar(network.audio_encoder.backbone, past)
        self._localizer = StreamingLocalizer(_PHONES_KEPT)
        self._flow = [StreamingLayer(layer, self._reach) for layer in network.motion_flow_encoder.layers]
        self._decoder = [StreamingLayer(layer, self._reach) for layer in network.multimodal_guided_decoder.layers]
        self._settled = 0
        self._keys: dict[int, FloatArray] = {}  # key motions of settled frames

    def hear(self, samples: FloatArray, frame: int, last: int) -> Moment:
        """Motion of `frame`, which rises from call to call, to `last` and beyond, now that `samples` have come."""
        heard = self.ear.hear(samples, frame / self._fps)
        phones = self._localizer.phones(heard, frame / self._fps)
        first, settled = self._settled, max(frame - _OPEN, self._settled)
        low = max(first - self._reach - _CONDITIONED, 0)
        count = max(int(heard.end * self._fps + 1e-6), last) + 1 - low
        encoded = self._network.audio_encoder.at_motion_rate(heard.evidence, count, low / self._fps - heard.start)
        listened = self._network.listen(encoded)
        frames, poses = self._key_motions(listened, phones, low, count)
        spacing = KeySpacing.of(frames - low, count, self._config.flow_reach)
        core = slice(first - low, count)
        flow = self._network.motion_flow_encoder.placed(poses, spacing)
        flow[core] = self._through(self._flow, flow[core], settled)
        fused = self._network.fusion(flow, listened.audio, spacing)[core]
        decoded = self._network.multimodal_guided_decoder.head(self._through(self._decoder, fused, settled))
        raw = self._network.guided(decoded, listened, spacing, poses, core)
        self._settle(settled, frames, poses)
        return Moment(first, raw, Alignment(phones, heard.end, METHOD))

    def _key_motions(
        self, heard: Heard, phones: tuple[Phone, ...], low: int, count: int
    ) -> tuple[IndexArray, FloatArray]:
        """Key frames, from those that still matter up to the last that is heard, and their motions."""
        last = low + count - 1
        edges = {0, last, *(round(phone.start * self._fps) for phone in phones[1:])}
        fresh = sorted(key for key in edges if self._settled <= key <= last)
        known = list(self._keys)
        beside = [key for key in known[-1:] if key >= low]  # the gap before the first is measured from it
        made = self._network.key_motions(heard, np.array([*beside, *fresh], np.intp) - low)[len(beside) :]
        poses = np.concatenate([np.stack([*self._keys.values()]), made]) if known else made
        return np.array([*known, *fresh], np.intp), poses

    def _through(self, layers: list[StreamingLayer[FloatArray]], x: FloatArray, settled: int) -> FloatArray:
        for layer in layers:
            x = layer(x, settled)
        return x

    def _settle(self, settled: int, frames: IndexArray, poses: FloatArray) -> None:
        oldest = settled - self._config.flow_reach - self._reach
        for frame, pose in zip(frames.tolist(), poses, strict=True):
            if frame < settled:
                self._keys[frame] = pose
        self._keys = {frame: pose for frame, pose in self._keys.items() if frame >= oldest}
        self._settled = settled
