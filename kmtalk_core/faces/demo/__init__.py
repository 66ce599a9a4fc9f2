"""The demo head: a face of our own making, with every ARKit shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .pieces import Head, HeadPart
from .stored import load_head, save_head

if TYPE_CHECKING:
    from .head import demo_head

__all__ = ["Head", "HeadPart", "demo_head", "load_head", "save_head"]


def __getattr__(name: str) -> Any:
    """Import the code that shapes the head, and SciPy with it, only when someone asks for it."""
    if name != "demo_head":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import head

    return head.demo_head
