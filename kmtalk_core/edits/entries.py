"""Edits as anyone may have written them, read and checked entry by entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import TakeError
from ..motion.spaces import MotionSpace
from ..schema import Choice, Either, Flag, Kind, ListOf, MapOf, Number, Record, Text, Whole
from ..settings import Settings
from ..take import KEY_STATES, Take
from .events import edit_events
from .say import label_of

_MOST_EDITS = 1_000_000
_LARGEST_VALUE = 1e3
_LATEST = 1e6  # seconds
_NAME = Text(64, 1)


@dataclass(frozen=True)
class Edit:
    """One change to the key at `frame`, or a new key there.

    `pose` replaces some channels by name, or all of them as a sequence; without one a moved or added key keeps what
    the take shows.
    """

    frame: int
    pose: Mapping[str, float] | Sequence[float] | None = None
    state: str | None = None
    move_to: int | None = None
    delete: bool = False
    add: bool = False

    @property
    def asks(self) -> bool:
        """Whether it changes anything; poses may be arrays, so that edits are not compared."""
        return self.delete or self.add or any(given is not None for given in (self.pose, self.state, self.move_to))


@dataclass(frozen=True)
class PhoneEdit:
    """One change to a phone: that of this number, that which sounds at `time`, or whatever was from start to end.

    label: what it is from now on; start, end: where, in seconds; split: where it becomes two phones, `labels`; join: it
    and the next become one.
    """

    number: int | None = None
    time: float | None = None
    label: str | None = None
    start: float | None = None
    end: float | None = None
    split: float | None = None
    labels: tuple[str, str] | None = None
    join: bool = False


@dataclass(frozen=True)
class Edits:
    """All edits of a take; those of events as they were written, for `edit_events`."""

    keys: tuple[Edit, ...] = ()
    phones: tuple[PhoneEdit, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()


def read_edits(entries: Any, take: Take) -> Edits:
    """Edits out of parsed JSON, checked against `take`; raises TakeError naming the entry that is wrong."""
    if not isinstance(entries, (list, tuple)):
        raise TakeError("Edits must be a list of objects, each of a key's frame, a phone or an event.")
    if len(entries) > _MOST_EDITS:
        raise TakeError(f"There are more than {_MOST_EDITS:,} edits; that is no work by hand.")
    kinds = _kinds(take)
    keys: dict[int, Edit] = {}
    phones: list[PhoneEdit] = []
    events: list[Mapping[str, Any]] = []
    for number, entry in enumerate(entries, 1):
        where = f"Edit {number}"
        if not isinstance(entry, Mapping):
            raise TakeError(f"{where} is no object of a key's frame, a phone or an event.")
        if "event" in entry:
            events.append(entry)
        elif "phone" in entry and "frame" not in entry:
            kind = kinds["stretch"] if isinstance(entry["phone"], str) else kinds["phone"]
            phones.append(_phone_edit(kind.read(entry, where, TakeError), where))
        else:
            read = kinds["key"].read(entry, where, TakeError)
            if read["frame"] in keys:
                raise TakeError(f"There are two edits of frame {read['frame']}; join them into one.")
            if "phone" in read:
                heard = _heard_at(take, read["frame"])
                phones.append(PhoneEdit(time=heard, label=label_of(read["phone"], where)))
            keys[read["frame"]] = _key_edit(read, f"{where} (frame {read['frame']})", take)
    edit_events(take.events, events, take.duration)
    asked = tuple(edit for edit in keys.values() if edit.asks)  # naming a phone is no edit of its key
    return Edits(asked, tuple(phones), tuple(events))


def _kinds(take: Take) -> dict[str, Record]:
    frame, seconds = Whole(0, take.frame_count - 1), Number(-_LATEST, _LATEST)
    key = {
        "frame": frame,
        "pose": _PoseKind(take.space),
        "state": Choice(KEY_STATES),
        "move_to": frame,
        "delete": Flag(),
        "add": Flag(),
        "phone": _NAME,
    }
    phone = {
        "phone": Whole(0, max(len(take.phones) - 1, 0)),
        "label": _NAME,
        "start": seconds,
        "end": seconds,
        "split": seconds,
        "labels": ListOf(_NAME, 2, 2),
        "join": Flag(),
    }
    return {
        "key": Record(key, optional=[name for name in key if name != "frame"]),
        "phone": Record(phone, optional=[name for name in phone if name != "phone"]),
        "stretch": Record({"phone": _NAME, "start": seconds, "end": seconds}),
    }


@dataclass(frozen=True)
class _PoseKind(Kind):
    """Values by the names of a space's channels, or all of them in a row."""

    space: MotionSpace

    @property
    def words(self) -> str:  # type: ignore[override]
        return f"an object of channel names and values, or a list of {self.space.width:,} values"

    def check(self, value: Any, path: str) -> Any:
        if isinstance(value, np.ndarray):
            is_usable = value.shape == (self.space.width,) and value.dtype.kind in "fiu" and np.isfinite(value).all()
            if not is_usable or np.abs(value).max() > _LARGEST_VALUE:
                raise self._refuse(path)
            return value
        number, width = Number(-_LARGEST_VALUE, _LARGEST_VALUE), self.space.width
        return Either((MapOf(number), ListOf(number, width, width))).check(value, path)


def _key_edit(read: dict[str, Any], where: str, take: Take) -> Edit:
    pose, state, move_to = read.get("pose"), read.get("state"), read.get("move_to")
    delete, add = read.get("delete", False), read.get("add", False)
    if isinstance(pose, Mapping):
        known = {name for track in take.tracks for name in track.space.names}
        unknown = [name for name in pose if name not in known]
        if unknown:
            raise TakeError(f"{where}: the space {take.space.name!r} has no channel {unknown[0]!r:.60}.")
    if delete and (add or state or move_to is not None or pose is not None or "phone" in read):
        raise TakeError(f"{where} deletes the key and asks for something else too; choose one.")
    if add and move_to is not None:
        raise TakeError(f"{where} adds a key and moves it; add it where it belongs.")
    if state == "generated" and (pose is not None or move_to is not None or add):
        raise TakeError(f"{where} gives the key back to the network and sets it by hand too; choose one.")
    return Edit(read["frame"], pose, state, move_to, delete, add)


def _phone_edit(read: dict[str, Any], where: str) -> PhoneEdit:
    named = read["phone"] if isinstance(read["phone"], str) else read.get("label")
    number = None if isinstance(read["phone"], str) else read["phone"]
    label = None if named is None else label_of(named, where)
    start, end, split, join = read.get("start"), read.get("end"), read.get("split"), read.get("join", False)
    if number is None and not read["start"] < read["end"]:
        raise TakeError(f"{where}: the phone ends before it starts; give a start before its end.")
    if (split is not None) + join + (start is not None or end is not None) > 1:
        raise TakeError(f"{where} splits, joins or moves the phone at once; choose one.")
    if "labels" in read and split is None:
        raise TakeError(f"{where}: labels are those of a split; say where it splits.")
    if split is not None and label is not None:
        raise TakeError(f"{where}: a split phone has two labels; write them as labels.")
    labels = tuple(label_of(name, where) for name in read["labels"]) if "labels" in read else None
    return PhoneEdit(number, None, label, start, end, split, labels, join)  # type: ignore[arg-type]  # two labels


def _heard_at(take: Take, frame: int) -> float:
    """The moment of the sound, in seconds, that a frame shows: a key's own where there is one."""
    key = next((key for key in take.keys if key.frame == frame), None)
    return (key.time if key is not None else frame / take.fps) - Settings.of_take(take.settings).delay
