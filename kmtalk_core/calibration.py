"""One actor's way to speak beside the starter's: amplitudes, rests and poses of phones, learnt from a recording.

What is made of a channel, `x`, becomes `gain · x + rest + Σ share · pose` over the phones around the moment;
`strength` (0 to 1) is how much of that counts.  NumPy alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .alignment import Phone
from .errors import KMTalkError, TakeError
from .files import read_at_most, replacing
from .motion.spaces import MotionSpace
from .phones import CLASS_INDEX, PHONE_CLASSES, classes_of
from .schema import MapOf, Number, Record, Text, Whole, loads

FloatArray: TypeAlias = npt.NDArray[np.float32]
Doubles: TypeAlias = npt.NDArray[np.float64]

FORMAT = 1
LEAST_GAIN, MOST_GAIN = 0.25, 4.0
"""A face that moves less cannot be told from one that is not captured, one that moves more is damaged."""

_BLUR = 0.02  # seconds: half of the way from one phone's pose to the next
_FAR = 1.0  # seconds around a stretch from which its phones come
_LARGEST = 8 << 20  # bytes
LIPS = ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight")
_LIP = 0.125  # what a half of a lip opens beside what a whole jaw does
_HALVINGS = 24
_SHUT, _AJAR = 0.04, 0.14  # openings up to which lips count as meeting, and from which on they are the actor's
_RECORD = Record(
    {
        "format": Whole(1, FORMAT),
        "name": Text(200),
        "strength": Number(0, 1),
        "gains": MapOf(Number(LEAST_GAIN, MOST_GAIN), 200),
        "rests": MapOf(Number(-2, 2), 200),
        "poses": MapOf(MapOf(Number(-2, 2), 200), 200),
        "notes": Text(10_000),  # of whoever wrote the file by hand; nothing here needs them
    },
    optional=("notes",),
)


@dataclass(frozen=True, eq=False)
class Calibration:
    """`gains` and `rests` by the names of channels, and `poses` by phone classes, each by the names of channels too.

    A channel that none of them names stays as it is.
    """

    name: str
    strength: float
    gains: Mapping[str, float]
    rests: Mapping[str, float]
    poses: Mapping[str, Mapping[str, float]]

    @staticmethod
    def load(path: Path) -> "Calibration":
        """Raises KMTalkError for a file that is no calibration."""
        try:
            content = read_at_most(path, _LARGEST)
        except OSError as error:
            raise KMTalkError(
                f"{path} cannot be read ({error.strerror}); check the path, or give another file."
            ) from error
        return Calibration.of(loads(content, str(path), advice="calibrate again"), str(path))

    @staticmethod
    def of(value: Any, what: str = "The calibration", error: type[KMTalkError] = KMTalkError) -> "Calibration":
        """What `to_json` gave, or anyone wrote.  Raises `error`."""
        found = _RECORD.read(value, what, error, "calibrate again")
        return Calibration(**{field.name: found[field.name] for field in fields(Calibration)})

    @staticmethod
    def of_take(settings: Mapping[str, Any]) -> "Calibration | None":
        """The calibration that a take was made with.  Raises TakeError."""
        found = settings.get("calibration")
        return None if found is None else Calibration.of(found, "The take's calibration", TakeError)

    def save(self, path: Path) -> None:
        """Raises KMTalkError where it cannot be written."""
        try:
            with replacing(path) as file:
                file.write(json.dumps(self.to_json(), ensure_ascii=False, indent=1).encode())
        except OSError as error:
            raise KMTalkError(f"{path} cannot be written ({error.strerror}); choose another folder.") from error

    def to_json(self) -> dict[str, Any]:
        poses = {phone: dict(pose) for phone, pose in self.poses.items()}
        record = {"format": FORMAT, "name": self.name, "strength": self.strength, "gains": dict(self.gains)}
        return {**record, "rests": dict(self.rests), "poses": poses}


class Spoken:
    """A calibration at work on the phones of one sound, in one space."""

    def __init__(self, calibration: Calibration, space: MotionSpace, phones: Sequence[Phone]) -> None:
        """Raises KMTalkError for a space without names."""
        if not space.has_names:
            raise KMTalkError(f"A calibration is of ARKit's channels, these weights move {space.name}; leave it out.")
        share = calibration.strength
        self._phones = phones
        self.gains = 1 + share * (_row(space, calibration.gains, 1.0) - 1)
        self._rests = share * _row(space, calibration.rests, 0.0)
        self._opening = opening_of(space)
        self._poses = np.zeros((len(PHONE_CLASSES), space.width), np.float32)
        for name, pose in calibration.poses.items():
            if name in CLASS_INDEX:
                self._poses[CLASS_INDEX[name]] = share * _row(space, pose, 0.0)

    def speak(self, motion: FloatArray, times: Doubles, strength: FloatArray) -> None:
        """Bring `motion` (n, channels), made for `times`, to the actor's way in place; lips that meet in it stay so.

        `strength` (channels,) is that of the settings, which scales what is added.
        """
        added = strength * self.offsets(times)
        keep_shut(motion, added, self._opening)
        motion *= self.gains
        motion += added

    def unspoken(self, motion: FloatArray, times: Doubles, strength: FloatArray) -> FloatArray:
        """What `speak` makes `motion` (n, channels) of, at `times`.

        How much is kept from parting the lips depends on how far they were apart before: where what it was taken for
        and what comes of that meet, found by halving.
        """
        added = strength * self.offsets(times)
        if self._opening is None:
            return np.asarray((motion - added) / self.gains, np.float32)
        low, high = np.zeros(len(motion)), np.ones(len(motion))
        for _ in range(_HALVINGS):
            share = 0.5 * (low + high)
            before = (motion - _held(added, share, self._opening)) / self.gains
            is_more = _parted(before, self._opening) > share
            low, high = np.where(is_more, share, low), np.where(is_more, high, share)
        return np.asarray((motion - _held(added, low, self._opening)) / self.gains, np.float32)

    def offsets(self, times: Doubles) -> FloatArray:
        """(n, channels) what is added at `times` (n,) seconds of the sound."""
        added: FloatArray = self._rests + shares(self._phones, times) @ self._poses
        return added


@dataclass(frozen=True, eq=False)
class Opening:
    """Where the channels that part the lips stand in a space: the jaw, what closes lips over it, and the lips."""

    jaw: int
    close: int
    lips: npt.NDArray[np.intp]


def opening_of(space: MotionSpace) -> Opening | None:
    """None in a space that lacks some of these channels."""
    if not {"jawOpen", "mouthClose", *LIPS} <= set(space.names):
        return None
    return Opening(space.index_of("jawOpen"), space.index_of("mouthClose"), np.array(space.indices_of(LIPS), np.intp))


def keep_shut(motion: npt.NDArray[np.floating], added: npt.NDArray[np.floating], parts: Opening | None) -> None:
    """Take away from `added` (n, channels), in place, what would part lips that meet in `motion` (n, channels)."""
    if parts is None:
        return
    added[:] = _held(added, _parted(motion, parts), parts)


def _parted(motion: npt.NDArray[np.floating], parts: Opening) -> Doubles:
    """(n,) how far lips are apart: 0 where they count as meeting, 1 from where on they are the actor's."""
    jaw = np.maximum(motion[:, parts.jaw] - motion[:, parts.close], 0)
    share = np.clip((jaw + _LIP * motion[:, parts.lips].sum(axis=1) - _SHUT) / (_AJAR - _SHUT), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float64)


def _held(added: npt.NDArray[np.floating], share: Doubles, parts: Opening) -> npt.NDArray[np.floating]:
    """`added` (n, channels) with a `share` (n,) of what parts the lips."""
    held = added.copy()
    for channel in (parts.jaw, *parts.lips):
        held[:, channel] *= np.where(added[:, channel] > 0, share, 1)
    held[:, parts.close] *= np.where(added[:, parts.close] < 0, share, 1)
    return held


def shares(phones: Sequence[Phone], times: Doubles) -> FloatArray:
    """(n, classes) how much of each phone class there is at `times` (n,), in rising order; each row sums to 1 at most.

    One phone fades into the next over some 0.1 s, as lips do.
    """
    found = np.zeros((len(times), len(PHONE_CLASSES)), np.float32)
    if not len(times):
        return found
    low, high = float(np.min(times)) - _FAR, float(np.max(times)) + _FAR
    last = len(phones) - 1
    for number, phone in enumerate(phones):
        classes = classes_of(phone.label)
        if phone.end < low or phone.start > high or not classes:
            continue
        begun = 1.0 if number == 0 else _risen(times - phone.start)
        over = 0.0 if number == last else _risen(times - phone.end)
        for name in classes:
            found[:, CLASS_INDEX[name]] += (begun - over) / len(classes)
    return found


def _risen(after: Doubles) -> Doubles:
    return 0.5 + 0.5 * np.tanh(after / (2 * _BLUR))


def _row(space: MotionSpace, values: Mapping[str, float], usual: float) -> FloatArray:
    return np.array([values.get(name, usual) for name in space.names], np.float32)
