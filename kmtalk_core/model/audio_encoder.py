"""AudioEncoder: speech to features at the motion rate, by a pretrained speech encoder or the starter's own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..audio import RATE
from ..errors import WeightsError
from .config import TRANSFORMERS_FIELDS, EncoderConfig
from .linear import quicken
from .log_mel_encoder import LogMelEncoder, SpeechEvidence
from .sizes import ARTICULATION, EVIDENCE_RATE

FloatArray: TypeAlias = npt.NDArray[np.float32]

_PICKLED = "pytorch_model.bin"
_ONLY_FOR_PRETRAINING = {"masked_spec_embed"}
"""What some published encoders lack and nobody misses."""


@dataclass(frozen=True)
class EncodedSpeech:
    """What the network hears at the motion rate.

    `features` (batch, time, width) is A of the paper; `phones` (batch, time, classes) its own posteriors, None
    from a pretrained one; `evidence` the log-mel encoder's outputs at its own rate, for its losses.
    """

    features: Tensor
    phones: Tensor | None = None
    evidence: SpeechEvidence | None = None


class AudioEncoder(nn.Module):
    """Speech features, resampled to the motion rate by linear interpolation at exact times (the paper's audio encoder).

    What hears is the `backbone`; `token_rate` tokens a second, the first `token_offset` seconds into the signal.
    """

    token_rate: float
    token_offset: float
    is_small = False
    """Whether more than one processor thread is wasted on it."""

    def __init__(self, backbone: nn.Module, channels: int, width: int, fps: float) -> None:
        super().__init__()
        self.fps = fps
        self.backbone: Any = backbone
        self.project = nn.Linear(channels, width)

    def forward(self, signal: Tensor, frame_count: int, start: float = 0.0) -> EncodedSpeech:
        """Encode for `frame_count` motion frames, of which the first lies `start` seconds into the signal."""
        raise NotImplementedError

    def _at_motion_rate(self, tokens: Tensor, frame_count: int, start: float) -> Tensor:
        """(batch, tokens, n) to (batch, frame_count, n), held beyond the first and the last token."""
        times = start + np.arange(frame_count) / self.fps
        position = np.clip((times - self.token_offset) * self.token_rate, 0, tokens.shape[1] - 1)
        below = np.floor(position)
        above = np.minimum(below + 1, tokens.shape[1] - 1)
        share = torch.from_numpy((position - below).astype(np.float32)).to(tokens)[:, None]
        lower, upper = (torch.from_numpy(index.astype(np.int64)).to(tokens.device) for index in (below, above))
        return torch.lerp(tokens[:, lower], tokens[:, upper], share)


class LogMelAudioEncoder(AudioEncoder):
    """The starter's own, which tells the phones it hears; its signal is features (batch, steps, 81) at 100 Hz."""

    is_small = True

    def __init__(self, width: int, fps: float) -> None:
        backbone = LogMelEncoder()
        super().__init__(backbone, backbone.entry.out_channels + len(ARTICULATION), width, fps)
        self.token_rate, self.token_offset = float(EVIDENCE_RATE), 0.0

    def forward(self, signal: Tensor, frame_count: int, start: float = 0.0) -> EncodedSpeech:
        evidence = self.backbone(signal)
        spoken = torch.cat([evidence.hidden, evidence.articulation], dim=-1)
        phones = self._at_motion_rate(evidence.phones.softmax(dim=-1), frame_count, start)
        features = self.project(self._at_motion_rate(spoken, frame_count, start))
        return EncodedSpeech(features, phones, evidence)


class PretrainedAudioEncoder(AudioEncoder):
    """One of `transformers`; its signal is a waveform (batch, samples) at 16 kHz of zero mean and unit deviation (see
    `normalized`).

    Its convolutions are frozen once its weights are there (`load_pretrained`); random ones must learn.
    """

    def __init__(self, config: EncoderConfig, width: int, fps: float) -> None:
        backbone: Any = _build_transformers(config.transformers)
        super().__init__(backbone, backbone.config.hidden_size, width, fps)
        self.adopt_timing()

    def adopt_timing(self) -> None:
        """Rate and offset of the tokens, from the convolutions."""
        config = self.backbone.config
        field_of_view, stride = 1, 1
        for kernel, step in zip(config.conv_kernel, config.conv_stride, strict=True):
            field_of_view += (kernel - 1) * stride
            stride *= step
        self.token_rate = RATE / stride
        self.token_offset = (field_of_view - 1) / 2 / RATE
        self.shortest = field_of_view

    def forward(self, signal: Tensor, frame_count: int, start: float = 0.0) -> EncodedSpeech:
        signal = functional.pad(signal, (0, max(0, self.shortest - signal.shape[-1])))
        hidden = self.backbone(signal).last_hidden_state
        return EncodedSpeech(self.project(self._at_motion_rate(hidden, frame_count, start)))


def audio_encoder(config: EncoderConfig, width: int, fps: float) -> AudioEncoder:
    """The audio encoder that a configuration describes, with random weights."""
    return LogMelAudioEncoder(width, fps) if config.hears_phones else PretrainedAudioEncoder(config, width, fps)


def normalized(waveform: FloatArray) -> FloatArray:
    """`waveform` (samples,) at zero mean and unit deviation, as pretrained speech encoders were trained on."""
    mean, deviation = float(waveform.mean(dtype=np.float64)), float(waveform.std(dtype=np.float64))
    return ((waveform - mean) / math.sqrt(deviation**2 + 1e-7)).astype(np.float32)


def read_pretrained_config(folder: Path) -> EncoderConfig:
    """Config of the speech encoder that `transformers` saved in `folder`; raises WeightsError where there is none."""
    from transformers import AutoConfig

    if not (folder / "config.json").is_file():
        raise WeightsError(f"{folder} holds no config.json; give the folder of a downloaded speech encoder.")
    try:
        saved = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False).to_dict()
    except Exception as error:  # transformers raises many kinds for one bad file
        why = " ".join(str(error).split())
        raise WeightsError(f"{folder / 'config.json'} cannot be read as a speech encoder: {why:.200}") from error
    fields = {name: value for name, value in saved.items() if name in TRANSFORMERS_FIELDS}
    return EncoderConfig("transformers", fields)


def load_pretrained(encoder: PretrainedAudioEncoder, folder: Path) -> None:
    """Put the weights that `transformers` saved in `folder` into `encoder` and freeze its convolutions.

    They may be safetensors or a `pytorch_model.bin`, of which nothing but tensors is read.  Raises WeightsError if they
    do not fit, or are not all there.
    """
    kind = type(encoder.backbone)
    pickled = folder / _PICKLED
    saved: dict[str, Any] = {}
    if not any(folder.glob("*.safetensors")):
        if not pickled.is_file():
            raise WeightsError(
                f"{folder} holds no .safetensors file and no {_PICKLED}; give the folder of a downloaded encoder."
            )
        saved = {"state_dict": _tensors_of(pickled), "config": kind.config_class.from_pretrained(str(folder))}
    try:
        place = None if saved else str(folder)
        encoder.backbone, found = kind.from_pretrained(
            place, local_files_only=True, use_safetensors=not saved, output_loading_info=True, **saved
        )
    except Exception as error:  # transformers raises many kinds for one bad file
        why = " ".join(str(error).split())
        raise WeightsError(f"The speech encoder in {folder} cannot be loaded: {why:.200}") from error
    missing = sorted(set(found["missing_keys"]) - _ONLY_FOR_PRETRAINING)
    if missing:
        raise WeightsError(
            f"The speech encoder in {folder} lacks {len(missing)} of its tensors, such as {missing[0]}: download it "
            "again, or correct its config.json."
        )
    quicken(encoder.backbone)
    encoder.adopt_timing()
    encoder.backbone.feature_extractor.requires_grad_(False)


def _tensors_of(path: Path) -> dict[str, Tensor]:
    """The tensors in a file that `torch.save` wrote; nothing else in it is ever made."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for one damaged file
        raise WeightsError(f"{path} is damaged or holds more than tensors; download the .safetensors form.") from error
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise WeightsError(f"{path} is no file of weights; download the encoder again.")
    return found


def _build_transformers(fields: Mapping[str, Any]) -> nn.Module:
    from transformers import (
        HubertConfig,
        HubertModel,
        Wav2Vec2Config,
        Wav2Vec2Model,
        WavLMConfig,
        WavLMModel,
    )

    kinds = {
        "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model),
        "hubert": (HubertConfig, HubertModel),
        "wavlm": (WavLMConfig, WavLMModel),
    }
    config_kind, model_kind = kinds[fields["model_type"]]
    sizes = {name: value for name, value in fields.items() if name != "model_type"}
    try:
        return model_kind(config_kind(**sizes))
    except MemoryError:
        raise
    except Exception as error:  # transformers raises many kinds for one bad config
        why = " ".join(str(error).split())
        raise WeightsError(f"config.json describes a speech encoder that cannot be built: {why:.200}") from error
