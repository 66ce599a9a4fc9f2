"""Faces that were captured: coefficients of ARKit beside the sound that was said, as tools of others record them."""

from .capture import Capture
from .find import Captures, find

__all__ = ["Capture", "Captures", "find"]
