"""Sounds in the sequencer."""

from pathlib import Path
from typing import Any

import bpy

from . import compat
from .core import errors

_PACK_LIMIT = 64 * 1024 * 1024
"""Sounds up to this size (bytes) travel inside the .blend file."""


def add_sound(scene: Any, path: Path, frame: int, name: str) -> Any:
    """A sound strip that starts at `frame` on the first free channel.  Raises AudioError."""
    if not compat.HAS_AUDIO:
        raise errors.AudioError("This build of Blender has no audio: use Blender 4.3 or newer to hear the sound.")
    taken = {strip.channel for strip in compat.strips(scene)}
    channel = next(number for number in range(1, len(taken) + 2) if number not in taken)
    try:
        return compat.new_sound_strip(scene, name, path, channel, frame)
    except RuntimeError as error:
        raise errors.AudioError(f"Blender cannot read {path.name} as sound: convert it to WAV or FLAC.") from error


def carry_along(strip: Any, folder: Path) -> None:
    """Make the sound of `strip` travel with a .blend file in `folder`: packed, or copied beside it when it is long."""
    sound = strip.sound
    path = Path(bpy.path.abspath(sound.filepath))
    if path.stat().st_size <= _PACK_LIMIT:
        sound.pack()
        sound.filepath = f"//{path.name}"
        return
    beside = folder / path.name
    if not beside.exists() or not beside.samefile(path):
        beside.write_bytes(path.read_bytes())
    sound.filepath = f"//{path.name}"
