"""Bones of jaw, eyes, neck and head as targets of a take: which they are, and their axes in the rig."""

from typing import Any

import numpy as np

from ..core import bones, drives, errors
from . import settings
from .targets import GROUP, BoneTarget, Curve, Target

_TURNING = (bones.HEAD, bones.NECK)
_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""The character's left, up and forward, one a column, in the space that delta rotations turn in."""


def use_rig(own: Any, rig: Any) -> dict[str, str]:
    """Set the rig and those of its bones that are known by their names; returns these by part.  Raises FaceError."""
    if rig is None:
        raise errors.FaceError("This mesh has no armature: choose the rig by hand.")
    found = bones.find_bones([bone.name for bone in rig.data.bones])
    own.armature = rig
    for part, prop in settings.BONES.items():
        setattr(own, prop, found.get(part, ""))
    return found


def target(own: Any, *, closes: bool) -> BoneTarget | None:
    """The bones that the settings of a face have chosen, as a target; None where there are none.

    closes: whether a shape key closes the lips over an open jaw; else the jaw does.
    """
    motions = {
        bone.name: bones.bone_motion(part, axes_of(own.armature, bone), bone.length, own.jaw_angle, bone.rotation_mode)
        for part, bone in settings.chosen_bones(own).items()
        if part not in _TURNING
    }
    return of_bones(own.armature, drives.BoneDrive(motions, closes)) if motions else None


def head_target(own: Any, item: Any) -> Target | None:
    """Head and neck of the rig, or where it is wished and there is no such bone the object itself; else None."""
    chosen = {part: bone for part, bone in settings.chosen_bones(own).items() if part in _TURNING}
    if chosen:
        shares = {bones.NECK: own.neck_share, bones.HEAD: 1.0 - (own.neck_share if bones.NECK in chosen else 0.0)}
        motions = {
            bone.name: bones.bone_motion(
                part, axes_of(own.armature, bone), bone.length, 0.0, bone.rotation_mode, shares[part]
            )
            for part, bone in chosen.items()
        }
        return of_bones(own.armature, drives.BoneDrive(motions))
    if not own.turn_object:
        return None
    top = _topmost(item)
    motion = bones.bone_motion(bones.HEAD, _WORLD, 1.0, 0.0, "XYZ")
    curves = {index: Curve("delta_rotation_euler", index, GROUP, single=False) for index in range(3)}
    return Target(top, drives.BoneDrive({top.name: motion}), curves)


def _topmost(item: Any) -> Any:
    """What carries the whole face: the object, or the mesh that it hangs from."""
    while item.parent is not None and item.parent.type == "MESH" and item.parent_type == "OBJECT":
        item = item.parent
    return item


def of_bones(rig: Any, drive: drives.BoneDrive) -> BoneTarget:
    """The bones of a rig that a drive names, as a target."""
    curves = {
        number: Curve(rig.pose.bones[place.bone].path_from_id(place.attribute), place.index, place.bone, single=False)
        for number, place in enumerate(drive.places)
    }
    return BoneTarget(rig, drive, curves)


def axes_of(rig: Any, bone: Any) -> Any:
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
