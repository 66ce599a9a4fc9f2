"""The network at work on one sound: motion of any stretch of frames, in windows that cost bounded memory."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..edits import PlannedKey
from ..progress import Job, Progress
from ..shaping import Shaping
from .conditioning import AlignedPhones
from .hearing import WINDOW_SECONDS, Hearing
from .network import Encoded, FloatArray, Network


@dataclass(frozen=True)
class Performance:
    """A network, the sound it hears, and what its motion is shaped by.

    `phones` are those of the alignment and `trust` (0 to 1) how much they count beside what the encoder hears.
    """

    network: Network
    hearing: Hearing
    phones: AlignedPhones
    trust: float
    shaping: Shaping

    def motion_job(self, keys: Sequence[PlannedKey], first: int, last: int, out: FloatArray) -> Job[None]:
        """Write the motion of frames `first` to `last` to `out`, from its row 0; `keys` are the whole take's.

        Keys with a pose are given to the completion as they are, the network makes the others.  Where a key shows
        another moment than its own frame's, what is heard is warped in time so that it falls on the key.
        """
        space = self.network.config.motion_space
        windows = max(1, round((last - first) / (WINDOW_SECONDS * space.fps)))
        step = math.ceil((last - first) / windows)
        yield Progress("animating", 0.0)
        for begin in range(first, last, step):
            end = min(begin + step, last)
            out[begin - first : end - first] = yield from self._window(keys, begin, end)
            yield Progress("animating", (end - first) / (last - first))

    def _window(self, keys: Sequence[PlannedKey], begin: int, end: int) -> Job[FloatArray]:
        margin, count = self.shaping.margin, self.hearing.frame_count
        outer_begin, outer_end = max(begin - margin, 0), min(end + margin, count)
        low = max(outer_begin - self.network.config.context, 0)
        high = min(outer_end + self.network.config.context, count)
        near = [key for key in keys if low <= key.frame < high]
        encoded = yield from self._heard(keys, low, high)
        raw = self._motion(encoded, near, low, slice(outer_begin - low, outer_end - low))
        moments = _moments(keys, begin, end, count, self.network.config.motion_space.fps)
        return self.shaping.shape(raw, outer_begin, begin - outer_begin, outer_end - end, moments)

    def _heard(self, keys: Sequence[PlannedKey], low: int, high: int) -> Job[Encoded]:
        """The speech of frames `low` to `high`, warped to the keys."""
        moments = _moments(keys, low, high, self.hearing.frame_count, self.network.config.motion_space.fps)
        first, last = int(moments.min()), min(math.ceil(moments.max()) + 1, self.hearing.frame_count)
        features, phones = yield from self.hearing.encode_job(first, last)
        if self.network.config.phone_conditioning:
            aligned = self.phones.posteriors(first, last)
            trust = self.phones.trust(first, last, self.trust)
            phones = aligned if phones is None else phones + trust * (aligned - phones)
        if last - first == high - low and first == low and np.array_equal(moments, np.arange(low, high)):
            return Encoded(features, phones)
        features = _sampled(features, moments - first)
        return Encoded(features, None if phones is None else _sampled(phones, moments - first))

    def _motion(self, encoded: Encoded, keys: Sequence[PlannedKey], low: int, core: slice) -> FloatArray:
        """The network's motion of the frames `core` of a window that starts at `low` and holds `keys`."""
        frames = np.array([key.frame - low for key in keys], np.intp)
        wanted = {index: key.pose for index, key in enumerate(keys) if key.pose is not None}

        def settle(generated: FloatArray) -> FloatArray:
            return self.shaping.unshape(np.stack(list(wanted.values())), generated, [keys[i].frame for i in wanted])

        return self.network.motion(encoded, frames, list(wanted), settle, core)


def _moments(keys: Sequence[PlannedKey], low: int, high: int, count: int, fps: float) -> npt.NDArray[np.float64]:
    """For frames `low` to `high`, the frame of the sound that each shows: its own, but near a key that was moved."""
    frames = np.arange(low, high, dtype=np.float64)
    shown = [key.frame for key in keys]
    heard = [key.frame if key.state == "generated" else min(max(round(key.time * fps), 0), count - 1) for key in keys]
    if shown == heard:
        return frames
    return np.interp(frames, [-1, *shown, count], np.maximum.accumulate([-1, *heard, count])).clip(0, count - 1)


def _sampled(values: FloatArray, positions: npt.NDArray[np.float64]) -> FloatArray:
    """`values` (time, n) at fractional `positions` within them."""
    below = np.floor(positions).astype(np.intp)
    above = np.minimum(below + 1, len(values) - 1)
    share = (positions - below).astype(np.float32)[:, None]
    sampled: FloatArray = values[below] + share * (values[above] - values[below])
    return sampled
