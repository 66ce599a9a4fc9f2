"""Names and shapes of the numbers that a config asks for, told without building the network."""

from ..model import sizes
from ..model.config import KMTalkConfig
from ..model.log_mel import FEATURES
from ..phones import PHONE_CLASSES

Shapes = dict[str, tuple[int, ...]]


def layout(config: KMTalkConfig) -> Shapes:
    """The shape of every tensor of the network that `config`, with a log-mel encoder, describes."""
    width, motion, classes = config.width, config.motion_space.width, len(PHONE_CLASSES)
    heard = sizes.CHANNELS + len(sizes.ARTICULATION)
    shapes = _under("audio_encoder.backbone", _log_mel_encoder())
    shapes |= _linear("audio_encoder.project", heard, width)
    if config.phone_conditioning:
        shapes["phone_conditioning.embedding.weight"] = (width, classes)
        shapes["phone_conditioning.pose.weight"] = (motion, classes, sizes.PHONE_SPAN)
    shapes |= _under("key_motion_decoder", _key_motion_decoder(config))
    flow = _linear("embed", motion, width) | {"far": (width,)}
    flow |= {f"{side}_distance.weight": (config.flow_reach + 1, width) for side in ("previous", "next")}
    flow |= _encoder_layers(config, config.flow_layers)
    shapes |= _under("motion_flow_encoder", flow)
    if config.audio_guidance:
        shapes |= _linear("fusion.project", width, width)
        if config.fusion == "dynamic":
            shapes |= _linear("fusion.weight", 2 * width + 2, width)
    decoder = _encoder_layers(config, config.decoder_layers) | _norm("norm", width) | _linear("head", width, motion)
    return shapes | _under("multimodal_guided_decoder", decoder)


def _log_mel_encoder() -> Shapes:
    channels = sizes.CHANNELS
    shapes = _convolution("entry", FEATURES, channels, sizes.KERNEL)
    for index in range(sizes.BLOCKS):
        shapes[f"blocks.{index}.norm.gain"] = (1, channels, 1)
        shapes |= _convolution(f"blocks.{index}.spread", channels, channels, sizes.KERNEL)
        shapes |= _convolution(f"blocks.{index}.mix", channels, channels, 1)
    shapes["norm.gain"] = (1, channels, 1)
    shapes |= _convolution("phones", channels, len(PHONE_CLASSES), 1)
    shapes |= _convolution("boundaries", channels, sizes.BOUNDARIES, 1)
    shapes |= _convolution("articulators", channels, channels, sizes.ARTICULATORS_KERNEL)
    return shapes | _convolution("articulation", channels, len(sizes.ARTICULATION), 1)


def _key_motion_decoder(config: KMTalkConfig) -> Shapes:
    width = config.width
    shapes = _linear("head", width, config.motion_space.width)
    if not config.key_motion:
        return shapes
    shapes |= _linear("query", width, width) | _norm("memory_norm", width) | _norm("norm", width)
    shapes |= {f"{side}_gap.weight": (config.flow_reach + 1, width) for side in ("previous", "next")}
    for index in range(config.key_layers):
        attention = _linear("project_query", width, width) | _linear("project_memory", width, 2 * width)
        if config.segment_reach:
            attention["segment_bias"] = (config.heads, 2 * config.segment_reach)
        shapes |= _layer(f"layers.{index}", config, attention)
    return shapes


def _encoder_layers(config: KMTalkConfig, count: int) -> Shapes:
    shapes: Shapes = {}
    for index in range(count):
        shapes |= _layer(f"layers.{index}", config, _linear("project_in", config.width, 3 * config.width))
    return shapes


def _layer(name: str, config: KMTalkConfig, attention: Shapes) -> Shapes:
    width, inner = config.width, config.feedforward * config.width
    attention = attention | _linear("project_out", width, width)
    attention["distance_bias"] = (config.heads, 2 * config.reach + 1)
    shapes = _under("attention", attention) | _norm("attention_norm", width) | _norm("feedforward_norm", width)
    shapes |= _linear("feedforward.0", width, inner) | _linear("feedforward.3", inner, width)
    return _under(name, shapes)


def _under(prefix: str, shapes: Shapes) -> Shapes:
    return {f"{prefix}.{name}": shape for name, shape in shapes.items()}


def _linear(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _convolution(name: str, inputs: int, outputs: int, taps: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, taps), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}
