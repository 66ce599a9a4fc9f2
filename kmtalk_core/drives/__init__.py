"""Drives: what lies between a motion and the values of curves, and back."""
