"""KMTalk: speech to facial motion by key motions at phoneme boundaries.

The package needs NumPy alone to import.  PyTorch is imported only by `kmtalk_core.model` and whatever runs it.
"""

__version__ = "0.1.0"
