"""What an animator can turn: applied after the network, or to the time it works in, and recorded in the take."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from .errors import KMTalkError

_BOUNDS: dict[str, tuple[float, float]] = {
    "strength_upper": (0.0, 2.0),
    "strength_lower": (0.0, 2.0),
    "smoothing": (0.0, 0.5),
    "delay": (-1.0, 1.0),
    "minimum_key_gap": (0.0, 1.0),
    "key_density": (0.1, 3.0),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class Settings:
    """How a take is made.

    `strength_upper` and `strength_lower` scale the upper and the lower face (a space of vertices knows no such parts
    and takes the lower for all).  `smoothing` is the width of a Gaussian in time, `delay` how much later than the
    sound the face moves, `minimum_key_gap` the least time between keys, all in seconds.  `key_density` is how many keys
    there are for every phone boundary.  `blinks` adds them where somebody speaks and the space has eyelids; `seed`
    places them.
    """

    strength_upper: float = 1.0
    strength_lower: float = 1.0
    smoothing: float = 0.0
    delay: float = 0.0
    minimum_key_gap: float = 0.0
    key_density: float = 1.0
    blinks: bool = True
    seed: int = 0

    @staticmethod
    def of(values: Mapping[str, Any] | None) -> "Settings":
        """Settings from names and values that anyone may have written; KMTalkError says which is wrong and why."""
        values = dict(values or {})
        known = {item.name: item.type for item in fields(Settings)}
        for name, value in values.items():
            if name not in known:
                raise KMTalkError(f"There is no setting {name!r:.60}; the settings are {', '.join(known)}.")
            if known[name] is bool:
                if not isinstance(value, bool):
                    raise KMTalkError(f"The setting {name} must be true or false.")
                continue
            low, high = _BOUNDS[name]
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
            if not number or not low <= value <= high or (known[name] is int and value != int(value)):
                raise KMTalkError(f"The setting {name} must be a number from {low:g} to {high:g}.")
            values[name] = int(value) if known[name] is int else float(value)
        return Settings(**values)

    @staticmethod
    def parse(pairs: Iterable[str]) -> dict[str, Any]:
        """Values by name from texts such as `strength_lower=1.2` and `blinks=false`.  Raises KMTalkError."""
        values: dict[str, Any] = {}
        for pair in pairs:
            name, _, text = pair.partition("=")
            try:
                values[name.strip()] = json.loads(text.strip().lower())
            except ValueError as error:
                raise KMTalkError(f"{pair!r:.60} is no setting; write NAME=VALUE, as strength_lower=1.2.") from error
        Settings.of(values)
        return values

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
