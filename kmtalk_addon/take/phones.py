"""What an artist asks of the phones of a line: moved, split, joined; Regenerate then does it.

A line notes every wish as the entry of EDITS.json that it is, with the frame of the key motion it belongs to.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..core import edits, errors, schema
from . import lines, store

if TYPE_CHECKING:
    from kmtalk_core.take import Take

_NOTE = schema.ListOf(schema.ListOf(schema.Either((schema.Whole(-1e9, 1e9), schema.MapOf(schema.Anything()))), 2, 2))


def move(ref: lines.Ref, frame: float) -> str:
    """Ask for the nearest boundary between two phones to lie at a scene frame; a sentence of what was asked."""
    take, time = _heard(ref, frame)
    if len(take.phones) < 2:
        raise errors.TakeError("This line has no two sounds with a boundary between them.")
    number = min(range(1, len(take.phones)), key=lambda n: abs(take.phones[n].start - time))
    _ask(ref, take, number, {"start": time})
    return f"“{take.phones[number].label}” begins at {time:.2f} s"


def split(ref: lines.Ref, frame: float, labels: Iterable[str] = ()) -> str:
    """Ask for the phone at a scene frame to become two there, of these labels or both of its own."""
    take, time = _heard(ref, frame)
    number, two = _at(take, time), list(labels)
    if two and len(two) != 2:
        raise errors.TakeError("A sound splits into two: give two phones or mouth shapes with a space between.")
    _ask(ref, take, number, {"split": time} | ({"labels": two} if two else {}))
    return f"“{take.phones[number].label}” splits at {time:.2f} s"


def join(ref: lines.Ref, frame: float) -> str:
    """Ask for the phone at a scene frame and the next to become one."""
    take, time = _heard(ref, frame + 0.5)  # a key motion lies on the frame that is nearest to its phone's start
    number = _at(take, time)
    _ask(ref, take, number, {"join": True})
    return f"“{take.phones[number].label}” and the next sound become one"


def asked_of(line: Any) -> list[tuple[int, Mapping[str, Any]]]:
    """What waits for Regenerate: frames of keys and entries of EDITS.json; nothing where the note is none of ours."""
    try:
        noted = _NOTE.read(schema.loads(line.phone_edits or "[]", "The note of phones"), "The note of phones")
    except errors.KMTalkError:
        return []
    return [(frame, entry) for frame, entry in noted if isinstance(frame, int) and isinstance(entry, Mapping)]


def forget(ref: lines.Ref, frame: int | None = None) -> None:
    """Take back what was asked of the phone of a key motion, or of all."""
    for _, line in ref.find():
        _note(line, [wish for wish in asked_of(line) if frame is not None and wish[0] != frame])


def shift(line: Any, frames: int) -> None:
    """What is asked goes along with a line that moves."""
    _note(line, [(frame + frames, entry) for frame, entry in asked_of(line)])


def _heard(ref: lines.Ref, frame: float) -> tuple["Take", float]:
    """The take of a line, and the second of its sound at a scene frame, as the lane shows it."""
    line = ref.find()[0][1]
    return store.take_of(line), round(store.story_of(line).timeline.time_at(frame), 4)


def _at(take: "Take", time: float) -> int:
    for number, phone in enumerate(take.phones):
        if phone.start - 1e-4 <= time < phone.end - 1e-4:
            return number
    raise errors.TakeError("Nothing is heard of this line here: move the playhead onto its sound.")


def _ask(ref: lines.Ref, take: "Take", number: int, what: dict[str, Any]) -> None:
    """Note a wish in place of one of the same kind.  Raises TakeError where the phones do not allow it."""
    kind = next(iter(what))
    for at, (_, line) in enumerate(ref.find()):
        wishes = [
            wish for wish in asked_of(line) if kind == "split" or wish[1].get("phone") != number or kind not in wish[1]
        ]
        start = store.story_of(line).timeline.frame_at(take.phones[number].start)
        frame = min((item.frame for item in line.key_motions), key=lambda key: abs(key - start), default=round(start))
        wishes.append((frame, {"phone": number, **what}))
        if at == 0:
            edits.edit_phones(take.phones, edits.read_edits([wish for _, wish in wishes], take).phones)
        _note(line, wishes)


def _note(line: Any, wishes: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    line.phone_edits = json.dumps(list(wishes), ensure_ascii=False)
