"""What a program that carries the core inside itself wants of streaming, loaded when it is first wanted."""

import importlib.util

from ..settings import Settings
from .live import LOOK_AHEAD, MOST_LOOK_AHEAD, Frame, LiveFace, network_of
from .sources import microphone_blocks

__all__ = [
    "LOOK_AHEAD", "MOST_LOOK_AHEAD", "Frame", "LiveFace", "Settings", "has_microphone", "microphone_blocks",
    "network_of",
]  # fmt: skip


def has_microphone() -> bool:
    """Whether this Python can hear one by itself."""
    if importlib.util.find_spec("sounddevice") is None:
        return False
    try:
        importlib.import_module("sounddevice")
    except (ImportError, OSError):  # OSError: PortAudio is not there
        return False
    return True
