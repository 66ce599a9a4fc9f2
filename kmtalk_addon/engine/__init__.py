"""The worker's Python: find it, check it, install it, and lend its processes to jobs.  No bpy here, and no torch."""

from .install import install, is_installed, uninstall
from .python import Engine, EngineError, Report, check, data_folder, find, speak
from .workers import Workers

__all__ = [
    "Engine",
    "EngineError",
    "Report",
    "Workers",
    "check",
    "data_folder",
    "find",
    "install",
    "is_installed",
    "speak",
    "uninstall",
]
