"""Operators: each reads its properties, calls one function of the add-on, and reports."""

from . import (
    animate,
    demo_head,
    engine,
    events,
    face,
    face_settings,
    face_shapes,
    interchange,
    keys,
    lines,
    live_voice,
    words,
)

CLASSES = (
    *animate.CLASSES,
    *live_voice.CLASSES,
    *demo_head.CLASSES,
    *words.CLASSES,
    *face.CLASSES,
    *face_shapes.CLASSES,
    *face_settings.CLASSES,
    *keys.CLASSES,
    *events.CLASSES,
    *lines.CLASSES,
    *interchange.CLASSES,
    *engine.CLASSES,
)
