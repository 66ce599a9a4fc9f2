"""What a KMTalk network is made of, as data that a checkpoint's config.json can carry."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ..errors import WeightsError
from ..motion.spaces import SPACES, MotionSpace

FORMAT = 1

_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("log_mel", "transformers"),
    "fusion": ("dynamic", "fixed"),
    "keys": ("phoneme", "uniform"),
}
_BOUNDS: dict[str, tuple[float, float]] = {
    "width": (8, 2048),
    "heads": (1, 32),
    "feedforward": (1, 8),
    "key_layers": (1, 12),
    "flow_layers": (1, 12),
    "decoder_layers": (1, 12),
    "reach": (1, 256),
    "flow_reach": (2, 1024),
    "segment_reach": (0, 16),
    "dropout": (0.0, 0.9),
    "motion_scale": (1e-6, 1e6),
}
"""Beyond these a config is a mistake or an attack; nothing is allocated before they are checked."""

_ARTICULATION = (0.0, 4.0)

_TRANSFORMERS_BOUNDS: dict[str, tuple[float, float]] = {
    "hidden_size": (8, 2048),
    "num_hidden_layers": (1, 48),
    "num_attention_heads": (1, 64),
    "intermediate_size": (8, 8192),
    "num_conv_pos_embeddings": (1, 1024),
    "num_conv_pos_embedding_groups": (1, 1024),
    "layer_norm_eps": (0.0, 0.1),
    "hidden_dropout": (0.0, 0.9),
    "attention_dropout": (0.0, 0.9),
    "activation_dropout": (0.0, 0.9),
    "feat_proj_dropout": (0.0, 0.9),
    "layerdrop": (0.0, 0.9),
    "mask_time_prob": (0.0, 1.0),
    "mask_time_length": (1, 100),
    "mask_feature_prob": (0.0, 1.0),
    "mask_feature_length": (1, 100),
    "num_buckets": (2, 2048),
    "max_bucket_distance": (2, 8192),
}
_TRANSFORMERS_LISTS: dict[str, tuple[int, int]] = {
    "conv_dim": (1, 2048),
    "conv_kernel": (1, 64),
    "conv_stride": (1, 16),
}
_TRANSFORMERS_CHOICES: dict[str, tuple[Any, ...]] = {
    "model_type": ("wav2vec2", "hubert", "wavlm"),
    "feat_extract_norm": ("group", "layer"),
    "feat_extract_activation": ("gelu", "relu"),
    "hidden_act": ("gelu", "relu"),
    "do_stable_layer_norm": (True, False),
    "conv_bias": (True, False),
}
TRANSFORMERS_FIELDS: frozenset[str] = frozenset({*_TRANSFORMERS_BOUNDS, *_TRANSFORMERS_LISTS, *_TRANSFORMERS_CHOICES})
"""The fields of a `transformers` configuration that shape or train a speech encoder; a config holds no others."""


@dataclass(frozen=True)
class EncoderConfig:
    """The speech encoder: the starter's own (`log_mel`), or one of `transformers` described by its own fields."""

    kind: str = "log_mel"
    transformers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hears_phones(self) -> bool:
        """Whether it is the starter's own, small and fed with log-mel features, and tells the phones that it hears."""
        return self.kind == "log_mel"


@dataclass(frozen=True)
class KMTalkConfig:
    """One KMTalk network.  Lengths are in frames of the motion space.

    `reach` bounds every attention, `flow_reach` the influence of a key on the motion flow; the key motion-focused
    decoder tells `segment_reach` segments between keys apart on each side (0: none); `feedforward` is a multiple of
    `width`.  The network computes in motion units times `motion_scale`.  The last five fields are the paper's
    ablations: without the key motion-focused decoder, without audio guidance in the completion, with a fixed fusion
    weight, with the output as a residual on the interpolated keys, and with uniformly spaced keys.  `articulation` is
    how many times as far as the network moves them some channels are shown, by their names without Left or Right.
    """

    name: str
    space: str
    encoder: EncoderConfig = EncoderConfig()
    width: int = 160
    heads: int = 4
    feedforward: int = 2
    key_layers: int = 2
    flow_layers: int = 1
    decoder_layers: int = 3
    reach: int = 8
    flow_reach: int = 24
    segment_reach: int = 0
    dropout: float = 0.1
    motion_scale: float = 1.0
    phone_conditioning: bool = False
    key_motion: bool = True
    audio_guidance: bool = True
    fusion: str = "dynamic"
    residual: bool = False
    keys: str = "phoneme"
    articulation: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self, "config.json")
        _check(self.encoder, "config.json: encoder")
        if self.space not in SPACES:
            raise WeightsError(f"config.json: space must be one of {', '.join(SPACES)}, not {self.space!r:.60}.")
        _check_articulation(self.articulation, SPACES[self.space])
        if self.width % self.heads:
            raise WeightsError("config.json: width must be a multiple of heads.")
        if not self.encoder.hears_phones:
            _check_transformers(self.encoder.transformers)
        elif self.encoder.transformers:
            raise WeightsError("config.json: encoder: transformers belongs to the kind 'transformers' alone.")

    @property
    def motion_space(self) -> MotionSpace:
        return SPACES[self.space]

    @property
    def context(self) -> int:
        """Frames on each side of a frame that can change it, the audio encoder's own context aside."""
        completion = (self.flow_layers + self.decoder_layers) * self.reach + self.flow_reach
        return completion + max(self.flow_reach, self.reach)

    @property
    def is_large(self) -> bool:
        """Whether building the network takes more than a moment and a few megabytes."""
        layers = self.key_layers + self.flow_layers + self.decoder_layers
        parameters = layers * self.width**2 * (4 + 2 * self.feedforward) + 3 * self.width * self.motion_space.width
        return not self.encoder.hears_phones or parameters > 20_000_000

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}

    @staticmethod
    def from_json(data: Any) -> "KMTalkConfig":
        """The config that `data` (parsed JSON, from anyone) spells out; WeightsError says what is wrong with it."""
        if not isinstance(data, dict):
            raise WeightsError("config.json must hold one JSON object.")
        if data.get("format") != FORMAT:
            raise WeightsError(
                f"config.json is of format {data.get('format')!r:.30}, this version reads {FORMAT}; update KMTalk."
            )
        values = {name: value for name, value in data.items() if name != "format"}
        _refuse_unknown(values, KMTalkConfig, "config.json")
        encoder = values.get("encoder", {})
        if not isinstance(encoder, dict):
            raise WeightsError("config.json: encoder must be an object.")
        _refuse_unknown(encoder, EncoderConfig, "config.json: encoder")
        if not {"name", "space"} <= values.keys():
            raise WeightsError("config.json must give a name and a space.")
        return KMTalkConfig(**{**values, "encoder": EncoderConfig(**encoder)})


def _refuse_unknown(values: Mapping[str, Any], kind: type, where: str) -> None:
    unknown = sorted(set(values) - {f.name for f in fields(kind)})
    if unknown:
        raise WeightsError(f"{where}: unknown field {unknown[0]!r:.60}; these weights need another version of KMTalk.")


def _check(config: EncoderConfig | KMTalkConfig, where: str) -> None:
    for item in fields(config):
        value = getattr(config, item.name)
        if item.type is bool and not isinstance(value, bool):
            raise WeightsError(f"{where}: {item.name} must be true or false.")
        if item.type is str and not (isinstance(value, str) and 0 < len(value) <= 100):
            raise WeightsError(f"{where}: {item.name} must be a short text.")
        if item.name in _CHOICES and value not in _CHOICES[item.name]:
            raise WeightsError(f"{where}: {item.name} must be one of {', '.join(_CHOICES[item.name])}.")
        if item.type in (int, float):
            _check_number(value, _BOUNDS[item.name], item.type is int, f"{where}: {item.name}")


def _check_number(value: Any, bounds: tuple[float, float], whole: bool, where: str) -> None:
    number = isinstance(value, int) if whole else isinstance(value, (int, float))
    if not number or isinstance(value, bool) or not bounds[0] <= value <= bounds[1]:  # false for NaN
        kind = "a whole number" if whole else "a number"
        raise WeightsError(f"{where} must be {kind} from {bounds[0]:g} to {bounds[1]:g}.")


def _check_articulation(shares: Any, space: MotionSpace) -> None:
    where = "config.json: articulation"
    if not isinstance(shares, Mapping):
        raise WeightsError(f"{where} must be an object of channels and numbers.")
    for name, share in shares.items():
        if not {name, f"{name}Left"} & set(space.names):
            raise WeightsError(f"{where}: the space {space.name} has no channel {name!r:.60}.")
        _check_number(share, _ARTICULATION, False, f"{where}.{name}")


def _check_transformers(values: Mapping[str, Any]) -> None:
    where = "config.json: encoder.transformers"
    if not isinstance(values, Mapping) or "model_type" not in values:
        raise WeightsError(f"{where} must be an object with a model_type.")
    for name, value in values.items():
        if name in _TRANSFORMERS_BOUNDS:
            low, high = _TRANSFORMERS_BOUNDS[name]
            _check_number(value, (low, high), isinstance(low, int), f"{where}.{name}")
        elif name in _TRANSFORMERS_LISTS:
            if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 16:
                raise WeightsError(f"{where}.{name} must be a list of 1 to 16 numbers.")
            for number in value:
                _check_number(number, _TRANSFORMERS_LISTS[name], True, f"{where}.{name}")
        elif name in _TRANSFORMERS_CHOICES:
            if value not in _TRANSFORMERS_CHOICES[name]:
                raise WeightsError(f"{where}.{name} must be one of {', '.join(map(str, _TRANSFORMERS_CHOICES[name]))}.")
        else:
            raise WeightsError(f"{where}: unknown field {name!r:.60}; these weights need another version of KMTalk.")
    lengths = {len(values[name]) for name in _TRANSFORMERS_LISTS if name in values}
    if len(lengths) > 1:
        raise WeightsError(f"{where}: conv_dim, conv_kernel and conv_stride must be of one length.")


WAV2VEC2_BASE: Mapping[str, Any] = {
    "model_type": "wav2vec2",
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "conv_dim": [512] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "conv_bias": False,
    "feat_extract_norm": "group",
    "do_stable_layer_norm": False,
    "layerdrop": 0.0,
    "mask_time_prob": 0.05,
}
"""The sizes of the base model of the wav2vec 2.0 paper, which KMTalk and the methods it compares with build on."""

STARTER = KMTalkConfig("starter", "arkit", phone_conditioning=True)
STARTER_ARTICULATION: Mapping[str, float] = {
    "mouthFunnel": 1.9,
    "mouthPucker": 1.4,
    "mouthLowerDown": 0.7,
    "mouthStretch": 0.5,
    "mouthSmile": 0.6,
}
"""What the starter's rule rounds too little, and spreads and lowers too far, beside what captured lips do: fine-tuned
weights, which learn from captures, have none of it."""
VOCASET = KMTalkConfig(
    "vocaset",
    "vocaset",
    EncoderConfig("transformers", WAV2VEC2_BASE),
    width=512,
    heads=8,
    key_layers=1,
    decoder_layers=2,
    reach=15,
    flow_reach=30,
    segment_reach=2,
    motion_scale=100.0,
)
BIWI = replace(VOCASET, name="biwi", space="biwi", width=320, reach=12, flow_reach=25, motion_scale=20.0)
"""Narrower than VOCASET's, for its time goes into the maps to and from 70,110 values a frame.

Scaled, the motion of a jaw is about 1 in both, which a learning rate of 1e-4 reaches in reasonable time.
"""

_PRESETS = {config.name: config for config in (STARTER, VOCASET, BIWI)}


def preset(name: str) -> KMTalkConfig:
    """The named configuration: `starter` (ours), `vocaset` or `biwi` (the paper's data sets)."""
    if name not in _PRESETS:
        raise WeightsError(f"There is no configuration {name!r:.60}; choose one of {', '.join(_PRESETS)}.")
    return _PRESETS[name]
