"""In real time: a voice moves a face while it is spoken.

`live.LiveFace` takes sound by blocks and gives frames.  The layers, the localization, the shaping and the performance
are a take's own, each in the form that it has when nobody knows how the sound goes on.  NumPy alone runs it.
"""
