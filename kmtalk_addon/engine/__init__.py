"""The engine inside Blender, and the worker's Python: find it, check it, install it, and lend its processes to jobs.

No bpy here, and no torch.
"""

from . import microphone
from .built_in import BuiltIn, runs
from .faults import EngineError
from .install import install, ready, uninstall
from .interpreters import has_own_python
from .python import (
    VARIABLE,
    Engine,
    Report,
    bundled_wheels,
    check,
    data_folder,
    find,
    has_begun,
    installed_for,
    is_installed,
    speak,
)
from .workers import Workers

__all__ = [
    "VARIABLE",
    "BuiltIn",
    "Engine",
    "EngineError",
    "Report",
    "Workers",
    "bundled_wheels",
    "check",
    "data_folder",
    "find",
    "has_begun",
    "has_own_python",
    "install",
    "installed_for",
    "is_installed",
    "microphone",
    "ready",
    "runs",
    "speak",
    "uninstall",
]
