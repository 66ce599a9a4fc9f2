"""Key motions as an artist sees them: the list, and what was changed by hand since the take was written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
import numpy.typing as npt

from . import bake, compat, fcurves, markers, store
from .core import drive as drives
from .core import errors
from .face import Face, find_face
from .labels import shown
from .timing import points_of

if TYPE_CHECKING:
    from kmtalk_core.take import Take

_VISIBLE = 1e-5
"""Values that differ by less are the same."""


@dataclass
class Changes:
    """What was done by hand: edits as `complete` takes them, and the scene frames where curves keep their values."""

    edits: list[dict[str, Any]] = field(default_factory=list)
    held: set[int] = field(default_factory=set)


def list_keys(action: Any, take: "Take", story: store.Story) -> None:
    """Fill the list of `action` with the keys of its take."""
    listed = action.kmtalk_take
    listed.keys.clear()
    for key in take.keys:
        item = listed.keys.add()
        item.name = shown(key.label)
        item.frame = story.timeline.nearest_frame(key.frame / take.fps)
        item.time, item.confidence, item.state = key.time, key.confidence, key.state
    if listed.key_index >= len(listed.keys):
        listed.key_index = 0


def actions_of(objects: Iterable[Any]) -> list[Any]:
    """The actions with a take that the shape keys of `objects` play, most prominent first."""
    found: list[Any] = []
    for item in objects:
        keys = item.data.shape_keys if item.type == "MESH" else None
        animation = keys.animation_data if keys else None
        if animation is None:
            continue
        played = [
            animation.action,
            *(strip.action for track in reversed(animation.nla_tracks) for strip in track.strips),
        ]
        found += [action for action in played if store.is_ours(action) and action not in found]
    return found


def siblings_of(action: Any) -> list[Any]:
    """All actions of the same take: one, or one a mesh where actions have no slots."""
    name = store.story_of(action).name
    return [a for a in bpy.data.actions if store.is_ours(a) and a.library is None and store.story_of(a).name == name]


def face_of(actions: Sequence[Any]) -> Face:
    """The meshes that play one of `actions`.  Raises FaceError."""
    objects = []
    for item in bpy.data.objects:
        if item.type == "MESH" and item.data.shape_keys and any(a in actions for a in actions_of([item])):
            objects.append(item)
    if not objects:
        raise errors.FaceError("No mesh plays this take any more: assign its action, or animate from audio again.")
    return find_face(objects)


def read_changes(actions: Sequence[Any], face: Face, take: "Take", story: store.Story) -> Changes:
    """What an artist did to the curves, markers and list of a take since it was written."""
    changes = Changes()
    main = actions[0]
    frames = [story.timeline.nearest_frame(key.frame / take.fps) for key in take.keys]
    marks = {frame for _, frame in markers.on_action(main)}
    moved = markers.moved(main, bpy.context.scene, story.name)
    poses = _changed_poses(face, actions, take, story)
    owners = _owners(take, story)
    states = {item.frame: item.state for item in main.kmtalk_take.keys}
    for number, (key, frame) in enumerate(zip(take.keys, frames, strict=True)):
        if marks and frame not in marks:
            if 0 < number < len(frames) - 1:
                changes.edits.append({"frame": key.frame, "delete": True})
            continue
        edit: dict[str, Any] = {}
        pose = poses.pop(frame, {}) if owners[frame] == key.frame else {}
        state = states.get(frame, key.state) if owners[frame] == key.frame else key.state
        if state == "generated" and key.state != "generated":
            changes.edits.append({"frame": key.frame, "state": "generated"})
            continue
        if pose:
            edit = {"pose": pose, "state": "edited" if state == "generated" else state}
        elif state != key.state:
            edit = {"state": state}
        target = _take_frame(moved[frame], take, story) if frame in moved else key.frame
        if target != key.frame:
            edit["move_to"] = target
        elif pose or state != "generated":
            changes.held.add(frame)
        if edit:
            changes.edits.append({"frame": key.frame, **edit})
    taken = {key.frame for key in take.keys}
    added = dict.fromkeys(m.frame for m in markers.added_on_action(main)) | dict.fromkeys(poses)
    for frame in added:
        target = _take_frame(frame, take, story)
        if target not in taken:
            taken.add(target)
            changes.edits.append({"frame": target, "add": True, "pose": poses.get(frame, {})})
            changes.held.add(frame)
    return changes


def apply(
    actions: Sequence[Any], face: Face, scene: Any, old: "Take", new: "Take", story: store.Story, held: set[int]
) -> int:
    """Write what differs between two takes of the same sound; every other key of every curve stays as it is.

    Curves keep the values they have at the frames `held`.  Returns how many frames were written.
    """
    before, after = (bake.driven(take, face.drive, story.timeline) for take in (old, new))
    differs = (before.values != after.values).any(axis=1) | (before.is_key != after.is_key)
    frames = after.frames[differs]
    points = points_of(after, face.channels, story.error)
    for mesh in face.meshes:
        for action in actions:
            curves = {c.data_path: c for c in compat.read_curves(action, compat.slot_of(action, mesh.datablock))}
            for channel, path in bake.data_paths(mesh).items():
                if path in curves:
                    bake.widen_slider(mesh.datablock.key_blocks[mesh.shape_keys[channel]], points[channel].values)
                    _hold(curves[path], points[channel].frames, points[channel].values, held)
                    fcurves.replace_frames(curves[path], points[channel], frames)
        mesh.datablock.update_tag()
    for action in actions:
        for marker in markers.added_on_action(action):
            action.pose_markers.remove(marker)
    labels = [key.label for key in new.keys]
    bake.write_markers(actions, scene, story.options, after.key_frames, labels)
    return len(frames)


def _hold(curve: Any, frames: npt.NDArray[np.int32], values: npt.NDArray[np.float32], held: set[int]) -> None:
    own, shown, _ = fcurves.positions(curve)
    kept = dict(zip(own.tolist(), shown, strict=True))
    for index, frame in enumerate(frames.tolist()):
        if frame in held and frame in kept:
            values[index] = kept[frame]


def _owners(take: "Take", story: store.Story) -> dict[int, int]:
    """Which key's pose each scene frame shows where several lie on it: the nearest one's, by frames of the take."""
    owners: dict[int, tuple[float, int]] = {}
    for key in take.keys:
        exact = story.timeline.frame_at(key.frame / take.fps)
        frame = story.timeline.nearest_frame(key.frame / take.fps)
        owners[frame] = min(owners.get(frame, (2.0, 0)), (abs(exact - frame), key.frame))
    return {frame: owner for frame, (_, owner) in owners.items()}


def _take_frame(frame: int, take: "Take", story: store.Story) -> int:
    return min(max(round(story.timeline.time_at(frame) * take.fps), 0), take.frame_count - 1)


def _changed_poses(face: Face, actions: Sequence[Any], take: "Take", story: store.Story) -> dict[int, drives.Pose]:
    """Poses that curves now ask for and did not when written, by scene frame."""
    keys = {key.frame: key for key in take.keys}
    owners = {frame: keys[owner].pose for frame, owner in _owners(take, story).items()}
    return {
        frame: face.drive.back(owners.get(frame, take.motion[_take_frame(frame, take, story)]), values)
        for frame, values in _changed_values(face, actions).items()
    }


def _changed_values(face: Face, actions: Sequence[Any]) -> dict[int, dict[int, float]]:
    """Values that curves now have and did not have when written, by scene frame and channel of the face's drive."""
    found: dict[int, dict[int, float]] = {}
    for action in actions:
        noted = store.noted_curves(action)
        for mesh in face.meshes:
            slot = compat.slot_of(action, mesh.datablock)
            paths = {path: channel for channel, path in bake.data_paths(mesh).items()}
            for curve in compat.read_curves(action, slot):
                channel, old = paths.get(curve.data_path), noted.get(store.curve_name(slot, curve))
                if channel is None or old is None:
                    continue
                frames, values, _ = fcurves.positions(curve)
                before = dict(zip(old[0].tolist(), old[1].tolist(), strict=True))
                for frame, value in zip(frames.tolist(), values.tolist(), strict=True):
                    if abs(before.get(frame, np.inf) - value) > _VISIBLE:
                        found.setdefault(frame, {})[channel] = value
    return found


def add_key(action: Any, frame: int) -> None:
    """Ask for a new key motion at a scene frame; Regenerate makes it."""
    listed = action.kmtalk_take
    marker = action.pose_markers.new("key")
    marker.frame = frame
    index = sum(item.frame < frame for item in listed.keys)
    item = listed.keys.add()
    item.name, item.frame, item.confidence, item.state = "·", frame, 1.0, "added"
    item.time = store.story_of(action).timeline.time_at(frame)
    listed.keys.move(len(listed.keys) - 1, index)
    listed.key_index = index


def delete_key(action: Any, index: int) -> None:
    """Ask for a key motion to go; Regenerate lets the motion run through."""
    listed = action.kmtalk_take
    frame = listed.keys[index].frame
    its = [marker for marker, put in markers.on_action(action) if put == frame]
    for marker in its + [marker for marker in markers.added_on_action(action) if marker.frame == frame]:
        action.pose_markers.remove(marker)
    listed.keys.remove(index)


def restore(action: Any, frame: int) -> None:
    """Give the curves the values at a scene frame that they were written with."""
    noted = store.noted_curves(action)
    for name, curve in store.curves_by_name(action).items():
        frames, values = noted.get(name, ((), ()))
        before = dict(zip(map(int, frames), map(float, values), strict=True))
        for point in curve.keyframe_points:
            if round(point.co[0]) == frame and frame in before:
                point.co[1] = before[frame]
        curve.update()
