"""Operators: each reads its properties, calls one function of the add-on, and reports."""

from . import animate, engine, face, interchange, keys

CLASSES = (*animate.CLASSES, *face.CLASSES, *keys.CLASSES, *interchange.CLASSES, *engine.CLASSES)
