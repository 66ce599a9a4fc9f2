"""Drives: what lies between a motion and the curves that move a face."""

from .base import Drive, Pose, signature
from .bones import BoneDrive
from .keys import KeyDrive
from .vertices import VertexDrive

__all__ = ["BoneDrive", "Drive", "KeyDrive", "Pose", "VertexDrive", "signature"]
