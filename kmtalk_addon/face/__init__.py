"""A face in Blender: what drives it, and how it is recognised, built, checked and remembered."""

from .recognise import Face, FaceMesh, find_face, own_shape_keys

__all__ = ["Face", "FaceMesh", "find_face", "own_shape_keys"]
