"""From the frames of a take to the frames of a scene: by time, never by index.  No bpy here."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..core import curves

FloatArray: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Timeline:
    """Scene frames and the seconds of a sound: `start` is the scene frame (fractions allowed) of second 0."""

    fps: float
    start: float = 1.0

    def frame_at(self, time: float) -> float:
        return self.start + time * self.fps

    def nearest_frame(self, time: float) -> int:
        return math.floor(self.frame_at(time) + 0.5)

    def time_at(self, frame: float) -> float:
        return (frame - self.start) / self.fps


@dataclass(frozen=True)
class Samples:
    """A motion at whole scene frames.

    frames: (F,) scene frames; values: (F, M); is_key: (F,) where a key motion lies; key_frames: (N,) the scene frame
    of every key that was asked for, in that order; is_stepped: whether values hold until the next.
    """

    frames: npt.NDArray[np.int32]
    values: FloatArray
    is_key: npt.NDArray[np.bool_]
    key_frames: tuple[int, ...]
    is_stepped: bool = False


def sample(motion: FloatArray, fps: float, keys: Sequence[int], timeline: Timeline) -> Samples:
    """`motion` (T, M) at `fps`, with key motions at the frames `keys`, at every whole frame of the scene.

    In-betweens are interpolated in time.  A key motion lands, with its exact pose, on the nearest whole frame, so that
    closed lips stay closed where the rates differ; where two meet on one frame, the nearer one has it.
    """
    last = len(motion) - 1
    first_frame, last_frame = timeline.nearest_frame(0.0), timeline.nearest_frame(last / fps)
    frames = np.arange(first_frame, last_frame + 1, dtype=np.int32)
    position = np.clip((frames - timeline.start) / timeline.fps * fps, 0.0, last)
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, last)
    weight = (position - below).astype(np.float32)[:, None]
    values = motion[below] * (1 - weight) + motion[above] * weight
    key_frames = tuple(timeline.nearest_frame(key / fps) for key in keys)
    distance = {key: abs(timeline.frame_at(key / fps) - frame) for key, frame in zip(keys, key_frames, strict=True)}
    is_key = np.zeros(len(frames), dtype=np.bool_)
    for key, frame in sorted(zip(keys, key_frames, strict=True), key=lambda pair: -distance[pair[0]]):
        is_key[frame - first_frame] = True
        values[frame - first_frame] = motion[key]
    return Samples(frames, values.astype(np.float32), is_key, key_frames)


@dataclass(frozen=True)
class Points:
    """The keys of one curve: `frames`, `values` and `is_key` (n,); `slopes` (n,) a frame, None for linear keys, or for
    those that hold until the next where `is_stepped`."""

    frames: npt.NDArray[np.int32]
    values: FloatArray
    is_key: npt.NDArray[np.bool_]
    slopes: FloatArray | None = None
    is_stepped: bool = False

    def near(self, first: int, last: int) -> "Points":
        """Those from frame `first` to `last`, and one on each side."""
        low, high = np.searchsorted(self.frames, (first, last + 1))
        part = slice(max(int(low) - 1, 0), int(high) + 1)
        slopes = None if self.slopes is None else self.slopes[part]
        return Points(self.frames[part], self.values[part], self.is_key[part], slopes, self.is_stepped)


def points_of(samples: Samples, channels: Iterable[int], error: float = 0.0) -> dict[int, Points]:
    """The keys to write, by channel: every frame, or where `error` > 0 the few that keep within it.

    A channel that never changes carries its key motions alone, or two of them.
    """
    return {channel: _points(samples, samples.values[:, channel], error) for channel in channels}


def _points(samples: Samples, values: FloatArray, error: float) -> Points:
    if samples.is_stepped:
        kept = np.flatnonzero(samples.is_key | (np.diff(values, prepend=np.nan) != 0))
        return Points(samples.frames[kept], values[kept], samples.is_key[kept], is_stepped=True)
    if np.ptp(values) == 0 and samples.is_key.any():
        kept = np.flatnonzero(samples.is_key)
        kept = kept[[0, -1]] if error > 0 and len(kept) > 1 else kept
        return Points(samples.frames[kept], values[kept], samples.is_key[kept])
    if error <= 0:
        return Points(samples.frames, values, samples.is_key)
    kept, slopes = curves.reduce(values, error, preferred=samples.is_key)
    return Points(samples.frames[kept], values[kept], samples.is_key[kept], slopes)
