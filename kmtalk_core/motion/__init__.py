"""Motion spaces and what can be done with motion in them."""
