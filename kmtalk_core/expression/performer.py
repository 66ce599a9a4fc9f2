"""The performer: turns a plan of events, a mood and a voice into channels, for any stretch of frames."""

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ..events import Event
from ..motion.spaces import ARKIT, CHEST, HEAD, MotionSpace
from . import blinks, breath, brows, chest, gaze, head, lips
from .chance import ease, noises
from .script import Script

FloatArray: TypeAlias = npt.NDArray[np.float64]
Motion: TypeAlias = npt.NDArray[np.float32]

Made = TypeVar("Made")

_SETTLE = 0.4  # seconds in which a face comes to life at a line's start, and to rest at its end
_BLOCK = 1800  # frames of the head made at once

_MOUTH, _UPPER, _EYES = (ARKIT.in_region(region) for region in ("mouth", "upper", "eyes"))
_SMILES = ARKIT.indices_of(("mouthSmileLeft", "mouthSmileRight"))
_STRETCHES = ARKIT.indices_of(("mouthStretchLeft", "mouthStretchRight"))
_LIDS, _WIDE = ARKIT.indices_of(gaze.LIDS), ARKIT.indices_of(gaze.WIDE)
_PUFFED = ARKIT.index_of("cheekPuff")  # by air in the mouth: the network's
_REPLACED = np.setdiff1d(np.concatenate([_UPPER, _EYES, _SMILES]), [_PUFFED])
_DRAWN = ARKIT.indices_of(
    f"mouth{way}{side}" for way in ("Smile", "Frown", "Dimple", "Stretch", "Press") for side in ("Left", "Right")
)
_PARTED = ARKIT.indices_of(("mouthUpperUpLeft", "mouthUpperUpRight"))
_SPREAD_KEPT = 0.6  # of the network's smile, which is how it spreads lips, as stretched lips
_OPEN = 0.12  # coefficient of a jaw well open
_MOST_DROOP = 0.6  # of lids that do not blink
_ASIDE = (("mouthLeft", "mouthRight", 0.035), ("jawLeft", "jawRight", 0.025))  # a mouth is never quite even


class Performer:
    """A planned performance of one sound.

    Everything is a function of the moment: a frame is alike in whatever stretch it is asked for, and an event that is
    changed changes the frames that it spans and no others.
    """

    def __init__(self, script: Script, events: Sequence[Event], breathing: chest.Breathing | None = None) -> None:
        """`breathing` is that of the chest where the whole line is not known to plan it by."""
        self._script, self._planned = script, breathing
        self.events = tuple(sorted(events, key=lambda event: (event.time, event.id)))
        self._starts = np.array([event.time for event in self.events])
        self._reach = max((event.duration for event in self.events), default=0.0) + 2.0  # the head comes back later
        self._moods, self._turns = _Last[tuple[FloatArray, FloatArray]](), _Last[FloatArray]()

    @property
    def seed(self) -> int:
        """What everything by chance in it is drawn from, see `seed_of`."""
        return self._script.seed

    @property
    def _breathes(self) -> bool:
        """Whether the chest moves."""
        return self._script.settings.breath and self._script.settings.has("chest")

    @cached_property
    def _breathing(self) -> chest.Breathing:
        return self._planned or chest.breathing(self._script, self.events)

    def of_events(self, events: Sequence[Event]) -> "Performer":
        """The performer of the same sound with other events."""
        return Performer(self._script, events)

    def perform(self, motion: Motion, times: FloatArray, space: MotionSpace, room: FloatArray | None = None) -> None:
        """Put the performance into `motion` (n, channels) of `space`, the network's, in place.

        `times` (n,) are the seconds of the sound that its frames show, rising.  The eyes and the upper face are
        replaced; the mouth keeps its own and gets what mood, gestures and breath add, as far as lips leave `room` (n,)
        for it, see `lips.room`; without it frames that follow each other tell it themselves.
        """
        columns, indices = _shared(space)
        face = np.zeros((len(times), ARKIT.width))
        face[:, indices] = motion[:, columns]
        room = lips.room(motion, space, 0, 0) if room is None else room
        motion[:, columns] = self._performed(face, times, room)[:, indices]

    def head(self, times: FloatArray) -> Motion:
        """Yaw, pitch and roll (n, 3) in radians at `times`, rising."""
        turned = np.zeros((len(times), 3), np.float32)
        for first in range(0, len(times), _BLOCK):
            pitch, yaw, roll = self._head(times[first : first + _BLOCK]).T
            turned[first : first + _BLOCK] = np.stack([yaw, pitch, roll], axis=1)
        return np.clip(turned, HEAD.low, HEAD.high)

    def chest(self, times: FloatArray) -> Motion:
        """How far the chest is up (n, 1) at `times`; it rests where nobody is to breathe."""
        if not self._breathes:
            return np.zeros((len(times), 1), np.float32)
        risen = self._alive(times) * self._breathing.at(times)
        return np.clip(risen, CHEST.low, CHEST.high).astype(np.float32)[:, None]

    def beside(self, times: FloatArray) -> dict[str, Motion]:
        """The motion (n, width) at `times`, rising, in each space beside the face's that the settings let move."""
        made = {HEAD.name: self.head} if self._script.settings.has("head") else {}
        made |= {CHEST.name: self.chest} if self._breathes else {}
        return {name: make(times) for name, make in made.items()}

    def unperformed(self, poses: Motion, generated: Motion, times: FloatArray, space: MotionSpace) -> Motion:
        """`poses` (n, channels) seen at `times` (rising), as the network would have made them.

        What is replaced comes from the network's own `generated` poses; what was added to the mouth is taken away.
        """
        columns, indices = _shared(space)
        plain = np.array(poses, np.float32)
        replaced = columns[np.isin(indices, _REPLACED)]
        plain[:, replaced] = generated[:, replaced]
        face = np.zeros((len(times), ARKIT.width))
        face[:, indices] = plain[:, columns]
        added = self._mouth(face, times, self._near(times), lips.wanted(poses, space)) - face
        added[:, _REPLACED] = 0
        plain[:, columns] -= added[:, indices].astype(np.float32)
        return np.maximum(plain, 0)

    def changes(self, to: "Performer", motion: Motion, times: FloatArray, space: MotionSpace) -> Motion:
        """What `to`, of other events, adds to `motion` (n, channels) that this performer made; 0 where nothing is."""
        before, after = motion.copy(), motion.copy()
        self.perform(before, times, space)
        to.perform(after, times, space)
        return after - before

    def _near(self, times: FloatArray) -> list[Event]:
        """The events that may be seen at `times`, rising."""
        first = np.searchsorted(self._starts, times[0] - self._reach)
        last = np.searchsorted(self._starts, times[-1] + self._reach)
        return list(self.events[first:last])

    def _performed(self, face: FloatArray, times: FloatArray, room: FloatArray) -> FloatArray:
        settings, events = self._script.settings, self._near(times)
        mood, turns = self._mood(times)
        gestures = brows.pose(events, times, self._script.seed, self._movement(times))
        shown = self._alive(times)[:, None] * (mood + gestures)
        done = np.zeros_like(face)
        if settings.has("mouth"):
            done[:, _MOUTH] = self._mouth(face, times, events, room, shown)[:, _MOUTH]
        if settings.has("upper"):
            done[:, _UPPER] = settings.strength_upper * shown[:, _UPPER]
            done[:, _PUFFED] = face[:, _PUFFED]
        if settings.has("eyes"):
            done[:, _EYES] = settings.strength_upper * shown[:, _EYES]
            self._look(done, times, events, turns)
        return done

    def _mood(self, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the mood shows at `times`, as `MoodTrack.pose` has it; lips, eyes and head ask one after the other."""
        return self._moods.of(times, self._script.mood.pose)

    def _mouth(
        self,
        face: FloatArray,
        times: FloatArray,
        events: Sequence[Event],
        room: FloatArray,
        shown: FloatArray | None = None,
    ) -> FloatArray:
        """The network's `face` (n, 52) with what its mouth does besides: lips that are busy speaking always win."""
        settings = self._script.settings
        if shown is None:
            gestures = brows.pose(events, times, self._script.seed, self._movement(times))
            shown = self._alive(times)[:, None] * (self._mood(times)[0] + gestures)
        added = settings.strength_lower * shown
        jaw, close = face[:, ARKIT.index_of("jawOpen")], face[:, ARKIT.index_of("mouthClose")]
        apart = ease((jaw - close) / _OPEN)[:, None]
        done = face.copy()
        done[:, _SMILES] = 0
        done[:, _STRETCHES] += _SPREAD_KEPT * face[:, _SMILES]
        added[:, _DRAWN] = np.minimum(added[:, _DRAWN], 1) * room[:, None]
        added[:, _PARTED] *= apart
        done[:, _MOUTH] += added[:, _MOUTH] + breath.pose(events, times)[:, _MOUTH]
        sways = noises(self._script.seed, range(501, 501 + len(_ASIDE)), times, [0.6] * len(_ASIDE))
        for sway, (left, right, size) in zip(sways, _ASIDE, strict=True):
            side = size * sway * apart[:, 0] * min(settings.liveliness, 1.0)
            done[:, ARKIT.index_of(left)] += np.maximum(side, 0)
            done[:, ARKIT.index_of(right)] += np.maximum(-side, 0)
        return done

    def _look(self, done: FloatArray, times: FloatArray, events: Sequence[Event], turns: FloatArray) -> None:
        """Turn the eyes, against the head, and close the lids, in place."""
        settings = self._script.settings
        looked = gaze.target(events, times, self._script.seed, settings.liveliness)
        looked[:, 1] += np.radians(turns[:, 3])
        looked += np.radians([settings.look_left, settings.look_up])
        if settings.has("head"):
            pitch, yaw, _ = self._head(times).T
            looked -= np.stack([yaw, -pitch], axis=1)
        done += gaze.pose(settings.strength_eyes * self._alive(times)[:, None] * looked)
        down = blinks.lids(events, times)[:, None]
        open_lids = np.clip(done[:, _LIDS], 0, _MOST_DROOP)
        done[:, _LIDS] = open_lids + (1 - open_lids) * down
        done[:, _WIDE] *= np.clip(1 - 1.2 * down, 0, 1)

    def _head(self, times: FloatArray) -> FloatArray:
        """Pitch, yaw and roll (n, 3) in radians."""
        if not self._script.settings.has("head"):
            return np.zeros((len(times), 3))
        return self._turns.of(times, self._turned)

    def _turned(self, times: FloatArray) -> FloatArray:
        settings = self._script.settings
        movement = head.scale(settings.liveliness) * self._script.mood.movement(times)
        turned = head.track(self._near(times), times, self._script.seed, movement, self._speaking(times))
        turned += min(settings.liveliness, 1.0) * np.radians(self._mood(times)[1][:, :3])
        result: FloatArray = settings.strength_head * self._alive(times)[:, None] * turned
        return result

    def _movement(self, times: FloatArray) -> FloatArray:
        """How large brows move."""
        return self._script.settings.liveliness * self._script.mood.movement(times)

    def _alive(self, times: FloatArray) -> FloatArray:
        """0 at the line's ends, 1 in between."""
        start, end = self._script.start, self._script.end
        settle = max(min(_SETTLE, 0.25 * (end - start)), 1e-6)
        return np.sin(0.5 * np.pi * np.clip(np.minimum(times - start, end - times) / settle, 0, 1))

    def _speaking(self, times: FloatArray) -> FloatArray:
        """1 where somebody speaks, 0 in pauses, and smoothly between."""
        speaking = np.zeros(len(times))
        for start, end in self._script.prosody.phrases:
            if times[0] - 1 < end and start < times[-1] + 1:
                here = ease((times - start + 0.4) / 0.4) * ease((end + 0.6 - times) / 0.6)
                speaking = np.maximum(speaking, here)
        return speaking


class _Last(Generic[Made]):
    """Remembers what was made of the moments that were asked for last, where these are few: nobody may change it."""

    def __init__(self) -> None:
        self._known: tuple[FloatArray, Made] | None = None

    def of(self, times: FloatArray, make: Callable[[FloatArray], Made]) -> Made:
        known = self._known
        if known is not None and np.array_equal(known[0], times):
            return known[1]
        made = make(times)
        if len(times) <= _BLOCK:
            self._known = times.copy(), made
        return made


def _shared(space: MotionSpace) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Places in `space`, and in ARKit's, of the coefficients that both have."""
    return _shared_names(space.names)


@lru_cache(64)
def _shared_names(names: tuple[str, ...]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    shared = [name for name in names if name in ARKIT.names]
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[name] for name in shared], np.intp), ARKIT.indices_of(shared)
