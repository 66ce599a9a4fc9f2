"""A take in Blender: written as curves, edited by hand, read back, kept in the file."""
