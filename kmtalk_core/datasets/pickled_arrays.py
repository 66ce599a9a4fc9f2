"""Arrays out of a pickle that a stranger wrote, read by a machine of our own: it knows no function and no class.

The few names that an array's pickle mentions stand for the few things done here; every other name, and every operation
that no array needs, ends the reading.  What it may take of memory follows from the size of the file.
"""

import codecs
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

_MOST_OPERATIONS = 1_000_000
_DTYPES = frozenset({"f2", "f4", "f8"})
_CORES = ("numpy.core", "numpy._core")


class ForeignError(ValueError):
    """The pickle holds something that is no array and no plain value."""


class DamagedError(ValueError):
    """The pickle is cut short, or none."""


@dataclass(frozen=True)
class _Name:
    """A name that the pickle mentions: what to do with its arguments."""

    make: Callable[["_Machine", tuple[Any, ...]], Any]


@dataclass(eq=False)
class _Dtype:
    """Stands for `numpy.dtype`."""

    code: str
    order: str = "<"


@dataclass(eq=False)
class _Array:
    """Stands for `numpy.ndarray`; `values` once its state has come."""

    values: npt.NDArray[Any] | None = None


def loads(data: bytes) -> Any:
    """The plain values and arrays of a pickle of Python 2 or 3, protocols 0 to 5; texts of Python 2 as latin-1.

    Arrays of 16, 32 and 64-bit floats alone.  Raises ForeignError and DamagedError.
    """
    try:
        return _finished(_Machine(data).run())
    except (ForeignError, DamagedError):
        raise
    except Exception as error:  # stacks that are empty, keys that cannot be, numbers that are none
        raise DamagedError(str(error)) from error


def _finished(value: Any) -> Any:
    if isinstance(value, _Array):
        if value.values is None:
            raise DamagedError("an array without values")
        return value.values
    if isinstance(value, dict):
        return {key: _finished(item) for key, item in value.items()}
    return value


class _Machine:
    """The stack that a pickle's operations work on."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._room = 4 * len(data) + (1 << 20)

    def run(self) -> Any:
        for _ in range(_MOST_OPERATIONS):
            code = self._take(1)
            if code == b".":
                return self._stack.pop()
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise ForeignError(f"operation {code!r}")
            operation(self)
        raise ForeignError("more than any templates need")

    def spend(self, count: int) -> None:
        """Account for bytes that are made beside those of the file: one text may be named a thousand times."""
        self._room -= count
        if self._room < 0:
            raise ForeignError("one value over and over")

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count or count < 0:
            raise DamagedError("cut short")
        self._at += count
        return taken

    def _line(self) -> bytes:
        end = self._data.index(b"\n", self._at)
        line = self._data[self._at : end]
        self._at = end + 1
        return line

    def _number(self, layout: str) -> int:
        return int(struct.unpack(layout, self._take(struct.calcsize(layout)))[0])

    def _sized(self, layout: str) -> bytes:
        return self._take(self._number(layout))

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _since_mark(self) -> list[Any]:
        start = self._marks.pop()
        items = self._stack[start:]
        del self._stack[start:]
        return items

    # --- operations, by what they leave on the stack ---

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def short_number(self) -> None:
        line = self._line()
        self._push(line == b"01" if line in (b"00", b"01") else int(line))

    def quoted(self) -> None:
        line = self._line().strip()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in b"'\"":
            raise DamagedError("a text without quotes")
        self._push(codecs.escape_decode(line[1:-1])[0].decode("latin1"))

    def dict_of(self) -> None:
        items = self._since_mark()
        self._push(dict(zip(items[::2], items[1::2], strict=True)))

    def tuple_of(self, count: int) -> None:
        items = tuple(self._stack[len(self._stack) - count :])
        if len(items) < count:
            raise DamagedError("an empty stack")
        del self._stack[len(self._stack) - count :]
        self._push(items)

    def append(self) -> None:
        value = self._stack.pop()
        self._listed().append(value)

    def appends(self) -> None:
        items = self._since_mark()
        self._listed().extend(items)

    def _listed(self) -> list[Any]:
        if not isinstance(self._stack[-1], list):
            raise ForeignError("an object that is extended")
        return self._stack[-1]

    def set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._named()[key] = value

    def set_items(self) -> None:
        items = self._since_mark()
        self._named().update(zip(items[::2], items[1::2], strict=True))

    def _named(self) -> dict[Any, Any]:
        if not isinstance(self._stack[-1], dict):
            raise ForeignError("an object that is filled")
        return self._stack[-1]

    def name(self) -> None:
        self._push(_name_of(self._line().decode(), self._line().decode()))

    def stacked_name(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise DamagedError("a name that is no text")
        self._push(_name_of(module, name))

    def call(self) -> None:
        arguments, name = self._stack.pop(), self._stack.pop()
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            raise ForeignError("a call of a value")
        self._push(name.make(self, arguments))

    def build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, _Dtype) and isinstance(state, tuple):
            target.order = ">" if state[1] == ">" else "<"
        elif isinstance(target, _Array) and isinstance(state, tuple) and len(state) == 5:
            target.values = _values(self, *state[1:])
        else:
            raise ForeignError("an object with a state")

    def put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def get(self, index: int) -> None:
        self._push(self._memo[index])


def _values(machine: _Machine, shape: Any, kind: Any, fortran: Any, data: Any) -> npt.NDArray[Any]:
    if not isinstance(kind, _Dtype):
        raise ForeignError("an array of objects")
    if isinstance(data, str):
        machine.spend(len(data))
        data = data.encode("latin1")
    if not isinstance(data, (bytes, bytearray)) or not isinstance(shape, tuple):
        raise ForeignError("an array without bytes")
    if not all(type(count) is int and count >= 0 for count in shape) or len(shape) > 8:
        raise DamagedError("no shape of an array")
    flat = np.frombuffer(data, np.dtype(kind.order + kind.code))
    return flat.reshape(shape, order="F" if fortran else "C")


def _make_array(machine: _Machine, arguments: tuple[Any, ...]) -> _Array:
    return _Array()


def _make_dtype(machine: _Machine, arguments: tuple[Any, ...]) -> _Dtype:
    code = arguments[0] if arguments else None
    if not isinstance(code, str) or code.lstrip("<>=|") not in _DTYPES:
        raise ForeignError(f"an array of {str(code)[:20]!r}")
    return _Dtype(code.lstrip("<>=|"))


def _make_from_buffer(machine: _Machine, arguments: tuple[Any, ...]) -> _Array:
    data, kind, shape, order = arguments
    return _Array(_values(machine, shape, kind, order == "F", data))


def _make_bytes(machine: _Machine, arguments: tuple[Any, ...]) -> bytes:
    """What Python 3 writes for bytes in an old protocol."""
    text, *codec = arguments
    if not isinstance(text, str) or codec not in ([], ["latin1"]):
        raise ForeignError("a call of a codec")
    machine.spend(len(text))
    return text.encode("latin1")


def _make_dict(machine: _Machine, arguments: tuple[Any, ...]) -> dict[Any, Any]:
    if arguments:
        raise ForeignError("a dict out of something")
    return {}


def _refuse(machine: _Machine, arguments: tuple[Any, ...]) -> Any:
    raise ForeignError("a call of numpy.ndarray")


_NAMES = {
    ("numpy", "ndarray"): _Name(_refuse),
    ("numpy", "dtype"): _Name(_make_dtype),
    ("_codecs", "encode"): _Name(_make_bytes),
    ("collections", "OrderedDict"): _Name(_make_dict),
    **{(f"{core}.multiarray", "_reconstruct"): _Name(_make_array) for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): _Name(_make_from_buffer) for core in _CORES},
}


def _name_of(module: str, name: str) -> _Name:
    found = _NAMES.get((module, name))
    if found is None:
        raise ForeignError(" ".join(f"{module}.{name}".split())[:100])
    return found


def _long(data: bytes) -> int:
    if len(data) > 64:
        raise ForeignError("a number of more than 64 bytes")
    return int.from_bytes(data, "little", signed=True)


_Operation: TypeAlias = Callable[[_Machine], Any]
_OPERATIONS: dict[bytes, _Operation] = {
    b"\x80": lambda m: m._take(1),  # protocol
    b"\x95": lambda m: m._take(8),  # frame
    b"(": _Machine.mark,
    b"0": lambda m: m._stack.pop(),
    b"1": lambda m: m._since_mark(),
    b"N": lambda m: m._push(None),
    b"\x88": lambda m: m._push(True),
    b"\x89": lambda m: m._push(False),
    b"I": _Machine.short_number,
    b"J": lambda m: m._push(m._number("<i")),
    b"K": lambda m: m._push(m._number("<B")),
    b"M": lambda m: m._push(m._number("<H")),
    b"L": lambda m: m._push(int(m._line().rstrip(b"L"))),
    b"\x8a": lambda m: m._push(_long(m._sized("<B"))),
    b"\x8b": lambda m: m._push(_long(m._sized("<i"))),
    b"F": lambda m: m._push(float(m._line())),
    b"G": lambda m: m._push(struct.unpack(">d", m._take(8))[0]),
    b"S": _Machine.quoted,
    b"T": lambda m: m._push(m._sized("<i").decode("latin1")),
    b"U": lambda m: m._push(m._sized("<B").decode("latin1")),
    b"V": lambda m: m._push(m._line().decode("raw-unicode-escape")),
    b"X": lambda m: m._push(m._sized("<I").decode("utf-8", "surrogatepass")),
    b"\x8c": lambda m: m._push(m._sized("<B").decode("utf-8", "surrogatepass")),
    b"\x8d": lambda m: m._push(m._sized("<Q").decode("utf-8", "surrogatepass")),
    b"B": lambda m: m._push(m._sized("<I")),
    b"C": lambda m: m._push(m._sized("<B")),
    b"\x8e": lambda m: m._push(m._sized("<Q")),
    b"\x96": lambda m: m._push(m._sized("<Q")),  # a bytearray, of which nothing is changed here
    b"]": lambda m: m._push([]),
    b"l": lambda m: m._push(m._since_mark()),
    b"a": _Machine.append,
    b"e": _Machine.appends,
    b")": lambda m: m._push(()),
    b"t": lambda m: m._push(tuple(m._since_mark())),
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"}": lambda m: m._push({}),
    b"d": _Machine.dict_of,
    b"s": _Machine.set_item,
    b"u": _Machine.set_items,
    b"c": _Machine.name,
    b"\x93": _Machine.stacked_name,
    b"R": _Machine.call,
    b"b": _Machine.build,
    b"p": lambda m: m.put(int(m._line())),
    b"q": lambda m: m.put(m._number("<B")),
    b"r": lambda m: m.put(m._number("<I")),
    b"\x94": lambda m: m.put(len(m._memo)),
    b"g": lambda m: m.get(int(m._line())),
    b"h": lambda m: m.get(m._number("<B")),
    b"j": lambda m: m.get(m._number("<I")),
}
