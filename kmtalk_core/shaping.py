"""What happens to motion after the network: strength, smoothing, rest, lips that meet, the limits of the space."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .alignment import Alignment, Phone
from .calibration import LIPS, Calibration, Spoken
from .expression import Performer, lips
from .motion.spaces import MotionSpace
from .phones import BILABIALS, classes_of
from .settings import Settings

FloatArray: TypeAlias = npt.NDArray[np.float32]

_PARTING = (*LIPS, "mouthFunnel")
_ROUNDING = ("mouthFunnel", "mouthPucker")
_ROUND = 0.6  # their sum, from which on lips are round
_ROUNDED_PART = 0.6  # share of their parting that round lips give up
_LIPS_TAKE = 0.025  # seconds that lips take to meet before p, b and m, and to part after
_JAW_GIVES = 0.4  # share of its opening that the jaw gives up meanwhile
_SURE = 0.8  # confidence from which on lips meet in full
_HEARD_AT_ALL = 0.3  # the same for what a transcript names
_REST_RAMP = 0.12  # seconds that a mouth takes to come to rest, and to open before it speaks
_DOUBT = 0.18  # seconds by which the boundary of a phone that is hardly heard may be wrong


class Shaping:
    """Shapes stretches of one take's motion, each frame alike in whatever stretch it comes."""

    def __init__(
        self,
        space: MotionSpace,
        settings: Settings,
        alignment: Alignment,
        performer: Performer | None = None,
        calibration: Calibration | None = None,
        articulation: Mapping[str, float] | None = None,
    ) -> None:
        """`articulation` is that of the network's config; where there is one, lips that round part less too, as
        captured ones do.  Raises KMTalkError for a calibration in a space without names."""
        self._actor = None if calibration is None else Spoken(calibration, space, alignment.phones)
        self._space, self._performer = space, performer
        self._strength = _strengths(space, settings)
        self._scale = articulated(space, self._strength, articulation or {})
        self._rounds = bool(articulation)
        self._lips, self._round = space.indices_of(LIPS), space.indices_of(_ROUNDING)
        self._kernel = _gaussian(settings.smoothing * space.fps / 2)
        self._beside = 0 if performer is None else lips.reach(space.fps)  # frames that tell how much room lips leave
        self._delay = settings.delay
        self._closures = _closures(space, alignment)
        self._rests = _rests(space, alignment)
        self._resting = space.indices_of((*_PARTING, "jawOpen"))

    @property
    def margin(self) -> int:
        """Frames of raw motion wanted on each side of a stretch."""
        return len(self._kernel) // 2 + self._beside

    def shape(
        self, raw: FloatArray, first: int, before: int, after: int, moments: npt.NDArray[np.float64] | None = None
    ) -> FloatArray:
        """Motion from the network's, which starts at frame `first` and has `before` and `after` frames of margin.

        `moments` (frames without margin,) tells the frame of the sound that each shows where keys that were moved bend
        it.  `raw` is used up: a window of vertices may take 200 MB.  Where there is less margin than wanted (at the
        ends of the sound) the outermost frame is held.
        """
        motion = np.multiply(raw, self._scale, out=raw)
        wide = (min(before, self._beside), min(after, self._beside))
        if self.margin:
            reach = len(self._kernel) // 2
            motion = _convolved(motion, self._kernel, reach - before + wide[0], reach - after + wide[1])
        if self._rounds:
            motion[:, self._lips] *= self._together(motion)
        room = None
        if self._performer is not None:
            room = lips.room(motion, self._space, *wide)
            motion = motion[wide[0] : len(motion) - wide[1]]
        frames = np.arange(first + before, first + before + len(motion), dtype=np.float64)
        heard = (frames if moments is None else moments) / self._space.fps - self._delay
        if len(self._rests):
            self._rest(motion, heard)
        if self._performer is not None:
            self._performer.perform(motion, frames / self._space.fps - self._delay, self._space, room)
        if self._actor is not None:
            self._actor.speak(motion, heard, self._strength)
        if len(self._closures):
            self._seal(motion, heard)
        if self._space.has_names:
            np.clip(motion, self._space.low, self._space.high, out=motion)
        return motion

    def seal(self, motion: FloatArray, fps: float) -> None:
        """Make lips meet that have to, in place, in a whole take's motion at a rate of `fps`."""
        if len(self._closures) and len(motion):
            self._seal(motion, np.arange(len(motion)) / fps - self._delay)

    def bounds(self, poses: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Least and greatest values (channels,) beside `poses` set by hand: the space's limits, or theirs beyond it."""
        return np.minimum(poses.min(axis=0), self._space.low), np.maximum(poses.max(axis=0), self._space.high)

    def unshape(self, poses: FloatArray, generated: FloatArray, frames: Sequence[int] | None = None) -> FloatArray:
        """Poses (n, channels) a person set at `frames` (n), as the network would have made them.

        That is before the settings, and without the performance where there is one and `frames` are given.  Where the
        strength is nothing the network's own `generated` poses stand.
        """
        if self._actor is not None and frames is not None:
            times = np.asarray(frames, np.float64) / self._space.fps - self._delay
            poses = self._actor.unspoken(poses, times, self._strength)
        if self._performer is not None and frames is not None:
            times = np.asarray(frames, np.float64) / self._space.fps - self._delay
            spoken = generated * self._scale
            if self._rounds:
                spoken[:, self._lips] *= self._together(spoken)
            poses = self._performer.unperformed(poses, spoken, times, self._space)
        if self._rounds:
            poses = poses.copy()
            poses[:, self._lips] /= self._together(poses)
        is_scaled = np.broadcast_to(self._scale > 0.02, poses.shape)
        return np.where(is_scaled, poses / np.maximum(self._scale, 0.02), generated).astype(np.float32)

    def _together(self, motion: FloatArray) -> FloatArray:
        """(frames, 1): the share of their parting that lips keep where they round."""
        strengths = np.maximum(self._strength[self._round], 0.02)
        rounded = (motion[:, self._round] / strengths).sum(axis=1, keepdims=True) / _ROUND
        return 1 - _ROUNDED_PART * rounded.clip(0, 1)

    def _rest(self, motion: FloatArray, times: npt.NDArray[np.float64]) -> None:
        """Let the mouth come to rest, in place, in the pauses at `times` (frames,), in seconds.

        The network alone leaves it ajar by a few per cent, and trembling with the noise.
        """
        near = self._rests[(self._rests[:, 1] > times[0] - 1) & (self._rests[:, 0] < times[-1] + 1)]
        if not len(near):
            return
        start, end, sure = (column[:, None] for column in near.T)
        inside = (np.minimum(times - start, end - times) / _REST_RAMP).clip(0, 1)
        still = (sure * (0.5 - 0.5 * np.cos(np.pi * inside))).max(axis=0).astype(np.float32)
        motion[:, self._resting] *= 1 - still[:, None]

    def _seal(self, motion: FloatArray, times: npt.NDArray[np.float64]) -> None:
        """Make the lips meet, in place, where the sound has p, b or m at `times` (frames,), in seconds.

        The network alone closes them in the middle of the phone; but what is heard as its start is the lips meeting.
        """
        near = self._closures[(self._closures[:, 1] > times[0] - 1) & (self._closures[:, 0] < times[-1] + 1)]
        if not len(near):
            return
        start, end, sure = (column[:, None] for column in near.T)
        beside = np.maximum(np.maximum(start - times, times - end), 0) / _LIPS_TAKE
        closed = (sure * (0.5 + 0.5 * np.cos(np.pi * np.minimum(beside, 1)))).max(axis=0).astype(np.float32)
        jaw, close = (self._space.index_of(name) for name in ("jawOpen", "mouthClose"))
        motion[:, jaw] *= 1 - _JAW_GIVES * closed
        motion[:, close] = np.maximum(np.minimum(motion[:, close], motion[:, jaw]), closed * motion[:, jaw])
        motion[:, self._space.indices_of(_PARTING)] *= 1 - closed[:, None]


def _closures(space: MotionSpace, alignment: Alignment) -> npt.NDArray[np.float64]:
    """(n, 3): from when to when lips touch in each p, b and m, in seconds, and how sure (0 to 1) it was said.

    They touch on the key frame of its start and have parted on that of its end: what is heard there is the release.
    Lips at rest in a pause beside it are together anyway, so then the pause's word counts too.  None in a space without
    these coefficients.
    """
    if not {*_PARTING, "jawOpen", "mouthClose"} <= set(space.names):
        return np.zeros((0, 3))
    frame = 1 / space.fps
    phones = alignment.phones
    found = []
    for index, phone in enumerate(phones):
        if BILABIALS.intersection(classes_of(phone.label)):
            pauses = (p for p in phones[max(index - 1, 0) : index + 2] if p.is_silence)
            sure = max([phone.confidence, *(pause.confidence for pause in pauses)]) / _SURE
            if alignment.method == "transcript" and phone.confidence >= _HEARD_AT_ALL:
                sure = 1.0  # the words tell what was said; the ear tells when
            end = max(phone.end - frame, phone.start + frame / 2)
            found.append((phone.start - frame / 2, end, min(sure, 1.0)))
    return np.array(found, np.float64).reshape(-1, 3)


def _rests(space: MotionSpace, alignment: Alignment) -> npt.NDArray[np.float64]:
    """(n, 3): from when to when the mouth may rest, in seconds, and how sure (0 to 1) it is that nobody speaks.

    A pause is shorter by as much as its boundaries are in doubt; the sound's two ends are in none.  None in a space
    without coefficients.
    """
    phones, found = alignment.phones, []
    for index, phone in enumerate(phones):
        if not (space.has_names and phone.is_silence):
            continue
        before, after = (_doubt(phones[i]) if 0 <= i < len(phones) else None for i in (index - 1, index + 1))
        start = phone.start - _REST_RAMP if before is None else phone.start + before
        end = phone.end + _REST_RAMP if after is None else phone.end - after
        found.append((start, end, min(phone.confidence / _SURE, 1.0)))
    return np.array(found, np.float64).reshape(-1, 3)


def _doubt(phone: Phone) -> float:
    """By how many seconds the boundary of a phone may be wrong."""
    return _DOUBT * (1 - min(phone.confidence / _SURE, 1.0))


def _strengths(space: MotionSpace, settings: Settings) -> FloatArray:
    """(width,) how much each channel is scaled; (1,) where vertices know no parts."""
    strengths = np.full(max(len(space.names), 1), settings.strength_lower, np.float32)
    strengths[space.in_region("upper", "eyes")] = settings.strength_upper
    return strengths


def articulated(space: MotionSpace, strengths: FloatArray, articulation: Mapping[str, float]) -> FloatArray:
    """`strengths` (width,) or (1,) times how far what the network makes of each channel is shown."""
    scale = strengths.copy()
    for name, share in articulation.items():
        scale[space.indices_of((name, f"{name}Left", f"{name}Right"))] *= share
    return scale


def smoothed(motion: FloatArray, width: float, fps: float) -> FloatArray:
    """A whole take's motion, calmed over `width` seconds; its outermost frames are held."""
    kernel = _gaussian(width * fps / 2)
    return _convolved(motion, kernel, len(kernel) // 2, len(kernel) // 2)


def _convolved(motion: FloatArray, kernel: FloatArray, before: int, after: int) -> FloatArray:
    padded = np.pad(motion, ((before, after), (0, 0)), mode="edge")
    length = len(padded) + 1 - len(kernel)
    calm: FloatArray = sum(weight * padded[i : i + length] for i, weight in enumerate(kernel))
    return calm


def _gaussian(deviation: float) -> FloatArray:
    """Weights that sum to 1, (1,) where there is nothing to smooth."""
    reach = int(np.ceil(3 * deviation)) if deviation > 0.1 else 0
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / max(deviation, 0.1)) ** 2)
    return (weights / weights.sum()).astype(np.float32)
