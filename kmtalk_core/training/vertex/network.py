"""What the trainer trains: anything that makes motion of a batch.  KMTalk is one; experiments bring others."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import WeightsError
from ...model import checkpoint
from ...model.audio_encoder import AudioEncoder, EncodedSpeech
from ...model.config import KMTalkConfig
from ...model.kmtalk import KMTalk, with_pretrained_encoder
from ..first_weights import prepare_for_vertices
from .data import Batch
from .settings import VertexTraining


class Forecast(NamedTuple):
    """`motion` (B, T, width) and, where there are any, `key_motions` (B, N, width), in the unit of the space.

    `extra` is a loss of the method's own.
    """

    motion: Tensor
    key_motions: Tensor | None = None
    extra: Tensor | None = None


class VertexNetwork(nn.Module):
    """Makes motion of a batch; `config` names space and encoder."""

    config: KMTalkConfig

    def forward(self, batch: Batch) -> Forecast:
        raise NotImplementedError

    def save(self, folder: Path, card: str) -> None:
        """Write a checkpoint; methods that are no KMTalk keep their weights alone."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.state_dict().items()}
        save_file(tensors, folder / checkpoint.WEIGHTS_FILE, {"format": "pt"})
        (folder / checkpoint.CARD_FILE).write_text(card, encoding="utf-8")


class KMTalkNetwork(VertexNetwork):
    """KMTalk on batches."""

    def __init__(self, model: KMTalk) -> None:
        super().__init__()
        self.model, self.config = model, model.config

    def forward(self, batch: Batch) -> Forecast:
        encoded = hear(self.model.audio_encoder, batch)
        phones = None
        if self.model.phone_conditioning is not None:
            phones = batch.phones
            if encoded.phones is not None:
                phones = torch.lerp(encoded.phones, phones.to(encoded.phones), batch.trust[:, None, None])
        with full_precision(batch):
            key_motions, motion = self.model(encoded, batch.keys, _unless_full(batch.key_mask), phones,
                                             _unless_full(batch.frame_mask))  # fmt: skip
        return Forecast(motion, key_motions)

    def save(self, folder: Path, card: str) -> None:
        checkpoint.save(self.model, folder, card)


def hear(encoder: AudioEncoder, batch: Batch) -> EncodedSpeech:
    """What `encoder` makes of a batch, in 32 bits.

    Under mixed precision the encoder alone computes in half: it has nearly all of the work, and what follows adds up
    fractions of a millimetre.
    """
    encoded = encoder(batch.signal, batch.motion.shape[1])
    return EncodedSpeech(encoded.features.float(), None if encoded.phones is None else encoded.phones.float())


def full_precision(batch: Batch) -> torch.autocast:
    """A context that mixed precision does not reach."""
    return torch.autocast(batch.motion.device.type, enabled=False)


def _unless_full(mask: Tensor) -> Tensor | None:
    return None if bool(mask.all()) else mask


def build(config: KMTalkConfig, encoder: Path | None = None) -> tuple[KMTalkNetwork, str]:
    """A new network, its first weights made for vertices, and a sentence on where its audio encoder comes from.

    `encoder` is a folder that `transformers` saved (wav2vec 2.0, HuBERT, WavLM), or a KMTalk checkpoint with a log-mel
    encoder.  The convolutions of a pretrained wav2vec 2.0 are frozen; random ones are trained.
    Raises WeightsError where the folder holds no such encoder.
    """
    if encoder is None:
        return KMTalkNetwork(_new(config)), "The audio encoder starts from random weights: no pretrained one was given."
    if not config.encoder.hears_phones:
        model = with_pretrained_encoder(config, encoder)
        prepare_for_vertices(model)
        return KMTalkNetwork(model), f"The audio encoder is {encoder.name}, pretrained."
    donor = checkpoint.load(encoder)
    if not donor.config.encoder.hears_phones:
        raise WeightsError(f"The weights in {encoder} have no log-mel encoder; give others, or another --config.")
    model = _new(config)
    model.audio_encoder.backbone.load_state_dict(donor.audio_encoder.backbone.state_dict())
    return KMTalkNetwork(model), f"The audio encoder is that of {donor.config.name}, trained before."


def _new(config: KMTalkConfig) -> KMTalk:
    model = KMTalk(config)
    prepare_for_vertices(model)
    return model


def loss_of(forecast: Forecast, batch: Batch, settings: VertexTraining) -> dict[str, Tensor]:
    """Squared errors of motion, velocity and key motions, and their weighted sum as `total`."""
    scale = settings.error_scale
    made, wanted, real = forecast.motion.float(), batch.motion, batch.frame_mask
    losses = {"motion": scale**2 * _mean_square(made, wanted, real)}
    if made.shape[1] > 1:
        losses["velocity"] = scale**2 * _mean_square(made.diff(dim=1), wanted.diff(dim=1), real[:, 1:])
    total = losses["motion"] + settings.velocity_weight * losses.get("velocity", torch.zeros(()).to(made))
    if forecast.key_motions is not None:
        rows = torch.arange(len(batch.keys), device=batch.keys.device)[:, None]
        poses = forecast.key_motions.float()
        losses["keys"] = scale**2 * _mean_square(poses, batch.motion[rows, batch.keys], batch.key_mask)
        total = total + settings.key_weight * losses["keys"]
    if forecast.extra is not None:
        losses["extra"] = forecast.extra
        total = total + forecast.extra
    return {**losses, "total": total}


def _mean_square(made: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference of (B, T, width) where `mask` (B, T); without padding nothing is copied."""
    if not bool(mask.all()):
        made, wanted = made[mask], wanted[mask]
    return functional.mse_loss(made, wanted)
