"""What a take is: tracks of motion, the keys and events in them, and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..alignment import Mark, Phone, Word
from ..events import Event
from ..motion.spaces import MotionSpace

FloatArray: TypeAlias = npt.NDArray[np.float32]

KEY_STATES = ("generated", "edited", "locked", "added")


@dataclass(frozen=True)
class Key:
    """A frame that carries a key motion: `time` in seconds, `pose` (channels,), and a state out of `KEY_STATES`."""

    frame: int
    time: float
    label: str
    confidence: float
    pose: FloatArray = field(repr=False)
    state: str = "generated"


@dataclass(frozen=True, eq=False)
class Track:
    """Motion (frames, width of the space) in one space."""

    space: MotionSpace
    motion: FloatArray


@dataclass(frozen=True)
class Turn:
    """What a hand has added to channels of tracks beside the first at a key's `frame`: `offsets` by name, nothing of
    them from the frame `first` back and from `last` on."""

    frame: int
    first: int
    last: int
    offsets: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Take:
    """Motion of one sound and where it came from.

    The first track is what the network makes and the keys belong to: a key's pose is that motion's row at its frame.
    The others are of other spaces (the head's), as long and at the same rate of `fps` frames a second.  `phones`,
    `words` (those that are known), `events` and the `marks` of its transcript are in the time of the sound, `keys` in
    rising order of their frames.
    `settings`, `model` and `audio` are JSON objects: the settings it was made with, the checkpoint's name and hash, the
    sound's name, digest and duration.  `deleted_keys` (seconds) and `deleted_events` are what a hand took away.
    `turns` are what a hand has set in tracks beside the first, in order of their frames.
    `base` is the take before its strength, smoothing or delay were changed, where they were.
    """

    tracks: tuple[Track, ...]
    keys: tuple[Key, ...]
    phones: tuple[Phone, ...] = ()
    events: tuple[Event, ...] = ()
    text: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    audio: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    deleted_keys: tuple[float, ...] = ()
    deleted_events: tuple[Event, ...] = ()
    base: "Take | None" = field(default=None, repr=False)
    words: tuple[Word, ...] = ()
    turns: tuple[Turn, ...] = ()
    fps: float = field(kw_only=True)

    @property
    def space(self) -> MotionSpace:
        """The first track's."""
        return self.tracks[0].space

    @property
    def motion(self) -> FloatArray:
        """(frames, width): the first track's."""
        return self.tracks[0].motion

    def track(self, name: str) -> Track | None:
        """The track in the space called `name`, if the take moves that."""
        return next((track for track in self.tracks if track.space.name == name), None)

    def with_motion(self, motion: FloatArray, **changes: Any) -> "Take":
        """The take with another motion in its first track, and other fields as given."""
        return replace(self, tracks=(Track(self.space, motion), *self.tracks[1:]), **changes)

    @property
    def frame_count(self) -> int:
        return len(self.motion)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.motion) / self.fps
