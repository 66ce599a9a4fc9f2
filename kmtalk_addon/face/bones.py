"""Bones of jaw and eyes that a take moves, by an action of ours on the rig, and what was changed on it by hand."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import compat
from ..core import arkit, bones, drives, errors, retarget
from ..take import bake, drafts, fcurves, store
from ..take.revision import Revision
from ..take.timing import FloatArray, Samples, points_of, sample
from . import settings
from .recognise import Face

if TYPE_CHECKING:
    from kmtalk_core.take import Take

_ROTATIONS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
_SETTINGS = "kmtalk_bones"
"""Custom property of our action: what it was written with."""
_FINER = 0.1
"""A curve of few keys may be so much of the allowed error away from a bone's motion: an angle weighs more."""
_VISIBLE = 1e-5


@dataclass(frozen=True)
class _Rig:
    """What `bake.place` asks for."""

    owner: Any


@dataclass(frozen=True)
class _Curve:
    """One curve of a bone: what the bone is called, the curve's data path and its index there."""

    bone: str
    path: str
    index: int

    @property
    def name(self) -> str:
        return f"{self.path}[{self.index}]"


@dataclass(frozen=True)
class _Part:
    """The jaw or an eye: how it moves, by which property it turns and, where it does, shifts.

    closes: whether a key closes the lips over an open jaw; else the jaw does.
    """

    bone: Any
    motion: bones.BoneMotion
    closes: bool

    @property
    def turn(self) -> str:
        return str(self.bone.path_from_id(_ROTATIONS.get(self.bone.rotation_mode, "rotation_euler")))

    @property
    def shift(self) -> str:
        return str(self.bone.path_from_id("location")) if self.motion.shifts else ""

    @property
    def curves(self) -> list[_Curve]:
        turning = 3 if self.turn.endswith("rotation_euler") else 4
        found = [_Curve(self.bone.name, self.turn, index) for index in range(turning)]
        return found + [_Curve(self.bone.name, self.shift, index) for index in range(3) if self.shift]

    def values(self, motion: FloatArray) -> FloatArray:
        """ARKit's coefficients (frames, 52) as values (frames, curves)."""
        motion = motion if self.closes else retarget.shut(motion)
        return self.motion.values(motion)

    def pose(self, values: Mapping[str, float], closed: float) -> dict[str, float]:
        """The coefficients that give the curves, by name, these values; `closed` is mouthClose."""
        found = self.motion.channels(np.array([values[curve.name] for curve in self.curves]))
        if not self.closes and "jawOpen" in found:
            found["jawOpen"] += max(closed, 0.0)
        return found


@dataclass
class BoneEdits:
    """What was done to bones by hand, by scene frame: ARKit's coefficients that show it, and what the curves have."""

    poses: dict[int, dict[str, float]] = field(default_factory=dict)
    held: dict[int, dict[str, float]] = field(default_factory=dict)

    def forget(self, frame: int) -> dict[str, float]:
        """The coefficients at a frame, which goes."""
        self.held.pop(frame, None)
        return self.poses.pop(frame, {})


def use_rig(own: Any, rig: Any) -> dict[str, str]:
    """Set the rig and those of its bones that are known by their names; returns these by part.  Raises FaceError."""
    if rig is None:
        raise errors.FaceError("This mesh has no armature: choose the rig by hand.")
    found = bones.find_bones([bone.name for bone in rig.data.bones])
    own.armature = rig
    for part, prop in settings.BONES.items():
        setattr(own, prop, found.get(part, ""))
    return found


def write(face: Face, take: "Take", story: store.Story) -> list[str]:
    """Let the bones of a face play a take, all of it; returns what the user should know."""
    parts = _parts(face)
    if not parts or not take.space.has_names:
        return []
    rig = face.owner.kmtalk_face.armature
    if rig.library is not None:
        return [f"“{rig.name}” is linked: make it local to let its bones move"]
    action = _action_of(story.name, rig)
    if action is None:
        action = bpy.data.actions.new(f"KMTalk: {_tag(story.name, rig)}")
        action[drafts.TAG] = _tag(story.name, rig)
    slot = compat.ensure_slot(action, rig)
    curves = compat.curves_of(action, slot)
    curves.clear()
    samples = _sampled(parts, take, story)
    points = points_of(samples, range(samples.values.shape[1]), _FINER * story.error)
    for channel, place in enumerate(_curves(parts)):
        curve = curves.new(place.path, index=place.index)
        curve.group = compat.ensure_group(action, slot, place.bone)
        fcurves.fill(curve, points[channel])
    bake.place(action, slot, _Rig(rig), samples, story.options)
    _note(action, rig, parts)
    rig.update_tag()
    return [f"“{rig.name}” moves too: {', '.join(part.bone.name for part in parts)}"]


def revise(face: Face, old: "Take", new: "Take", story: store.Story, edits: BoneEdits) -> None:
    """Write what Regenerate changed; every other key of every curve stays.  Values set by hand stay as they are."""
    parts, rig = _parts(face), face.owner.kmtalk_face.armature
    action = _action_of(story.name, rig) if parts else None
    found = _present(action, rig)
    places = _curves(parts)
    if action is None or action.get(_SETTINGS) != _signature(parts) or any(p.name not in found for p in places):
        write(face, new, story)  # else old settings and new ones would mix
        return
    number = {place.name: channel for channel, place in enumerate(places)}
    held = {f: {number[n]: v for n, v in values.items() if n in number} for f, values in edits.held.items()}
    before, after = (_sampled(parts, take, story) for take in (old, new))
    revision = Revision.between(before, after, held, (), _FINER * story.error)
    for place in places:
        revision.write(found[place.name], number[place.name])
    _note(action, rig, parts)
    rig.update_tag()


def read_edits(face: Face, take: "Take", story: store.Story) -> BoneEdits:
    """What was done to the bones since a take was written."""
    edits = BoneEdits()
    parts, rig = _parts(face), face.owner.kmtalk_face.armature
    action = _action_of(story.name, rig) if parts and take.space.has_names else None
    if action is None or not action.kmtalk_take.record:
        return edits
    noted, found = store.noted_curves(action), _present(action, rig)
    closed = take.motion[:, arkit.ARKIT_INDEX["mouthClose"]]
    for part in parts:
        names = [curve.name for curve in part.curves]
        if any(name not in noted or name not in found for name in names):
            continue
        changed = set[int]().union(*(_changed(noted[name], fcurves.positions(found[name])[:2]) for name in names))
        for frame in changed:
            values = {name: float(found[name].evaluate(frame)) for name in names}
            edits.held.setdefault(frame, {}).update(values)
            edits.poses.setdefault(frame, {}).update(part.pose(values, float(closed[story.take_frame(frame, take)])))
    return edits


def restore(own: Any, name: str, frame: int) -> None:
    """Give the curves of the bones the values at a scene frame that they were written with."""
    action = _action_of(name, own.armature) if own.armature is not None else None
    if action is not None and action.kmtalk_take.record:
        noted = store.noted_curves(action)
        for name, curve in _present(action, own.armature).items():
            fcurves.restore(curve, *noted.get(name, ((), ())), frame)


def _parts(face: Face) -> list[_Part]:
    own, found = face.owner.kmtalk_face, []
    closes = not isinstance(face.drive, drives.KeyDrive) or face.drive.retarget.closes
    for part, bone in settings.chosen_bones(own).items():
        axes = _axes(own.armature, bone)
        found.append(_Part(bone, bones.bone_motion(part, axes, bone.length, own.jaw_angle, bone.rotation_mode), closes))
    return found


def _curves(parts: list[_Part]) -> list[_Curve]:
    return [curve for part in parts for curve in part.curves]


def _sampled(parts: list[_Part], take: "Take", story: store.Story) -> Samples:
    values = np.concatenate([part.values(take.motion) for part in parts], axis=1)
    return sample(values, take.fps, [key.frame for key in take.keys], story.timeline)


def _tag(name: str, rig: Any) -> str:
    return f"{name} (bones of {rig.name})"


def _action_of(name: str, rig: Any) -> Any:
    """Our action for a take on a rig, or None."""
    ours = (action for action in bpy.data.actions if action.get(drafts.TAG) == _tag(name, rig))
    return next((action for action in ours if action.library is None), None)


def _present(action: Any, rig: Any) -> dict[str, Any]:
    """The curves that an action has for a rig, by name."""
    if action is None:
        return {}
    curves = compat.read_curves(action, compat.slot_of(action, rig))
    return {_Curve("", curve.data_path, curve.array_index).name: curve for curve in curves}


def _note(action: Any, rig: Any, parts: list[_Part]) -> None:
    """Remember what the curves were given, and with which settings."""
    curves = {name: fcurves.positions(curve)[:2] for name, curve in _present(action, rig).items()}
    action.kmtalk_take.record = store.record_of(curves)
    action[_SETTINGS] = _signature(parts)


def _signature(parts: list[_Part]) -> str:
    """What tells whether bones are moved as they were."""
    every = np.eye(len(arkit.ARKIT_NAMES), dtype=np.float32)
    shown = np.concatenate([part.values(every) for part in parts], axis=1)
    names = repr([curve.name for curve in _curves(parts)])
    return hashlib.sha1(names.encode() + (np.round(shown, 5) + 0.0).tobytes()).hexdigest()


def _changed(was: tuple[Any, Any], now: tuple[Any, Any]) -> set[int]:
    """The frames at which a curve has a key that it was not given, or another value."""
    given = dict(zip(was[0].tolist(), was[1].tolist(), strict=True))
    keys = zip(now[0].tolist(), now[1].tolist(), strict=True)
    return {frame for frame, value in keys if frame not in given or abs(given[frame] - value) > _VISIBLE}


def _axes(rig: Any, bone: Any) -> Any:
    """(3, 3) the character's left, up and forward, one a column, in the bone's own axes at rest.

    The rig's Z is up; forward is where its jaw points, or its eyes look, else −Y.
    """
    up = np.array([0.0, 0.0, 1.0])
    ways = [np.array(b.bone.tail_local) - np.array(b.bone.head_local) for b in rig.pose.bones if b == bone]
    way = ways[0] - (ways[0] @ up) * up
    forward = np.array([0.0, -1.0, 0.0])
    if np.linalg.norm(way) > 0.5 * np.linalg.norm(ways[0]):
        axis = np.abs(way[:2]).argmax()  # heads look along an axis of their rig
        forward = np.zeros(3)
        forward[axis] = np.sign(way[axis])
    left = np.cross(up, forward)
    rest = np.array(bone.bone.matrix_local.to_3x3())
    return rest.T @ np.stack([left, up, forward], axis=1)
