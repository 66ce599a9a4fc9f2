"""A face in Blender: what drives it, and how it is recognised, built, checked and remembered."""

from .recognise import find_face
from .targets import BoneTarget, Curve, Face, KeyTarget, Target

__all__ = ["BoneTarget", "Curve", "Face", "KeyTarget", "Target", "find_face"]
