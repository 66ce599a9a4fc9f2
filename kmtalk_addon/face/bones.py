"""Bones of jaw and eyes that a take moves, by an action of ours on the rig."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import bake, compat, drafts, fcurves
from ..core import bones, errors
from ..timing import Timeline, points_of, sample
from . import settings

if TYPE_CHECKING:
    from kmtalk_core.take import Take

_ROTATIONS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}


@dataclass(frozen=True)
class _Rig:
    """What `bake.place` asks for."""

    datablock: Any


def rig_of(item: Any) -> Any:
    """The armature that moves a mesh object: by a modifier, or as its parent; None without one."""
    modifiers = (modifier.object for modifier in item.modifiers if modifier.type == "ARMATURE")
    found = next((rig for rig in modifiers if rig is not None), None)
    if found is None and item.parent is not None and item.parent.type == "ARMATURE":
        return item.parent
    return found


def use_rig(own: Any, rig: Any) -> dict[str, str]:
    """Set the rig and those of its bones that are known by their names; returns these by part.  Raises FaceError."""
    if rig is None:
        raise errors.FaceError("This mesh has no armature: choose the rig by hand.")
    found = bones.find_bones([bone.name for bone in rig.data.bones])
    own.armature = rig
    for part, prop in settings.BONES.items():
        setattr(own, prop, found.get(part, ""))
    return found


def write(own: Any, take: "Take", options: bake.BakeOptions, fps: float) -> list[str]:
    """Let the bones of a face play a take; returns what the user should know."""
    parts = settings.chosen_bones(own)
    if not parts or take.space != "arkit":
        return []
    rig = own.armature
    if rig.library is not None:
        return [f"“{rig.name}” is linked: make it local to let its bones move"]
    action = _own_action(options.name, rig)
    slot = compat.ensure_slot(action, rig)
    curves = compat.curves_of(action, slot)
    curves.clear()
    keys = [key.frame for key in take.keys]
    for part, bone in parts.items():
        motion = bones.bone_motion(part, _axes(rig, bone), bone.length, own.jaw_angle, bone.rotation_mode)
        channels = [(_rotation_path(bone), motion.rotation(take.motion))]
        if motion.shifts:
            channels.append(("location", motion.location(take.motion)))
        for prop, values in channels:
            samples = sample(values, take.fps, keys, Timeline(fps, options.start))
            for index, points in points_of(samples, range(values.shape[1]), 0.1 * options.error).items():
                curve = curves.new(bone.path_from_id(prop), index=index)
                curve.group = compat.ensure_group(action, slot, bone.name)
                fcurves.fill(curve, points)
    bake.place(action, slot, _Rig(rig), samples, options)
    rig.update_tag()
    return [f"“{rig.name}” moves too: {', '.join(bone.name for bone in parts.values())}"]


def _own_action(name: str, rig: Any) -> Any:
    tag = f"{name} (bones of {rig.name})"
    found = next((a for a in bpy.data.actions if a.get(drafts.TAG) == tag and a.library is None), None)
    if found is None:
        found = bpy.data.actions.new(f"KMTalk: {tag}")
        found[drafts.TAG] = tag
    return found


def _rotation_path(bone: Any) -> str:
    return _ROTATIONS.get(bone.rotation_mode, "rotation_euler")


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
