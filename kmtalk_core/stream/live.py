"""A voice to a moving face while it is spoken: sound in by blocks of any size, frames out at a steady rate.

The network, the shaping of its motion and the performance are those of a take.  What a take knows of the whole sound is
here known of what was heard, and of `look_ahead` seconds that the face stays behind.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..alignment import Phone
from ..audio import RATE
from ..calibration import Calibration
from ..engines import STARTER_WEIGHTS
from ..errors import KMTalkError, WeightsError
from ..expression.chance import ease
from ..expression.mood import MoodTrack
from ..expression.performer import Performer
from ..expression.script import Script
from ..model.folder import load_config
from ..model.log_mel import FloatArray
from ..motion.spaces import HEAD, MotionSpace
from ..portable import checkpoint
from ..portable.kmtalk import KMTalk
from ..settings import Settings
from ..shaping import Shaping
from .chest import StreamingChest
from .gestures import Gestures
from .mouth import Moment, StreamingMouth
from .voice import StreamingVoice

LOOK_AHEAD = 0.2
"""Seconds; what more brings is little, as `evaluate-stream` shows."""

MOST_LOOK_AHEAD = 0.4
RATES = (1.0, 120.0)
"""Frames a second, least and most."""

_FIRST = 400  # samples without which nothing can be heard
_BEGIN, _END = 0.1, 0.4  # seconds in which a face comes from rest and goes back to it
_FADE = 0.25  # seconds in which it has come to rest, at the end
_TOGETHER = ((0.3, 1 / 10), (0.1, 1 / 15), (0.0, 1 / 30))
"""From that look-ahead on, the network works on so many seconds of frames at a time: the last of them have that much
less of it, and half the work is saved."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A face at one moment: `time` seconds into the sound, `motion` (channels,), and beside it by the names of their
    spaces what else the settings let move, (width,) each."""

    number: int
    time: float
    motion: FloatArray
    beside: Mapping[str, FloatArray]

    @property
    def head(self) -> FloatArray:
        """(3,) yaw, pitch and roll in radians; 0 where the head is to stay."""
        return self.beside.get(HEAD.name, np.zeros(HEAD.width, np.float32))


def network_of(weights: Path | None = None) -> KMTalk:
    """The network of a checkpoint folder, the starter's where there is none.

    Raises WeightsError for one that hears by a pretrained encoder, which wants the whole sound.
    """
    folder = STARTER_WEIGHTS if weights is None else weights
    if not load_config(folder).encoder.hears_phones:
        raise WeightsError(f"The weights in {folder} want the whole sound: stream with the starter weights.")
    return checkpoint.load(folder)


class LiveFace:
    """One face that follows one voice.

    `rate` is in frames a second, `look_ahead` (0 to 0.4) in seconds.  Frames depend on the samples alone, not on the
    blocks in which they come.  Memory does not grow.  Raises KMTalkError for a rate or a look-ahead that cannot be.
    """

    def __init__(
        self,
        network: KMTalk,
        settings: Settings | None = None,
        *,
        rate: float = 30.0,
        look_ahead: float = LOOK_AHEAD,
        calibration: Calibration | None = None,
    ) -> None:
        if not 0 <= look_ahead <= MOST_LOOK_AHEAD:  # true for NaN
            raise KMTalkError(f"The look-ahead must lie between 0 and {MOST_LOOK_AHEAD:g} seconds.")
        if not RATES[0] <= rate <= RATES[1]:
            raise KMTalkError(f"The rate must lie between {RATES[0]:g} and {RATES[1]:g} frames a second.")
        self._settings = replace(settings or Settings(), delay=0.0)
        self._calibration, self._articulation = calibration, network.config.articulation
        self._rate, self._look_ahead = rate, look_ahead
        native = network.config.motion_space
        self.space: MotionSpace = replace(native, fps=rate)
        self._ratio = native.fps / rate
        together = next(seconds for least, seconds in _TOGETHER if look_ahead >= least)
        self._step = max(round(rate * together), 1)
        self._mouth, self._voice = StreamingMouth(network), StreamingVoice()
        self._waiting: list[FloatArray] = []
        self._received = self._taken = 0
        self._number = 0
        self._end = math.inf
        self._phones: tuple[Phone, ...] = ()
        self._script = self._script_at(0.0)
        self._gestures = Gestures(self._settings, lambda time: self._script.mood.at(time))
        self._chest = StreamingChest(self._settings.seed)
        self._ready: deque[Frame] = deque()
        self._before = np.zeros((0, native.width), np.float32)  # raw motion that smoothing still wants

    @property
    def phones(self) -> tuple[Phone, ...]:
        """What is heard of the last seconds; what lies before the shown frame is for good."""
        return self._phones

    def push(self, samples: FloatArray) -> list[Frame]:
        """The frames that are due now that `samples` (n,) at 16 kHz have come."""
        self._waiting.append(samples)
        self._received += len(samples)
        while self._received >= self._due(self._number):
            self._ready.extend(self._run())
        due = []
        while self._ready and self._received >= self._due(self._ready[0].number):
            due.append(self._ready.popleft())
        return due

    def stop(self) -> list[Frame]:
        """What is left, and the face's way back to rest; the last frame is at rest."""
        if not self._received:
            return []
        shown = max(self._number - len(self._ready), 0) / self._rate
        self._end = max(shown, self._received / RATE) + _END
        frames: list[Frame] = []
        silence = np.zeros(RATE // 50, np.float32)
        while not frames or frames[-1].time < self._end:
            frames += self.push(silence)
        return [frame for frame in frames if frame.time < self._end + 1 / self._rate]

    def _due(self, number: int) -> int:
        """Samples that have to be there for a frame."""
        return max(math.ceil((number / self._rate + self._look_ahead) * RATE), _FIRST)

    def _take(self, count: int) -> FloatArray:
        """The next `count` samples."""
        samples = np.concatenate(self._waiting)
        self._waiting = [samples[count:]]
        self._taken += count
        return np.ascontiguousarray(samples[:count], np.float32)

    def _run(self) -> Iterator[Frame]:
        """Make the next frames, with all that may be heard for the first of them."""
        first, self._number = self._number, self._number + self._step
        time = first / self._rate
        samples = self._take(self._due(first) - self._taken)
        last = math.ceil((self._number - 1) * self._ratio)
        moment = self._mouth.hear(samples, math.floor(first * self._ratio), last)
        self._phones = phones = moment.alignment.phones
        self._voice.hear(self._mouth.ear.features.fresh, bool(phones) and not phones[-1].is_silence)
        self._script = self._script_at(time, moment)
        self._gestures.decide(self._script.prosody, time)
        self._chest.breathe(self._script.prosody, time)
        performer = Performer(self._script, self._gestures.events, self._chest.breathing)
        shaping = Shaping(
            self.space, self._settings, moment.alignment, performer, self._calibration, self._articulation
        )
        motion = self._shaped(shaping, moment, first)
        times = np.arange(first, self._number) / self._rate
        beside = performer.beside(times)
        shown = ease(times / _BEGIN) * ease((self._end - times) / _FADE)
        motion *= shown[:, None].astype(np.float32)
        for index in range(self._step):
            others = {name: moved[index] for name, moved in beside.items()}
            yield Frame(first + index, float(times[index]), motion[index], others)

    def _shaped(self, shaping: Shaping, moment: Moment, first: int) -> FloatArray:
        """Motion of the next frames from the network's around them."""
        known = math.floor((moment.first + len(moment.raw) - 1) / self._ratio + 1e-9)
        beyond = max(min(known - first - self._step + 1, shaping.margin), 0)
        position = np.arange(first, first + self._step + beyond) * self._ratio - moment.first
        below = np.floor(position + 1e-9).astype(np.intp)
        share = np.maximum(position - below, 0).astype(np.float32)[:, None]
        above = np.minimum(below + 1, len(moment.raw) - 1)
        raw = moment.raw[below] + share * (moment.raw[above] - moment.raw[below])
        before = len(self._before)
        whole = np.concatenate([self._before, raw])
        self._before = whole[: before + self._step][-shaping.margin :] if shaping.margin else self._before
        return shaping.shape(whole, first - before, before, beyond)

    def _script_at(self, time: float, moment: Moment | None = None) -> Script:
        settings = self._settings
        prosody = self._voice.now(moment.alignment.phones if moment else (), time)
        mood = MoodTrack(settings.mood, settings.mood_strength, (), prosody, settings.seed)
        return Script(prosody, mood, settings, 0.0, self._end, settings.seed)
