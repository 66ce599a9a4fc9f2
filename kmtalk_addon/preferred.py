"""What the extension's preferences say, for whoever has to know; `ui/preferences.py` declares and draws them."""

from pathlib import Path
from typing import Any

import bpy

from . import engine

PACKAGE = (__package__ or "kmtalk_addon").removesuffix(".kmtalk_addon")
"""The extension's id: the package that Blender enabled."""


def preferences(context: Any) -> Any:
    """The preferences as they are."""
    return context.preferences.addons[PACKAGE].preferences


def runs_inside(chosen: Any) -> bool:
    """Whether Blender animates by itself, with these preferences' weights on their device."""
    folder = Path(bpy.path.abspath(chosen.weights)) if chosen.weights else None
    return bool(chosen.engine == "AUTO" and engine.runs(folder, chosen.device.lower()))
