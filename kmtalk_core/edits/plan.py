"""What a take's edits ask for altogether: keys, phones and events to be, and the spans to make anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..alignment import Phone, Word, in_order
from ..events import Event
from ..settings import Settings
from ..take import Take
from .entries import Edits
from .events import edit_events
from .keys import PlannedKey, Span, changed_spans, plan_keys
from .phones import edit_phones

_SAME = 1e-6  # seconds
_SAME_EDGE = 2e-3  # seconds between the end of a word and that of its last phone
_FAR = 0.3  # seconds by which an end of a word is moved with its phone at most


@dataclass(frozen=True)
class Plan:
    """The take to be.

    spans: frames whose motion is made anew, because of keys or phones; deleted_keys and deleted_events: what a hand
    took away, now or before.
    """

    keys: tuple[PlannedKey, ...]
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]
    events: tuple[Event, ...]
    spans: tuple[Span, ...]
    deleted_keys: tuple[float, ...]
    deleted_events: tuple[Event, ...]


def plan(take: Take, edits: Edits) -> Plan:
    """What `edits` make of `take`.  Raises TakeError where they make no sense."""
    keys = plan_keys(take, edits.keys)
    phones = edit_phones(take.phones, edits.phones) if edits.phones else take.phones
    ranges: list[tuple[int, int]] = []
    if phones != take.phones:
        keys, ranges = _heard_otherwise(take, keys, phones)
    gone = {edit["event"] for edit in edits.events if edit.get("delete")}
    return Plan(
        keys=keys,
        phones=phones,
        words=take.words if phones == take.phones else _moved_words(take, phones),
        events=edit_events(take.events, edits.events, take.duration),
        spans=changed_spans(take, keys, ranges),
        deleted_keys=_deleted_keys(take, edits, keys),
        deleted_events=(*take.deleted_events, *(event for event in take.events if event.id in gone)),
    )


def _heard_otherwise(
    take: Take, keys: Sequence[PlannedKey], phones: Sequence[Phone]
) -> tuple[tuple[PlannedKey, ...], list[tuple[int, int]]]:
    """The keys of a take whose phones are others: the generated ones follow, those of a hand stay; and the stretches
    (first and last frame) in which something else is heard."""
    delay, last = Settings.of_take(take.settings).delay, take.frame_count - 1

    def frame_of(time: float) -> int:
        return min(max(round((time + delay) * take.fps), 0), last)

    old, new = set(take.phones), set(phones)
    before = {frame_of(phone.start) for phone in take.phones}
    starts = {frame_of(phone.start): phone for phone in phones}
    ranges = [(frame_of(p.start), frame_of(p.end)) for p in (*(new - old), *(old - new))]
    planned: dict[int, PlannedKey] = {}
    for key in keys:
        is_free = key.state == "generated"
        if is_free and key.frame in before and key.frame not in starts and 0 < key.frame < last:
            continue
        phone = starts.get(key.frame)
        if phone is not None and phone not in old:
            key = replace(key, label=phone.label, confidence=phone.confidence)
        if is_free and any(first <= key.frame <= final for first, final in ranges):
            key = replace(key, is_changed=True)
        planned[key.frame] = key
    for frame, phone in starts.items():
        if frame not in planned and frame not in before and 0 < frame < last:
            planned[frame] = PlannedKey(
                frame, phone.start + delay, phone.label, phone.confidence, "generated", None, is_changed=True
            )
    return tuple(planned[frame] for frame in sorted(planned)), ranges


def _moved_words(take: Take, phones: Sequence[Phone]) -> tuple[Word, ...]:
    """The words of a take whose phones are others: an end that lay where a phone began has moved with it."""
    old, new = _edges(take.phones), _edges(phones)
    gone, come = sorted(old - new), sorted(new - old)

    def moved(time: float) -> float:
        was = next((edge for edge in gone if abs(edge - time) < _SAME_EDGE), None)
        near = [edge for edge in come if abs(edge - time) < _FAR]
        return time if was is None or not near else min(near, key=lambda edge: abs(edge - time))

    words = [replace(word, start=moved(word.start), end=moved(word.end)) for word in take.words]
    return in_order(words, max((phone.end for phone in phones), default=take.duration))


def _edges(phones: Sequence[Phone]) -> set[float]:
    return {edge for phone in phones for edge in (phone.start, phone.end)}


def _deleted_keys(take: Take, edits: Edits, keys: Sequence[PlannedKey]) -> tuple[float, ...]:
    times = {key.frame: key.time for key in take.keys}
    gone = [*take.deleted_keys, *(times[edit.frame] for edit in edits.keys if edit.delete)]
    there = [key.time for key in keys]
    return tuple(time for time in gone if not any(abs(time - other) < _SAME for other in there))
