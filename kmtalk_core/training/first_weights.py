"""What networks start from, so that the completion learns to follow its keys."""

import math

from torch import nn

from ..model.completion import MotionFlowEncoder
from ..model.key_motion import KeyMotionDecoder

_VERTEX_GAIN, _QUIET = 4.0, 0.02


def let_keys_be_heard(flow: MotionFlowEncoder, gain: float, spread: float) -> None:
    """Start the motion flow with key poses, which are small numbers, louder than the embeddings of distances.

    The other way round the completion never learns to follow its keys: the audio alone explains the motion.  `gain` and
    `spread` are the deviations of the first weights of the two.
    """
    nn.init.normal_(flow.embed.weight, std=gain)
    for embedding in (flow.previous_distance, flow.next_distance):
        nn.init.normal_(embedding.weight, std=spread)


def prepare_for_vertices(network: nn.Module) -> None:
    """The same for every part of `network` that knows keys, in spaces of thousands of vertices.

    PyTorch starts embeddings at a deviation of 1, which drowns what is heard at a key and the pose there; at unevenly
    spaced keys they are noise that training must first get rid of.
    """
    for part in network.modules():
        if isinstance(part, MotionFlowEncoder):
            let_keys_be_heard(part, _VERTEX_GAIN / math.sqrt(part.embed.in_features), _QUIET)
        elif isinstance(part, KeyMotionDecoder) and not part.is_linear:
            for embedding in (part.previous_gap, part.next_gap):
                nn.init.normal_(embedding.weight, std=_QUIET)
