"""KMTalk: A = AudioEncoder(x); K = key motions of A at the key frames I; Y = completion of (K, I, A)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..model.config import KMTalkConfig
from ..model.log_mel import FloatArray
from ..model.network import Encoded, Evidence
from ..progress import Job
from .audio_encoder import AudioEncoder
from .completion import DynamicFusion, MotionFlowEncoder, MultimodalGuidedDecoder
from .key_motion import KeyMotionDecoder, PhoneConditioning
from .spacing import KeySpacing
from .tensors import IndexArray, Tensors, sigmoid, softmax

_ALL = slice(None)


class Heard(NamedTuple):
    """Audio features (time, width) that know the phones where the network is conditioned on them, and the poses of
    these (time, motion width), scaled."""

    audio: FloatArray
    poses: FloatArray | None


class KMTalk:
    """The network of the paper on one stretch of speech; a `Network` as every engine has one."""

    device = "cpu"

    def __init__(self, config: KMTalkConfig, tensors: Tensors) -> None:
        self.config = config
        self.audio_encoder = AudioEncoder(tensors.of("audio_encoder"), config.motion_space.fps)
        self.phone_conditioning = (
            PhoneConditioning(tensors.of("phone_conditioning")) if config.phone_conditioning else None
        )
        self.key_motion_decoder = KeyMotionDecoder(tensors.of("key_motion_decoder"), config)
        self.motion_flow_encoder = MotionFlowEncoder(tensors.of("motion_flow_encoder"), config)
        self.fusion = DynamicFusion(tensors.of("fusion"), config)
        self.multimodal_guided_decoder = MultimodalGuidedDecoder(tensors.of("multimodal_guided_decoder"), config)

    def listen(self, encoded: Encoded) -> Heard:
        """What both halves work on."""
        if self.phone_conditioning is None or encoded.phones is None:
            return Heard(encoded.features, None)
        audio = encoded.features + self.phone_conditioning.embed(encoded.phones)
        return Heard(audio, self.phone_conditioning.poses(encoded.phones))

    def key_motions(self, heard: Heard, keys: IndexArray) -> FloatArray:
        """K (n, motion width)."""
        scaled = self.key_motion_decoder(heard.audio, keys)
        if heard.poses is not None:
            scaled += heard.poses[keys]
        return self._unscaled(scaled)

    def complete(self, heard: Heard, keys: IndexArray, key_motions: FloatArray, core: slice = _ALL) -> FloatArray:
        """Y (frames, motion width) of the frames `core`, from any key motions, a person's included."""
        spacing = KeySpacing.of(keys, len(heard.audio), self.config.flow_reach)
        flow = self.motion_flow_encoder(key_motions, spacing)
        fused = self.fusion(flow, heard.audio, spacing)
        motion = self.multimodal_guided_decoder(fused, core)
        return self.guided(motion, heard, spacing, key_motions, core)

    def guided(
        self, motion: FloatArray, heard: Heard, spacing: KeySpacing, key_motions: FloatArray, core: slice
    ) -> FloatArray:
        """What the decoder made of the frames `core` (scaled; used up), with what is added to it, in motion units."""
        if heard.poses is not None and self.config.audio_guidance:
            motion += heard.poses[core]
        motion = self._unscaled(motion)
        if self.config.residual:
            motion += spacing.interpolate(key_motions)[core]
        return motion

    def _unscaled(self, motion: FloatArray) -> FloatArray:
        return motion if self.config.motion_scale == 1 else np.divide(motion, self.config.motion_scale, out=motion)

    def encode_job(self, signal: FloatArray, frame_count: int, start: float) -> Job[Encoded]:
        yield from ()
        return self.audio_encoder(signal, frame_count, start)

    def evidence(self, features: FloatArray) -> Evidence:
        heard = self.audio_encoder.backbone(features)
        return Evidence(softmax(heard.phones), sigmoid(heard.boundaries))

    def motion(
        self,
        encoded: Encoded,
        keys: IndexArray,
        given: Sequence[int],
        settle: Callable[[FloatArray], FloatArray],
        core: slice,
    ) -> FloatArray:
        heard = self.listen(encoded)
        poses = self.key_motions(heard, keys)
        if given:
            poses[given] = settle(poses[given])
        return self.complete(heard, keys, poses, core)
