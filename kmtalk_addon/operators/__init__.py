"""Operators: each reads its properties, calls one function of the add-on, and reports."""

from . import animate, engine, face, face_shapes, interchange, keys

CLASSES = (*animate.CLASSES, *face.CLASSES, *face_shapes.CLASSES, *keys.CLASSES, *interchange.CLASSES, *engine.CLASSES)
