"""What a result was made with."""

import platform
from collections.abc import Mapping
from importlib import metadata

from . import __version__

_PACKAGES = ("numpy", "torch", "transformers", "accelerate", "safetensors", "scipy", "soundfile")


def versions() -> Mapping[str, str]:
    """Versions of KMTalk, Python, the system and the packages that results hang on, of those that are installed."""
    found = {"kmtalk": __version__, "python": platform.python_version(), "system": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
