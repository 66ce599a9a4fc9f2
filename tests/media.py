"""Films and compressed sounds, made with PyAV, for tests of what reads them."""

from fractions import Fraction
from pathlib import Path

import numpy as np

KINDS = {
    "line.m4a": ("ipod", "aac"),
    "lossless.m4a": ("ipod", "alac"),
    "line.mp4": ("mp4", "aac"),
    "line.mov": ("mov", "pcm_s16le"),
    "line.mkv": ("matroska", "ac3"),
    "line.webm": ("webm", "libopus"),
    "line.avi": ("avi", "libmp3lame"),
    "line.aac": ("adts", "aac"),
    "line.wma": ("asf", "wmav2"),
    "line.ac3": ("ac3", "ac3"),
    "flac.oga": ("ogg", "flac"),
}
"""File name: the container and the codec, as FFmpeg calls them."""

SOUNDS_AND_FILMS = [(name, False) for name in KINDS] + [(f"line.{kind}", True) for kind in ("mp4", "mov", "mkv", "avi")]


def write(path: Path, wave: np.ndarray, rate: int = 48000, pictures: bool = False) -> Path:
    """`wave` (n,) float32 on both sides of the file `path`, one of `KINDS`; with `pictures` it is a film."""
    import av

    container, codec = KINDS[path.name]
    with av.open(str(path), "w", format=container) as file:
        film = file.add_stream("mpeg4", rate=24, width=64, height=64, pix_fmt="yuv420p") if pictures else None
        track = file.add_stream(codec, rate=rate, layout="stereo")
        track.codec_context.bit_rate = 128_000
        if codec == "wmav2":
            track.codec_context.format = "fltp"
        convert = av.AudioResampler(format=track.codec_context.format, layout="stereo", rate=rate)
        waiting = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(np.tile(wave.astype(np.float32), (2, 1)), format="fltp", layout="stereo")
        frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for part in convert.resample(frame):
            waiting.write(part)
        while (part := waiting.read(track.codec_context.frame_size or 1024, partial=True)) is not None:
            file.mux(track.encode(part))
        file.mux(track.encode(None))
        if film is not None:
            for _ in range(round(24 * len(wave) / rate)):
                file.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
            file.mux(film.encode(None))
    return path
