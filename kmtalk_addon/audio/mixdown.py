"""What a retimed strip sounds like, as a file, by Blender's own mixdown.

In the application `bpy.ops.sound.mixdown` returns at once and reads the scene later, whatever has become of it by then.
So another Blender does it there: the scene, with the strip alone, goes into a file of its own.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .. import compat
from ..core import errors, progress
from ..engine.process import lines_of

_STAGE = "mixing the retimed strip down"
_CODE = """
import bpy, os, struct, sys, time
out = {out!r}
with bpy.context.temp_override(scene=bpy.data.scenes[{scene!r}]):
    bpy.ops.sound.mixdown(filepath=out, check_existing=False, container="WAV", codec="PCM", format="S16")
size, grown = -1, time.monotonic()
while time.monotonic() - grown < {patience}:
    head = open(out, "rb").read(8) if os.path.exists(out) else b""
    now = os.path.getsize(out) if head else -1
    if len(head) == 8 and struct.unpack("<I", head[4:])[0] == now - 8:  # the length is written last
        sys.exit(0)
    if now != size:
        size, grown = now, time.monotonic()
    time.sleep(0.05)
sys.exit(1)
"""
_PATIENCE = 20.0
"""Seconds without a new sample after which a mixdown has failed."""


@dataclass(frozen=True)
class Mixdown:
    """A strip on its way into the WAV file `out`: from its first frame to its last, retiming and all.

    first: the frame of the strip's scene at which `out` begins.
    blend: a file with the scene `scene`, in which nothing else is heard; None where `out` is done already.
    """

    name: str
    out: Path
    first: int
    scene: str
    blend: Path | None


def start(scene: Any, strip: Any, out: Path) -> Mixdown:
    """Take down what a mixdown needs; where Blender is a module, do it at once.  Raises AudioError.

    As long as the strip is heard, or the meta strip around it that no other is around.
    """
    copy = scene.copy()
    try:
        outer = _leave_alone(copy, strip.name)
        first, last = (math.floor(frame) for frame in compat.heard_frames(outer))
        shift = max(-first, 0)
        if shift:  # a scene's first frame is 0 at the earliest
            compat.move_strip(outer, shift)
        copy.frame_start, copy.frame_end = first + shift, max(last + shift - 1, first + shift, 1)
        if bpy.app.binary_path:
            blend = out.with_suffix(".blend")
            bpy.data.libraries.write(str(blend), {copy}, path_remap="ABSOLUTE")
            return Mixdown(strip.name, out, first, copy.name, blend)
        with compat.sequencer_showing(copy), bpy.context.temp_override(scene=copy):
            bpy.ops.sound.mixdown(filepath=str(out), check_existing=False, container="WAV", codec="PCM", format="S16")
        return Mixdown(strip.name, out, first, copy.name, None)
    except RuntimeError as error:
        raise _failure(strip.name) from error
    finally:
        bpy.data.scenes.remove(copy)


def finish(mixdown: Mixdown) -> progress.Job[None]:
    """Wait for the file.  Raises AudioError."""
    if mixdown.blend is None:
        return
    code = _CODE.format(scene=mixdown.scene, out=str(mixdown.out), patience=_PATIENCE)
    options = ["--background", "--factory-startup", "--python-exit-code", "1"]
    command: list[str | Path] = [bpy.app.binary_path, *options, mixdown.blend, "--python-expr", code]
    job = lines_of(command)
    status = None
    while status is None:
        try:
            line = next(job)
        except StopIteration as end:
            status = end.value
        except OSError as error:
            raise _failure(mixdown.name) from error
        else:
            if line is None:
                yield progress.Progress(_STAGE, 0.0)
    if status or not mixdown.out.is_file():
        raise _failure(mixdown.name)


def _leave_alone(scene: Any, name: str) -> Any:
    """Let one strip be all that is heard of a scene's copy, at its full volume; return it or its outermost meta strip.

    Everything that would come along into a file is let go.
    """
    scene.animation_data_clear()  # it may move volumes
    scene.use_audio, scene.audio_volume = True, 1.0
    holders = [scene.sequence_editor]
    alone = None
    for other in compat.strips(scene):
        if other.name == name:
            alone = other
        other.mute = other.name != name and other.type != "META"
        if hasattr(other, "volume"):
            other.volume = 1.0
        if other.type == "META":
            holders.append(other)
    for holder in holders:
        for channel in holder.channels:
            channel.mute = False
    for child in list(scene.collection.children):
        scene.collection.children.unlink(child)
    for item in list(scene.collection.objects):
        scene.collection.objects.unlink(item)
    scene.camera = scene.world = None
    outer = alone
    while (meta := compat.parent_meta(outer)) is not None:
        outer = meta
    return outer


def _failure(name: str) -> errors.AudioError:
    return errors.AudioError(f"“{name}” cannot be mixed down: render its audio to a file and use that.")
