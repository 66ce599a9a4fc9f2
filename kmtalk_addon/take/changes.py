"""What an artist changed by hand on a line since it was written: values, columns of keys, markers, states."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import compat
from ..core import drives
from ..face import Face, Target
from . import lines, markers, marks, store
from .layout import Sheet
from .timing import FloatArray

if TYPE_CHECKING:
    from kmtalk_core.take import Key, Take

_VISIBLE = 1e-5
"""Values that differ by less are the same."""
_BY_HAND = 1e-4
"""A slider that was moved and not keyed differs by more from its curve."""

Values = dict[int, dict[int, float]]
"""Values by scene frame and number of the drive's value."""


@dataclass
class Changes:
    """What was done by hand: edits as `complete` takes them; the values that curves keep, by drive, scene frame and
    number; the key motions' scene frames that have lost their keys; and all scene frames at which any curve is not as
    it was written."""

    edits: list[dict[str, Any]] = field(default_factory=list)
    held: list[Values] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class _Curve:
    """The keys of one curve as they were written and as they are now: frames (n,) and values (n,); shown: what it shows
    at frames that have lost its key."""

    channel: int
    old_frames: npt.NDArray[np.int32]
    old_values: FloatArray
    frames: npt.NDArray[np.int32]
    values: FloatArray
    shown: Mapping[int, float]

    @property
    def touched(self) -> set[int]:
        """The frames at which the curve is not as it was written."""
        if np.array_equal(self.old_frames, self.frames) and np.array_equal(self.old_values, self.values):
            return set()
        was = dict(zip(self.old_frames.tolist(), self.old_values.tolist(), strict=True))
        now = dict(zip(self.frames.tolist(), self.values.tolist(), strict=True))
        return {frame for frame in (*was, *now) if was.get(frame) != now.get(frame)}

    def has_moved(self, source: int, target: int) -> bool:
        """Whether the key that was written at the frame `source`, if there was one, now lies at `target`."""
        was, now = self.old_values[self.old_frames == source], self.values[self.frames == target]
        return not len(was) or bool(len(now) and abs(float(was[0]) - float(now[0])) <= _VISIBLE)


def read_changes(
    ref: lines.Ref, face: Face, take: "Take", story: store.Story, unkeyed: Mapping[int, Values] | None = None
) -> Changes:
    """What was done to the curves, markers and list of a line since it was written.

    unkeyed: sliders that were moved and not keyed, by the number of the drive (`unkeyed_values`).
    """
    changes = Changes(held=[{} for _ in face.drives])
    found = ref.find()
    main = found[0][1]
    timeline = story.timeline
    frames = [timeline.nearest_frame(key.frame / take.fps) for key in take.keys]
    owners = _owners(take, story)
    by_target = [_compare(target, found, ref.uid) for target in face.targets]
    changes.touched = {frame for curves in by_target for curve in curves for frame in curve.touched}
    by_drive: list[Values] = [{} for _ in face.drives]
    for target, curves in zip(face.targets, by_target, strict=True):
        _add(by_drive[face.drive_number(target)], _changed_values(curves))
        _add(by_drive[face.drive_number(target)], _values_without_keys(curves, set(frames) - _lost_frames(curves)))
    moved: dict[int, int] = {}
    for target, curves in zip(face.targets, by_target, strict=True):  # the Dope Sheet shows one object at a time
        lost = set(frames) & _lost_frames(curves)
        moved |= _moved_columns(curves, by_drive[face.drive_number(target)], lost - set(moved))
        changes.lost |= lost
    for values in by_drive:
        for target_frame in moved.values():
            values.pop(target_frame, None)  # what was dragged there is no edit
    for number, values in (unkeyed or {}).items():
        _add(by_drive[number], values)
    there = set(frames)
    on_actions = [marks.Found.on(action) for action, _ in found]
    for here in reversed(on_actions):  # where there are several, the artist sees the first, mostly
        moved |= markers.moved(here, ref.uid)
        there &= here.put_frames(ref.uid) or there
    rows = {(item.frame, item.time): item for item in main.key_motions}  # several keys may share a frame
    for number, (key, frame) in enumerate(zip(take.keys, frames, strict=True)):
        is_owner = owners[frame] == key.frame
        is_gone = frame not in there or (is_owner and frame in changes.lost and frame not in moved)
        if is_gone:
            if 0 < number < len(frames) - 1:
                changes.edits.append({"frame": key.frame, "delete": True})
            continue
        edited = [values.pop(frame, {}) if is_owner else {} for values in by_drive]
        item = rows.get((frame, float(np.float32(key.time))))
        target_frame = story.take_frame(moved[frame], take) if frame in moved else key.frame
        said = item.say if item is not None and is_owner else ""
        edit = _edit_of(key, item, said, _pose(face, take, key.frame, edited), target_frame)
        if edit is not None:
            changes.edits.append(edit)
            if target_frame == key.frame:
                _hold(changes, frame, edited)
    _read_added(changes, face, on_actions, by_drive, take, story, main)
    return changes


def _edit_of(key: "Key", item: Any, said: str, pose: drives.Pose, target: int) -> dict[str, Any] | None:
    """What `complete` has to know of one key; None where nothing was done to it."""
    state = item.state if item is not None else key.state
    if state == "generated" and key.state != "generated" and not said:
        return {"frame": key.frame, "state": "generated"}
    edit: dict[str, Any] = {"phone": said} if said else {}
    if pose:
        edit |= {"pose": pose, "state": "edited" if state == "generated" else state}
    elif state != key.state and not said:
        edit |= {"state": state}
    if target != key.frame:
        edit["move_to"] = target
    return {"frame": key.frame, **edit} if edit else None


def _read_added(
    changes: Changes,
    face: Face,
    on_actions: Sequence[marks.Found],
    by_drive: Sequence[Values],
    take: "Take",
    story: store.Story,
    line: Any,
) -> None:
    """Markers and values of an artist's where no key motion was: new ones."""
    taken = {key.frame for key in take.keys}
    added = [frame for here in on_actions for frame in here.nobodys_frames()]
    inside = [frame for frame in added if line.first < frame < line.last]
    for frame in dict.fromkeys([*inside, *(frame for values in by_drive for frame in values)]):
        target = story.take_frame(frame, take)
        if target not in taken:
            taken.add(target)
            values = [values.get(frame, {}) for values in by_drive]
            changes.edits.append({"frame": target, "add": True, "pose": _pose(face, take, target, values)})
            _hold(changes, frame, values)


def _hold(changes: Changes, frame: int, values: Sequence[dict[int, float]]) -> None:
    for held, given in zip(changes.held, values, strict=True):
        if given:
            held[frame] = given


def _pose(face: Face, take: "Take", frame: int, values: Sequence[dict[int, float]]) -> drives.Pose:
    """The pose of a take's frame for which the face's curves have `values`, by drive."""
    found: dict[str, float] = {}
    if not any(values):
        return found
    for drive, given in zip(face.drives, values, strict=True):
        track = take.track(drive.space.name)
        if not given or track is None:
            continue
        pose = drive.back(track.motion[frame], given)
        if not isinstance(pose, Mapping):
            return pose
        found |= pose
    return found


def unkeyed_values(face: Face, ref: lines.Ref, frame: int) -> dict[int, Values]:
    """Sliders that differ from their curves at the frame that is shown: moved by hand, and not keyed."""
    uids = {action for action, _ in ref.find()}
    found: dict[int, Values] = {}
    for target in face.targets:
        animation = target.owner.animation_data
        if animation is None or animation.action not in uids or any(not d.mute for d in animation.drivers):
            continue
        slot = compat.slot_of(animation.action, target.owner)
        for number, place in target.curves.items():
            curve = compat.find_curve(animation.action, slot.handle if slot else 0, place.path, place.index)
            if curve is None or curve.mute or not len(curve.keyframe_points):
                continue
            try:
                if not place.shows(target.owner, curve.evaluate(frame), _BY_HAND):
                    value = place.get(target.owner)
                    found.setdefault(face.drive_number(target), {}).setdefault(frame, {})[number] = value
            except KeyError:
                continue
    return found


def _add(values: Values, more: Values) -> None:
    for frame, given in more.items():
        values.setdefault(frame, {}).update(given)


def _owners(take: "Take", story: store.Story) -> dict[int, int]:
    """Which key's pose each scene frame shows where several lie on it: the nearest one's, by frames of the take."""
    owners: dict[int, tuple[float, int]] = {}
    timeline = story.timeline
    for key in take.keys:
        exact, frame = timeline.frame_at(key.frame / take.fps), timeline.nearest_frame(key.frame / take.fps)
        owners[frame] = min(owners.get(frame, (2.0, 0)), (abs(exact - frame), key.frame))
    return {frame: owner for frame, (_, owner) in owners.items()}


def _compare(target: Target, found: Iterable[tuple[Any, Any]], uid: str) -> list[_Curve]:
    """Every curve that a line has for one target, as it was written and as it is."""
    curves: list[_Curve] = []
    for action, line in found:
        if not compat.plays(target.owner, action):
            continue
        noted = store.noted_curves(line)
        reaches = lines.reaches_of(action)
        sheet = Sheet(action.session_uid, uid, reaches, reaches)
        slot = compat.slot_of(action, target.owner)
        handle = slot.handle if slot else 0
        for number, place in target.curves.items():
            name = lines.full_name(handle, place.name)
            curve = compat.find_curve(action, handle, place.path, place.index) if name in noted else None
            if curve is not None:
                was, now = noted[name], sheet.positions(curve, name)
                curves.append(_Curve(number, *was, *now, _shown_without_keys(curve, was, now)))
    return curves


def _changed_values(curves: Iterable[_Curve]) -> Values:
    """Values that curves have and did not have when written, by scene frame and channel."""
    found: Values = {}
    for curve in curves:
        if not len(curve.old_frames) or not len(curve.frames):
            continue
        place = np.searchsorted(curve.old_frames, curve.frames).clip(max=len(curve.old_frames) - 1)
        is_old = (curve.old_frames[place] == curve.frames) & (
            np.abs(curve.old_values[place] - curve.values) <= _VISIBLE
        )
        for index in np.flatnonzero(~is_old):
            found.setdefault(int(curve.frames[index]), {})[curve.channel] = float(curve.values[index])
    return found


def _shown_without_keys(curve: Any, was: store.Positions, now: store.Positions) -> dict[int, float]:
    """What a curve shows, beside its modifiers, at frames where it had keys and has none."""
    lost = np.setdiff1d(was[0], now[0]).tolist() if len(now[0]) else []
    if len(curve.modifiers):
        return {frame: float(np.interp(frame, *now)) for frame in lost}
    return {frame: float(curve.evaluate(frame)) for frame in lost}


def _values_without_keys(curves: Iterable[_Curve], frames: Container[int]) -> Values:
    """What curves show at those of `frames` that have lost their own key and keep others': deleted to run through."""
    found: Values = {}
    for curve in curves:
        was = dict(zip(curve.old_frames.tolist(), curve.old_values.tolist(), strict=True)) if curve.shown else {}
        for frame, value in curve.shown.items():
            if frame in frames and abs(value - was[frame]) > _BY_HAND:
                found.setdefault(frame, {})[curve.channel] = value
    return found


def _lost_frames(curves: Sequence[_Curve]) -> set[int]:
    """Frames where curves had keys and none has one now."""
    if not curves:
        return set()
    had, has = (
        np.unique(np.concatenate(each)) for each in zip(*((c.old_frames, c.frames) for c in curves), strict=True)
    )
    return set(np.setdiff1d(had, has).tolist())


def _moved_columns(curves: Sequence[_Curve], values: Values, lost: set[int]) -> dict[int, int]:
    """Where whole columns of keys were dragged, by the frame where they were; `values` forgets what moved with them."""
    moved: dict[int, int] = {}
    for source in sorted(lost):
        for target in sorted(values, key=lambda frame: abs(frame - source)):
            if target not in moved.values() and all(curve.has_moved(source, target) for curve in curves):
                moved[source] = target
                del values[target]
                break
    return moved
