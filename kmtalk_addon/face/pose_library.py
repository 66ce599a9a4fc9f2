"""Poses of a rig: pose assets, actions of one frame, and actions whose markers name a pose each."""

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Quaternion

from .. import compat
from ..core import errors, naming, pose_drives, schema
from . import settings
from .targets import OURS

_REST_NAMES = ("rest", "neutral", "sil", "x", "basis", "idle", "closed")
_PREFIX = 'pose.bones["'


@dataclass(frozen=True)
class Pose:
    """What somebody called a pose, and where it is."""

    name: str
    action: Any
    frame: float


def is_ours(action: Any) -> bool:
    return OURS in action


def poses_of(rig: Any) -> list[Pose]:
    """The poses that there are for a rig: those whose actions move bones that it has."""
    names = {bone.name for bone in rig.data.bones}
    found: dict[str, Pose] = {}
    for action in bpy.data.actions:
        if is_ours(action):
            continue
        first, last = (float(end) for end in action.frame_range[:])
        marks = [marker for marker in action.pose_markers if marker.name]
        if not (marks or last - first < 1.0 or action.asset_data is not None):
            continue
        if not any(bone in names for bone, _, _ in bone_curves(action)):
            continue
        for marker in marks:
            found.setdefault(marker.name, Pose(marker.name, action, float(marker.frame)))
        if not marks:
            found.setdefault(action.name, Pose(action.name, action, float(first)))
    return list(found.values())


def recognise(rig: Any) -> "naming.Naming | None":
    """What the names of a rig's poses tell, or what somebody said of them; None where it has none."""
    poses = poses_of(rig)
    if not poses:
        return None
    names = [pose.name for pose in poses]
    told = settings.mapped_by_hand(rig.kmtalk_face)
    if told is not None:
        return naming.recognize_by_hand(rig.kmtalk_face.scheme, {rig.name: names}, told)
    return naming.recognize_face({rig.name: names})


def rest_name(names: Sequence[str]) -> str:
    """The pose that the others start from, by its name; nothing where the rig's own rest does."""
    return next((name for name in names if name.lower().rpartition("_")[2] in _REST_NAMES), "")


def sampled(rig: Any, poses: Sequence[Pose], rest: Pose | None) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Of each bone that a pose moves, (9,) at rest and (9,) in each pose, as `pose_drives.AT_REST`."""
    shown = [_bones_at(rig, pose) for pose in poses]
    still = _bones_at(rig, rest) if rest is not None else {}
    names = list(dict.fromkeys(name for bones in shown for name in bones))
    at_rest = {name: still.get(name, pose_drives.AT_REST) for name in names}
    return at_rest, {name: [bones.get(name, at_rest[name]) for bones in shown] for name in names}


def show(rig: Any, name: str) -> None:
    """Put a rig into a pose to be looked at, or with no name back to how it was before.  Raises FaceError."""
    poses = {pose.name: pose for pose in poses_of(rig)}
    if name and name not in poses:
        raise errors.FaceError(f"“{rig.name}” has no pose “{name}”.")
    own = rig.kmtalk_face
    moved = {
        (bone, attribute): None
        for pose in poses.values()
        for bone, attribute, _ in bone_curves(pose.action)
        if bone in rig.pose.bones and attribute in _SHOWN
    }
    if name and not own.shown_pose:
        before = {_joined(*place): list(getattr(rig.pose.bones[place[0]], place[1])) for place in moved}
        own.pose_before = json.dumps(before)
    own.shown_pose = name
    if not name:
        _put_back(rig, moved)
        return
    for pose in poses.values():
        for bone, attribute, curve in bone_curves(pose.action):
            if bone in rig.pose.bones:
                _put(rig.pose.bones[bone], attribute, curve.array_index, _RESTING.get(attribute, _NO_TURN))
    for bone, attribute, curve in bone_curves(poses[name].action):
        if bone in rig.pose.bones:
            value = float(curve.evaluate(poses[name].frame))
            _put(rig.pose.bones[bone], attribute, curve.array_index, (value,) * 4)


def _put_back(rig: Any, moved: Iterable[tuple[str, str]]) -> None:
    """Give bones what they had before a pose was shown; what was not kept of them rests."""
    own, before = rig.kmtalk_face, {}
    with contextlib.suppress(errors.KMTalkError):  # a file of somebody else's may say anything
        before = _BEFORE.read(schema.loads(own.pose_before, "The pose"), "The pose")
    own.pose_before = ""
    for bone, attribute in moved:
        holder = rig.pose.bones[bone]
        values = before.get(_joined(bone, attribute), ())
        if len(values) != len(getattr(holder, attribute)):
            values = _RESTING.get(attribute, _NO_TURN)
        setattr(holder, attribute, values)


def _joined(bone: str, attribute: str) -> str:
    return f"{bone}|{attribute}"


_BEFORE = schema.MapOf(schema.ListOf(schema.Number(-1e6, 1e6)))
_SHOWN = ("location", "scale", "rotation_euler", "rotation_quaternion", "rotation_axis_angle")
_RESTING = {
    "scale": (1.0, 1.0, 1.0),
    "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0),
}
_NO_TURN = (0.0, 0.0, 0.0)


def _put(bone: Any, attribute: str, index: int, values: Sequence[float]) -> None:
    if attribute in _SHOWN:
        getattr(bone, attribute)[index] = values[index]


def bone_curves(action: Any, animation: Any = None) -> Iterator[tuple[str, str, Any]]:
    """Bone, attribute and curve of all curves of an action that move bones; of the slot that is played, else of any."""
    slot = compat.assigned_slot(animation) if animation is not None and animation.action == action else None
    for chosen in [slot] if slot is not None else compat.slots_of(action):
        for curve in compat.read_curves(action, chosen):
            if curve.data_path.startswith(_PREFIX) and '"].' in curve.data_path:
                bone, _, attribute = curve.data_path[len(_PREFIX) :].partition('"].')
                yield bpy.utils.unescape_identifier(bone), attribute, curve


def artists_bones(rig: Any) -> set[str]:
    """The bones that an animation of the artist's moves, its action or a strip of the NLA: they are left to it, unless
    the character's settings say otherwise."""
    animation = rig.animation_data
    if animation is None or rig.kmtalk_face.artists_bones:
        return set()
    played = [(animation.action, animation)]
    if animation.use_nla:
        tracks = [track for track in animation.nla_tracks if not track.mute]
        played += [(strip.action, strip) for track in tracks for strip in track.strips if not strip.mute]
    return {
        bone
        for action, place in played
        if action is not None and not is_ours(action)
        for bone, _, _ in bone_curves(action, place)
    }


def _bones_at(rig: Any, pose: Pose) -> dict[str, Any]:
    values: dict[str, dict[str, dict[int, float]]] = {}
    for bone, attribute, curve in bone_curves(pose.action):
        if bone in rig.pose.bones:
            own = values.setdefault(bone, {}).setdefault(attribute, {})
            own[curve.array_index] = float(curve.evaluate(pose.frame))
    return {bone: _as_row(rig.pose.bones[bone], own) for bone, own in values.items()}


def _as_row(bone: Any, values: dict[str, dict[int, float]]) -> Any:
    row = pose_drives.AT_REST.copy()
    for index, value in values.get("location", {}).items():
        row[index] = value
    for index, value in values.get("scale", {}).items():
        row[6 + index] = value
    turns = {name: own for name, own in values.items() if name.startswith("rotation_")}
    if "rotation_quaternion" in turns:
        own = turns["rotation_quaternion"]
        turn = Quaternion([own.get(index, float(index == 0)) for index in range(4)]).normalized()
    elif "rotation_axis_angle" in turns:
        own = turns["rotation_axis_angle"]
        turn = Quaternion([own.get(index, float(index == 2)) for index in (1, 2, 3)], own.get(0, 0.0))
    elif "rotation_euler" in turns:
        own = turns["rotation_euler"]
        order = bone.rotation_mode if len(bone.rotation_mode) == 3 else "XYZ"
        turn = Euler([own.get(index, 0.0) for index in range(3)], order).to_quaternion()
    else:
        return row
    row[3:6] = np.array(turn.to_exponential_map())  # type: ignore[func-returns-value]
    return row
