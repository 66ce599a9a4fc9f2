"""The actions of a face while a line is laid into them, moved or taken out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import bpy
import numpy as np

from .. import compat
from ..face import Curve, Face, Target
from ..face.targets import GROUP, OURS, curve_name
from . import columns as keys
from . import fcurves, layers, lines, store
from .columns import Columns
from .layers import Reach
from .writing import Journal, UndoneError, find_action

Span: TypeAlias = tuple[int, int]
"""The first and the last frame."""


class Revising(Protocol):
    """What makes the keys of a line on one curve out of those that it has: all of them, or those `within` a span."""

    def __call__(self, old: Columns, within: Span | None = None) -> Columns: ...


Own: TypeAlias = Columns | Revising
"""The keys of a line on one curve, or what makes them."""


@dataclass
class Sheet:
    """One action of ours, without a pointer to it, on the way from the lines `before` to the lines `after`.

    handles: the slot's handle by the number of the target; uid: the line that changes; windows: the spans of frames in
    which anything does; hidden: the keys that lie under others, by line and curve; written: the line's own keys by
    curve; lost: curves that have no keys any more; only: spans of frames outside of which no key of the line changes,
    none where all may.
    """

    action: int
    uid: str
    before: list[Reach]
    after: list[Reach]
    handles: dict[int, int] = field(default_factory=dict)
    hidden: dict[str, dict[str, Columns]] = field(default_factory=dict)
    written: dict[str, store.Positions] = field(default_factory=dict)
    lost: list[Curve] = field(default_factory=list)
    only: list[Span] = field(default_factory=list)
    _noted: store.Curves | None = None
    _met: dict[Span, tuple[list[Reach], list[Reach]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def find(self) -> Any:
        """The action as it is now.  Raises UndoneError."""
        found = find_action(self.action)
        if found is None:
            raise UndoneError
        return found

    def slot(self, number: int) -> tuple[Any, Any]:
        """The action and its slot for a target."""
        action = self.find()
        return action, compat.slot_by_handle(action, self.handles[number])

    @property
    def windows(self) -> list[Span]:
        """Spans of frames, first and last, in order and apart from each other."""
        spans = sorted((r.begin, r.end) for r in (*self.before, *self.after) if r.uid == self.uid)
        found: list[Span] = []
        for first, last in spans:
            if found and first <= found[-1][1] + 1:
                found[-1] = (found[-1][0], max(found[-1][1], last))
            else:
                found.append((first, last))
        return found

    def own(self, curve: Any, name: str) -> Columns:
        """All keys of the line as it is now on one curve: those that show, and those under others."""
        reach = next((reach for reach in self.before if reach.uid == self.uid), None)
        hidden = self._hidden(self.uid).get(name)
        if reach is None or curve is None:
            return hidden if hidden is not None else keys.empty()
        meeting = self._meeting(reach.first, reach.last)[0]
        return layers.own_of(fcurves.read(curve, reach.first, reach.last), meeting, meeting.index(reach), hidden)

    def positions(self, curve: Any, name: str) -> store.Positions:
        """Frames and values of `own`."""
        reach = next((reach for reach in self.before if reach.uid == self.uid), None)
        if reach is not None and self._is_alone(reach.first, reach.last) and name not in self._hidden(self.uid):
            return fcurves.positions(curve, reach.first, reach.last)
        own = self.own(curve, name)
        return keys.frames_of(own), keys.values_of(own)

    def narrow(self, spans: Sequence[Span]) -> None:
        """From now on nothing is written outside of `spans`, where what the line shows there depends on it alone."""
        mine = [reach for reach in (*self.before, *self.after) if reach.uid == self.uid]
        is_still = len(mine) == 2 and mine[0] == mine[1]
        if is_still and all(
            mine[0].first < first and last < mine[0].last and self._is_alone(first, last) for first, last in spans
        ):
            self.only = list(spans)

    def _is_alone(self, first: int, last: int) -> bool:
        """Whether no other line plays from frame `first` to `last`."""
        before, after = self._meeting(first, last)
        return not any(reach.uid != self.uid for reach in (*before, *after))

    def _meeting(self, first: int, last: int) -> tuple[list[Reach], list[Reach]]:
        """The lines that play anywhere from frame `first` to `last`, before and after, from the lowest."""
        if (first, last) not in self._met:
            before, after = ([r for r in each if r.meets(first, last)] for each in (self.before, self.after))
            self._met[first, last] = (layers.in_order(before), layers.in_order(after))
        return self._met[first, last]

    def rewrite(self, handle: int, place: Curve, own: Own | None, rest: float, *, journal: Journal) -> None:
        """Lay one curve anew: the line with its keys `own`, or without it, among all lines that it meets."""
        journal.check()
        action = self.find()
        name = lines.full_name(handle, place.name)
        curve = compat.find_curve(action, handle, place.path, place.index)
        if own is None and curve is None:
            return
        if callable(own):
            if self.only and curve is not None and self._patch(action, handle, curve, name, own, journal):
                return
            own = own(self.own(curve, name))
        if name in self._hidden(self.uid):
            self._hide(self.uid, name, keys.empty())
        if curve is None:
            curve = compat.new_curve(action, handle, place.path, place.index, place.group)
        for window in self.windows:
            was = fcurves.read(curve, *window)
            now = self._laid(was, name, own, rest, window)
            if not _are_same(was, now):
                journal.write(action, handle, curve, window, now, was)
        if own is not None:
            self.written[name] = (keys.frames_of(own), keys.values_of(own))
        elif not len(curve.keyframe_points):
            compat.remove_curve(action, handle, curve)
            self.lost.append(place)

    def _patch(self, action: Any, handle: int, curve: Any, name: str, revise: Revising, journal: Journal) -> bool:
        """Change the keys of a curve within the spans that may change; whether that was possible."""
        if self._noted is None:
            self._noted = store.noted_curves(lines.line_in(action, self.uid))
        if name not in self._noted or name in self._hidden(self.uid):
            return False
        frames, values = self._noted[name]
        for first, last in self.only:
            was = fcurves.read(curve, first, last)
            now = revise(was, (first, last))
            if not _are_same(was, now):
                journal.write(action, handle, curve, (first, last), now, was)
            low, high = np.searchsorted(frames, (first, last + 1))
            frames = np.concatenate([frames[:low], keys.frames_of(now), frames[high:]])
            values = np.concatenate([values[:low], keys.values_of(now), values[high:]])
        self.written[name] = (frames, values)
        return True

    def _laid(self, was: Columns, name: str, own: Columns | None, rest: float, window: tuple[int, int]) -> Columns:
        """The keys of a curve within a window, from those it has there now."""
        first, last = window
        before, after = self._meeting(first, last)
        if own is None:
            after = [reach for reach in after if reach.uid != self.uid]
        of_line: dict[str, Columns] = {}
        for number, reach in enumerate(before):
            inside = _within(self._hidden(reach.uid).get(name), first, last)
            of_line[reach.uid] = layers.own_of(was, before, number, inside)
        if own is not None:
            of_line[self.uid] = own
        at = keys.frames_of(was)
        nobodys = (layers.owners(before, at) < 0) & (layers.owners(after, at) < 0)
        laid = layers.compose(after, [of_line[reach.uid] for reach in after], rest, first, last)
        for reach, hidden in zip(after, laid.hidden, strict=True):
            outside = _outside(self._hidden(reach.uid).get(name), first, last)
            self._hide(reach.uid, name, keys.merged(hidden, outside))
        return keys.merged(laid.shown, keys.chosen(was, nobodys))

    def _hidden(self, uid: str) -> dict[str, Columns]:
        if uid not in self.hidden:
            line = lines.line_in(self.find(), uid)
            self.hidden[uid] = store.hidden_of(line) if line is not None else {}
        return self.hidden[uid]

    def _hide(self, uid: str, name: str, columns: Columns) -> None:
        if keys.count_of(columns) or name in self._hidden(uid):
            self._hidden(uid)[name] = columns

    def forgotten(self, targets: Sequence[Target], handle: int) -> Iterator[Curve]:
        """Our curves on one datablock, that of `targets`, for what the face does not drive any more.

        An artist's curves on our action stay.
        """
        curves = [curve for target in targets for curve in target.curves.values()]
        names, groups = {curve.name for curve in curves}, {curve.group for curve in curves} | {GROUP}
        action = self.find()
        for curve in compat.read_curves(action, compat.slot_by_handle(action, handle)):
            is_ours = curve.group is not None and curve.group.name in groups
            if is_ours and curve_name(curve.data_path, curve.array_index) not in names:
                single = "rotation" not in curve.data_path and not curve.data_path.endswith(("location", "scale"))
                yield Curve(curve.data_path, curve.array_index, curve.group.name, single)

    def overlaps(self) -> Iterator[str]:
        """Which lines take over from each other here, a sentence each."""
        mine = next((reach for reach in self.after if reach.uid == self.uid), None)
        if mine is None:
            return
        for other in self.after:
            if other is mine or other.first > mine.last or other.last < mine.first:
                continue
            under, over = layers.in_order([mine, other])
            names = [getattr(lines.line_in(self.find(), reach.uid), "name", "") for reach in (over, under)]
            yield f"“{names[0]}” takes over from “{names[1]}” at frame {over.first}, where both speak"


def begin(face: Face, reach: Reach | None, journal: Journal, uid: str = "") -> list[Sheet]:
    """The actions of a face, new ones where it has none, for a line that comes to lie at `reach`, or that goes.

    Raises FaceError.
    """
    uid = reach.uid if reach is not None else uid
    sheets: dict[int, Sheet] = {}
    given: dict[int, Any] = {}  # by their datablocks: a rig may be the target of its jaw and of its head
    main: Any = _remembered(face)
    for number, target in enumerate(face.targets):
        target.require_free()
        action = next(iter(lines.played_by(target.owner)), None) or given.get(target.owner.session_uid)
        if action is None and (main is None or not compat.HAS_SLOTS):
            action = _known(target, main) or _new_action(target, face, journal)
        action = given[target.owner.session_uid] = action or main
        main = main or action
        slot = compat.slot_of(action, target.owner) or compat.ensure_slot(action, target.owner)
        sheet = sheets.get(action.session_uid)
        if sheet is None:
            before = lines.reaches_of(action)
            after = [other for other in before if other.uid != uid] + ([reach] if reach is not None else [])
            sheet = sheets[action.session_uid] = Sheet(action.session_uid, uid, before, after)
        sheet.handles[number] = slot.handle if slot else 0
    return list(sheets.values())


def _new_action(target: Target, face: Face, journal: Journal) -> Any:
    name = face.owner.name if compat.HAS_SLOTS else target.name
    action = bpy.data.actions.new(f"KMTalk: {name}")
    action[OURS] = target.name
    journal.made.append(action.session_uid)
    return action


def _remembered(face: Face) -> Any:
    """The action that the face had last, where nobody plays it now."""
    action = face.owner.kmtalk_face.action
    if action is None or not lines.is_ours(action) or action.library is not None or lines.objects_of([action]):
        return None
    return action


def _known(target: Target, main: Any) -> Any:
    """Without slots: the remembered action, for the target that it was made for."""
    return main if main is not None and main.get(OURS) == target.name and not lines.objects_of([main]) else None


def finish(sheets: Sequence[Sheet], story: store.Story, data: bytes) -> None:
    """Keep the take of the line on every action, with the keys of its curves as they were written."""
    for sheet in sheets:
        action = sheet.find()
        reach = next(reach for reach in sheet.after if reach.uid == sheet.uid)
        line = lines.line_in(action, sheet.uid)
        if line is None:
            line = action.kmtalk_lines.lines.add()
            line.uid = sheet.uid
        line.name, line.story, line.file = story.name, story.to_json(), data
        store.keep_record(line, sheet.written)
        line.first, line.last, line.lead, line.tail = reach.first, reach.last, reach.lead, reach.tail
        _keep_hidden(action, sheet.hidden)
        lines.sort(action)
        lines.choose(action, sheet.uid)
        action.kmtalk_lines.uid = action.kmtalk_lines.uid or lines.new_uid()


def settle_line(sheet: Sheet, line: Any) -> None:
    """Note where a line lies now that it was moved, and what of it lies under others."""
    reach = next(reach for reach in sheet.after if reach.uid == sheet.uid)
    line.first, line.last = reach.first, reach.last
    action = sheet.find()
    _keep_hidden(action, sheet.hidden)
    lines.sort(action)
    lines.choose(action, sheet.uid)


def drop(sheets: Sequence[Sheet]) -> None:
    """Forget the line on every action."""
    for sheet in sheets:
        action = sheet.find()
        listed = action.kmtalk_lines
        index = next((n for n, line in enumerate(listed.lines) if line.uid == sheet.uid), None)
        if index is not None:
            listed.lines.remove(index)
            lines.choose(action, listed.lines[min(index, len(listed.lines) - 1)].uid if len(listed.lines) else "")
        _keep_hidden(action, sheet.hidden)


def _keep_hidden(action: Any, hidden: Mapping[str, Mapping[str, Columns]]) -> None:
    for line in action.kmtalk_lines.lines:
        if line.uid in hidden:
            data = store.hidden_bytes(hidden[line.uid])
            if data != line.hidden:
                line.hidden = data


def _within(columns: Columns | None, first: int, last: int) -> Columns | None:
    if columns is None:
        return None
    at = keys.frames_of(columns)
    return keys.chosen(columns, (at >= first) & (at <= last))


def _outside(columns: Columns | None, first: int, last: int) -> Columns | None:
    if columns is None:
        return None
    at = keys.frames_of(columns)
    return keys.chosen(columns, (at < first) | (at > last))


def _are_same(one: Columns, other: Columns) -> bool:
    return keys.count_of(one) == keys.count_of(other) and all(np.array_equal(one[name], other[name]) for name in one)
