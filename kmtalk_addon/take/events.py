"""The events of a line as an artist sees them in a list: moved, locked, deleted, added; Regenerate then does it."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core import errors, event_edits, schema
from . import lines, store

if TYPE_CHECKING:
    from kmtalk_core.take import Take

LABELS = {
    "blink": "Blink",
    "glance": "Glance",
    "nod": "Nod",
    "shift": "Shift of the Head",
    "brow_raise": "Brow Raise",
    "frown": "Frown",
    "squint": "Squint",
    "breath": "Breath",
}


def list_events(ref: lines.Ref, take: "Take", story: store.Story) -> None:
    """Write the list anew, as the take has it."""
    delay = float(take.settings.get("delay", 0.0))
    for _, line in ref.find():
        line.events.clear()
        for event in take.events:
            row = line.events.add()
            row.name, row.uid, row.kind, row.state = LABELS[event.kind], event.id, event.kind, event.state
            row.frame, row.size = story.timeline.nearest_frame(event.time + delay), event.size
            row.direction = event.direction
            row.made = _as_it_is(row)


def is_changed(row: Any) -> bool:
    """Whether Regenerate has something to do for a row."""
    return bool(row.gone or row.made != _as_it_is(row))


def said_of(row: Any) -> str:
    """All that a row of the list says."""
    return f"{row.uid}: {'gone' if row.gone else _as_it_is(row)}"


_MADE = schema.Record({"frame": schema.Whole(-1e9, 1e9)}, optional=("frame",), unknown="keep")


def _made(row: Any) -> dict[str, Any]:
    """How an event was when it was made, empty for one that is asked for.  Raises TakeError."""
    what, advice = f"What “{row.name}” remembers of itself", "animate from audio again"
    told = schema.loads(row.made or "{}", what, errors.TakeError, advice=advice)
    return dict(_MADE.read(told, what, errors.TakeError, advice))


def edits_of(line: Any, take: "Take", story: store.Story) -> list[dict[str, Any]]:
    """What was done to the list, as entries of EDITS.json."""
    delay = float(take.settings.get("delay", 0.0))
    edits: list[dict[str, Any]] = []
    for row in line.events:
        if not is_changed(row):
            continue
        was = _made(row)
        if row.gone:
            edits += [{"event": row.uid, "delete": True}] if was else []
            continue
        edit: dict[str, Any] = {"event": row.uid, "size": row.size, "direction": row.direction, "state": row.state}
        if row.frame != was.get("frame"):
            edit["time"] = min(max(story.timeline.time_at(row.frame) - delay, 0.0), take.duration)
        edits.append(edit if was else {**edit, "add": True, "kind": row.kind})
    return edits


def add(ref: lines.Ref, kind: str, frame: int, size: float | None = None, direction: float | None = None) -> None:
    """Ask for an event at a scene frame."""
    _, usual, way = event_edits.DEFAULTS[kind]
    for _, line in ref.find():
        taken = {row.uid for row in line.events}
        row = line.events.add()
        row.uid = next(name for name in (f"{kind}.{n}" for n in range(len(taken) + 1)) if name not in taken)
        row.name, row.kind, row.state, row.frame = LABELS[kind], kind, "added", frame
        row.size, row.direction = usual if size is None else size, way if direction is None else direction
        place = sum(other.frame <= frame for other in line.events) - 1
        line.events.move(len(line.events) - 1, place)
        line.event_index = place


def change(ref: lines.Ref, uid: str, **values: Any) -> None:
    """Set what a row of the list shows, on all actions of the line."""
    for _, line in ref.find():
        for row in line.events:
            if row.uid == uid:
                for name, value in values.items():
                    setattr(row, name, value)


def shift(line: Any, frames: int) -> None:
    """The events of a line go along with it when it moves, as they were made and as they are asked for."""
    for row in line.events:
        row.frame += frames
        try:
            was = _made(row)
        except errors.TakeError:
            continue  # a stranger's: whoever asks for its edits is told
        if "frame" in was:
            row.made = json.dumps({"frame": was.pop("frame") + frames, **was})  # in the order of `_as_it_is`


def near(rows: Sequence[Any], frame: int) -> int:
    """The number of the row that is nearest to a scene frame; 0 where there is none."""
    return min(range(len(rows)), key=lambda number: abs(rows[number].frame - frame), default=0)


def _as_it_is(row: Any) -> str:
    shown = {"frame": row.frame, "size": round(row.size, 5), "direction": round(row.direction, 2), "state": row.state}
    return json.dumps(shown)
