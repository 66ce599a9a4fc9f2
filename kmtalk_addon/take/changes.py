"""What an artist changed by hand on a take since it was written: values, columns of keys, markers, states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
import numpy.typing as npt

from .. import compat
from ..core import drives
from ..face import Face, KeyTarget
from ..face.bones import BoneEdits, read_edits
from . import bake, fcurves, markers, store
from .timing import FloatArray

if TYPE_CHECKING:
    from kmtalk_core.take import Key, Take

_VISIBLE = 1e-5
"""Values that differ by less are the same."""


@dataclass
class Changes:
    """What was done by hand: edits as `complete` takes them; the values that curves keep, by scene frame and channel;
    the key motions' scene frames that have lost their keys; and what was done to bones."""

    edits: list[dict[str, Any]] = field(default_factory=list)
    held: dict[int, dict[int, float]] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    bones: BoneEdits = field(default_factory=BoneEdits)


@dataclass(frozen=True)
class _Curve:
    """The keys of one curve as they were written and as they are now: frames (n,) and values (n,)."""

    channel: int
    old_frames: npt.NDArray[np.int32]
    old_values: FloatArray
    frames: npt.NDArray[np.int32]
    values: FloatArray

    def has_moved(self, source: int, target: int) -> bool:
        """Whether the key that was written at the frame `source`, if there was one, now lies at `target`."""
        was, now = self.old_values[self.old_frames == source], self.values[self.frames == target]
        return not len(was) or bool(len(now) and abs(float(was[0]) - float(now[0])) <= _VISIBLE)


def read_changes(actions: Sequence[Any], face: Face, take: "Take", story: store.Story) -> Changes:
    """What was done to the curves, markers and list of a take since it was written."""
    changes = Changes()
    main = actions[0]
    frames = [story.timeline.nearest_frame(key.frame / take.fps) for key in take.keys]
    owners = _owners(take, story)
    noted = [(action, store.noted_curves(action)) for action in actions]
    meshes = [_compare(mesh, noted) for mesh in face.meshes]
    values = _changed_values([curve for curves in meshes for curve in curves])
    moved: dict[int, int] = {}
    for curves in meshes:  # the Dope Sheet shows one object's shape keys at a time
        lost = set(frames) & _lost_frames(curves)
        moved |= _moved_columns(curves, values, lost - set(moved))
        changes.lost |= lost
    marks = set(frames)
    for action in reversed(actions):  # where there are several, the artist sees the first, mostly
        moved |= markers.moved(action, bpy.context.scene, story.name)
        marks &= {frame for _, frame in markers.on_action(action)} or marks
    changes.bones = read_edits(face, take, story)
    for frame in moved.values():
        changes.bones.forget(frame)  # what was dragged there is no edit
    turned = dict(changes.bones.poses)
    states = {item.frame: item.state for item in main.kmtalk_take.keys}
    for number, (key, frame) in enumerate(zip(take.keys, frames, strict=True)):
        is_owner = owners[frame] == key.frame
        is_gone = frame not in marks or (is_owner and frame in changes.lost and frame not in moved)
        if is_gone:
            if 0 < number < len(frames) - 1:
                changes.edits.append({"frame": key.frame, "delete": True})
            continue
        edited = values.pop(frame, {}) if is_owner else {}
        pose = _pose(face, take, key.frame, edited, turned.pop(frame, {}) if is_owner else {})
        state = states.get(frame, key.state) if is_owner else key.state
        target = story.take_frame(moved[frame], take) if frame in moved else key.frame
        edit = _edit_of(key, state, pose, target)
        if edit is not None:
            changes.edits.append(edit)
            if edited and target == key.frame:
                changes.held[frame] = edited
            if target != key.frame:
                changes.bones.forget(frame)
    _read_added(changes, face, actions, values, turned, take, story)
    return changes


def _edit_of(key: "Key", state: str, pose: drives.Pose, target: int) -> dict[str, Any] | None:
    """What `complete` has to know of one key; None where nothing was done to it."""
    if state == "generated" and key.state != "generated":
        return {"frame": key.frame, "state": "generated"}
    edit: dict[str, Any] = {}
    if pose:
        edit = {"pose": pose, "state": "edited" if state == "generated" else state}
    elif state != key.state:
        edit = {"state": state}
    if target != key.frame:
        edit["move_to"] = target
    return {"frame": key.frame, **edit} if edit else None


def _read_added(
    changes: Changes,
    face: Face,
    actions: Sequence[Any],
    values: dict[int, dict[int, float]],
    turned: dict[int, dict[str, float]],
    take: "Take",
    story: store.Story,
) -> None:
    """Markers and values of an artist's where no key motion was: new ones."""
    taken = {key.frame for key in take.keys}
    added = [marker.frame for action in actions for marker in markers.added_on_action(action)]
    for frame in dict.fromkeys([*added, *values, *turned]):
        target = story.take_frame(frame, take)
        if target not in taken:
            taken.add(target)
            pose = _pose(face, take, target, values.get(frame, {}), turned.get(frame, {}))
            changes.edits.append({"frame": target, "add": True, "pose": pose})
            changes.held[frame] = values.get(frame, {})


def _pose(face: Face, take: "Take", frame: int, values: dict[int, float], turned: dict[str, float]) -> drives.Pose:
    """The pose of a take's frame for which the face's curves have `values`, and bones show `turned`."""
    pose = face.drive.back(take.motion[frame], values) if values else {}
    return {**pose, **turned} if isinstance(pose, Mapping) else pose


def _owners(take: "Take", story: store.Story) -> dict[int, int]:
    """Which key's pose each scene frame shows where several lie on it: the nearest one's, by frames of the take."""
    owners: dict[int, tuple[float, int]] = {}
    for key in take.keys:
        exact = story.timeline.frame_at(key.frame / take.fps)
        frame = story.timeline.nearest_frame(key.frame / take.fps)
        owners[frame] = min(owners.get(frame, (2.0, 0)), (abs(exact - frame), key.frame))
    return {frame: owner for frame, (_, owner) in owners.items()}


def _compare(mesh: KeyTarget, noted: Iterable[tuple[Any, store.Curves]]) -> list[_Curve]:
    """Every curve that a take has for one mesh, as it was `noted` on its actions and as it is."""
    found: list[_Curve] = []
    channels = {path: channel for channel, path in bake.data_paths(mesh).items()}
    for action, curves in noted:
        if not compat.plays(mesh.owner, action):
            continue
        slot = compat.slot_of(action, mesh.owner)
        for curve in compat.read_curves(action, slot):
            name = fcurves.full_name(slot.handle if slot else 0, curve.data_path)
            if curve.data_path in channels and name in curves:
                frames, values, _ = fcurves.positions(curve)
                found.append(_Curve(channels[curve.data_path], *curves[name], frames, values))
    return found


def _changed_values(curves: Iterable[_Curve]) -> dict[int, dict[int, float]]:
    """Values that curves have and did not have when written, by scene frame and channel."""
    found: dict[int, dict[int, float]] = {}
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


def _lost_frames(curves: Sequence[_Curve]) -> set[int]:
    """Frames where curves had keys and none has one now."""
    if not curves:
        return set()
    had, has = (
        np.unique(np.concatenate(each)) for each in zip(*((c.old_frames, c.frames) for c in curves), strict=True)
    )
    return set(np.setdiff1d(had, has).tolist())


def _moved_columns(curves: Sequence[_Curve], values: dict[int, dict[int, float]], lost: set[int]) -> dict[int, int]:
    """Where whole columns of keys were dragged, by the frame where they were; `values` forgets what moved with them."""
    moved: dict[int, int] = {}
    for source in sorted(lost):
        for target in sorted(values, key=lambda frame: abs(frame - source)):
            if target not in moved.values() and all(curve.has_moved(source, target) for curve in curves):
                moved[source] = target
                del values[target]
                break
    return moved
