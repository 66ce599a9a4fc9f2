"""KMTalk: A = AudioEncoder(x); K = key motions of A at the key frames I; Y = completion of (K, I, A)."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from .audio_encoder import EncodedSpeech, PretrainedAudioEncoder, audio_encoder, load_pretrained, read_pretrained_config
from .completion import DynamicFusion, MotionFlowEncoder, MultimodalGuidedDecoder
from .config import KMTalkConfig
from .key_motion import KeyMotionDecoder, PhoneConditioning, at_frames
from .linear import quicken
from .spacing import KeySpacing

_ALL = slice(None)


class Heard(NamedTuple):
    """Audio features (batch, time, width) that know the phones where the network is conditioned on them, the poses of
    these (batch, time, motion width), scaled, and a mask (batch, time) that is False on padding."""

    audio: Tensor
    poses: Tensor | None
    frame_mask: Tensor | None


class KMTalkMotion(NamedTuple):
    """`key_motions` (batch, n, motion width) and `motion` (batch, time, motion width), in the motion space's unit."""

    key_motions: Tensor
    motion: Tensor


class KMTalk(nn.Module):
    """The network of the paper: speech features and key frames in, key motions and full motion out.

    Every output frame depends on `config.context` frames on each side, and no further.
    """

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        self.config = config
        space = config.motion_space
        self.audio_encoder = audio_encoder(config.encoder, config.width, space.fps)
        self.phone_conditioning = PhoneConditioning(config.width, space.width) if config.phone_conditioning else None
        self.key_motion_decoder = KeyMotionDecoder(config)
        self.motion_flow_encoder = MotionFlowEncoder(config)
        self.fusion = DynamicFusion(config)
        self.multimodal_guided_decoder = MultimodalGuidedDecoder(config)
        quicken(self)

    def forward(
        self,
        encoded: EncodedSpeech,
        keys: Tensor,
        key_mask: Tensor | None = None,
        phones: Tensor | None = None,
        frame_mask: Tensor | None = None,
    ) -> KMTalkMotion:
        """Motion of encoded speech whose key frames are `keys`.

        `keys` (batch, n) are frame indices in rising order, the real ones first where `key_mask` (batch, n) marks
        them; `phones` (batch, time, classes) replace the encoder's own posteriors; `frame_mask` (batch, time) is
        False on padding.  The completion is fed with the predicted key motions, end to end.
        """
        heard = self.listen(encoded, phones, frame_mask)
        key_motions = self.key_motions(heard, keys, key_mask)
        return KMTalkMotion(key_motions, self.complete(heard, keys, key_motions, key_mask))

    def listen(self, encoded: EncodedSpeech, phones: Tensor | None = None, frame_mask: Tensor | None = None) -> Heard:
        """What both halves of `forward` work on."""
        phones = encoded.phones if phones is None else phones
        if self.phone_conditioning is None or phones is None:
            return Heard(encoded.features, None, frame_mask)
        if frame_mask is not None:
            phones = phones * frame_mask[..., None]
        audio = encoded.features + self.phone_conditioning.embed(phones)
        return Heard(audio, self.phone_conditioning.poses(phones), frame_mask)

    def key_motions(self, heard: Heard, keys: Tensor, key_mask: Tensor | None = None) -> Tensor:
        """K (batch, n, motion width): the first half of `forward`."""
        scaled = self.key_motion_decoder(heard.audio, keys, key_mask, heard.frame_mask)
        if heard.poses is not None:
            scaled = scaled + at_frames(heard.poses, keys)
        return _unscaled(scaled, self.config.motion_scale)

    def complete(
        self, heard: Heard, keys: Tensor, key_motions: Tensor, key_mask: Tensor | None = None, core: slice = _ALL
    ) -> Tensor:
        """Y (batch, time, motion width) from any key motions, a person's included: the second half of `forward`.

        Of the frames only `core` is given back, for windows whose margins are there for its sake.
        """
        spacing = KeySpacing.of(keys, key_mask, heard.audio.shape[1], self.config.flow_reach)
        flow = self.motion_flow_encoder(key_motions, spacing, heard.frame_mask)
        fused = self.fusion(flow, heard.audio, spacing)
        motion = self.multimodal_guided_decoder(fused, heard.frame_mask, core)
        if heard.poses is not None and self.config.audio_guidance:
            motion = motion + heard.poses[:, core]
        motion = _unscaled(motion, self.config.motion_scale)
        if self.config.residual:
            motion = motion + spacing.interpolate(key_motions)[:, core]
        return motion


def _unscaled(motion: Tensor, scale: float) -> Tensor:
    """`motion`, which nothing else holds, out of the network's units; in place, for a window may take 200 MB."""
    return motion if scale == 1 else motion.div_(scale)


def with_pretrained_encoder(config: KMTalkConfig, folder: Path) -> KMTalk:
    """A new network whose audio encoder is the one that `transformers` saved in `folder` (no download, no pickles).

    Raises WeightsError where the folder holds no speech encoder that this version knows.
    """
    model = KMTalk(replace(config, encoder=read_pretrained_config(folder)))
    assert isinstance(model.audio_encoder, PretrainedAudioEncoder)
    load_pretrained(model.audio_encoder, folder)
    return model
