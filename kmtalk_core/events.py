"""Events: single gestures beside the lips, which an animator can move, lock, delete or add."""

import itertools
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

KINDS = ("blink", "glance", "nod", "shift", "brow_raise", "frown", "squint", "breath")
STATES = ("generated", "edited", "locked", "added")

_LONGEST_ID = 64
_LARGEST = 1e6


@dataclass(frozen=True)
class Event:
    """One gesture of a face.

    id: unique within its take; kind: out of `KINDS`; time: seconds of the sound at which a blink is closed and a nod,
    a brow raise, a frown, a squint or a breath is at its peak, and at which a glance or a shift of the head begins;
    duration: seconds from its first to its last movement; size: radians for glance, nod and shift, else a coefficient
    (1 is all of it); direction: degrees, 0 to the character's left, 90 up, as for the gaze or the head's nose (a nod's
    270 is down); seed: what its details are drawn from; state: out of `STATES`.
    """

    id: str
    kind: str
    time: float
    duration: float
    size: float
    direction: float = 0.0
    seed: int = 0
    state: str = "generated"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(entry: Mapping[str, Any]) -> "Event":
        """The event that an object of a take's header spells out.  Raises ValueError, KeyError or TypeError."""
        name, kind, state, seed = entry["id"], entry["kind"], entry.get("state", "generated"), entry.get("seed", 0)
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID:
            raise ValueError("no id")
        if kind not in KINDS or state not in STATES:
            raise ValueError("no such kind or state")
        if type(seed) is not int or not 0 <= seed < 2**63:
            raise ValueError("no seed")
        time, duration, size = (float(entry[field]) for field in ("time", "duration", "size"))
        direction = float(entry.get("direction", 0.0))
        if not all(math.isfinite(n) and abs(n) < _LARGEST for n in (time, duration, size, direction)) or duration < 0:
            raise ValueError("not finite")
        return Event(name, kind, time, duration, size, direction, seed, state)


def free_id(name: str, taken: Collection[str]) -> str:
    """`name` where it is none of those `taken`, else the first of `name.1`, `name.2` … that is none of them."""
    numbered = (f"{name[: _LONGEST_ID - 1 - len(str(n))]}.{n}" for n in itertools.count(1))
    return next(free for free in itertools.chain([name], numbered) if free not in taken)


def beside(others: Iterable[Event], events: Iterable[Event]) -> list[Event]:
    """`others` and `events` in the order of their times, those of `events` with ids that none of the rest has."""
    found = list(others)
    taken = {event.id for event in found}
    for event in events:
        found.append(replace(event, id=free_id(event.id, taken)))
        taken.add(found[-1].id)
    return sorted(found, key=lambda event: (event.time, event.id))
