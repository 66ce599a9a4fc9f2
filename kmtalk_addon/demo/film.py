"""The demo as a film: H.264 pictures, AAC sound."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from .. import compat


def shoot(
    scene: Any, path: Path, first: int, last: int, size: tuple[int, int], report: Callable[[float], None]
) -> None:
    """Render the frames `first` to `last`, with the scene's sound, to the MP4 `path`; `report` hears the fraction."""
    render = scene.render
    compat.set_movie_output(render)
    render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
    render.ffmpeg.constant_rate_factor, render.ffmpeg.ffmpeg_preset = "HIGH", "GOOD"
    render.ffmpeg.audio_codec = "AAC" if compat.HAS_AUDIO else "NONE"
    render.ffmpeg.audio_bitrate = 160
    render.resolution_x, render.resolution_y, render.resolution_percentage = *size, 100
    partial = path.with_name(f"{path.stem}.partial.mp4")
    end = scene.frame_end
    scene.frame_start, scene.frame_end = first, last
    render.filepath = str(partial)
    done = 0

    def count(*_: Any) -> None:
        nonlocal done
        done += 1
        report(done / (last - first + 1))

    try:
        with _handler(bpy.app.handlers.render_write, count):
            bpy.ops.render.render(animation=True)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
        scene.frame_end = end
        render.filepath = f"//{path.name}"


def still(scene: Any, path: Path, frame: int, camera: Any, size: tuple[int, int]) -> None:
    """Render one frame through `camera` to the PNG `path`."""
    render = scene.render
    compat.set_image_output(render)
    render.image_settings.color_mode = "RGB"
    render.resolution_x, render.resolution_y, render.resolution_percentage = *size, 100
    render.filepath = str(path)
    portrait, scene.camera = scene.camera, camera
    scene.frame_set(frame)
    bpy.ops.render.render(write_still=True)
    scene.camera = portrait


@contextmanager
def _handler(handlers: Any, function: Callable[..., None]) -> Iterator[None]:
    """A handler left behind would crash the interpreter at its exit."""
    handlers.append(function)
    try:
        yield
    finally:
        handlers.remove(function)
