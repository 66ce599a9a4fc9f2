"""The network at work on one sound: motion of any stretch of frames, in windows that cost bounded memory."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..edits import PlannedKey
from ..progress import Job, Progress
from ..shaping import Shaping
from .audio_encoder import EncodedSpeech, FloatArray
from .conditioning import AlignedPhones
from .hearing import WINDOW_SECONDS, Hearing
from .inference import inferring
from .kmtalk import KMTalk


@dataclass(frozen=True)
class Performance:
    """A network, the sound it hears, and what its motion is shaped by.

    `phones` are those of the alignment and `trust` (0 to 1) how much they count beside what the encoder hears.
    """

    model: KMTalk
    hearing: Hearing
    phones: AlignedPhones
    trust: float
    shaping: Shaping

    def motion_job(self, keys: Sequence[PlannedKey], first: int, last: int, out: FloatArray) -> Job[None]:
        """Write the motion of frames `first` to `last` to `out`, from its row 0; `keys` are the whole take's.

        Keys with a pose are given to the completion as they are, the network makes the others.  Where a key shows
        another moment than its own frame's, what is heard is warped in time so that it falls on the key.
        """
        space = self.model.config.motion_space
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
        low = max(outer_begin - self.model.config.context, 0)
        high = min(outer_end + self.model.config.context, count)
        near = [key for key in keys if low <= key.frame < high]
        encoded = yield from self._heard(keys, low, high)
        with inferring(one_thread=self.model.audio_encoder.is_small):
            raw = self._motion(encoded, near, low, slice(outer_begin - low, outer_end - low))
        moments = _moments(keys, begin, end, count, self.model.config.motion_space.fps)
        return self.shaping.shape(raw, outer_begin, begin - outer_begin, outer_end - end, moments)

    def _heard(self, keys: Sequence[PlannedKey], low: int, high: int) -> Job[EncodedSpeech]:
        """The speech of frames `low` to `high`, warped to the keys."""
        moments = _moments(keys, low, high, self.hearing.frame_count, self.model.config.motion_space.fps)
        first, last = int(moments.min()), min(math.ceil(moments.max()) + 1, self.hearing.frame_count)
        encoded = yield from self.hearing.encode_job(first, last)
        features, phones = encoded.features, encoded.phones
        if self.model.phone_conditioning is not None and (self.trust or phones is None):
            aligned = torch.from_numpy(self.phones.posteriors(first, last)).to(features)[None]
            phones = aligned if phones is None else torch.lerp(phones, aligned, self.trust)
        if last - first == high - low and first == low and np.array_equal(moments, np.arange(low, high)):
            return EncodedSpeech(features, phones)
        features = _sampled(features, moments - first)
        return EncodedSpeech(features, None if phones is None else _sampled(phones, moments - first))

    def _motion(self, encoded: EncodedSpeech, keys: Sequence[PlannedKey], low: int, core: slice) -> FloatArray:
        """The network's motion of the frames `core` of a window that starts at `low` and holds `keys`."""
        device = encoded.features.device
        frames = torch.tensor([[key.frame - low for key in keys]], device=device, dtype=torch.long)
        heard = self.model.listen(encoded)
        poses = self.model.key_motions(heard, frames)
        given = [index for index, key in enumerate(keys) if key.pose is not None]
        if given:
            wanted = np.stack([keys[index].pose for index in given])  # type: ignore[misc]  # None is left out above
            unshaped = self.shaping.unshape(wanted, poses[0, given].cpu().numpy())
            poses[0, given] = torch.from_numpy(unshaped).to(device)
        motion = self.model.complete(heard, frames, poses, core=core)
        result: FloatArray = motion[0].cpu().numpy()
        return result


def _moments(keys: Sequence[PlannedKey], low: int, high: int, count: int, fps: float) -> npt.NDArray[np.float64]:
    """For frames `low` to `high`, the frame of the sound that each shows: its own, but near a key that was moved."""
    frames = np.arange(low, high, dtype=np.float64)
    shown = [key.frame for key in keys]
    heard = [key.frame if key.state == "generated" else min(max(round(key.time * fps), 0), count - 1) for key in keys]
    if shown == heard:
        return frames
    return np.interp(frames, [-1, *shown, count], np.maximum.accumulate([-1, *heard, count])).clip(0, count - 1)


def _sampled(values: Tensor, positions: npt.NDArray[np.float64]) -> Tensor:
    """`values` (1, time, n) at fractional `positions` within them."""
    below = np.floor(positions).astype(np.int64)
    above = np.minimum(below + 1, values.shape[1] - 1)
    share = torch.from_numpy((positions - below).astype(np.float32)).to(values)[:, None]
    lower, upper = (torch.from_numpy(index).to(values.device) for index in (below, above))
    return torch.lerp(values[:, lower], values[:, upper], share)
