"""`film`: vertices and their sound as a film, without Blender: what a method's `.npy` looks like."""

import argparse
import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import RATE, load
from ..datasets.ply import TriangleMesh, read_ply
from ..datasets.reader import map_motion
from ..errors import DataSetError
from ..files import replacing, require_free
from ..motion.spaces import SPACES
from ..progress import Job, Progress, finish
from .render import draw_head
from .sources import read_offsets

_SKIN = (205.0, 185.0, 175.0)
_LONGEST = 10_000  # frames


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `film` takes."""
    parser.add_argument("motion", type=Path, metavar="MOTION.npy", help="(frames, 3 V): vertices, or offsets")
    parser.add_argument("--mesh", type=Path, required=True, metavar="HEAD.ply", help="the neutral head, in its unit")
    parser.add_argument("--sound", type=Path, metavar="AUDIO", help="what is heard")
    parser.add_argument("--out", type=Path, required=True, metavar="FILM.mp4")
    parser.add_argument(
        "--fps", type=float, help="of the motion (default: that of the space of so many vertices, or 30)"
    )
    parser.add_argument("--size", type=int, default=320, help="of the picture (default %(default)s)")


def run(options: argparse.Namespace, show: Callable[[Job[Any]], Any] = finish) -> int:
    """Draw every frame; the film's path goes to stdout."""
    require_free(options.out, options.motion, options.mesh, options.sound)
    if not 64 <= options.size <= 2048:
        raise DataSetError("--size must lie between 64 and 2048.")
    show(film_job(options.motion, options.mesh, options.sound, options.out, options.fps, options.size))
    print(options.out)
    return 0


def film_job(motion: Path, head: Path, sound: Path | None, out: Path, fps: float | None, size: int) -> Job[None]:
    """Write a film (MPEG-4, sound in AAC) of the vertices or offsets in `motion` on the mesh in `head`.

    Raises DataSetError for files that do not fit each other, or where PyAV, which writes films, is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise DataSetError("A film needs the package av; install it with `pip install av`.") from error
    mesh = read_ply(head)
    vertices = len(mesh.vertices)
    count = len(map_motion(motion, 3 * vertices))
    if count > _LONGEST:
        raise DataSetError(f"{motion} has {count} frames; a film takes {_LONGEST} at most: cut it.")
    known = next((space.fps for space in SPACES.values() if space.vertices == vertices), 30.0)
    rate = Fraction(fps or known).limit_denominator(1001)
    if not 1 <= rate <= 240:
        raise DataSetError("--fps must lie between 1 and 240.")
    offsets = read_offsets(motion, mesh.vertices)
    heard = load(sound) if sound is not None else None
    size -= size % 2
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        video: Any = container.add_stream("mpeg4", rate=rate)
        video.width = video.height = size
        video.pix_fmt, video.bit_rate = "yuv420p", 4_000_000
        voice: Any = container.add_stream("aac", rate=RATE) if heard is not None else None
        if voice is not None:
            voice.layout = "mono"
        for index in range(count):
            picture = _picture(mesh, offsets[index], size)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            yield Progress("drawing", (index + 1) / count)
        container.mux(video.encode())
        if heard is not None:
            samples = heard.read(0, min(heard.length, round(count / float(rate) * RATE))).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            frame.sample_rate = RATE
            container.mux(voice.encode(frame))
            container.mux(voice.encode())
    with replacing(out) as written:
        written.write(file.getvalue())


def _picture(mesh: TriangleMesh, offsets: np.ndarray, size: int) -> np.ndarray:
    skin = np.broadcast_to(np.array(_SKIN, np.float32), mesh.vertices.shape)
    return draw_head(mesh.vertices + offsets.reshape(-1, 3), mesh, skin, size)
