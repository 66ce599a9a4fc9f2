"""What an animator can turn, each setting declared once: its name, type, limits, unit and words.

The command line, the panel and the documentation read the table `SETTINGS`; takes record the values.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .errors import KMTalkError
from .motion.spaces import REGIONS
from .schema import Choice, Flag, Kind, Number, Whole

MOODS = (
    *("auto", "neutral", "happy", "sad", "angry", "afraid", "disgusted"),
    *("surprised", "confident", "excited", "bored", "playful", "confused"),
)
"""What `mood` may be; `auto` shows what the transcript's marks say, and else how aroused the voice is."""

LIVELINESS: dict[str, float] = {"still": 0.0, "calm": 0.8, "lively": 1.4, "stage": 2.0}
"""Words for how lively a face is; without one it is 1."""


@dataclass(frozen=True)
class Parts(Kind):
    """Some of a few names with commas between them, or as a list; read as text, each once, in their own order."""

    names: tuple[str, ...]

    @property
    def words(self) -> str:  # type: ignore[override]
        return f"some of {', '.join(self.names)}, with commas between"

    def check(self, value: Any, path: str) -> str:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
            raise self._refuse(path)
        named = {part.strip() for part in parts} - {""}
        if not named or not named <= set(self.names):
            raise self._refuse(path)
        return ",".join(name for name in self.names if name in named)


@dataclass(frozen=True)
class Worded(Number):
    """A number that a few words may stand for."""

    named: Mapping[str, float] = field(default_factory=dict)

    @property
    def words(self) -> str:  # type: ignore[override]
        return f"{super().words}, or {', '.join(self.named)}"

    def check(self, value: Any, path: str) -> float:
        return super().check(self.named.get(value, value) if isinstance(value, str) else value, path)


@dataclass(frozen=True)
class Setting:
    """One setting.

    kind: its type and limits; unit: of a number, empty where it has none; label: its name for people; words: what it
    does, in a sentence without a full stop.
    """

    name: str
    default: Any
    kind: Kind
    unit: str
    label: str
    words: str

    def read(self, value: Any) -> Any:
        """`value`, which anyone may have written.  Raises KMTalkError, which names what it must be."""
        return self.kind.read(value, f"The setting {self.name}")


def _setting(default: Any, kind: Kind, label: str, words: str, unit: str = "") -> Any:
    return field(default=default, metadata={"kind": kind, "label": label, "words": words, "unit": unit})


@dataclass(frozen=True)
class Settings:
    """How a take is made."""

    strength_lower: float = _setting(
        1.0,
        Number(0, 2),
        "Lower Strength",
        "How strongly jaw, lips and tongue move; of vertices, all of them",
        "times",
    )
    strength_upper: float = _setting(
        1.0, Number(0, 2), "Upper Strength", "How strongly lids, brows, cheeks and nose move", "times"
    )
    strength_eyes: float = _setting(1.0, Number(0, 2), "Gaze Strength", "How far the gaze wanders", "times")
    strength_head: float = _setting(1.0, Number(0, 2), "Head Strength", "How far the head turns", "times")
    regions: str = _setting(
        ",".join(REGIONS), Parts(REGIONS), "Regions", "What moves of face and chest; the rest stays"
    )
    smoothing: float = _setting(0.0, Number(0, 0.5), "Smoothing", "Time over which the motion is calmed", "seconds")
    delay: float = _setting(
        0.0, Number(-1, 1), "Delay", "How much later than the sound the face moves; negative is before it", "seconds"
    )
    minimum_key_gap: float = _setting(0.0, Number(0, 1), "Least Gap", "Least time between two keys", "seconds")
    key_density: float = _setting(
        1.0,
        Number(0.1, 3),
        "Key Motions",
        "How many key motions there are: below 1 fewer to edit by hand, above 1 more to steer with",
        "times",
    )
    mood: str = _setting("auto", Choice(MOODS), "Mood", "How the speaker feels; auto is what marks and voice suggest")
    mood_strength: float = _setting(1.0, Number(0, 1), "Mood Strength", "How much of the mood shows")
    liveliness: float = _setting(
        1.0, Worded(0, 2, LIVELINESS), "Liveliness", "How much head, gaze and brows move of themselves", "times"
    )
    blinks: bool = _setting(True, Flag(), "Blinks", "Blink while somebody speaks")
    breath: bool = _setting(True, Flag(), "Breath", "Breathe in before speech, and with the chest all the time")
    listening: bool = _setting(
        False, Flag(), "Listening", "Nod and react as a listener does where nobody speaks for long"
    )
    look_left: float = _setting(
        0.0, Number(-60, 60), "Look Left", "Where the listener is, to the character's left of straight ahead", "degrees"
    )
    look_up: float = _setting(0.0, Number(-45, 45), "Look Up", "Where the listener is, above straight ahead", "degrees")
    seed: int = _setting(0, Whole(0, 2**31 - 1), "Seed", "What everything by chance is drawn from")

    def has(self, region: str) -> bool:
        """Whether `region`, one of `REGIONS`, is made."""
        return region in self.regions.split(",")

    @staticmethod
    def of(values: Mapping[str, Any] | None) -> "Settings":
        """Settings from names and values that anyone may have written; KMTalkError says which is wrong and why."""
        unknown = [str(name) for name in values or {} if name not in SETTINGS]
        if unknown:
            raise KMTalkError(f"There is no setting {unknown[0]!r:.60}; the settings are {', '.join(SETTINGS)}.")
        return Settings(**{name: SETTINGS[name].read(value) for name, value in (values or {}).items()})

    @staticmethod
    def of_take(values: Mapping[str, Any]) -> "Settings":
        """Settings out of a take; those of a version that knows more are ignored.  Raises KMTalkError as `of` does."""
        return Settings.of({name: value for name, value in values.items() if name in SETTINGS})

    @staticmethod
    def parse(pairs: Iterable[str]) -> dict[str, Any]:
        """Values by name from texts such as `strength_lower=1.2` and `blinks=false`.  Raises KMTalkError."""
        values: dict[str, Any] = {}
        for pair in pairs:
            name, sign, text = pair.partition("=")
            if not sign:
                raise KMTalkError(f"{pair!r:.60} is no setting; write NAME=VALUE, as strength_lower=1.2.")
            values[name.strip()] = _value(text.strip().lower())
        Settings.of(values)
        return values

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


SETTINGS: dict[str, Setting] = {
    item.name: Setting(item.name, item.default, **item.metadata) for item in fields(Settings)
}
"""Every setting by its name, in the order people read them."""


def table() -> str:
    """The settings as a table in Markdown."""
    rows = ["| setting | default | values | what it does |", "|---|---|---|---|"]
    for setting in SETTINGS.values():
        default = json.dumps(setting.default).strip('"')
        values = setting.kind.words + (f" ({setting.unit})" if setting.unit else "")
        rows.append(f"| `{setting.name}` | {default} | {values} | {setting.words} |")
    return "\n".join(rows)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
