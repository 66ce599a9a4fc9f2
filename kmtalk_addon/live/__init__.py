"""Live: what is done by hand to a line is answered at once, in the spans it concerns; sliders are followed.

`noticing` hears of changes as cheaply as can be, `answering` makes what answers them, `switch` decides when.  Blender
keeps pointers to keys while it drags them, so nothing is written then; and what is written is written in one go, so
that no undo step can catch half of it.
"""
