"""Other methods in the small: one generator each in the style of FaceFormer, CodeTalker and SelfTalk.

Each keeps what makes its method what it is and is as small as KMTalk's own parts beside it; none has a style vector.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..model.attention import LocalDecoderLayer, LocalEncoderLayer
from ..model.config import KMTalkConfig
from ..model.key_motion import at_frames, zero_linear
from ..phones import PHONE_CLASSES
from .scheme import Generated, Request

_CODES, _GROUPS = 128, 8
_COMMITMENT = 0.25


class AutoregressiveTrunk(nn.Module):
    """FaceFormer's decoder, a layer of it: each step sees its own past, biased by periods, and the audio of its frame.

    Positions are encoded periodically; attention to the past falls by one slope a period (FaceFormer's biased causal
    attention); attention to the audio is to the frame itself alone (its alignment bias).  Past steps are kept, so that
    a sequence of n steps costs n of them in training and inference alike.
    """

    slopes: Tensor  # (heads,)
    position: Tensor  # (period, width)

    def __init__(self, config: KMTalkConfig, inputs: int) -> None:
        super().__init__()
        width = config.width
        self.heads, self.period = config.heads, round(config.motion_space.fps)
        self.embed = nn.Linear(inputs, width)
        self.project_in = nn.Linear(width, 3 * width)
        self.project_out = nn.Linear(width, width)
        self.project_audio = nn.Linear(width, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.feedforward = nn.Sequential(
            nn.Linear(width, config.feedforward * width), nn.GELU(), nn.Linear(config.feedforward * width, width)
        )
        slopes = torch.tensor([2.0 ** (-8 * (head + 1) / self.heads) for head in range(self.heads)])
        self.register_buffer("slopes", slopes, persistent=False)
        self.register_buffer("position", _periodic(self.period, width), persistent=False)

    def begin(self, request: Request) -> "_Past":
        """What a run over `request` starts with."""
        heard = self.project_audio(at_frames(request.audio, request.frames))
        return _Past(heard, self.position[request.frames % self.period], request.frames)

    def step(self, past: "_Past", previous: Tensor) -> Tensor:
        """The hidden state (B, width) of the next frame, from what came out before it (B, inputs)."""
        index = len(past.keys)
        x = self.embed(previous) + past.positions[:, index]
        query, key, value = self.project_in(x).unflatten(-1, (3, self.heads, -1)).unbind(1)
        past.keys.append(key)
        past.values.append(value)
        keys, values = torch.stack(past.keys, dim=1), torch.stack(past.values, dim=1)
        apart = past.frames[:, index, None] - past.frames[:, : index + 1]
        bias = -self.slopes[None, None] * (apart // self.period)[..., None]
        score = torch.einsum("bhd,bnhd->bnh", query, keys) / math.sqrt(query.shape[-1]) + bias
        attended = torch.einsum("bnh,bnhd->bhd", score.softmax(dim=1), values).flatten(1)
        x = self.norms[0](x + self.project_out(attended))
        x = self.norms[1](x + past.heard[:, index])
        return self.norms[2](x + self.feedforward(x))


class _Past:
    """Where an autoregressive run stands."""

    def __init__(self, heard: Tensor, positions: Tensor, frames: Tensor) -> None:
        self.heard, self.positions, self.frames = heard, positions, frames
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []


class FaceFormerStyle(nn.Module):
    """Autoregressive: every pose is made from the poses before it and from the audio (Fan et al., CVPR 2022).

    As published, training runs on its own output and has no teacher.
    """

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        self.trunk = AutoregressiveTrunk(config, config.motion_space.width)
        self.head = zero_linear(config.width, config.motion_space.width)

    def forward(self, request: Request) -> Generated:
        past = self.trunk.begin(request)
        pose = request.wanted.new_zeros(request.wanted[:, 0].shape)
        poses = []
        for _ in range(request.frames.shape[1]):
            pose = self.head(self.trunk.step(past, pose))
            poses.append(pose)
        return Generated(torch.stack(poses, dim=1))


class MotionPrior(nn.Module):
    """CodeTalker's first stage: poses as a few words of a learnt codebook, one for each group of channels."""

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        width, motion = config.width, config.motion_space.width
        self.encode = nn.Sequential(nn.Linear(motion, width), nn.GELU(), nn.Linear(width, width))
        self.decode = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, motion))
        nn.init.normal_(next(self.encode.parameters()), std=4 / math.sqrt(motion))  # poses are small numbers
        self.codes = nn.Parameter(torch.randn(_CODES, width // _GROUPS) * 0.5)

    def quantize(self, latent: Tensor) -> Tensor:
        """The nearest words (…, width) to `latent`; gradients pass straight through to it."""
        nearest = self.nearest(latent)
        return latent + (nearest - latent).detach()

    def nearest(self, latent: Tensor) -> Tensor:
        parts = latent.unflatten(-1, (_GROUPS, -1))
        chosen = torch.cdist(parts.flatten(0, -2), self.codes).argmin(dim=-1)
        return self.codes[chosen].view(parts.shape).flatten(-2)

    def loss(self, motion: Tensor) -> Tensor:
        """How badly `motion` (…, width) is rebuilt, and how far latents and words are apart."""
        latent = self.encode(motion)
        words = self.nearest(latent)
        rebuilt = functional.mse_loss(self.decode(latent + (words - latent).detach()), motion)
        together = functional.mse_loss(words, latent.detach()) + _COMMITMENT * functional.mse_loss(
            latent, words.detach()
        )
        return rebuilt + together


class CodeTalkerStyle(nn.Module):
    """A discrete motion prior, then autoregression over its words (Xing et al., CVPR 2023).

    The first stage must be trained before (see `MotionPrior.loss`); then it is frozen.
    """

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        self.prior = MotionPrior(config)
        self.trunk = AutoregressiveTrunk(config, config.width)
        self.head = nn.Linear(config.width, config.width)

    def freeze_prior(self) -> None:
        """Ends the first stage."""
        self.prior.requires_grad_(False)

    def forward(self, request: Request) -> Generated:
        past = self.trunk.begin(request)
        word = request.audio.new_zeros(request.audio[:, 0].shape)
        latents, words = [], []
        for _ in range(request.frames.shape[1]):
            latent = self.head(self.trunk.step(past, word))
            word = self.prior.quantize(latent)
            latents.append(latent)
            words.append(word)
        made, said = torch.stack(latents, dim=1), torch.stack(words, dim=1)
        with torch.no_grad():
            target = self.prior.nearest(self.prior.encode(request.wanted))
        real = request.mask[..., None]
        miss = ((made - target).square() * real).sum() / (real.sum() * made.shape[-1])
        return Generated(self.prior.decode(said), miss)


class SelfTalkStyle(nn.Module):
    """All frames at once, and a lip reader that must understand them (Peng et al., ACM MM 2023).

    The lip reader reads phones and the audio's own features from the motion: the commutative half of SelfTalk.
    """

    def __init__(self, config: KMTalkConfig) -> None:
        super().__init__()
        width, motion = config.width, config.motion_space.width
        layer = (width, config.heads, config.reach, config.feedforward, config.dropout)
        self.query = nn.Linear(width, width)
        self.around = LocalDecoderLayer(*layer)
        self.along = LocalEncoderLayer(*layer)
        self.norm = nn.LayerNorm(width)
        self.head = zero_linear(width, motion)
        self.read_lips = nn.Linear(motion, width)
        self.understand = LocalEncoderLayer(*layer)
        self.phones = nn.Linear(width, len(PHONE_CLASSES))

    def forward(self, request: Request) -> Generated:
        heard = at_frames(request.audio, request.frames)
        x = self.around(self.query(heard), request.frames, request.audio, request.frame_mask)
        motion = self.head(self.norm(self.along(x, request.mask)))
        read = self.understand(self.read_lips(motion), request.mask)
        real = request.mask
        text = -(request.phones * self.phones(read).log_softmax(dim=-1)).sum(dim=-1)
        agree = (read - heard.detach()).square().mean(dim=-1)
        return Generated(motion, ((0.1 * text + 0.1 * agree) * real).sum() / real.sum())


def _periodic(period: int, width: int) -> Tensor:
    """Sines and cosines (period, width) that begin anew every period."""
    place = torch.arange(period)[:, None]
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    table = torch.zeros(period, width)
    table[:, 0::2], table[:, 1::2] = torch.sin(place * rate), torch.cos(place * rate)
    return table
