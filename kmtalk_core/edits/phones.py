"""Phones after their edits: named anew, moved, split, joined, or painted over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..alignment import Phone
from ..errors import TakeError
from .entries import PhoneEdit

_SHORTEST = 0.005
"""Seconds that every phone keeps."""


@dataclass
class _Item:
    """A phone and its number in the take before the edits; -1 for a new one."""

    phone: Phone
    number: int


def edit_phones(phones: Sequence[Phone], edits: Sequence[PhoneEdit]) -> tuple[Phone, ...]:
    """`phones` after `edits`, still in order and without a gap; what a hand set is `edited` and sure.

    Raises TakeError for a phone that is not there, and for ends that leave no room for one.
    """
    items = [_Item(phone, number) for number, phone in enumerate(phones)]
    for edit in edits:
        if edit.number is None and edit.time is None:
            assert edit.start is not None and edit.end is not None and edit.label is not None
            _paint(items, edit.start, edit.end, edit.label)
            continue
        index = _find(items, edit)
        if edit.label is not None:
            items[index].phone = _set(items[index].phone, label=edit.label)
        if edit.start is not None or edit.end is not None:
            _move(items, index, edit.start, edit.end)
        elif edit.split is not None:
            _split(items, index, edit.split, edit.labels)
        elif edit.join:
            _join(items, index)
    return tuple(item.phone for item in items)


def _set(phone: Phone, **values: object) -> Phone:
    return replace(phone, confidence=1.0, edited=True, **values)  # type: ignore[arg-type]


def _find(items: Sequence[_Item], edit: PhoneEdit) -> int:
    for index, item in enumerate(items):
        if edit.number is not None and item.number == edit.number:
            return index
        if edit.time is not None and item.phone.start - 1e-3 <= edit.time < item.phone.end - 1e-3:
            return index
    if edit.number is None and items:
        return len(items) - 1  # the take's last key stands where its last phone ends
    raise TakeError(f"There is no phone {edit.number}: the take has none, or another edit took it away.")


def _move(items: list[_Item], index: int, start: float | None, end: float | None) -> None:
    phone = items[index].phone
    start, end = phone.start if start is None else start, phone.end if end is None else end
    before = items[index - 1].phone if index else None
    after = items[index + 1].phone if index + 1 < len(items) else None
    if (before is None and start != phone.start) or (after is None and end != phone.end):
        raise TakeError(f"The phone at {phone.start:.2f} s is the first or the last; that end of it is the sound's.")
    least = before.start if before is not None else start - _SHORTEST
    most = after.end if after is not None else end + _SHORTEST
    if start - least < _SHORTEST or most - end < _SHORTEST or end - start < _SHORTEST:
        raise TakeError(f"The phone at {phone.start:.2f} s would leave no room for itself or for a neighbour.")
    items[index].phone = _set(phone, start=start, end=end)
    if before is not None and start != before.end:
        items[index - 1].phone = _set(before, end=start)
    if after is not None and end != after.start:
        items[index + 1].phone = _set(after, start=end)


def _split(items: list[_Item], index: int, time: float, labels: tuple[str, str] | None) -> None:
    phone = items[index].phone
    if time - phone.start < _SHORTEST or phone.end - time < _SHORTEST:
        raise TakeError(f"The phone from {phone.start:.2f} to {phone.end:.2f} s cannot split at {time:.2f} s.")
    first, second = labels or (phone.label, phone.label)
    halves = (_set(phone, end=time, label=first), _set(phone, start=time, label=second))
    items[index : index + 1] = [_Item(halves[0], items[index].number), _Item(halves[1], -1)]


def _join(items: list[_Item], index: int) -> None:
    if index + 1 == len(items):
        raise TakeError("The last phone has no next one to be joined with; join the one before it.")
    items[index].phone = _set(items[index].phone, end=items[index + 1].phone.end)
    del items[index + 1]


def _paint(items: list[_Item], start: float, end: float, label: str) -> None:
    if not items:
        raise TakeError("The take has no phones to change; animate the sound again.")
    start, end = max(start, items[0].phone.start), min(end, items[-1].phone.end)
    if end - start < _SHORTEST:
        raise TakeError(f"The sound has no room for a phone from {start:.2f} s to {end:.2f} s.")
    painted: list[_Item] = []
    new = _Item(Phone(start, end, label, 1.0, edited=True), -1)
    for item in items:
        phone = item.phone
        if phone.end <= start or phone.start >= end:
            if phone.start >= end and new not in painted:
                painted.append(new)
            painted.append(item)
            continue
        if start - phone.start >= _SHORTEST:
            painted.append(_Item(replace(phone, end=start), item.number))
        elif phone.start < start:
            new.phone = replace(new.phone, start=phone.start)
        if new not in painted:
            painted.append(new)
        if phone.end - end >= _SHORTEST:
            painted.append(_Item(replace(phone, start=end), -1))
        elif phone.end > end:
            new.phone = replace(new.phone, end=phone.end)
    items[:] = painted
