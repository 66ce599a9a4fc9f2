"""Chest and shoulders that rise with each breath: bones and shape keys that are known by name and that nobody moves."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ..core import body_bones, chest, drives
from . import bones, pose_library, rigs
from .armatures import can_move
from .targets import BoneTarget, KeyTarget, Target

_COPYING = ("COPY_TRANSFORMS", "COPY_ROTATION", "ARMATURE", "CHILD_OF", "TRANSFORM", "DAMPED_TRACK", "STRETCH_TO", "IK")


def targets(meshes: Sequence[Any], rig: Any, taken: Collection[str] = ()) -> tuple[Target, ...]:
    """What of a character breathes: keys of its `meshes`, else bones of its `rig` but those `taken`."""
    keys = {
        item: body_bones.find_breath_keys(block.name for block in item.data.shape_keys.key_blocks[1:])
        for item in meshes
    }
    names = tuple(dict.fromkeys(key for own in keys.values() for key in own))
    if not names:
        return _of_bones(rig, taken)
    drive = chest.BreathDrive(names)
    numbers = {name: number for number, name in enumerate(names)}
    return tuple(KeyTarget.of(item, drive, {numbers[key]: key for key in own}) for item, own in keys.items() if own)


def _of_bones(rig: Any, taken: Collection[str]) -> tuple[BoneTarget, ...]:
    if not can_move(rig):
        return ()
    theirs = pose_library.artists_bones(rig)
    free = [bone.name for bone in rig.pose.bones if bone.name not in taken and bone.name not in theirs]
    named = body_bones.find_chest(name for name in free if _turns_by_itself(rig, rig.pose.bones[name]))
    if not named:
        return ()
    axes = _axes(rig, named)
    motions = {}
    for part, name in named.items():
        rest = np.array(rig.data.bones[name].matrix_local.to_3x3())
        motions[name] = chest.chest_motion(part, rest.T @ axes, rig.pose.bones[name].rotation_mode)
    return (bones.of_bones(rig, drives.BoneDrive(motions)),)


def _turns_by_itself(rig: Any, bone: Any) -> bool:
    """Whether nothing but its own channels turns a bone."""
    if any(constraint.type in _COPYING and not constraint.mute for constraint in bone.constraints):
        return False
    start = f"{bone.path_from_id()}.rotation"
    driven = rig.animation_data.drivers if rig.animation_data is not None else ()
    return not any(bone.lock_rotation) and not any(driver.data_path.startswith(start) for driver in driven)


def _axes(rig: Any, named: dict[str, str]) -> Any:
    """(3, 3) the character's left, up and forward in the rig's space, one a column.

    Up is where the spine goes, left where the left shoulder lies from the right one; without shoulders forward is −Y.
    """
    if body_bones.SHOULDER_LEFT not in named:
        return rigs.axes_of(rig).T
    left = _along(_head_of(rig, named[body_bones.SHOULDER_LEFT]) - _head_of(rig, named[body_bones.SHOULDER_RIGHT]))
    up = np.array([0.0, 0.0, 1.0])
    if body_bones.CHEST in named:
        bone = rig.data.bones[named[body_bones.CHEST]]
        way = np.array(bone.tail_local) - np.array(bone.head_local)
        up = _along(way - (way @ left) * left)
    return np.stack([left, up, np.cross(left, up)], axis=1)


def _head_of(rig: Any, name: str) -> Any:
    return np.array(rig.data.bones[name].head_local)


def _along(way: Any) -> Any:
    """The axis that a way mostly goes along."""
    axis = np.zeros(3)
    largest = int(np.abs(way).argmax())
    axis[largest] = np.sign(way[largest]) or 1.0
    return axis
