"""What strangers write, checked against a declaration: requests, edits, settings, headers, presets, stories.

    EDIT = Record({"frame": Whole(0), "pose": MapOf(Number(-1e3, 1e3)), "add": Flag()}, optional=("pose", "add"))
    edit = EDIT.read(value, "Edit 3", TakeError)

What is read has the declared types and limits and no number that is not finite; else one sentence names the field.
Standard library only.
"""

import json
import math
import numbers
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .errors import KMTalkError

_OBJECT_BYTES = 240
"""What an object of JSON takes in memory at most, beside its values (CPython 3.11 to 3.13)."""
_VALUE_BYTES = 80
"""The same of a number, a short text, or an empty list."""


class _WrongError(Exception):
    """`path` of the value that is wrong, and what it should be."""

    def __init__(self, path: str, wanted: str) -> None:
        super().__init__(path, wanted)
        self.path, self.wanted = path, wanted


class Kind:
    """What a value has to be.  `words` say it to people: "must be …"."""

    words = "a value"

    def read(self, value: Any, what: str, error: type[KMTalkError] = KMTalkError, advice: str = "") -> Any:
        """`value` as declared; raises `error`, whose sentence starts with `what` and ends with `advice`."""
        try:
            return self.check(value, "")
        except _WrongError as wrong:
            named = f"{what}: {wrong.path}" if wrong.path else what
            raise error(f"{named} {wrong.wanted}{f'; {advice}' if advice else ''}.") from None

    def check(self, value: Any, path: str) -> Any:
        """`value` as declared; raises `_WrongError`."""
        raise NotImplementedError

    def _refuse(self, path: str) -> "_WrongError":
        return _WrongError(path, f"must be {self.words}")


@dataclass(frozen=True)
class Number(Kind):
    """A finite number from `low` to `high`, read as a float; NumPy's numbers too."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def words(self) -> str:  # type: ignore[override]
        return "a number" + _range(self.low, self.high)

    def check(self, value: Any, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise self._refuse(path)
        try:
            number = float(value)
        except OverflowError:
            raise self._refuse(path) from None
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise self._refuse(path)
        return number


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from `low` to `high`, read as an int; 2.0 is one."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def words(self) -> str:  # type: ignore[override]
        return "a whole number" + _range(self.low, self.high, ",.0f")

    def check(self, value: Any, path: str) -> int:
        is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if not is_whole and not (isinstance(value, numbers.Real) and math.isfinite(value) and value == int(value)):  # type: ignore[call-overload]
            raise self._refuse(path)
        if isinstance(value, bool) or not self.low <= value <= self.high:
            raise self._refuse(path)
        return int(value)


@dataclass(frozen=True)
class Flag(Kind):
    """True or false."""

    words = "true or false"

    def check(self, value: Any, path: str) -> bool:
        if not isinstance(value, bool):
            raise self._refuse(path)
        return value


@dataclass(frozen=True)
class Text(Kind):
    """Text of at most `longest` characters that can be written down (no half of a surrogate pair, no NUL)."""

    longest: int = 10_000
    shortest: int = 0

    @property
    def words(self) -> str:  # type: ignore[override]
        some = "a text" if not self.shortest else "a text that is not empty,"
        return f"{some} of at most {self.longest:,} characters"

    def check(self, value: Any, path: str) -> str:
        if not isinstance(value, str) or not self.shortest <= len(value) <= self.longest or "\0" in value:
            raise self._refuse(path)
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise _WrongError(path, "holds characters that no file can hold")
        return str(value)


@dataclass(frozen=True)
class PathText(Kind):
    """The path of a file as text; names that are not Unicode (`os.fsencode`'s surrogates) are kept."""

    words = "a path"

    def check(self, value: Any, path: str) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= 32_767 or "\0" in value:
            raise self._refuse(path)
        return value


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few texts."""

    names: tuple[str, ...]

    @property
    def words(self) -> str:  # type: ignore[override]
        return f"one of {', '.join(self.names)}"

    def check(self, value: Any, path: str) -> str:
        if not isinstance(value, str) or value not in self.names:
            raise self._refuse(path)
        return value


@dataclass(frozen=True)
class Anything(Kind):
    """Any value of JSON, for a reader that checks it by itself."""

    def check(self, value: Any, path: str) -> Any:
        return value


@dataclass(frozen=True)
class Maybe(Kind):
    """What `kind` is, or null."""

    kind: Kind

    @property
    def words(self) -> str:  # type: ignore[override]
        return f"{self.kind.words}, or null"

    def check(self, value: Any, path: str) -> Any:
        if value is None:
            return None
        try:
            return self.kind.check(value, path)
        except _WrongError as wrong:
            raise (self._refuse(path) if wrong.path == path else wrong) from None


@dataclass(frozen=True)
class Either(Kind):
    """What the first of `kinds` is that fits; nothing of different kinds inside."""

    kinds: tuple[Kind, ...]

    @property
    def words(self) -> str:  # type: ignore[override]
        return " or ".join(kind.words for kind in self.kinds)

    def check(self, value: Any, path: str) -> Any:
        deeper: _WrongError | None = None
        for kind in self.kinds:
            try:
                return kind.check(value, path)
            except _WrongError as wrong:
                deeper = wrong if wrong.path != path else deeper
        raise deeper or self._refuse(path)


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of `shortest` to `longest` values of one kind."""

    item: Kind
    longest: int = 1_000_000
    shortest: int = 0

    @property
    def words(self) -> str:  # type: ignore[override]
        count = f"{self.longest:,}" if self.shortest == self.longest else f"at most {self.longest:,}"
        return f"a list of {count} values"

    def check(self, value: Any, path: str) -> list[Any]:
        is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))
        if not is_list or not self.shortest <= len(value) <= self.longest:
            raise self._refuse(path)
        return [self.item.check(item, f"{path}[{number}]") for number, item in enumerate(value)]


@dataclass(frozen=True)
class MapOf(Kind):
    """An object of at most `longest` values of one kind, under any names."""

    item: Kind
    longest: int = 100_000

    @property
    def words(self) -> str:  # type: ignore[override]
        return f"an object of at most {self.longest:,} values"

    def check(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping) or len(value) > self.longest:
            raise self._refuse(path)
        if not all(isinstance(name, str) for name in value):
            raise self._refuse(path)
        return {name: self.item.check(item, _below(path, name)) for name, item in value.items()}


@dataclass(frozen=True)
class Record(Kind):
    """An object with the fields declared, all of them but the `optional` ones.

    An `unknown` field is refused, or kept as it is, or left out.
    """

    fields: Mapping[str, Kind]
    optional: Collection[str] = ()
    unknown: Literal["refuse", "keep", "drop"] = "refuse"

    words = "an object"

    def check(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise self._refuse(path)
        missing = [name for name in self.fields if name not in value and name not in self.optional]
        if missing:
            raise _WrongError(_below(path, missing[0]), "is missing")
        strange = [name for name in value if name not in self.fields]
        if strange and self.unknown == "refuse":
            raise _WrongError(path, f"has no field {strange[0]!r:.60}: the fields are {', '.join(self.fields)}".strip())
        kept = {name: value[name] for name in strange} if self.unknown == "keep" else {}
        read = {
            name: kind.check(value[name], _below(path, name)) for name, kind in self.fields.items() if name in value
        }
        return kept | read


def loads(
    text: str | bytes, what: str, error: type[KMTalkError] = KMTalkError, *, room: int = 256 << 20, advice: str = ""
) -> Any:
    """The value of a JSON text that a stranger wrote, which may take about `room` bytes of memory once it is unpacked.

    That is estimated from the text before anything is unpacked.  NaN and Infinity are no JSON.  Raises `error`.
    """
    end = f"; {advice}." if advice else "."
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        if text.count("{") * _OBJECT_BYTES + (text.count(",") + text.count("[")) * _VALUE_BYTES > room:
            raise error(f"{what} would take more than {room >> 20} MB of memory{end}")
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        raise error(f"{what} is not valid JSON{end}") from fault


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _below(path: str, name: str) -> str:
    return f"{path}.{name}"[:120] if path else name[:60]


def _range(low: float, high: float, layout: str = "g") -> str:
    if math.isinf(low) and math.isinf(high):
        return ""
    if math.isinf(high):
        return f" of at least {low:{layout}}"
    return f" of at most {high:{layout}}" if math.isinf(low) else f" from {low:{layout}} to {high:{layout}}"
