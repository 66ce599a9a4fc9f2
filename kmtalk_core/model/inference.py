"""How networks are run when nothing is learnt."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .audio_encoder import AudioEncoder


@contextmanager
def inferring(encoder: AudioEncoder) -> Iterator[None]:
    """No gradients; and one processor thread for the starter's network.

    That one is so small (a hundredth of real time on one core) that threads cost more than they give: on a busy
    machine they wait for each other at every layer, and many such workers side by side stand still.
    """
    threads = torch.get_num_threads()
    is_small = encoder.kind == "log_mel" and threads > 1
    if is_small:
        torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        if is_small:
            torch.set_num_threads(threads)
