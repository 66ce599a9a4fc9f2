"""Captured motion to train on and to measure against: VOCASET and BIWI in the layout that the field uses."""
