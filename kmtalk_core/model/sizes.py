"""What no config changes: the sizes and rates that both passes of the network, PyTorch's and NumPy's, are built by."""

EVIDENCE_RATE = 50
"""Outputs of the log-mel encoder a second; output j is centred on j * 20 ms."""

ARTICULATION: tuple[str, ...] = ("opening", "closure", "labiodental", "round", "spread")
BOUNDARIES = 2
"""Sub-frames of 10 ms to an output of the log-mel encoder."""

CHANNELS, BLOCKS, KERNEL = 128, 8, 5
"""Of the log-mel encoder."""

STRIDE = 2
DILATIONS = (1, 2, 4, 8)
ARTICULATORS_KERNEL = 3

PHONE_SPAN = 5
"""Frames of phone posteriors that one pose is read from: the frame and two on each side."""

MASKED = -1e4
"""Added to a score that must not count: it vanishes from a softmax, and an empty row is no NaN."""


def dilations(blocks: int = BLOCKS) -> list[int]:
    """How far apart the taps of each of the log-mel encoder's blocks lie."""
    return [DILATIONS[index % len(DILATIONS)] for index in range(blocks)]


def margin(kernel: int = KERNEL, blocks: int = BLOCKS) -> int:
    """Outputs of the log-mel encoder on each side of one that share its input: the margin of an exact window."""
    frames = sum(dilation * (kernel // 2) for dilation in dilations(blocks)) + 1
    return frames + -(-(kernel // 2) // STRIDE)
