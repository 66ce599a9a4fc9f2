"""The paper's scheme as a frame around any method: let it make key motions, and complete them.

A method is a `MotionGenerator`: audio features in, motion at the frames asked for out.  `DirectNetwork` asks it for
every frame, as its authors do; `SchemeNetwork` asks it for the key frames alone and completes them as KMTalk does.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from ..model.audio_encoder import audio_encoder
from ..model.completion import DynamicFusion, MotionFlowEncoder, MultimodalGuidedDecoder
from ..model.config import KMTalkConfig
from ..model.key_motion import KeyMotionDecoder, at_frames
from ..model.spacing import KeySpacing
from ..training.vertex.data import Batch
from ..training.vertex.network import Forecast, VertexNetwork, full_precision, hear


class Request(NamedTuple):
    """What a generator may look at.

    `audio` (B, T, d) features; `frames` (B, N) rising, where motion is wanted; the masks mark what is no padding;
    `wanted` (B, N, width) the captured motion there, scaled, for losses of the generator's own while it is trained;
    `phones` (B, N, classes) what is said there.
    """

    audio: Tensor
    frames: Tensor
    mask: Tensor
    frame_mask: Tensor
    wanted: Tensor
    phones: Tensor


class Generated(NamedTuple):
    """`motion` (B, N, width), scaled, and a loss of the generator's own."""

    motion: Tensor
    extra: Tensor | None = None


class MotionGenerator(Protocol):
    """Any way from audio features to motion."""

    def __call__(self, request: Request) -> Generated: ...


class KeyMotionGenerator(nn.Module):
    """KMTalk's own decoder as a generator: what it does alone shows what the completion adds."""

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        self.decoder = KeyMotionDecoder(config)

    def forward(self, request: Request) -> Generated:
        return Generated(self.decoder(request.audio, request.frames, request.mask, request.frame_mask))


class DirectNetwork(VertexNetwork):
    """A method by itself: its generator makes every frame."""

    def __init__(self, config: KMTalkConfig, generator: nn.Module) -> None:
        super().__init__()
        self.config = config
        self.audio_encoder = audio_encoder(config.encoder, config.width, config.motion_space.fps)
        self.generator = generator

    def forward(self, batch: Batch) -> Forecast:
        every = torch.arange(batch.motion.shape[1], device=batch.motion.device).expand(len(batch.motion), -1)
        audio = hear(self.audio_encoder, batch).features
        with full_precision(batch):
            made = self.generator(_request(batch, audio, every, batch.frame_mask, self.config.motion_scale))
        return Forecast(made.motion / self.config.motion_scale, None, made.extra)


class SchemeNetwork(VertexNetwork):
    """The method makes key motions; motion flow, fusion and guided decoder of the paper make the rest."""

    def __init__(self, config: KMTalkConfig, generator: nn.Module) -> None:
        super().__init__()
        self.config = config
        self.audio_encoder = audio_encoder(config.encoder, config.width, config.motion_space.fps)
        self.generator = generator
        self.motion_flow_encoder = MotionFlowEncoder(config)
        self.fusion = DynamicFusion(config)
        self.multimodal_guided_decoder = MultimodalGuidedDecoder(config)

    def forward(self, batch: Batch) -> Forecast:
        scale, frame_mask = self.config.motion_scale, batch.frame_mask
        audio = hear(self.audio_encoder, batch).features
        spacing = KeySpacing.of(batch.keys, batch.key_mask, audio.shape[1], self.config.flow_reach)
        with full_precision(batch):
            made = self.generator(_request(batch, audio, batch.keys, batch.key_mask, scale))
            key_motions = made.motion / scale
            flow = self.motion_flow_encoder(key_motions, spacing, frame_mask)
            motion = self.multimodal_guided_decoder(self.fusion(flow, audio, spacing), frame_mask, slice(None))
        return Forecast(motion / scale, key_motions, made.extra)


def _request(batch: Batch, audio: Tensor, frames: Tensor, mask: Tensor, scale: float) -> Request:
    wanted = at_frames(batch.motion, frames) * scale
    return Request(audio, frames, mask, batch.frame_mask, wanted, at_frames(batch.phones, frames))
