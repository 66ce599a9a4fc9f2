"""What one run of the command made of a shot, as JSON for the farm that started it."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from .. import compat, options
from ..core import errors, files, version

FORMAT = 1


@dataclass
class Shot:
    """The report of one run: an entry a sound strip, and what stopped the whole.

    status: the exit status.  strips: name, faces, `frames` (first and last, both played), `status` (`done`, `failed`,
    `left alone`), `notes` and `error` of each.  saved, rendered: the paths that were written.
    """

    strips: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    saved: str | None = None
    rendered: str | None = None

    def add(self, strip: str, faces: str, status: str, notes: str = "", error: str = "") -> None:
        """Tell of one sound strip; faces: mesh objects with ; between them."""
        self.strips.append(
            {
                "strip": strip,
                "faces": options.names_in(faces),
                "frames": _frames(strip),
                "status": status,
                "notes": [notes] if notes else [],
                "error": error or None,
            }
        )

    def write(self, path: Path, status: int) -> None:
        """Write it, whole or not at all.  Raises KMTalkError where that cannot be."""
        told = {
            "format": FORMAT,
            "kmtalk": version,
            "blender": bpy.app.version_string,
            "status": status,
            "file": bpy.data.filepath or None,
            "saved": self.saved,
            "rendered": self.rendered,
            "strips": self.strips,
            "errors": self.errors,
        }
        try:
            with files.replacing(path) as file:
                file.write((json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        except OSError as error:
            raise errors.KMTalkError(
                f"{path} cannot be written ({error.strerror}): choose another --report."
            ) from error


def _frames(name: str) -> list[int] | None:
    """The first and the last frame that a sound strip of the scene plays; None where there is no such strip."""
    scene = bpy.context.scene
    home = scene.kmtalk.strip_scene or scene
    for strip in compat.strips(home):
        if strip.name == name:
            first, end = compat.heard_frames(strip)
            return [math.floor(first), math.ceil(end) - 1]
    return None
