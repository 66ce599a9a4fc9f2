"""What training takes: the paper's recipe as default, and configurations small enough for a processor."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import TrainingError
from ...model.config import BIWI, VOCASET, EncoderConfig, KMTalkConfig

MIXED = ("no", "bf16", "fp16")
SCHEDULES = ("constant", "one-cycle")
_WARM_UP = 0.1  # of all steps, of the one-cycle schedule
_LARGEST_CONFIG = 1 << 20


@dataclass(frozen=True)
class VertexTraining:
    """The recipe: Adam at `rate`, `batch` sequences a step on each process, gradients of `accumulation` steps summed.

    `steps` ends the training early where it is not 0.  The losses of motion, its velocity and the key motions weigh
    1 : 1 : 1 (our choice), squared errors of the space's unit times `error_scale`; `clip` bounds the gradient's norm
    where it is not 0.  With `schedule` "one-cycle" the rate rises for a tenth of the steps and falls to nothing.
    """

    epochs: int = 100
    steps: int = 0
    batch: int = 1
    accumulation: int = 1
    rate: float = 1e-4
    schedule: str = "constant"
    clip: float = 0.0
    velocity_weight: float = 1.0
    key_weight: float = 1.0
    error_scale: float = 1000.0
    mixed: str = "no"
    seed: int = 0
    validate_every: int = 1  # epochs
    workers: int = 0

    def __post_init__(self) -> None:
        if self.mixed not in MIXED:
            raise TrainingError(f"Mixed precision must be one of {', '.join(MIXED)}.")
        if self.schedule not in SCHEDULES:
            raise TrainingError(f"The schedule of the learning rate must be one of {', '.join(SCHEDULES)}.")
        if (
            min(self.epochs, self.batch, self.accumulation, self.validate_every) < 1
            or min(self.steps, self.workers) < 0
        ):
            raise TrainingError("Epochs, batch, accumulation and the epochs between validations must be 1 or more.")
        if not 0 < self.rate < 1:
            raise TrainingError("The learning rate must lie between 0 and 1.")

    def identity(self) -> dict[str, Any]:
        """What must agree for a training to be resumed: everything but how it is computed and when it ends."""
        free = {"workers", "validate_every"}
        if self.schedule == "constant":
            free |= {"epochs", "steps"}
        return {name: value for name, value in asdict(self).items() if name not in free}

    def rate_at(self, done: float) -> float:
        """The learning rate when the share `done` of all steps is done."""
        if self.schedule == "constant":
            return self.rate
        if done < _WARM_UP:
            return self.rate * (0.04 + 0.96 * done / _WARM_UP)
        return self.rate * 0.5 * (1 + math.cos(math.pi * min((done - _WARM_UP) / (1 - _WARM_UP), 1.0)))


_TINY_WAV2VEC2: Mapping[str, Any] = {
    "model_type": "wav2vec2",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "conv_dim": [32] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "conv_bias": False,
    "feat_extract_norm": "group",
    "do_stable_layer_norm": False,
    "layerdrop": 0.0,
    "mask_time_prob": 0.0,
}
"""wav2vec 2.0 in every part, at a size for tests; it must be trained from nothing."""


def _tiny(config: KMTalkConfig) -> KMTalkConfig:
    return replace(
        config,
        name=f"{config.name}-tiny",
        encoder=EncoderConfig("transformers", _TINY_WAV2VEC2),
        width=64,
        heads=4,
        feedforward=2,
        decoder_layers=2,
    )


def _small(config: KMTalkConfig) -> KMTalkConfig:
    """The log-mel encoder learns from minutes of speech what wav2vec 2.0 needs pretraining for."""
    return replace(_tiny(config), name=f"{config.name}-small", encoder=EncoderConfig("log_mel"))


CONFIGS: dict[str, KMTalkConfig] = {
    made.name: made for config in (VOCASET, BIWI) for made in (config, _small(config), _tiny(config))
}


def read_config(choice: str, changes: Iterable[str] = ()) -> KMTalkConfig:
    """A configuration by name, or from a JSON file, with `changes` such as `keys=uniform` (each an ablation).

    Raises TrainingError for what there is not, WeightsError for a value that the network does not allow.
    """
    if choice in CONFIGS:
        config = CONFIGS[choice]
    else:
        path = Path(choice)
        if not path.is_file() or path.stat().st_size > _LARGEST_CONFIG:
            raise TrainingError(
                f"There is no configuration {choice!r:.80}; name one of {', '.join(CONFIGS)}, or a file."
            )
        try:
            config = KMTalkConfig.from_json(json.loads(path.read_text(encoding="utf-8")))
            config = replace(config, articulation={})  # what is trained learns how far lips go
        except (ValueError, RecursionError) as error:
            raise TrainingError(f"{path} is not valid JSON; correct it.") from error
    return replace(config, **dict(_change(change, config) for change in changes))


def _change(change: str, config: KMTalkConfig) -> tuple[str, Any]:
    name, equals, text = change.partition("=")
    current = getattr(config, name, None)
    if not equals or name in ("encoder", "space") or not isinstance(current, (bool, int, float, str)):
        raise TrainingError(f"--set takes name=value with a field of the configuration, not {change!r:.80}.")
    if isinstance(current, bool):
        if text not in ("true", "false"):
            raise TrainingError(f"--set {name}: true or false is wanted, not {text!r:.40}.")
        return name, text == "true"
    try:
        return name, type(current)(text)
    except ValueError as error:
        raise TrainingError(f"--set {name}: a number is wanted, not {text!r:.40}.") from error
