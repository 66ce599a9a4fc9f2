"""How networks are run when nothing is learnt."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def inferring(one_thread: bool) -> Iterator[None]:
    """No gradients; and `one_thread` of the processor for a network as small as the starter's.

    That one takes a hundredth of real time on one core, so threads cost more than they give: on a busy machine they
    wait for each other at every layer, and many workers side by side stand still.
    """
    threads = torch.get_num_threads()
    if one_thread:
        torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        if one_thread:
            torch.set_num_threads(threads)
