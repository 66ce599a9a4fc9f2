"""Faces without a scene: other people's heads, blendshapes built for them, and a head to demonstrate with."""
