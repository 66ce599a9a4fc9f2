"""The demo head: a face of our own making, with every ARKit shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .head import Head, HeadPart, demo_head

__all__ = ["Head", "HeadPart", "demo_head"]


def __getattr__(name: str) -> Any:
    """Import the head, and SciPy with it, only when someone asks for it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import head

    return getattr(head, name)
