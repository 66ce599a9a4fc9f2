"""Small networks for tests: random weights everywhere, as a trained one has none that are zero."""

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from kmtalk_core.model.config import STARTER, EncoderConfig, KMTalkConfig
from kmtalk_core.model.kmtalk import KMTalk

torch.set_num_threads(1)  # networks this small wait for threads more than they compute

SMALL = replace(
    STARTER, name="small", width=16, heads=2, key_layers=1, decoder_layers=1, reach=3, flow_reach=6, dropout=0.0
)

TINY_WAV2VEC2 = EncoderConfig(
    "transformers",
    {
        "model_type": "wav2vec2",
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "conv_dim": [8] * 7,
        "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
        "conv_stride": [5, 2, 2, 2, 2, 2, 2],
        "num_conv_pos_embeddings": 8,
        "num_conv_pos_embedding_groups": 2,
        "mask_time_prob": 0.0,
        "layerdrop": 0.0,
    },
)


def small(**changes: Any) -> KMTalkConfig:
    """The starter's configuration made small, with `changes`."""
    return replace(SMALL, **changes)


def awake(config: KMTalkConfig, seed: int = 0) -> KMTalk:
    """A network whose zero-initialised parameters are random too, so that it moves."""
    torch.manual_seed(seed)
    network = KMTalk(config)
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return network.eval()
